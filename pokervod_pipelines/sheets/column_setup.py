"""Locate the PokerVOD columns of a sheet at Google, and set them up.

A tab gets them once, in blank columns to the right of what people use. From then on Google knows each by the name of a
range, which moves with its column. A range that does not cover its whole column, from the first row to the last, is
replaced.
"""

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pokervod_pipelines.errors import Conflict
from pokervod_pipelines.sheets.google.layout import NamedRange, SpreadsheetLayout, TabLayout
from pokervod_pipelines.sheets.google.workbook import ColumnValues
from pokervod_pipelines.sheets.headers import AnnotationLayout, find_layout, find_managed_columns
from pokervod_pipelines.sheets.managed_columns import COLUMN_TITLES, WRITTEN_FIELDS, make_column, name_column_range
from pokervod_pipelines.sheets.reading import SheetReading
from pokervod_pipelines.sheets.tab import Tab, clean_tab
from pokervod_pipelines.sheets.workbook import SharedWorkbook, Workbook


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedColumns:
    """Locate the PokerVOD columns in one tab of ``rows`` rows: indexes from 0, by field.

    Only columns with a named range are listed: a name moves with its column, an address does not. ``stray`` are the
    numbers of lines that are not rows, or not any more, but have text in our columns.
    """

    sheet_id: int
    header_row: int
    rows: int
    indexes: Mapping[str, int]
    stray: Sequence[int] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """List the fields without a column."""
        return tuple(field for field in COLUMN_TITLES if field not in self.indexes)


def locate_managed_columns(workbook: Workbook, reading: SheetReading) -> dict[str, ManagedColumns]:
    """Return the location of the PokerVOD columns in each tab with annotations; a file has none."""
    if not isinstance(workbook, SharedWorkbook):
        return {}
    spreadsheet = workbook.layout()
    return {
        tab.title: ManagedColumns(
            sheet_id=tab.sheet_id,
            header_row=reading.layouts[tab.title].header_row,
            rows=tab.row_count,
            indexes=_find_named(spreadsheet, tab, reading.layouts[tab.title].managed),
            stray=reading.stray[tab.title],
        )
        for tab in spreadsheet.tabs
        if tab.title in reading.layouts
    }


def _find_named(spreadsheet: SpreadsheetLayout, tab: TabLayout, headers: Mapping[str, int]) -> dict[str, int]:
    """Return field → index where header and named range agree."""
    found = {field: _find_range(spreadsheet, tab.sheet_id, field) for field in headers}
    return {field: index for field, index in headers.items() if (named := found[field]) and named.covers(tab, index)}


def _find_range(spreadsheet: SpreadsheetLayout, sheet_id: int, field: str) -> NamedRange | None:
    return spreadsheet.named_ranges.get(name_column_range(sheet_id, field))


@dataclass(frozen=True, slots=True, kw_only=True)
class _ColumnPlan:
    """Plan the columns of one tab: the index of each, which have their header already, range ids to delete."""

    tab: TabLayout
    header_row: int
    indexes: Mapping[str, int]
    titled: frozenset[str]
    stale: tuple[str, ...]

    @property
    def growth(self) -> int:
        return max(0, max(self.indexes.values(), default=-1) + 1 - self.tab.column_count)

    def name(self, field: str) -> str:
        return name_column_range(self.tab.sheet_id, field)


def set_up_columns(workbook: SharedWorkbook, tabs: Collection[str]) -> None:
    """Set up all PokerVOD columns in the tabs, each with its named range and its header.

    Raises ``Conflict`` where somebody used the columns at the same time; then nothing was written into them.
    """
    cells = {tab.title: clean_tab(tab) for tab in workbook.tabs()}
    spreadsheet = workbook.layout()
    made = [_plan_columns(spreadsheet, tab, cells[tab.title]) for tab in spreadsheet.tabs if tab.title in tabs]
    plans = [plan for plan in made if plan.indexes]
    if not plans:
        return
    workbook.change([request for plan in plans for request in _name_columns(plan)])
    columns = [(plan, field) for plan in plans for field in plan.indexes]
    found = workbook.read_columns([plan.name(field) for plan, field in columns])
    if not all(map(_is_as_planned, columns, found)):
        raise Conflict(
            f"{workbook.name}: somebody wrote into the columns planned for PokerVOD. The next sync tries again."
        )
    workbook.write_values(
        [
            ColumnValues(plan.name(field), make_column({plan.header_row + 1: COLUMN_TITLES[field]}, plan.tab.row_count))
            for plan, field in columns
            if field not in plan.titled
        ]
    )


def clear_formats(workbook: SharedWorkbook, columns: Mapping[str, ManagedColumns]) -> None:
    """Give our cells in these tabs the automatic format; as plain text, Google would keep a formula as its text.

    A request for a format takes an address, not a name, so the addresses are asked for right before.
    """
    spreadsheet = workbook.layout()
    requests = [
        {"repeatCell": {"range": cells, "cell": {}, "fields": "userEnteredFormat.numberFormat"}}
        for each in columns.values()
        for field in WRITTEN_FIELDS
        if (cells := _find_cells(spreadsheet, each, field))
    ]
    if requests:
        workbook.change(requests)


def _find_cells(spreadsheet: SpreadsheetLayout, columns: ManagedColumns, field: str) -> dict[str, int]:
    named = _find_range(spreadsheet, columns.sheet_id, field)
    if named is None or named.end_column != named.start_column + 1:
        return {}
    return {
        "sheetId": named.sheet_id,
        "startRowIndex": columns.header_row + 1,
        "startColumnIndex": named.start_column,
        "endColumnIndex": named.start_column + 1,
    }


def _plan_columns(spreadsheet: SpreadsheetLayout, tab: TabLayout, cells: Tab) -> _ColumnPlan:
    layout = find_layout(cells)
    if not isinstance(layout, AnnotationLayout):
        raise Conflict(f"tab {tab.title}: the header row is missing. Restore it; the next sync tries again.")
    named = _find_named(spreadsheet, tab, layout.managed)
    free = itertools.count(max((len(row) for row in cells.cells), default=0))
    managed = layout.managed
    unnamed = [field for field in COLUMN_TITLES if field not in named]
    indexes = {field: managed[field] if field in managed else next(free) for field in unnamed}
    stale = tuple(found.id for field in indexes if (found := _find_range(spreadsheet, tab.sheet_id, field)))
    return _ColumnPlan(tab=tab, header_row=layout.header_row, indexes=indexes, titled=frozenset(managed), stale=stale)


def _name_columns(plan: _ColumnPlan) -> Iterator[dict[str, Any]]:
    """Yield the requests that add columns, delete outdated named ranges and name the columns."""
    if plan.growth:
        yield {"appendDimension": {"sheetId": plan.tab.sheet_id, "dimension": "COLUMNS", "length": plan.growth}}
    for identity in plan.stale:
        yield {"deleteNamedRange": {"namedRangeId": identity}}
    for field, index in plan.indexes.items():
        column = {"sheetId": plan.tab.sheet_id, "startColumnIndex": index, "endColumnIndex": index + 1}
        yield {"addNamedRange": {"namedRange": {"name": plan.name(field), "range": column}}}


def _is_as_planned(column: tuple[_ColumnPlan, str], cells: tuple[str, ...]) -> bool:
    """Return whether the named column is the planned one: under its header, or blank."""
    plan, field = column
    if field not in plan.titled:
        return not any(cells)
    header = cells[plan.header_row] if plan.header_row < len(cells) else ""
    return find_managed_columns([header]) == {field: 0}
