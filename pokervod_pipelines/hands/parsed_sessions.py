"""Parse the bytes of one file: its session, and each of its hands as it would be stored.

Pure; ``versions`` decides which version of a hand wins, where the others are known.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from hashlib import blake2b
from pathlib import Path, PurePath

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.hands.build import build_hands
from pokervod_pipelines.hands.fields import MAX_CHIPS
from pokervod_pipelines.hands.findings import HandFinding
from pokervod_pipelines.hands.grade import GradeRule, grade_hand
from pokervod_pipelines.hands.hand import Hand, Source
from pokervod_pipelines.hands.pgfx import read_session
from pokervod_pipelines.hands.records import RecordedHand, Session
from pokervod_pipelines.hands.table_tests import is_test_hand
from pokervod_pipelines.hands.times import BroadcastDays

RULES_VERSION = "2"
"""Version of the rules of this package; a new one makes every file be read again."""

CSV_SUFFIX = ".csv"
HISTORY_SUFFIXES = (".phh", ".phhs", CSV_SUFFIX)

TRUST: dict[Source, int] = {"manual": 0, "csv": 1, "rfid": 2}
CORRECTED = 3
"""Weight of a source: what a table recorded wins over what a person typed, whatever either holds."""

PROBLEMS_NAMED = 3

Weight = tuple[int, int, int, int, str]
"""Completeness of a version: trust, events, milliseconds, cards known; a digest breaks a tie."""


@dataclass(frozen=True, slots=True)
class HandRules:
    """Hold the rules by which hands are graded and assigned to days; ``day`` is that of hands that name none."""

    grade: GradeRule
    days: BroadcastDays
    day: date | None = None


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
        hands = "1 hand" if len(self.problems) == 1 else f"{len(self.problems):,} hands"
        return f"{hands} cannot be used: {'; '.join(self.problems[:PROBLEMS_NAMED])}{rest}"


def digest_file(raw: bytes, rules: HandRules) -> str:
    """Return a digest of a file and of the rules it is read by: where either changed, it is read again."""
    digest = blake2b(f"{RULES_VERSION} {rules!r}".encode(), digest_size=16)
    digest.update(raw)
    return digest.hexdigest()


def parse_file(raw: bytes, file: str, rules: HandRules) -> tuple[ParsedSession, ...]:
    """Return the sessions of a session file or a hand history; only a hand history has more than one.

    Raises:
        UnfinishedFile: the file is still being written.
        BadInput: the file is something else; the text says what is wrong and where.

    """
    if PurePath(file).suffix.lower() in HISTORY_SUFFIXES:
        return _parse_history(raw, file, rules)
    return (_parse_pgfx(read_session(raw, file=file), blake2b(raw, digest_size=8).hexdigest(), rules.grade),)


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


def _parse_history(raw: bytes, file: str, rules: HandRules) -> tuple[ParsedSession, ...]:
    from pokervod_pipelines.hands import csv_import, phh_import, phh_text  # noqa: PLC0415 - half a second that sessions do not pay

    is_csv = PurePath(file).suffix.lower() == CSV_SUFFIX
    reading = phh_import.PhhRules(
        rules.grade, rules.days, rules.day or _read_day(file), source="csv" if is_csv else "manual"
    )
    try:
        tables = csv_import.split_rows(raw, Path(file)) if is_csv else phh_text.split_hands(raw.decode("utf-8-sig"))
        hands, problems = phh_import.read_tables(tables, reading)
    except UnicodeDecodeError as error:
        raise BadInput(f"{file}: byte {error.start:,} is not UTF-8; save the file as UTF-8") from error
    except BadInput as error:
        raise BadInput(f"{file}: {str(error).removeprefix(f'{file}: ')}") from error
    sessions: dict[int, dict[datetime, HandRow]] = {}
    first: dict[int, Hand] = {}
    for hand in hands:
        rows = sessions.setdefault(first.setdefault(hand.session_id, hand).session_id, {})
        try:
            _add_row(rows, hand)
        except TooManyChips as error:
            problems.append(str(error))
    if not any(sessions.values()):
        raise BadInput(f"{file}: {'; '.join(problems[:PROBLEMS_NAMED])}")
    parsed = [
        ParsedSession(session_id=session_id, head=_make_head(first[session_id], rows), rows=tuple(rows.values()))
        for session_id, rows in sessions.items()
    ]
    return (replace(parsed[0], problems=tuple(problems)), *parsed[1:])


def _add_row(rows: dict[datetime, HandRow], hand: Hand) -> None:
    """Add the hand; another hand of the same start is moved by its number, so that both are kept."""
    known = rows.get(hand.started_at)
    if known is not None and known.hand_number != hand.hand_number:
        hand = replace(hand, started_at=hand.started_at + timedelta(microseconds=hand.hand_number % 10**6 or 1))
    row = make_row(hand, weigh_hand(hand))
    known = rows.get(row.started_at)
    if known is None or known.weight < row.weight:
        rows[row.started_at] = row


def _make_head(hand: Hand, rows: Mapping[datetime, HandRow]) -> SessionHead:
    digest = blake2b("".join(row.digest for row in rows.values()).encode(), digest_size=12).hexdigest()
    return SessionHead(
        hands_reported=len(rows), digest=digest, hands_broken=0, table=hand.table, title=hand.event_title,
        created_at=None,
    )  # fmt: skip


def _read_day(file: str) -> date | None:
    """Return the day in a file's name, such as ``2031-05-04 final.phh``, None where it has none."""
    try:
        return date.fromisoformat(PurePath(file).name[:10])
    except ValueError:
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
    """Return the hand with the table and title of ``head``, graded anew; the title may make it a test hand."""
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
