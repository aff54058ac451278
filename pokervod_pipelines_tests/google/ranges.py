"""Parse and write A1 notation: columns as letters, tab titles in quotes, ranges with open ends."""

import re
from collections.abc import Callable
from dataclasses import dataclass

PLAIN_TITLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
CELL = re.compile(r"[A-Za-z]{1,3}[1-9][0-9]*")
ADDRESS = re.compile(r"\$?([A-Za-z]{1,3})?\$?([1-9][0-9]*)?")


class BadRange(ValueError):
    """Report that the text is not a range; its one argument is that text."""


@dataclass(frozen=True, slots=True)
class Area:
    """Describe a rectangle of one tab, from 0, ends excluded; None means the edge of the grid."""

    tab: str | None = None
    top: int = 0
    bottom: int | None = None
    left: int = 0
    right: int | None = None

    def clipped(self, rows: int, columns: int) -> "Area":
        """Return the part inside a grid of this size, with both ends known."""
        bottom = rows if self.bottom is None else min(self.bottom, rows)
        right = columns if self.right is None else min(self.right, columns)
        return Area(self.tab, self.top, bottom, self.left, right)

    def meets(self, other: "Area") -> bool:
        """Tell whether the two have a cell in common, whatever their tabs."""
        rows = (self.bottom is None or other.top < self.bottom) and (other.bottom is None or self.top < other.bottom)
        columns = (self.right is None or other.left < self.right) and (other.right is None or self.left < other.right)
        return rows and columns

    @property
    def is_cell(self) -> bool:
        """Tell whether it is one cell."""
        return self.bottom == self.top + 1 and self.right == self.left + 1


def column_letters(column: int) -> str:
    """Return the letters of a column counted from 0: 0 is A, 26 is AA."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def column_index(letters: str) -> int:
    """Return the column of the letters, counted from 0."""
    index = 0
    for letter in letters.upper():
        index = index * 26 + ord(letter) - ord("A") + 1
    return index - 1


def quote_title(title: str) -> str:
    """Return a tab's title as Google writes it in a range: quoted unless it is a plain word."""
    if PLAIN_TITLE.fullmatch(title) and not CELL.fullmatch(title):
        return title
    return "'" + title.replace("'", "''") + "'"


def write_area(area: Area) -> str:
    """Return the area in A1 notation, with its tab if it has one."""
    if area.is_cell:
        text = f"{column_letters(area.left)}{area.top + 1}"
    else:
        end = "" if area.right is None else column_letters(area.right - 1)
        end += "" if area.bottom is None else str(area.bottom)
        text = f"{column_letters(area.left)}{area.top + 1}" + (f":{end}" if end else "")
    return text if area.tab is None else f"{quote_title(area.tab)}!{text}"


def split_range(text: str) -> tuple[str | None, str | None, bool]:
    """Return tab title, cells and whether the title stood in quotes; a lone word is returned as title.

    Raises:
        BadRange: the quotes or exclamation marks do not pair.

    """
    quoted = re.fullmatch(r"'((?:[^']|'')+)'(?:!(.+))?", text)
    if quoted:
        return quoted[1].replace("''", "'"), quoted[2], True
    if "!" in text:
        title, _, cells = text.rpartition("!")
        if not title or not cells:
            raise BadRange(text)
        return title, cells, False
    return text, None, False


def read_cells(text: str, tab: str | None) -> Area | None:
    """Return the area that the cells ``A1``, ``A1:B2``, ``A:B``, ``2:3`` or ``A2:B`` mean, None if they mean none."""
    first, colon, last = text.partition(":")
    start = ADDRESS.fullmatch(first)
    end = ADDRESS.fullmatch(last) if colon else start
    if not first or (colon and not last) or start is None or end is None:
        return None
    if not colon and not (start[1] and start[2]):
        return None
    lefts, tops = _ends(start[1], end[1], column_index), _ends(start[2], end[2], lambda digits: int(digits) - 1)
    return Area(tab, tops[0], tops[1], lefts[0], lefts[1])


def _ends(first: str | None, last: str | None, index: Callable[[str], int]) -> tuple[int, int | None]:
    numbers = sorted(index(side) for side in (first, last) if side)
    if first and last:
        return numbers[0], numbers[1] + 1
    return (numbers[0] if numbers else 0), None
