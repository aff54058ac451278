"""Model one tab's cells, and move them, formulas and named areas with rows and columns. Needs no clock."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from pokervod_pipelines_tests.google.cells import Cell, Formula
from pokervod_pipelines_tests.google.formulas import move_references, shift_relative
from pokervod_pipelines_tests.google.ranges import Area

Row = list[Cell | None]


class PlacedArea(NamedTuple):
    """Hold an area that moves with the rows and columns of its tab; ``editors`` may write in a protected one."""

    id: str
    tab: int
    area: Area
    editors: frozenset[str] = frozenset()


@dataclass(slots=True)
class Grid:
    """Hold a tab: ``cells`` has only as many rows, and each row only as many cells, as were written."""

    id: int
    title: str
    rows: int
    columns: int
    cells: list[Row] = field(default_factory=list)
    hidden: bool = False

    def copy(self) -> "Grid":
        """Return a grid that can be changed without changing this one."""
        return replace(self, cells=[list(row) for row in self.cells])

    def at(self, row: int, column: int) -> Cell | None:
        """Return the cell, None if it is blank or outside."""
        if row < len(self.cells) and column < len(self.cells[row]):
            return self.cells[row][column]
        return None

    def put(self, row: int, column: int, cell: Cell | None) -> None:
        """Make the cell stand there; the grid grows to hold it."""
        self.rows, self.columns = max(self.rows, row + 1), max(self.columns, column + 1)
        while len(self.cells) <= row:
            self.cells.append([])
        line = self.cells[row]
        line.extend([None] * (column + 1 - len(line)))
        line[column] = cell

    def insert_rows(self, at: int, rows: list[Row]) -> None:
        """Make the rows stand before row ``at``; the references of all other rows follow."""
        self.rows += len(rows)
        self._move(lambda row, column: (row + len(rows) if row >= at else row, column))
        if rows and at > len(self.cells):
            self.cells.extend([] for _ in range(at - len(self.cells)))
        self.cells[at:at] = rows

    def delete_rows(self, at: int, count: int) -> None:
        """Remove rows; references to them become #REF!."""
        end = at + count
        del self.cells[at:end]
        self.rows -= count
        self._move(lambda r, c: None if at <= r < end else (r - count if r >= end else r, c))

    def insert_columns(self, at: int, count: int) -> None:
        """Make blank columns stand before column ``at``."""
        self.columns += count
        for line in self.cells:
            if len(line) > at:
                line[at:at] = [None] * count
        self._move(lambda row, column: (row, column + count if column >= at else column))

    def delete_columns(self, at: int, count: int) -> None:
        """Remove columns; references to them become #REF!."""
        end = at + count
        self.columns -= count
        for line in self.cells:
            del line[at:end]
        self._move(lambda r, c: None if at <= c < end else (r, c - count if c >= end else c))

    def reorder(self, order: list[int], area: Area) -> None:
        """Make the cells of the area stand in this order of row numbers; relative references move with them.

        Cells beside the area stay where they are.
        """
        right = self.columns if area.right is None else area.right
        moved = [self.row_as_at(old, area.top + place)[area.left : right] for place, old in enumerate(order)]
        for row, cells in enumerate(moved, area.top):
            for column in range(area.left, min(right, max(len(cells) + area.left, len(self.cells[row])))):
                self.put(row, column, cells[column - area.left] if column - area.left < len(cells) else None)

    def row_as_at(self, row: int, place: int) -> Row:
        """Return a copy of the row as it reads at another place."""
        line = self.cells[row] if row < len(self.cells) else []
        return [_with_formula(cell, lambda text: shift_relative(text, place - row)) for cell in line]

    def _move(self, moved: Callable[[int, int], tuple[int, int] | None]) -> None:
        for line in self.cells:
            for column, cell in enumerate(line):
                if cell is not None and isinstance(cell.content, Formula):
                    line[column] = _with_formula(cell, lambda text: move_references(text, moved))


def _with_formula(cell: Cell | None, change: Callable[[str], str]) -> Cell | None:
    if cell is None or not isinstance(cell.content, Formula):
        return cell
    return replace(cell, content=Formula(change(cell.content.text)))


def move_area(area: Area, *, at: int, inserted: int = 0, deleted: int = 0, by_rows: bool) -> Area | None:
    """Return the area after rows or columns were inserted or deleted, None if nothing of it is left."""
    start, end = (area.top, area.bottom) if by_rows else (area.left, area.right)
    stop = at + deleted

    def move_start(edge: int) -> int:
        return edge + inserted if deleted == 0 and edge >= at else edge - max(0, min(edge, stop) - at)

    def move_end(edge: int) -> int:
        return edge + inserted if deleted == 0 and edge > at else edge - max(0, min(edge, stop) - at)

    start, end = move_start(start), None if end is None else move_end(end)
    if end is not None and end <= start:
        return None
    return replace(area, top=start, bottom=end) if by_rows else replace(area, left=start, right=end)
