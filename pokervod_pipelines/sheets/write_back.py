"""Write the state of each row into the sheet: one write per pass, by explicit ranges, for rows that have an id.

Nothing here reads the sheet again before writing, since that would only shorten the time in which somebody may sort:
``managed_columns`` ties each cell to its row instead. What the sheet shows after the write is read from the answer;
where it is not the text that was written, somebody edited at the same moment, and the next pass writes it again.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Engine

from pokervod_pipelines.db.locks import hold_lock
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.sheets.column_setup import ManagedColumns, clear_formats, set_up_columns
from pokervod_pipelines.sheets.google.clock import SYSTEM_CLOCK, Clock
from pokervod_pipelines.sheets.google.workbook import ColumnValues
from pokervod_pipelines.sheets.managed_columns import (
    KEY_FIELD,
    STATUS_FIELDS,
    WRITTEN_FIELDS,
    is_guarded_formula,
    is_up_to_date,
    make_column,
    make_guarded_formula,
    make_row_key,
    name_column_range,
    shorten,
)
from pokervod_pipelines.sheets.sources import count_calls, open_shared
from pokervod_pipelines.sheets.statuses import (
    RowFacts,
    describe_row,
    read_managed_columns,
    read_row_facts,
    store_shown,
)
from pokervod_pipelines.sheets.workbook import SharedWorkbook


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteBackReport:
    """Count the rows of a write-back: statuses ``written``, and ``overtaken`` by an edit of the same moment.

    ``cleared`` lines are not rows any more. ``keyed`` rows got an id, and ``set_up`` tabs our columns; their statuses
    are written after the next reading.
    """

    rows: int = 0
    written: int = 0
    overtaken: int = 0
    cleared: int = 0
    keyed: int = 0
    set_up: int = 0
    calls: int = 0

    @property
    def needs_reading(self) -> bool:
        """Tell whether the sheet was changed; it is read again, so that our own write does not count as an edit."""
        return bool(self.written or self.overtaken or self.cleared or self.keyed or self.set_up)


def write_back(
    engine: Engine, settings: Settings, sheet: str, *, everything: bool = False, clock: Clock = SYSTEM_CLOCK
) -> WriteBackReport:
    """Write the status of every row that has an id; give ids to rows without one.

    A row that shows its status already is left, unless it was read since, or ``everything`` was: its time then moves.
    Raises what the client raises; ``Conflict`` when somebody changed the tabs so much that nothing was written.
    """
    source = settings.sheet(sheet)
    lock = hold_lock(engine, f"reading of sheet {sheet}")
    with lock, open_shared(engine, settings, source, clock=clock) as workbook:
        with engine.connect() as connection:
            columns = read_managed_columns(connection, sheet, source.spreadsheet)
            rows = read_row_facts(connection, sheet)
        incomplete = [tab for tab, each in columns.items() if each.missing]
        if incomplete:
            set_up_columns(workbook, incomplete)
            return WriteBackReport(rows=len(rows), set_up=len(incomplete), calls=count_calls(workbook) or 0)
        keyless = [row for row in rows if row.row_key is None and row.tab in columns]
        if keyless:
            workbook.write_values(_make_key_columns(keyless, columns))
            return WriteBackReport(rows=len(rows), keyed=len(keyless), calls=count_calls(workbook) or 0)
        moment = clock.now().astimezone(settings.zone).strftime("%Y-%m-%d %H:%M")
        updates = _find_outdated(rows, columns, moment, everything=everything)
        return _write_statuses(engine, workbook, rows, columns, updates)


def _make_key_columns(rows: Sequence[RowFacts], columns: Mapping[str, ManagedColumns]) -> list[ColumnValues]:
    keys: dict[str, dict[int, str]] = defaultdict(dict)
    for row in rows:
        keys[row.tab][row.row_number] = make_row_key()
    return [
        ColumnValues(name_column_range(columns[tab].sheet_id, KEY_FIELD), make_column(cells, columns[tab].rows))
        for tab, cells in keys.items()
    ]


def _write_statuses(
    engine: Engine,
    workbook: SharedWorkbook,
    rows: Sequence[RowFacts],
    columns: Mapping[str, ManagedColumns],
    updates: Mapping[RowFacts, tuple[str, ...]],
) -> WriteBackReport:
    stray = {tab: each.stray for tab, each in columns.items() if each.stray}
    if not updates and not stray:
        return WriteBackReport(rows=len(rows), calls=count_calls(workbook) or 0)
    ranges = {
        (tab, field): _make_status_column([row for row in updates if row.tab == tab], updates, field, each)
        for tab, each in columns.items()
        for field in WRITTEN_FIELDS
        if tab in stray or (field != KEY_FIELD and any(row.tab == tab for row in updates))
    }
    after = _write_formulas(workbook, ranges, columns)
    shown = {row.id: tuple(_cell(after[row.tab, field], row.row_number) for field in STATUS_FIELDS) for row in updates}
    with engine.begin() as connection:
        store_shown(connection, shown)
    overtaken = sum(shown[row.id] != cells for row, cells in updates.items())
    return WriteBackReport(
        rows=len(rows),
        written=len(updates) - overtaken,
        overtaken=overtaken,
        cleared=sum(map(len, stray.values())),
        calls=count_calls(workbook) or 0,
    )


def _write_formulas(
    workbook: SharedWorkbook, ranges: Mapping[tuple[str, str], ColumnValues], columns: Mapping[str, ManagedColumns]
) -> dict[tuple[str, str], ColumnValues]:
    """Write the columns and return what they show; where Google kept our formulas as text, write once more."""
    after = dict(zip(ranges, workbook.write_values([*ranges.values()]), strict=True))
    as_text = {tab for (tab, _), each in after.items() if any(is_guarded_formula(cell or "") for cell in each.cells)}
    if not as_text:
        return after
    clear_formats(workbook, {tab: columns[tab] for tab in as_text})
    return dict(zip(ranges, workbook.write_values([*ranges.values()]), strict=True))


def _find_outdated(
    rows: Sequence[RowFacts], columns: Mapping[str, ManagedColumns], moment: str, *, everything: bool
) -> dict[RowFacts, tuple[str, ...]]:
    """Return the new status of each row that shows another one or was read since, in the order of ``STATUS_FIELDS``."""
    current = {row: tuple(shorten(text) for text in (*describe_row(row), moment)) for row in rows if row.tab in columns}
    return {
        row: cells
        for row, cells in current.items()
        if everything or row.is_read_since or not is_up_to_date(row.shown, cells)
    }


def _make_status_column(
    rows: Sequence[RowFacts], updates: Mapping[RowFacts, tuple[str, ...]], field: str, columns: ManagedColumns
) -> ColumnValues:
    """Return the column with the rows' guarded texts, blank beside lines that are not rows."""
    cells = dict.fromkeys(columns.stray, "")
    if field != KEY_FIELD:
        position = STATUS_FIELDS.index(field)
        key_column = columns.indexes[KEY_FIELD]
        for row in rows:
            key, number = row.row_key or "", row.row_number
            cells[number] = make_guarded_formula(updates[row][position], key, key_column=key_column, row_number=number)
    return ColumnValues(name_column_range(columns.sheet_id, field), make_column(cells, columns.rows))


def _cell(column: ColumnValues, row_number: int) -> str:
    return (column.cells[row_number - 1] or "") if row_number <= len(column.cells) else ""
