"""One tab of a workbook, and how its cells are named to people."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab's title and its rows of cells, each the text that a person sees ("" where nothing is written)."""

    title: str
    cells: tuple[tuple[str, ...], ...]


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
