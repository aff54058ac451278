"""The records of an export as rows, and one problem for each record that cannot be one. Pure.

A record that breaks is left out and named; the others go on. Of records that speak of the same thing, equal ones count
once, and of differing ones none: which of them is right is not guessed.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pokervod_pipelines.errors import BadInput, Unavailable
from pokervod_pipelines.tournaments import cells
from pokervod_pipelines.tournaments.cells import EMPTY, BadCell
from pokervod_pipelines.tournaments.kinds import Kind, Layout, find_layout
from pokervod_pipelines.tournaments.records import (
    BlindRow,
    ExportRow,
    PayoutRow,
    PlayerRow,
    SlotRow,
    Status,
    TournamentRow,
)
from pokervod_pipelines.tournaments.table import Record, Table, parse_table

LONGEST_SHOWN = 60
LONGEST_TEXT = 500
PROBLEMS_NAMED = 5

Reader = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in a line of a file, and what to do; ``str`` gives both for a person."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """An export as rows; ``repeated`` counts records that only repeat another."""

    kind: Kind
    rows: tuple[ExportRow, ...]
    problems: tuple[Problem, ...]
    repeated: int


class Cells:
    """One record read by column; each reader raises ``BadCell`` with the column and what it said."""

    __slots__ = ("_columns", "_record")

    def __init__(self, record: Record, columns: Mapping[str, int]) -> None:
        self._record = record
        self._columns = columns

    def read(self, column: str, reader: Reader) -> Any:
        """Return the cell's value; a column that the file lacks reads as an empty cell."""
        place = self._columns.get(column)
        cell = self._record.cells[place] if place is not None else ""
        try:
            return reader(_check_length(cell))
        except BadCell as bad:
            raise BadCell(f"column {column}: {_show(cell)}: {bad}") from None

    def maybe(self, column: str, reader: Reader) -> Any:
        """Return the cell's value, None where it is empty."""
        return self.read(column, lambda cell: None if cell.casefold() in EMPTY else reader(cell))


def read_export(text: str, *, file: str, zone: ZoneInfo) -> Reading:
    """Return what the text of an export says; ``zone`` is that of its dates and times.

    Raises:
        Unavailable: it is still being written.
        BadInput: it is none of the five exports, or no record of it can be read.

    """
    table = parse_table(text, file=file)
    if not (table.is_closed or table.records):
        raise Unavailable(f"{file}: holds one line without an end; it is read when it is written, or export it again")
    layout = find_layout(table)
    reading = _read_records(table, layout, zone)
    if reading.problems and not reading.rows:
        shown = "\n".join(map(str, reading.problems[:PROBLEMS_NAMED]))
        raise BadInput(f"{file}: no line below the header can be read, so nothing was taken from it:\n{shown}")
    return reading


def _read_records(table: Table, layout: Layout, zone: ZoneInfo) -> Reading:
    rows: list[tuple[int, ExportRow]] = []
    problems = [Problem(table.file, line, f"a quote is wrong ({why}); mend it") for line, why in table.broken]
    level_before: dict[str, int] = {}
    for record in table.records:
        try:
            _check_width(record, table.header)
            row = _READERS[layout.kind](Cells(record, layout.columns), zone, level_before)
        except BadCell as bad:
            if not table.is_closed and record is table.records[-1]:
                message = f"{table.file}:{record.line}: the last line is not written to its end; it is waited for"
                raise Unavailable(f"{message} ({bad})") from None
            problems.append(Problem(table.file, record.line, str(bad)))
        else:
            rows.append((record.line, row))
    kept, repeated, conflicts = _drop_repeated(rows, table.file)
    ordered = tuple(sorted([*problems, *conflicts], key=lambda problem: problem.line))
    return Reading(kind=layout.kind, rows=kept, problems=ordered, repeated=repeated)


def _check_length(cell: str) -> str:
    if len(cell) > LONGEST_TEXT:
        raise BadCell("is too long for a cell; look whether a quote is missing")
    return cell


def _check_width(record: Record, header: Record) -> None:
    if len(record.cells) < len(header.cells):
        raise BadCell(f"has {len(record.cells)} cells where the header has {len(header.cells)}; export the line again")
    if any(record.cells[len(header.cells) :]):
        message = f"has {len(record.cells)} cells where the header has {len(header.cells)}"
        raise BadCell(f"{message}; put a cell that holds the delimiter, such as 1,234, between quotes")


def _drop_repeated(
    rows: list[tuple[int, ExportRow]], file: str
) -> tuple[tuple[ExportRow, ...], int, Iterator[Problem]]:
    groups: dict[tuple[Any, ...], list[tuple[int, ExportRow]]] = {}
    for line, row in rows:
        groups.setdefault(tuple(getattr(row, name) for name in row.KEY), []).append((line, row))
    kept = tuple(group[0][1] for group in groups.values() if _agree(group))
    repeated = sum(len(group) - 1 for group in groups.values() if _agree(group))
    conflicts = (_describe_conflict(group, file) for group in groups.values() if not _agree(group))
    return kept, repeated, conflicts


def _agree(group: list[tuple[int, ExportRow]]) -> bool:
    return all(row == group[0][1] for _, row in group)


def _describe_conflict(group: list[tuple[int, ExportRow]], file: str) -> Problem:
    (first, row), *others = group
    key = ", ".join(f"{name} {getattr(row, name)}" for name in row.KEY)
    lines = ", ".join(str(line) for line, _ in others[:PROBLEMS_NAMED])
    return Problem(file, first, f"{key}: says something else in line {lines}, so none of them counts; keep one")


def _show(cell: str) -> str:
    return repr(cell) if len(cell) <= LONGEST_SHOWN else f"{cell[:LONGEST_SHOWN]!r} … ({len(cell):,} characters)"


def _read_tournament(cell: Cells, _: ZoneInfo, __: dict[str, int]) -> TournamentRow:
    row = TournamentRow(
        tournament_number=cell.read("tournament_number", cells.read_tournament_number),
        name=cell.read("name", cells.read_text),
        status=cell.read("status", cells.read_status),
        current_level=cell.maybe("current_level", cells.read_count),
        **{
            name: cell.maybe(name, cells.read_count)
            for name in ("remaining_players", "registered_players", "starting_chips")
        },
        **{name: cell.maybe(name, cells.read_money) for name in ("buy_in", "rake", "prize_pool")},
    )
    if row.status is Status.RUNNING and row.current_level is None:
        raise BadCell("column current_level: '': a running tournament has a level; fill it in")
    return row


def _read_player(cell: Cells, _: ZoneInfo, __: dict[str, int]) -> PlayerRow:
    name = cell.read("player_name", cells.read_text)
    is_eliminated = cell.read("is_eliminated", cells.read_flag)
    return PlayerRow(
        tournament_number=cell.read("tournament_number", cells.read_tournament_number),
        player_key=cells.make_player_key(name),
        player_name=name,
        chips=(cell.maybe("chips", cells.read_count) or 0) if is_eliminated else cell.read("chips", cells.read_count),
        rank=cell.maybe("rank", cells.read_ordinal),
        table_number=cell.maybe("table_number", cells.read_ordinal),
        seat_number=cell.maybe("seat_number", cells.read_ordinal),
        is_eliminated=is_eliminated,
    )


def _read_blind(cell: Cells, _: ZoneInfo, level_before: dict[str, int]) -> BlindRow:
    number = cell.read("tournament_number", cells.read_tournament_number)
    is_break = cell.read("is_break", cells.read_flag)
    level = cell.maybe("level", cells.read_count) if is_break else cell.read("level", cells.read_ordinal)
    if level is None:
        level = level_before.get(number, 0)
    level_before[number] = level
    blind = cell.maybe if is_break else cell.read
    return BlindRow(
        tournament_number=number,
        level=level,
        is_break=is_break,
        small_blind=blind("small_blind", cells.read_count),
        big_blind=blind("big_blind", cells.read_count),
        **{name: cell.maybe(name, cells.read_count) for name in ("ante", "bb_ante", "duration_minutes")},
        break_name=cell.read("break_name", str),
    )


def _read_payout(cell: Cells, _: ZoneInfo, __: dict[str, int]) -> PayoutRow:
    start = cell.read("place_start", cells.read_ordinal)
    end = cell.maybe("place_end", cells.read_ordinal) or start
    if end < start:
        raise BadCell(f"column place_end: {end} comes before place_start {start}; swap them")
    return PayoutRow(
        tournament_number=cell.read("tournament_number", cells.read_tournament_number),
        place_start=start,
        place_end=end,
        amount=cell.read("amount", cells.read_money),
        percentage=cell.maybe("percentage", cells.read_percentage),
        is_bracelet=cell.read("is_bracelet", cells.read_flag),
    )


def _read_slot(cell: Cells, zone: ZoneInfo, _: dict[str, int]) -> SlotRow:
    day = cell.read("date", cells.read_date)

    def read_moment(text: str) -> datetime:
        return cells.place_in_zone(day, cells.read_time(text), zone)

    starts_at = cell.read("time_start", read_moment)
    ends_at = cell.maybe("time_end", read_moment)
    if ends_at is not None and ends_at <= starts_at:
        ends_at = cell.read("time_end", lambda text: cells.place_in_zone(_next(day), cells.read_time(text), zone))
    return SlotRow(
        day=day,
        starts_at=starts_at,
        channel=cell.read("channel", str),
        ends_at=ends_at,
        event_title=cell.read("event_title", cells.read_text),
        tournament_number=cell.maybe("tournament_number", cells.read_tournament_number),
        is_live=cell.read("is_live", cells.read_flag),
    )


def _next(day: Any) -> Any:
    try:
        return day + timedelta(days=1)
    except OverflowError:
        raise BadCell("is beyond the calendar; mend the date") from None


_READERS: Mapping[Kind, Callable[[Cells, ZoneInfo, dict[str, int]], ExportRow]] = {
    Kind.TOURNAMENT_DATA: _read_tournament,
    Kind.PLAYER_CHIPS: _read_player,
    Kind.BLIND_STRUCTURE: _read_blind,
    Kind.PAYOUT_STRUCTURE: _read_payout,
    Kind.BROADCAST_SCHEDULE: _read_slot,
}
