"""Parse the bytes of one file: its session, and each of its hands as it would be stored.

Pure; ``versions`` decides which version of a hand wins, where the others are known.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import blake2b
from pathlib import PurePath

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.hands.build import build_hands
from pokervod_pipelines.hands.fields import MAX_CHIPS
from pokervod_pipelines.hands.findings import HandFinding
from pokervod_pipelines.hands.grade import GradeRule, grade_hand
from pokervod_pipelines.hands.hand import Hand, Source
from pokervod_pipelines.hands.pgfx import read_session
from pokervod_pipelines.hands.records import RecordedHand, Session
from pokervod_pipelines.hands.table_tests import is_test_hand
from pokervod_pipelines.hands.times import BroadcastDays, parse_time

RULES_VERSION = "2"
"""Version of the rules of this package; a new one makes every file be read again."""

SESSION_SUFFIX, PHH_SUFFIX = ".json", ".phh"
SUFFIXES = (SESSION_SUFFIX, PHH_SUFFIX)
TRUST: dict[Source, int] = {"manual": 0, "csv": 1, "rfid": 2}
"""Weight of a source: what a table recorded wins over what a person typed, whatever either holds."""

PROBLEMS_NAMED = 3

Weight = tuple[int, int, int, int, str]
"""Completeness of a version: trust, events, milliseconds, cards known; a digest breaks a tie."""


class TooManyChips(BadInput):
    """Raised when the pot of a hand is more than the database can hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionHead:
    """Hold what a file reports of its session, as written; the head of the largest ``size`` is stored."""

    hands_reported: int
    digest: str
    hands_broken: int
    table: str
    title: str
    created_at: datetime | None

    @property
    def size(self) -> tuple[int, str]:
        """Return how many hands the file reports; a digest breaks a tie."""
        return self.hands_reported, self.digest


@dataclass(frozen=True, slots=True, kw_only=True)
class HandRow:
    """Hold a hand as it is stored: its ``content``, a JSON text, and the values of the columns beside it."""

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
    findings: tuple[HandFinding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedSession:
    """Hold a parsed file: ``rows`` in the order of the file, each start once; ``problems`` are hands left out."""

    session_id: int
    head: SessionHead
    rows: tuple[HandRow, ...]
    problems: tuple[str, ...] = ()

    @property
    def problem_text(self) -> str | None:
        """Return the problems in one text for a person, None where there are none."""
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


def parse_session(raw: bytes, file: str, rule: GradeRule) -> ParsedSession:
    """Return the parsed session file or hand history.

    Raises:
        UnfinishedFile: the file is still being written.
        BadInput: the file is something else; the text says what is wrong and where.

    """
    if PurePath(file).suffix.lower() == PHH_SUFFIX:
        return _parse_phh(raw, file, rule)
    return _parse_pgfx(read_session(raw, file=file), blake2b(raw, digest_size=8).hexdigest(), rule)


def _parse_pgfx(session: Session, digest: str, rule: GradeRule) -> ParsedSession:
    rows: dict[datetime, HandRow] = {}
    problems = [str(problem) for problem in session.problems]
    for recorded, hand in zip(session.hands, build_hands(session, rule), strict=True):
        try:
            row = make_row(hand, weigh_record(recorded))
        except TooManyChips as error:
            problems.append(str(error))
            continue
        known = rows.get(row.started_at)
        if known is None or known.weight < row.weight:
            rows[row.started_at] = row
    head = SessionHead(
        hands_reported=len(session.hands) + len(session.problems),
        digest=digest,
        hands_broken=len(problems),
        table=session.table,
        title=session.event_title,
        created_at=session.created_at,
    )
    return ParsedSession(session_id=session.session_id, head=head, rows=tuple(rows.values()), problems=tuple(problems))


def _parse_phh(raw: bytes, file: str, rule: GradeRule) -> ParsedSession:
    from pokervod_pipelines.hands.phh_import import read_phh  # noqa: PLC0415 - half a second that sessions do not pay

    try:
        hand = read_phh(raw.decode("utf-8-sig"), rule, started_at=_read_day(file))
        row = make_row(hand, weigh_hand(hand))
    except UnicodeDecodeError as error:
        message = f"{file}: byte {error.start:,} is not UTF-8; save the file as UTF-8"
        raise BadInput(message) from error
    except (BadInput, ValueError, OverflowError) as error:
        message = f"{file}: {error}"
        raise BadInput(message) from error
    head = SessionHead(
        hands_reported=1, digest=row.digest, hands_broken=0, table=hand.table, title=hand.event_title, created_at=None
    )
    return ParsedSession(session_id=hand.session_id, head=head, rows=(row,))


def _read_day(file: str) -> datetime | None:
    """Return the day in a file's name, such as ``2031-05-04 final.phh``, None where it has none."""
    try:
        return parse_time(f"{PurePath(file).name[:10]}T00:00:00Z")
    except BadInput:
        return None


def weigh_record(hand: RecordedHand) -> Weight:
    """Return the weight of a recorded hand."""
    known = sum(len(seat.hole_cards) for seat in hand.seats)
    digest = blake2b(repr(hand).encode(), digest_size=8).hexdigest()
    return TRUST["rfid"], len(hand.actions), int(hand.duration_seconds * 1000), known, digest


def weigh_hand(hand: Hand) -> Weight:
    """Return the weight of a hand that has no record."""
    acted = sum(action.event is not None for street in hand.streets for action in street.actions)
    known = sum(len(seat.hole_cards) for seat in hand.seats)
    events, milliseconds = acted + len(hand.board), int(hand.duration_seconds * 1000)
    return TRUST[hand.source], events, milliseconds, known, _digest(hand.to_json())


def make_row(hand: Hand, weight: Weight) -> HandRow:
    """Return what is stored of a hand.

    Raises:
        TooManyChips: the pot is more than the database can hold.

    """
    if hand.pot > MAX_CHIPS:
        message = f"hand number {hand.hand_number} of {hand.started_at}: a pot of more than {MAX_CHIPS:,} chips"
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


def move_to_session(hand: Hand, head: SessionHead, rule: GradeRule) -> Hand:
    """Return the hand with the table and title of ``head``; the title may make it a test hand."""
    is_test = is_test_hand(hand.seats, head.title)
    grade = grade_hand(rule, hand.best_rank or None, hand.duration_seconds)
    return replace(
        hand,
        table=head.table,
        event_title=head.title,
        is_test=is_test,
        grade="" if is_test else grade.letter,
        is_premium=grade.is_premium and not is_test,
    )
