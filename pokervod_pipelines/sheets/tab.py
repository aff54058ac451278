"""One tab of a workbook, and how its cells are named to people."""

import re
from dataclasses import dataclass, replace

UNSTORABLE = re.compile("[\0\ud800-\udfff]")
"""Null characters and halves of surrogate pairs: no database and no UTF-8 file holds them."""


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab's title and its rows of cells, each the text that a person sees ("" where nothing is written).

    ``uncomputed`` are the (row, column) indexes, from 0, of formulas whose value the workbook does not hold: they look
    blank but are not.
    """

    title: str
    cells: tuple[tuple[str, ...], ...]
    uncomputed: tuple[tuple[int, int], ...] = ()


def clean_text(text: str) -> str:
    r"""Return the text with a replacement character for each that cannot be stored.

    >>> clean_text("Quads\0") == "Quads\N{REPLACEMENT CHARACTER}"
    True
    """
    return UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def clean_tab(tab: Tab) -> Tab:
    """Return the tab with every text storable."""
    cells = tuple(tuple(map(clean_text, row)) for row in tab.cells)
    return replace(tab, title=clean_text(tab.title), cells=cells)


def name_cell(row: int, column: int) -> str:
    """Return the cell's name in the sheet; indexes count from 0.

    >>> name_cell(4, 2)
    'C5'
    """
    return f"{column_letters(column)}{row + 1}"


def column_letters(index: int) -> str:
    """Return the letters over a column, counted from 0.

    >>> column_letters(0), column_letters(25), column_letters(26), column_letters(701)
    ('A', 'Z', 'AA', 'ZZ')
    """
    letters = ""
    number = index + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
