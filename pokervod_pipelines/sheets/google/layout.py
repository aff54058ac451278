"""Describe a spreadsheet at Google: its tabs and its named ranges."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

GRID = "GRID"
"""The type of a tab with cells; other tabs contain a chart or a connected database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TabLayout:
    """Describe a tab with cells. Its ``sheet_id`` survives a rename and a move.

    ``merged`` lists (first row, last row, column) of cells merged over several rows, counted from 0.
    """

    sheet_id: int
    title: str
    row_count: int
    column_count: int
    is_hidden: bool = False
    merged: tuple[tuple[int, int, int], ...] = ()

    @property
    def cell_count(self) -> int:
        """Count its cells, blank ones included."""
        return self.row_count * self.column_count


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedRange:
    """Describe a range that moves with its rows and columns: indexes from 0, end excluded, None where it is open."""

    id: str
    sheet_id: int
    start_row: int
    end_row: int | None
    start_column: int
    end_column: int | None

    def covers(self, tab: TabLayout, column: int) -> bool:
        """Return whether it is this column of the tab, whole: what is written counts from its first row."""
        is_column = (self.sheet_id, self.start_column, self.end_column) == (tab.sheet_id, column, column + 1)
        return is_column and self.start_row == 0 and (self.end_row is None or self.end_row >= tab.row_count)


@dataclass(frozen=True, slots=True)
class SpreadsheetLayout:
    """Hold the tabs, in order, and the named ranges by name."""

    tabs: tuple[TabLayout, ...]
    named_ranges: Mapping[str, NamedRange]

    FIELDS = (
        "sheets(properties(sheetId,title,sheetType,hidden,gridProperties(rowCount,columnCount)),merges),namedRanges"
    )
    """What to ask ``spreadsheets.get`` for."""

    @classmethod
    def from_answer(cls, answer: Mapping[str, Any]) -> Self:
        """Return the layout in an answer of ``spreadsheets.get``. Raises ``LookupError`` for an incomplete one."""
        return cls(tuple(_read_tabs(answer)), dict(_read_ranges(answer)))

    @property
    def cell_count(self) -> int:
        """Count the cells of all tabs, blank ones included."""
        return sum(tab.cell_count for tab in self.tabs)


def _read_tabs(answer: Mapping[str, Any]) -> Iterator[TabLayout]:
    for sheet in answer["sheets"]:
        properties = sheet["properties"]
        if properties.get("sheetType", GRID) == GRID:
            grid = properties["gridProperties"]
            yield TabLayout(
                sheet_id=properties["sheetId"],
                title=properties["title"],
                row_count=grid["rowCount"],
                column_count=grid["columnCount"],
                is_hidden=properties.get("hidden", False),
                merged=tuple(_read_merges(sheet)),
            )


def _read_merges(sheet: Mapping[str, Any]) -> Iterator[tuple[int, int, int]]:
    """Yield the merged cells; over columns they show their value once, over rows in each."""
    for area in sheet.get("merges", ()):
        first, last = area.get("startRowIndex", 0), area["endRowIndex"] - 1
        if last > first:
            yield first, last, area.get("startColumnIndex", 0)


def _read_ranges(answer: Mapping[str, Any]) -> Iterator[tuple[str, NamedRange]]:
    for named in answer.get("namedRanges", ()):
        # Google leaves out what is 0, the first tab's id too.
        area = named.get("range", {})
        yield (
            named["name"],
            NamedRange(
                id=named["namedRangeId"],
                sheet_id=area.get("sheetId", 0),
                start_row=area.get("startRowIndex", 0),
                end_row=area.get("endRowIndex"),
                start_column=area.get("startColumnIndex", 0),
                end_column=area.get("endColumnIndex"),
            ),
        )
