"""Read a sheet at Google as a workbook, and make the few changes that we make to it.

One instance serves one pass. Reading takes two calls for any number of tabs, writing one; nothing is appended, and
nothing is asked for cell by cell. What is written and where belongs in ``sheets.write_back``.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.sheets.cell_text import StoredValue, may_hide_number, show_number
from pokervod_pipelines.sheets.directives import find_kind
from pokervod_pipelines.sheets.google.calls import DRIVE_FILES
from pokervod_pipelines.sheets.google.errors import make_incomplete_error, make_read_only_error, make_trash_error
from pokervod_pipelines.sheets.google.layout import SpreadsheetLayout
from pokervod_pipelines.sheets.headers import AnnotationLayout, find_layout
from pokervod_pipelines.sheets.tab import Tab, blank_errors

if TYPE_CHECKING:
    from pokervod_pipelines.sheets.google.transport import RetryingClient

MAX_CELLS = 5_000_000
"""Blank ones included; the largest known sheet has a hundred thousand. Google's own limit is ten million."""

MAX_ADDRESS_LENGTH = 6_000
"""Characters for the names of tabs in one address; servers refuse addresses of more than eight thousand."""

FILE_FIELDS = "id,version,modifiedTime,trashed,capabilities(canEdit)"
ROWS, COLUMNS = "ROWS", "COLUMNS"
SHOWN, STORED = "FORMATTED_VALUE", "UNFORMATTED_VALUE"

Texts = tuple[str, ...]
Grid = list[list[Any]]


@dataclass(frozen=True, slots=True)
class ColumnValues:
    """Hold the cells of a column from the top of a range (a name or A1 notation); None leaves a cell unchanged."""

    range: str
    cells: tuple[str | None, ...]


class GoogleWorkbook:
    """Read and write one sheet; ``calls`` counts the calls of this pass by kind, failed ones included."""

    def __init__(
        self, http: "RetryingClient", spreadsheet_id: str, name: str, *, known_revision: str | None = None
    ) -> None:
        self.name = name
        self.spreadsheet_id = spreadsheet_id
        self._http = http
        self._revision = known_revision
        self._layout: SpreadsheetLayout | None = None

    @property
    def calls(self) -> Counter[str]:
        """Count the calls made so far."""
        return self._http.calls

    def revision(self) -> str:
        """Return Drive's version of the sheet: the known one, else asked for with one call."""
        if self._revision is None:
            self._revision = read_file(self._http, self.spreadsheet_id)["version"]
        return self._revision

    def check_access(self, *, may_write: bool) -> None:
        """Raise ``BadInput`` where the sheet is in the trash, or is to be written to and shared for reading only."""
        file = read_file(self._http, self.spreadsheet_id)
        if may_write and not file.get("capabilities", {}).get("canEdit", True):
            raise make_read_only_error(self._http.subject)

    def layout(self) -> SpreadsheetLayout:
        """Return the tabs and named ranges of the last reading, asked for with one call if there was none."""
        return self._layout or self._read_layout()

    def tabs(self) -> tuple[Tab, ...]:
        """Return every tab with cells, each cell as the text that people see; in tabs that are read, numbers are exact.

        Errors and texts such as ``Loading...`` are errors of a live tab.
        Raises ``BadInput`` for a sheet that is far too large, ``Unavailable`` where a tab was renamed meanwhile.
        """
        return tuple(
            blank_errors(replace(tab, is_live=True, is_hidden=place.is_hidden, merged=place.merged))
            for tab, place in zip(self._read_tabs(), self.layout().tabs, strict=True)
        )

    def _read_tabs(self) -> tuple[Tab, ...]:
        layout = self._read_layout()
        if layout.cell_count > MAX_CELLS:
            raise BadInput(
                f"{self.name}: the tabs have {layout.cell_count:,} cells, too many for an annotation sheet "
                f"(limit {MAX_CELLS:,}). Delete the blank rows and columns, or check the address."
            )
        ranges = [f"'{tab.title.replace(chr(39), chr(39) * 2)}'" for tab in layout.tabs]
        titles = [tab.title for tab in layout.tabs]
        shown = _make_tabs(titles, self._read_values(ranges, SHOWN, ROWS))
        asked = [index for index, tab in enumerate(shown) if _hides_numbers(tab)]
        if not asked:
            return shown
        stored = dict(zip(asked, self._read_values([ranges[index] for index in asked], STORED, ROWS), strict=True))
        exact, unclear = _show_numbers(shown, stored)
        if unclear:
            # Somebody edited between the calls: the texts that are there now belong to these numbers.
            exact, _ = _show_numbers(_make_tabs(titles, self._read_values(ranges, SHOWN, ROWS)), stored)
        return exact

    def read_columns(self, ranges: Sequence[str]) -> list[Texts]:
        """Return what the cells of each range of one column show, from its top to its last cell that is not blank."""
        grids = self._read_values(ranges, SHOWN, COLUMNS)
        return [tuple(map(_as_text, grid[0])) if grid else () for grid in grids]

    def write_values(self, ranges: Sequence[ColumnValues]) -> list[ColumnValues]:
        """Write the cells, as if typed, all or none; return what they show afterwards, in the same order.

        Raises ``Conflict`` where a range was deleted, ``BadInput`` where writing is not allowed.
        """
        if not ranges:
            return []
        body = {
            "valueInputOption": "USER_ENTERED",
            "includeValuesInResponse": True,
            "responseValueRenderOption": SHOWN,
            "data": [{"range": each.range, "majorDimension": COLUMNS, "values": [list(each.cells)]} for each in ranges],
        }
        answer = self._http.values_batch_update(self.spreadsheet_id, body)
        responses = answer.get("responses", ())
        if len(responses) != len(ranges):
            raise make_incomplete_error(self.name)
        return [_read_back(each, response) for each, response in zip(ranges, responses, strict=True)]

    def change(self, requests: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Carry out these requests of ``spreadsheets.batchUpdate``, all or none, and return the answer.

        Raises ``Unavailable`` instead of a retry where the first call may have been carried out.
        """
        self._layout = None
        answer: dict[str, Any] = self._http.batch_update(self.spreadsheet_id, {"requests": list(requests)})
        return answer

    def _read_layout(self) -> SpreadsheetLayout:
        answer = self._http.spreadsheets_get(self.spreadsheet_id, {"fields": SpreadsheetLayout.FIELDS})
        try:
            self._layout = SpreadsheetLayout.from_answer(answer)
        except LookupError:
            raise make_incomplete_error(self.name) from None
        return self._layout

    def _read_values(self, ranges: Sequence[str], render: str, dimension: str) -> list[Grid]:
        return [grid for some in pack_ranges(ranges) for grid in self._read_packed(some, render, dimension)]

    def _read_packed(self, ranges: list[str], render: str, dimension: str) -> list[Grid]:
        params: dict[str, Any] = {"valueRenderOption": render, "majorDimension": dimension}
        answer = self._http.values_batch_get(self.spreadsheet_id, ranges, params)
        found = answer.get("valueRanges", ())
        if len(found) != len(ranges):
            raise make_incomplete_error(self.name)
        return [each.get("values", []) for each in found]


def read_file(http: "RetryingClient", spreadsheet_id: str) -> dict[str, Any]:
    """Return what Drive knows of the sheet, its ``version`` above all, and the answer's ``Date``, with one call.

    Raises ``BadInput`` for a sheet in the trash.
    """
    params: dict[str, Any] = {"fields": FILE_FIELDS, "supportsAllDrives": "true"}
    response = http.request("get", f"{DRIVE_FILES}/{spreadsheet_id}", params=params)
    file = response.json()
    if file.get("trashed"):
        raise make_trash_error(http.subject)
    if not file.get("version"):
        raise make_incomplete_error(http.subject.name)
    return {"Date": response.headers.get("Date", ""), **file}


def pack_ranges(ranges: Iterable[str]) -> Iterator[list[str]]:
    """Yield the ranges in as few batches as fit into one address each: nearly always one."""
    batch, length = list[str](), 0
    for each in ranges:
        needed = len(quote(each, safe="")) + len("&ranges=")
        if batch and length + needed > MAX_ADDRESS_LENGTH:
            yield batch
            batch, length = [], 0
        batch.append(each)
        length += needed
    if batch:
        yield batch


def _make_tabs(titles: Sequence[str], grids: Sequence[Grid]) -> tuple[Tab, ...]:
    return tuple(Tab(title, _even_out(grid)) for title, grid in zip(titles, grids, strict=True))


def _hides_numbers(tab: Tab) -> bool:
    """Return whether the tab is one that is read, and shows numbers inexactly."""
    has_hidden = any(may_hide_number(cell) for row in tab.cells for cell in row if cell)
    return has_hidden and (find_kind(tab) is not None or isinstance(find_layout(tab), AnnotationLayout))


def _show_numbers(tabs: Sequence[Tab], stored: Mapping[int, Grid]) -> tuple[tuple[Tab, ...], int]:
    """Return the tabs with their exact numbers, and how many cells show something else than the number behind them.

    Such a cell keeps its text: one cell never makes a sheet unreadable.
    """
    exact, unclear = list(tabs), 0
    for index, values in stored.items():
        cells = [list(row) for row in tabs[index].cells]
        for row, column in _find_hidden(cells):
            text = show_number(cells[row][column], _cell(values, row, column))
            unclear += text is None
            cells[row][column] = text or cells[row][column]
        exact[index] = Tab(tabs[index].title, tuple(map(tuple, cells)))
    return tuple(exact), unclear


def _find_hidden(cells: Sequence[Sequence[str]]) -> Iterator[tuple[int, int]]:
    for row, line in enumerate(cells):
        for column, cell in enumerate(line):
            if cell and may_hide_number(cell):
                yield row, column


def _cell(grid: Grid, row: int, column: int) -> StoredValue:
    return grid[row][column] if row < len(grid) and column < len(grid[row]) else None


def _even_out(grid: Grid) -> tuple[Texts, ...]:
    """Return the rows as wide as the widest: Google leaves out the blank cells at the end of each."""
    width = max(map(len, grid), default=0)
    return tuple((*map(_as_text, row), *("",) * (width - len(row))) for row in grid)


def _as_text(cell: object) -> str:
    return "" if cell is None else str(cell)


def _read_back(written: ColumnValues, response: Mapping[str, Any]) -> ColumnValues:
    """Return what the range shows, as long as what was written."""
    data = response.get("updatedData", {})
    lines = data.get("values", [])
    if data.get("majorDimension") == COLUMNS:
        lines = [[cell] for cell in (lines[0] if lines else ())]
    shown = [_as_text(line[0]) if line else "" for line in lines]
    return ColumnValues(written.range, (*shown, *("",) * (len(written.cells) - len(shown))))
