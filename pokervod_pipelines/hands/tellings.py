"""What the bytes of one file tell: its session, and each of its hands as it would be stored.

Pure: which telling of a hand wins is decided in ``choice``, where the others are known.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import blake2b
from pathlib import PurePath

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.hands.broadcast import BroadcastDays
from pokervod_pipelines.hands.build import build_hands
from pokervod_pipelines.hands.fields import MOST_CHIPS
from pokervod_pipelines.hands.findings import Finding
from pokervod_pipelines.hands.grade import GradeRule, grade_hand
from pokervod_pipelines.hands.hand import Hand, Source
from pokervod_pipelines.hands.pgfx import read_session
from pokervod_pipelines.hands.records import Session
from pokervod_pipelines.hands.rehearsal import is_rehearsal
from pokervod_pipelines.hands.snapshots import weigh
from pokervod_pipelines.hands.times import parse_time

RULES_VERSION = "1"
"""Raised when a rule of this room changes, so that every file is read again."""

SESSION_SUFFIX, PHH_SUFFIX = ".json", ".phh"
SUFFIXES = (SESSION_SUFFIX, PHH_SUFFIX)
TRUST: dict[Source, int] = {"manual": 0, "csv": 1, "rfid": 2}
"""What a table recorded is heavier than what a person typed, whatever either holds."""

PROBLEMS_NAMED = 3

Weight = tuple[int, int, int, int, str]
"""How far a telling had got: trust, events, milliseconds, cards known; a digest breaks a tie."""


class TooManyChips(BadInput):
    """The chips of a hand together are more than a number can hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What a file says of its session; that of the largest ``size`` is believed. ``table`` and ``title`` as written."""

    hands_told: int
    digest: str
    hands_broken: int
    table: str
    title: str
    created_at: datetime | None

    @property
    def size(self) -> tuple[int, str]:
        """How much the file tells of the session; a digest breaks a tie."""
        return self.hands_told, self.digest


@dataclass(frozen=True, slots=True, kw_only=True)
class HandRow:
    """A hand with the values that are stored beside its ``content``, a JSON text; its findings are told apart."""

    hand_number: int
    started_at: datetime
    source: Source
    grade: str | None
    is_premium: bool
    is_test: bool
    best_category: str | None
    best_rank: int | None
    pot: int
    winners: tuple[int, ...]
    duration_ms: int
    content: str
    weight: Weight
    digest: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """One file, read: ``rows`` are in the order of the file, each start once; ``problems`` are hands left out."""

    session_id: int
    head: Head
    rows: tuple[HandRow, ...]
    problems: tuple[str, ...] = ()

    @property
    def complaint(self) -> str | None:
        """The problems in one text for a person, None where there are none."""
        if not self.problems:
            return None
        more = len(self.problems) - PROBLEMS_NAMED
        rest = f"; and {more} more" if more > 0 else ""
        return f"{len(self.problems)} hands cannot be used: {'; '.join(self.problems[:PROBLEMS_NAMED])}{rest}"


def digest_file(raw: bytes, rule: GradeRule, days: BroadcastDays) -> str:
    """Return a digest of a file and of the rules it is read by: where either changed, it is read again."""
    digest = blake2b(f"{RULES_VERSION} {rule!r} {days!r}".encode(), digest_size=16)
    digest.update(raw)
    return digest.hexdigest()


def read_telling(raw: bytes, file: str, rule: GradeRule) -> Telling:
    """Return what a session file or a PHH file tells.

    Raises:
        UnfinishedFile: it is still being written.
        BadInput: it is something else; the text says what and where.

    """
    if PurePath(file).suffix.lower() == PHH_SUFFIX:
        return _tell_phh(raw, file, rule)
    return _tell_session(read_session(raw, file=file), blake2b(raw, digest_size=8).hexdigest(), rule)


def _tell_session(session: Session, digest: str, rule: GradeRule) -> Telling:
    rows: dict[datetime, HandRow] = {}
    problems = [str(problem) for problem in session.problems]
    for recorded, hand in zip(session.hands, build_hands(session, rule), strict=True):
        try:
            row = make_row(hand, (TRUST["rfid"], *weigh(recorded)))
        except TooManyChips as error:
            problems.append(str(error))
            continue
        known = rows.get(row.started_at)
        if known is None or known.weight < row.weight:
            rows[row.started_at] = row
    head = Head(
        hands_told=len(session.hands) + len(session.problems),
        digest=digest,
        hands_broken=len(problems),
        table=session.table,
        title=session.event_title,
        created_at=session.created_at,
    )
    return Telling(session_id=session.session_id, head=head, rows=tuple(rows.values()), problems=tuple(problems))


def _tell_phh(raw: bytes, file: str, rule: GradeRule) -> Telling:
    from pokervod_pipelines.hands.phh import read_phh  # noqa: PLC0415 - half a second that sessions do not pay

    try:
        hand = read_phh(raw.decode("utf-8-sig"), rule, started_at=_read_day(file))
        row = make_row(hand, weigh_hand(hand))
    except UnicodeDecodeError as error:
        message = f"{file}: byte {error.start:,} is no UTF-8 text; save the file as UTF-8"
        raise BadInput(message) from error
    except (BadInput, ValueError, OverflowError) as error:
        message = f"{file}: {error}"
        raise BadInput(message) from error
    head = Head(
        hands_told=1, digest=row.digest, hands_broken=0, table=hand.table, title=hand.event_title, created_at=None
    )
    return Telling(session_id=hand.session_id, head=head, rows=(row,))


def _read_day(file: str) -> datetime | None:
    """Return the start that a file's own name tells, such as ``2031-05-04 final.phh``; None where it tells none."""
    try:
        return parse_time(f"{PurePath(file).name[:10]}T00:00:00Z")
    except BadInput:
        return None


def weigh_hand(hand: Hand) -> Weight:
    """Return the weight of a hand that has no record, as ``weigh`` would count it."""
    acted = sum(action.event is not None for street in hand.streets for action in street.actions)
    known = sum(len(seat.hole_cards) for seat in hand.seats)
    events, milliseconds = acted + len(hand.board), int(hand.duration_seconds * 1000)
    return TRUST[hand.source], events, milliseconds, known, _digest(hand.to_json())


def make_row(hand: Hand, weight: Weight) -> HandRow:
    """Return what is stored of a hand.

    Raises:
        TooManyChips: its pot fits no column.

    """
    if hand.pot > MOST_CHIPS:
        message = f"hand number {hand.hand_number} of {hand.started_at}: a pot of more than {MOST_CHIPS:,} chips"
        raise TooManyChips(message)
    content = hand.to_json()
    best = hand.best_hand
    return HandRow(
        hand_number=hand.hand_number,
        started_at=hand.started_at,
        source=hand.source,
        grade=hand.grade or None,
        is_premium=hand.is_premium,
        is_test=hand.is_test,
        best_category=best.category if best else None,
        best_rank=best.rank if best else None,
        pot=hand.pot,
        winners=hand.winners,
        duration_ms=int(hand.duration_seconds * 1000),
        content=content,
        weight=weight,
        digest=_digest(content),
        findings=hand.findings,
    )


def _digest(content: str) -> str:
    return blake2b(content.encode(), digest_size=12).hexdigest()


def make_renaming(table: str, title: str, rule: GradeRule) -> Callable[[Hand], Hand]:
    """Return a function that puts a hand into the session of that name: the title tells whether it was a test."""

    def rename(hand: Hand) -> Hand:
        is_test = is_rehearsal(hand.seats, title)
        grade = grade_hand(rule, hand.best_rank or None, hand.duration_seconds)
        return replace(
            hand,
            table=table,
            event_title=title,
            is_test=is_test,
            grade="" if is_test else grade.letter,
            is_premium=grade.is_premium and not is_test,
        )

    return rename
