"""Turn the records of an export into rows, and report a problem for each that cannot be read. Pure.

A record that cannot be read is left out and reported; the others are taken. Of records with the same key, equal ones
count once, and differing ones do not count at all: which of them is right is not guessed.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pokervod_pipelines.errors import BadInput, Unavailable
from pokervod_pipelines.problems import Problem
from pokervod_pipelines.tournaments import cells
from pokervod_pipelines.tournaments.cells import EMPTY, BadExportCell
from pokervod_pipelines.tournaments.kinds import ExportKind, ExportLayout, find_layout
from pokervod_pipelines.tournaments.records import (
    BlindRow,
    ExportRow,
    PayoutRow,
    PlayerRow,
    SlotRow,
    TournamentRow,
    TournamentStatus,
)
from pokervod_pipelines.tournaments.table import ExportRecord, ExportTable, parse_table

MAX_SHOWN = 60
MAX_TEXT = 500
MAX_PROBLEMS_NAMED = 5

Reader = Callable[[str], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedExport:
    """Hold an export as rows; ``repeated`` counts records that only repeat another."""

    kind: ExportKind
    rows: tuple[ExportRow, ...]
    problems: tuple[Problem, ...]
    repeated: int


class CellReader:
    """Read one record by column; each reader raises ``BadExportCell`` with the column and the text of the cell."""

    __slots__ = ("_columns", "_record")

    def __init__(self, record: ExportRecord, columns: Mapping[str, int]) -> None:
        self._record = record
        self._columns = columns

    def read(self, column: str, reader: Reader) -> Any:
        """Return the cell's value; a column that the file lacks counts as an empty cell."""
        place = self._columns.get(column)
        cell = self._record.cells[place] if place is not None else ""
        try:
            return reader(_check_length(cell))
        except BadExportCell as bad:
            raise BadExportCell(f"column {column}: {_show(cell)}: {bad}") from None

    def maybe(self, column: str, reader: Reader) -> Any:
        """Return the cell's value, None where it is empty."""
        return self.read(column, lambda cell: None if cell.casefold() in EMPTY else reader(cell))


def read_export(text: str, *, file: str, zone: ZoneInfo) -> ParsedExport:
    """Return the rows of an export; ``zone`` is that of its dates and times.

    Raises:
        Unavailable: it is still being written.
        BadInput: it is not one of the five exports, or none of its records can be read.

    """
    table = parse_table(text, file=file)
    if not (table.is_closed or table.records):
        raise Unavailable(f"{file}: has one line without an end; it will be read when it is complete")
    layout = find_layout(table)
    export = _read_records(table, layout, zone)
    if export.problems and not export.rows:
        shown = "\n".join(map(str, export.problems[:MAX_PROBLEMS_NAMED]))
        raise BadInput(f"{file}: no line below the header can be read, so nothing was imported:\n{shown}")
    return export


def _read_records(table: ExportTable, layout: ExportLayout, zone: ZoneInfo) -> ParsedExport:
    rows: list[tuple[int, ExportRow]] = []
    problems = [(line, f"misplaced quote ({why}); correct it") for line, why in table.broken]
    previous_levels: dict[str, int] = {}
    for record in table.records:
        try:
            _check_width(record, table.header)
            row = _READERS[layout.kind](CellReader(record, layout.columns), zone, previous_levels)
        except BadExportCell as bad:
            if not table.is_closed and record is table.records[-1]:
                message = f"{table.file}:{record.line}: the last line is incomplete; it will be read later"
                raise Unavailable(f"{message} ({bad})") from None
            problems.append((record.line, str(bad)))
        else:
            rows.append((record.line, row))
    kept, repeated, conflicts = _drop_repeated(rows)
    ordered = tuple(
        Problem(f"{table.file}:{line}", what)
        for line, what in sorted([*problems, *conflicts], key=lambda problem: problem[0])
    )
    return ParsedExport(kind=layout.kind, rows=kept, problems=ordered, repeated=repeated)


def _check_length(cell: str) -> str:
    if len(cell) > MAX_TEXT:
        raise BadExportCell("is too long for a cell; check whether a quote is missing")
    return cell


def _check_width(record: ExportRecord, header: ExportRecord) -> None:
    if len(record.cells) < len(header.cells):
        raise BadExportCell(f"has {len(record.cells)} cells, the header {len(header.cells)}; export it again")
    if any(record.cells[len(header.cells) :]):
        message = f"has {len(record.cells)} cells, the header has {len(header.cells)}"
        raise BadExportCell(f"{message}; quote a cell that contains the delimiter, such as 1,234")


def _drop_repeated(
    rows: list[tuple[int, ExportRow]],
) -> tuple[tuple[ExportRow, ...], int, Iterator[tuple[int, str]]]:
    groups: dict[tuple[Any, ...], list[tuple[int, ExportRow]]] = {}
    for line, row in rows:
        groups.setdefault(tuple(getattr(row, name) for name in row.KEY), []).append((line, row))
    kept = tuple(group[0][1] for group in groups.values() if _agree(group))
    repeated = sum(len(group) - 1 for group in groups.values() if _agree(group))
    conflicts = (_describe_conflict(group) for group in groups.values() if not _agree(group))
    return kept, repeated, conflicts


def _agree(group: list[tuple[int, ExportRow]]) -> bool:
    return all(row == group[0][1] for _, row in group)


def _describe_conflict(group: list[tuple[int, ExportRow]]) -> tuple[int, str]:
    (first, row), *others = group
    key = ", ".join(f"{name} {getattr(row, name)}" for name in row.KEY)
    lines = ", ".join(str(line) for line, _ in others[:MAX_PROBLEMS_NAMED])
    return first, f"{key}: line {lines} differs, so none of them counts; keep one"


def _show(cell: str) -> str:
    return repr(cell) if len(cell) <= MAX_SHOWN else f"{cell[:MAX_SHOWN]!r} … ({len(cell):,} characters)"


def _read_tournament(cell: CellReader, _: ZoneInfo, __: dict[str, int]) -> TournamentRow:
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
    if row.status is TournamentStatus.RUNNING and row.current_level is None:
        raise BadExportCell("column current_level: '': required for a running tournament; fill it in")
    return row


def _read_player(cell: CellReader, _: ZoneInfo, __: dict[str, int]) -> PlayerRow:
    name = cell.read("player_name", cells.read_text)
    is_eliminated = cell.read("is_eliminated", cells.read_flag)
    return PlayerRow(
        tournament_number=cell.read("tournament_number", cells.read_tournament_number),
        player_key=cells.fold_player_name(name),
        player_name=name,
        chips=(cell.maybe("chips", cells.read_count) or 0) if is_eliminated else cell.read("chips", cells.read_count),
        rank=cell.maybe("rank", cells.read_ordinal),
        table_number=cell.maybe("table_number", cells.read_ordinal),
        seat_number=cell.maybe("seat_number", cells.read_ordinal),
        is_eliminated=is_eliminated,
    )


def _read_blind(cell: CellReader, _: ZoneInfo, previous_levels: dict[str, int]) -> BlindRow:
    number = cell.read("tournament_number", cells.read_tournament_number)
    is_break = cell.read("is_break", cells.read_flag)
    level = cell.maybe("level", cells.read_count) if is_break else cell.read("level", cells.read_ordinal)
    if level is None:
        level = previous_levels.get(number, 0)
    previous_levels[number] = level
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


def _read_payout(cell: CellReader, _: ZoneInfo, __: dict[str, int]) -> PayoutRow:
    start = cell.read("place_start", cells.read_ordinal)
    end = cell.maybe("place_end", cells.read_ordinal) or start
    if end < start:
        raise BadExportCell(f"column place_end: {end} is before place_start {start}; swap them")
    return PayoutRow(
        tournament_number=cell.read("tournament_number", cells.read_tournament_number),
        place_start=start,
        place_end=end,
        amount=cell.read("amount", cells.read_money),
        percentage=cell.maybe("percentage", cells.read_percentage),
        is_bracelet=cell.read("is_bracelet", cells.read_flag),
    )


def _read_slot(cell: CellReader, zone: ZoneInfo, _: dict[str, int]) -> SlotRow:
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
        raise BadExportCell("is not between the years 1 and 9999; correct the date") from None


_READERS: Mapping[ExportKind, Callable[[CellReader, ZoneInfo, dict[str, int]], ExportRow]] = {
    ExportKind.TOURNAMENT_DATA: _read_tournament,
    ExportKind.PLAYER_CHIPS: _read_player,
    ExportKind.BLIND_STRUCTURE: _read_blind,
    ExportKind.PAYOUT_STRUCTURE: _read_payout,
    ExportKind.BROADCAST_SCHEDULE: _read_slot,
}
