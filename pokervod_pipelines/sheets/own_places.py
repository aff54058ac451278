"""Where the columns of ours stand in a sheet at Google, and how they come to stand there.

A tab gets them once, in columns in which nothing stands, to the right of what people use. From then on Google knows
each by a name, which moves with its column.
"""

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pokervod_pipelines.errors import Conflict
from pokervod_pipelines.sheets.google.layout import NamedRange, SpreadsheetLayout, TabLayout
from pokervod_pipelines.sheets.google.workbook import ColumnValues
from pokervod_pipelines.sheets.headers import Layout, find_layout, find_own_columns
from pokervod_pipelines.sheets.own_columns import TITLES, lay_column, name_range
from pokervod_pipelines.sheets.reading import Reading
from pokervod_pipelines.sheets.shared import SharedWorkbook
from pokervod_pipelines.sheets.tab import Tab, clean_tab
from pokervod_pipelines.sheets.workbook import Workbook


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnColumns:
    """Where the columns of ours stand in one tab of ``rows`` rows: indexes from 0, by field.

    Only columns that Google knows by their name are listed: such a name moves with its column, an address does not.
    ``stray`` are the numbers of lines that are no rows, or none any more, but have something of ours beside them.
    """

    sheet_id: int
    header_row: int
    rows: int
    indexes: Mapping[str, int]
    stray: Sequence[int] = ()

    @classmethod
    def from_plain(cls, values: Mapping[str, Any]) -> "OwnColumns":
        """What ``dataclasses.asdict`` made of it."""
        return cls(**values)

    @property
    def missing(self) -> tuple[str, ...]:
        """The fields that have no such column."""
        return tuple(field for field in TITLES if field not in self.indexes)


def locate_own_columns(workbook: Workbook, reading: Reading) -> dict[str, OwnColumns]:
    """Where the columns of ours stand in each tab with annotations; nowhere in a file."""
    if not isinstance(workbook, SharedWorkbook):
        return {}
    spreadsheet = workbook.layout()
    return {
        tab.title: OwnColumns(
            sheet_id=tab.sheet_id,
            header_row=reading.layouts[tab.title].header_row,
            rows=tab.row_count,
            indexes=_find_named(spreadsheet, tab.sheet_id, reading.layouts[tab.title].own),
            stray=reading.stray[tab.title],
        )
        for tab in spreadsheet.tabs
        if tab.title in reading.layouts
    }


def _find_named(spreadsheet: SpreadsheetLayout, sheet_id: int, headers: Mapping[str, int]) -> dict[str, int]:
    """Return field → index where header and named range agree."""
    found = {field: _look_up(spreadsheet, sheet_id, field) for field in headers}
    return {
        field: index
        for field, index in headers.items()
        if (named := found[field]) and (named.sheet_id, named.start_column) == (sheet_id, index)
    }


def _look_up(spreadsheet: SpreadsheetLayout, sheet_id: int, field: str) -> NamedRange | None:
    return spreadsheet.named_ranges.get(name_range(sheet_id, field))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """The columns of one tab: where each is to stand, those that have their header already, names to be given up."""

    tab: TabLayout
    header_row: int
    places: Mapping[str, int]
    titled: frozenset[str]
    stale: tuple[str, ...]

    @property
    def growth(self) -> int:
        return max(0, max(self.places.values(), default=-1) + 1 - self.tab.column_count)

    def name(self, field: str) -> str:
        return name_range(self.tab.sheet_id, field)


def set_up_columns(workbook: SharedWorkbook, tabs: Collection[str]) -> None:
    """The tabs have all columns of ours, each with its name and its header.

    Raises ``Conflict`` where somebody used the columns meanwhile; then nothing was written into them.
    """
    cells = {tab.title: clean_tab(tab) for tab in workbook.tabs()}
    spreadsheet = workbook.layout()
    made = [_plan(spreadsheet, tab, cells[tab.title]) for tab in spreadsheet.tabs if tab.title in tabs]
    plans = [plan for plan in made if plan.places]
    if not plans:
        return
    workbook.change([request for plan in plans for request in _name_columns(plan)])
    columns = [(plan, field) for plan in plans for field in plan.places]
    found = workbook.read_columns([plan.name(field) for plan, field in columns])
    if not all(map(_is_as_planned, columns, found)):
        raise Conflict(f"{workbook.name}: somebody worked in the columns meant for ours; the next pass tries again")
    workbook.write_values(
        [
            ColumnValues(plan.name(field), lay_column({plan.header_row + 1: TITLES[field]}, plan.tab.row_count))
            for plan, field in columns
            if field not in plan.titled
        ]
    )


def _plan(spreadsheet: SpreadsheetLayout, tab: TabLayout, cells: Tab) -> _Plan:
    layout = find_layout(cells)
    if not isinstance(layout, Layout):
        raise Conflict(f"{tab.title}: its header is gone; the next pass tries again")
    named = _find_named(spreadsheet, tab.sheet_id, layout.own)
    free = itertools.count(max((len(row) for row in cells.cells), default=0))
    places = {field: layout.own[field] if field in layout.own else next(free) for field in TITLES if field not in named}
    stale = tuple(found.id for field in places if (found := _look_up(spreadsheet, tab.sheet_id, field)))
    return _Plan(tab=tab, header_row=layout.header_row, places=places, titled=frozenset(layout.own), stale=stale)


def _name_columns(plan: _Plan) -> Iterator[dict[str, Any]]:
    """Yield what makes room, gives up names that stand elsewhere, and names the columns: all of it or nothing."""
    if plan.growth:
        yield {"appendDimension": {"sheetId": plan.tab.sheet_id, "dimension": "COLUMNS", "length": plan.growth}}
    for identity in plan.stale:
        yield {"deleteNamedRange": {"namedRangeId": identity}}
    for field, index in plan.places.items():
        column = {"sheetId": plan.tab.sheet_id, "startColumnIndex": index, "endColumnIndex": index + 1}
        yield {"addNamedRange": {"namedRange": {"name": plan.name(field), "range": column}}}


def _is_as_planned(column: tuple[_Plan, str], cells: tuple[str, ...]) -> bool:
    """Whether the named column is the one meant: under its header, or blank."""
    plan, field = column
    if field not in plan.titled:
        return not any(cells)
    header = cells[plan.header_row] if plan.header_row < len(cells) else ""
    return find_own_columns([header]) == {field: 0}
