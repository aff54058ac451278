"""Model a spreadsheet, and the edits that people make while a program reads it.

Rows and columns count from 1 as people count them; a column may be given by its letters. Every edit is atomic, is
safe from any thread, and is one more ``version``. What the API makes of a spreadsheet is in the ``*_api`` modules.
"""

import secrets
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

from pokervod_pipelines_tests.google.areas import Areas
from pokervod_pipelines_tests.google.cells import PLAIN_TEXT, Cell, Formula, Value, make_cell, parse_entry, show_value
from pokervod_pipelines_tests.google.clock import Clock
from pokervod_pipelines_tests.google.files import DriveFile
from pokervod_pipelines_tests.google.formulas import evaluate
from pokervod_pipelines_tests.google.grid import Grid, PlacedArea, Row
from pokervod_pipelines_tests.google.locales import ENGLISH, Locale
from pokervod_pipelines_tests.google.ranges import Area, BadRange, column_index, read_cells, split_range, write_area

Column = int | str
Given = Sequence[object]
T = TypeVar("T")


class Spreadsheet(DriveFile):
    """Model one Google spreadsheet, shared with nobody at first."""

    def __init__(self, title: str, *, id: str | None = None, clock: Clock | None = None) -> None:  # noqa: A002 - Google's word
        super().__init__(title, id=id, clock=clock)
        self.locale = ENGLISH
        self.grids: list[Grid] = []
        self.areas = Areas()
        self.imports: dict[tuple[int, int, int], tuple[int, int]] = {}
        """Tab, row and column of each IMPORTRANGE to the height and width that it fills."""

    # Looking

    @property
    def titles(self) -> list[str]:
        """List the tabs in order."""
        return [grid.title for grid in self.grids]

    @property
    def named_ranges(self) -> dict[str, str]:
        """Return the names and the places in A1 notation where they now are."""
        with self.lock:
            return {name: write_area(self.located(place.tab, place.area)) for name, place in self.areas.named.items()}

    def shown(self, tab: str) -> list[list[str]]:
        """Return the text of every cell, without blank ends."""
        with self.lock:
            grid = self.grid(tab)
            return _trimmed([[self.show(grid, r, c) for c in range(len(line))] for r, line in enumerate(grid.cells)])

    def stored(self, tab: str) -> list[list[Value]]:
        """Return what every cell holds, formulas as ``=...``, without blank ends."""
        with self.lock:
            return _trimmed([[stored_value(cell) for cell in line] for line in self.grid(tab).cells])

    def fingerprint(self) -> object:
        """Return everything that people see and can click on, to be compared with itself later."""
        with self.lock:
            tabs = [(g.title, g.rows, g.columns, self.stored(g.title), self.shown(g.title)) for g in self.grids]
            return (self.title, tabs, self.named_ranges)

    def grid(self, tab: str) -> Grid:
        """Return the tab; titles are told apart without case, as in Sheets.

        Raises:
            KeyError: there is no such tab.

        """
        for grid in self.grids:
            if grid.title.casefold() == tab.casefold():
                return grid
        raise KeyError(tab)

    def located(self, grid_id: int, area: Area) -> Area:
        """Return a place with its tab's present title, clipped to its grid if it is open."""
        grid = next(grid for grid in self.grids if grid.id == grid_id)
        return Area(grid.title, area.top, area.bottom or grid.rows, area.left, area.right or grid.columns)

    def value(self, grid: Grid, row: int, column: int, _seen: frozenset[tuple[int, int]] = frozenset()) -> Value | None:
        """Return a cell's value from 0, a formula evaluated; None is blank."""
        cell = grid.at(row, column)
        if cell is None:
            return None
        if not isinstance(cell.content, Formula):
            return cell.content
        if (row, column) in _seen or row >= grid.rows:
            return "#REF!"
        seen = _seen | {(row, column)}
        text = self.locale.read_formula(cell.content.text)
        if text is None:
            return "#ERROR!"
        return evaluate(text, lambda r, c: self.value(grid, r, c, seen), self.clock.now())

    def show(self, grid: Grid, row: int, column: int) -> str:
        """Return the text shown in a cell, from 0."""
        cell = grid.at(row, column)
        if cell is None:
            return ""
        is_now = cell.content == Formula("=NOW()") and not cell.number_format
        number_format = "m/d/yyyy h:mm:ss" if is_now else cell.number_format
        return show_value(self.value(grid, row, column), number_format, self.locale)

    # People's edits

    @contextmanager
    def editing(self) -> Iterator[None]:
        """Hold the lock; afterwards it is one version later, or as it was if the edit failed."""
        with self.lock:
            before = ([grid.copy() for grid in self.grids], self.areas.copy())
            try:
                yield
            except BaseException:
                self.grids, self.areas = before
                raise
            self.touch()

    def type_cell(self, tab: str, row: int, column: Column, value: object, number_format: str | None = None) -> None:
        """Make the cell hold exactly this value; its format stays unless one is given."""
        self._write(tab, row, column, lambda kept: make_cell(value, kept if number_format is None else number_format))

    def enter(self, tab: str, row: int, column: Column, text: str) -> None:
        """Make the cell hold what typing the text at the keyboard makes."""
        self._write(tab, row, column, lambda kept: entered_cell(text, kept, self.locale))

    def format_cells(self, tab: str, number_format: str, place: Area | None = None) -> None:
        """Give a number format to the cells, or to the whole tab; what they hold stays."""
        with self.editing():
            grid = self.grid(tab)
            area = (place or Area()).clipped(grid.rows, grid.columns)
            for row in range(area.top, area.bottom or 0):
                for column in range(area.left, area.right or 0):
                    old = grid.at(row, column)
                    content = old.content if old else None
                    is_blank = content is None and not number_format
                    grid.put(row, column, None if is_blank else Cell(content, number_format))

    def _write(self, tab: str, row: int, column: Column, make: Callable[[str], Cell | None]) -> None:
        with self.lock:
            grid, at = self.grid(tab), _column(column)
            old = grid.at(row - 1, at)
            grid.put(row - 1, at, make(old.number_format if old else ""))
            self.touch()

    def insert_rows(self, tab: str, at: int, rows: int | Sequence[Given] = 1) -> None:
        """Make rows, or that many blank ones, stand before row ``at``."""
        with self.editing():
            given: Sequence[Given] = [[]] * rows if isinstance(rows, int) else rows
            lines: list[Row] = [[make_cell(value) for value in line] for line in given]
            self._insert_lines(self.grid(tab), at - 1, lines)

    def _insert_lines(self, grid: Grid, at: int, lines: list[Row]) -> None:
        grid.insert_rows(at, lines)
        grid.columns = max([grid.columns, *map(len, lines)])
        self.areas.move(grid, at=at, inserted=len(lines), by_rows=True)

    def delete_rows(self, tab: str, at: int, count: int = 1) -> None:
        """Remove ``count`` rows from row ``at`` on."""
        with self.editing():
            grid = self.grid(tab)
            grid.delete_rows(at - 1, count)
            self.areas.move(grid, at=at - 1, deleted=count, by_rows=True)

    def sort(self, tab: str, column: Column, header_rows: int = 1, *, descending: bool = False) -> list[int]:
        """Sort the rows below the header: numbers, then text, then TRUE and FALSE; blanks last in either direction.

        Return the rows' former numbers, in the new order.
        """
        return self._sort_area(tab, Area(top=header_rows), column, descending=descending)

    def sort_range(self, tab: str, cells: str, column: Column, *, descending: bool = False) -> list[int]:
        """Sort the cells ``A2:F`` only, as Sort range does: what stands beside them stays where it is."""
        area = read_cells(cells, None)
        if area is None:
            raise BadRange(cells)
        return self._sort_area(tab, area, column, descending=descending)

    def set_filter(self, tab: str, cells: str) -> None:
        """Give the tab a filter over the cells, their headers included; columns made beside it later are outside."""
        area = read_cells(cells, None)
        if area is None:
            raise BadRange(cells)
        with self.editing():
            grid = self.grid(tab)
            self.areas.filters[str(grid.id)] = PlacedArea("", grid.id, area)

    def sort_filter(self, tab: str, column: Column, *, descending: bool = False) -> list[int]:
        """Sort by a column of the tab's filter: the cells below its headers, and nothing beside them."""
        area = self.areas.filters[str(self.grid(tab).id)].area
        return self._sort_area(tab, replace(area, top=area.top + 1), column, descending=descending)

    def _sort_area(self, tab: str, area: Area, column: Column, *, descending: bool) -> list[int]:
        with self.editing():
            grid, at = self.grid(tab), _column(column)
            rows = range(area.top, min(len(grid.cells), area.bottom or len(grid.cells)))
            values = {row: self.value(grid, row, at) for row in rows}
            filled = [row for row, value in values.items() if value not in {None, ""}]
            blank = [row for row, value in values.items() if value in {None, ""}]
            filled.sort(key=lambda row: _sort_key(values[row]), reverse=descending)
            grid.reorder(filled + blank, area)
            return [row + 1 for row in filled + blank]

    def import_range(self, tab: str, cell: str, rows: Sequence[Given] | str) -> None:
        """Let an IMPORTRANGE in the cell show other rows than before, or an error such as ``Loading...`` alone.

        Only the cells that it fills change: rows that move in the source do not move what stands beside them here.
        """
        place = read_cells(cell, None)
        if place is None:
            raise BadRange(cell)
        lines: Sequence[Given] = [[rows]] if isinstance(rows, str) else rows
        with self.editing():
            grid = self.grid(tab)
            height, width = self.imports.get((grid.id, place.top, place.left), (0, 0))
            for row in range(height):
                for column in range(width):
                    grid.put(place.top + row, place.left + column, None)
            for row, line in enumerate(lines, place.top):
                for column, value in enumerate(line, place.left):
                    grid.put(row, column, make_cell(value))
            self.imports[grid.id, place.top, place.left] = (len(lines), max(map(len, lines), default=0))

    def copy_row(self, tab: str, source: int, to: int) -> None:
        """Make a copy of row ``source``, as it now is, stand before row ``to``."""
        with self.editing():
            grid = self.grid(tab)
            grid.insert_rows(to - 1, [[]])
            self.areas.move(grid, at=to - 1, inserted=1, by_rows=True)
            grid.cells[to - 1] = grid.row_as_at(source if source >= to else source - 1, to - 1)

    def insert_column(self, tab: str, at: Column, values: Given = ()) -> None:
        """Make a column, blank or with values from row 1 on, stand before column ``at``."""
        with self.editing():
            grid, place = self.grid(tab), _column(at)
            grid.insert_columns(place, 1)
            self.areas.move(grid, at=place, inserted=1, by_rows=False)
            for row, value in enumerate(values):
                grid.put(row, place, make_cell(value))

    def delete_column(self, tab: str, at: Column) -> None:
        """Remove a column, and the named ranges that were nothing else."""
        with self.editing():
            grid, place = self.grid(tab), _column(at)
            grid.delete_columns(place, 1)
            self.areas.move(grid, at=place, deleted=1, by_rows=False)

    def rename_header(self, tab: str, old: str, new: str, row: int = 1) -> None:
        """Make the first header that reads ``old`` read ``new``."""
        self.type_cell(tab, row, self.shown(tab)[row - 1].index(old) + 1, new)

    def add_tab(self, title: str, rows: Sequence[Given] = (), *, spare_rows: int = 100, spare_columns: int = 6) -> Grid:
        """Make a tab stand last, with this many blank rows and columns after what it holds."""
        with self.editing():
            if title.casefold() in map(str.casefold, self.titles):
                message = f"a tab {title!r} is there already"
                raise ValueError(message)
            cells: list[Row] = [[make_cell(value) for value in line] for line in rows]
            width = max([0, *map(len, cells)]) + spare_columns
            grid = Grid(self._new_tab_id(), title, len(cells) + spare_rows, width, cells)
            self.grids.append(grid)
        return grid

    def _new_tab_id(self) -> int:
        return secrets.randbelow(2**31) if self.grids else 0

    def rename_tab(self, old: str, new: str) -> None:
        """Give a tab another title."""
        with self.editing():
            self.grid(old).title = new

    def delete_tab(self, title: str) -> None:
        """Remove a tab and its named ranges."""
        with self.editing():
            gone = self.grid(title)
            self.grids.remove(gone)
            self.areas.drop(gone)

    def add_named_range(self, name: str, place: str) -> str:
        """Give the cells ``Tab!A1:B2`` a name; return Google's id of it."""
        title, cells, _ = split_range(place)
        area = read_cells(cells, None) if cells and title else None
        if area is None or title is None:
            raise BadRange(place)
        with self.editing():
            return self.name_area(name, self.grid(title), area)

    def name_area(self, name: str, grid: Grid, area: Area) -> str:
        """Give an area a name inside an edit; return Google's id of it."""
        identity = secrets.token_hex(6)
        self.areas.named[name] = PlacedArea(identity, grid.id, area)
        return identity

    def protect(self, tab: str, cells: str | None = None, *, editors: Collection[str] = ()) -> None:
        """Let only these accounts write in the cells, or in the whole tab; without editors only its owner can."""
        area = Area() if cells is None else read_cells(cells, None)
        if area is None:
            raise BadRange(str(cells))
        with self.editing():
            grid = self.grid(tab)
            name = f"{grid.title} {cells or ''}".strip()
            self.areas.protected[name] = PlacedArea(str(secrets.randbelow(2**31)), grid.id, area, frozenset(editors))

    def merge(self, tab: str, cells: str) -> None:
        """Merge the cells into one: what stands in all but the first is lost."""
        area = read_cells(cells, None)
        if area is None or area.bottom is None or area.right is None:
            raise BadRange(cells)
        with self.editing():
            grid = self.grid(tab)
            for row in range(area.top, area.bottom):
                for column in range(area.left, area.right):
                    if (row, column) != (area.top, area.left):
                        grid.put(row, column, None)
            self.areas.merged[secrets.token_hex(6)] = PlacedArea("", grid.id, area)

    def hide_tab(self, title: str, *, hidden: bool = True) -> None:
        """Hide a tab, or show it again."""
        with self.editing():
            self.grid(title).hidden = hidden


def make_spreadsheet(tabs: Mapping[str, Sequence[Given]], title: str, clock: Clock | None = None) -> Spreadsheet:
    """Return a spreadsheet with these tabs."""
    sheet = Spreadsheet(title, clock=clock)
    for name, rows in tabs.items():
        sheet.add_tab(name, rows)
    return sheet


def entered_cell(text: str, kept_format: str, locale: Locale = ENGLISH) -> Cell | None:
    """Return the cell that typing makes where this format is set already; a set format stays.

    In a cell that is formatted as plain text everything stays as typed, formulas too.
    """
    if text and kept_format == PLAIN_TEXT:
        return Cell(text, kept_format)
    cell = parse_entry(text, locale) if text else make_cell(None, kept_format)
    if cell is None or not kept_format:
        return cell
    return Cell(cell.content, kept_format)


def stored_value(cell: Cell | None) -> Value:
    """Return what a cell holds, a formula as its text, blank as empty text."""
    if cell is None or cell.content is None:
        return ""
    return cell.content.text if isinstance(cell.content, Formula) else cell.content


def _column(column: Column) -> int:
    return column - 1 if isinstance(column, int) else column_index(column)


def _sort_key(value: Value | None) -> tuple[int, object]:
    if isinstance(value, bool):
        return (2, value)
    return (1, value.casefold()) if isinstance(value, str) else (0, value)


def _trimmed(rows: list[list[T]]) -> list[list[T]]:
    for row in rows:
        while row and row[-1] == "":
            row.pop()
    while rows and not rows[-1]:
        rows.pop()
    return rows
