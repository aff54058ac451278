"""A sheet at Google as a workbook: its tabs as people see them, and the few changes that are made to it.

One instance serves one pass. Reading takes two calls however many tabs there are, writing one; nothing is appended, and
nothing is asked for cell by cell. What is written and where belongs in ``sheets.write_back``.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.sheets.google.calls import DRIVE_FILES
from pokervod_pipelines.sheets.google.complaints import explain_change_meanwhile, explain_incomplete, explain_trash
from pokervod_pipelines.sheets.google.layout import SpreadsheetLayout
from pokervod_pipelines.sheets.google.numbers import Value, may_hide_number, show_number
from pokervod_pipelines.sheets.tab import Tab

if TYPE_CHECKING:
    from pokervod_pipelines.sheets.google.transport import PatientClient

LARGEST_SHEET = 5_000_000
"""Cells, blank ones included; the largest sheet known has a hundred thousand. Google's own limit is ten million."""

LONGEST_ADDRESS = 6_000
"""Characters for the names of tabs in one address; servers refuse addresses of more than eight thousand."""

ROWS, COLUMNS = "ROWS", "COLUMNS"
SHOWN, STORED = "FORMATTED_VALUE", "UNFORMATTED_VALUE"

Texts = tuple[str, ...]
Grid = list[list[Any]]


@dataclass(frozen=True, slots=True)
class ColumnValues:
    """Cells of a column from the top of a range on, which is named or in A1 notation; None leaves a cell as it is."""

    range: str
    cells: tuple[str | None, ...]


class GoogleWorkbook:
    """A sheet, called ``name`` by people; ``calls`` counts those of this pass by kind, tries that failed included."""

    def __init__(
        self, http: "PatientClient", spreadsheet_id: str, name: str, *, known_revision: str | None = None
    ) -> None:
        self.name = name
        self.spreadsheet_id = spreadsheet_id
        self._http = http
        self._revision = known_revision
        self._layout: SpreadsheetLayout | None = None

    @property
    def calls(self) -> Counter[str]:
        """The calls made so far."""
        return self._http.calls

    def revision(self) -> str:
        """Drive's version of the sheet: the one that is known, else asked for in one call."""
        if self._revision is None:
            self._revision = read_file(self._http, self.spreadsheet_id)["version"]
        return self._revision

    def layout(self) -> SpreadsheetLayout:
        """The tabs and named ranges as of the last reading, asked for in one call if there was none."""
        return self._layout or self._read_layout()

    def tabs(self) -> tuple[Tab, ...]:
        """Every tab with cells, each cell as the text that people see, numbers without thousands separators.

        Raises ``BadInput`` for a sheet that is far too large, ``Unavailable`` for one that was edited meanwhile.
        """
        layout = self._read_layout()
        if layout.cell_count > LARGEST_SHEET:
            raise BadInput(
                f"{self.name}: the tabs have {layout.cell_count:,} cells, too many for a sheet of annotations "
                f"(at most {LARGEST_SHEET:,}); delete the blank rows and columns, or check the address"
            )
        ranges = [f"'{tab.title.replace(chr(39), chr(39) * 2)}'" for tab in layout.tabs]
        grids = self._read_values(ranges, SHOWN, ROWS)
        self._show_numbers(ranges, grids)
        return tuple(Tab(tab.title, _even_out(grid)) for tab, grid in zip(layout.tabs, grids, strict=True))

    def read_columns(self, ranges: Sequence[str]) -> list[Texts]:
        """What the cells of each range of one column show, from its top to its last cell that is not blank."""
        grids = self._read_values(ranges, SHOWN, COLUMNS)
        return [tuple(map(_as_text, grid[0])) if grid else () for grid in grids]

    def write_values(self, ranges: Sequence[ColumnValues]) -> list[ColumnValues]:
        """The cells hold what was given, as if typed; returned is what they show afterwards, in the same order.

        All or nothing. Raises ``Conflict`` where a range is not there any more, ``BadInput`` where writing is not
        allowed.
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
            raise explain_incomplete(self.name)
        return [_read_back(each, said) for each, said in zip(ranges, responses, strict=True)]

    def change(self, requests: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """The requests of ``spreadsheets.batchUpdate`` are carried out, all or none; the answer is returned.

        Never tried twice where the first may have been carried out. Raises ``Unavailable`` then.
        """
        self._layout = None
        answer: dict[str, Any] = self._http.batch_update(self.spreadsheet_id, {"requests": list(requests)})
        return answer

    def _read_layout(self) -> SpreadsheetLayout:
        answer = self._http.spreadsheets_get(self.spreadsheet_id, {"fields": SpreadsheetLayout.FIELDS})
        try:
            self._layout = SpreadsheetLayout.from_answer(answer)
        except LookupError:
            raise explain_incomplete(self.name) from None
        return self._layout

    def _show_numbers(self, ranges: Sequence[str], grids: list[Grid]) -> None:
        """The grids show the exact number wherever the text may hide it, which takes another call if there is any."""
        hidden = [list(_find_hidden(grid)) for grid in grids]
        asked = [index for index, cells in enumerate(hidden) if cells]
        if not asked:
            return
        stored = self._read_values([ranges[index] for index in asked], STORED, ROWS)
        for index, values in zip(asked, stored, strict=True):
            for row, column in hidden[index]:
                text = show_number(grids[index][row][column], _cell(values, row, column))
                if text is None:
                    raise explain_change_meanwhile(self.name)
                grids[index][row][column] = text

    def _read_values(self, ranges: Sequence[str], render: str, dimension: str) -> list[Grid]:
        return [grid for some in pack_ranges(ranges) for grid in self._read_packed(some, render, dimension)]

    def _read_packed(self, ranges: list[str], render: str, dimension: str) -> list[Grid]:
        params: dict[str, Any] = {"valueRenderOption": render, "majorDimension": dimension}
        answer = self._http.values_batch_get(self.spreadsheet_id, ranges, params)
        found = answer.get("valueRanges", ())
        if len(found) != len(ranges):
            raise explain_incomplete(self.name)
        return [each.get("values", []) for each in found]


def read_file(http: "PatientClient", spreadsheet_id: str) -> dict[str, str]:
    """The sheet's ``version`` and ``modifiedTime`` in Drive, and the answer's ``Date``, in one call.

    Raises ``BadInput`` for a sheet in the trash.
    """
    params: dict[str, Any] = {"fields": "id,version,modifiedTime,trashed", "supportsAllDrives": "true"}
    response = http.request("get", f"{DRIVE_FILES}/{spreadsheet_id}", params=params)
    file = response.json()
    if file.get("trashed"):
        raise explain_trash(http.subject)
    if not file.get("version"):
        raise explain_incomplete(http.subject.name)
    return {"Date": response.headers.get("Date", ""), **file}


def pack_ranges(ranges: Iterable[str]) -> Iterator[list[str]]:
    """The ranges in as few lots as addresses can hold: nearly always one."""
    lot, length = list[str](), 0
    for each in ranges:
        needed = len(quote(each, safe="")) + len("&ranges=")
        if lot and length + needed > LONGEST_ADDRESS:
            yield lot
            lot, length = [], 0
        lot.append(each)
        length += needed
    if lot:
        yield lot


def _find_hidden(grid: Grid) -> Iterator[tuple[int, int]]:
    for row, cells in enumerate(grid):
        for column, cell in enumerate(cells):
            if cell and may_hide_number(cell):
                yield row, column


def _cell(grid: Grid, row: int, column: int) -> Value:
    return grid[row][column] if row < len(grid) and column < len(grid[row]) else None


def _even_out(grid: Grid) -> tuple[Texts, ...]:
    """The rows, as wide as the widest: Google leaves out the blank cells at the end of each."""
    width = max(map(len, grid), default=0)
    return tuple((*map(_as_text, row), *("",) * (width - len(row))) for row in grid)


def _as_text(cell: object) -> str:
    return "" if cell is None else str(cell)


def _read_back(written: ColumnValues, said: Mapping[str, Any]) -> ColumnValues:
    """What the range shows, as long as what was written."""
    data = said.get("updatedData", {})
    lines = data.get("values", [])
    if data.get("majorDimension") == COLUMNS:
        lines = [[cell] for cell in (lines[0] if lines else ())]
    shown = [_as_text(line[0]) if line else "" for line in lines]
    return ColumnValues(written.range, (*shown, *("",) * (len(written.cells) - len(shown))))
