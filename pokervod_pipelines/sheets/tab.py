"""Hold one tab of a workbook, and name its cells as people do."""

from dataclasses import dataclass, replace

from pokervod_pipelines.text.folding import make_storable


@dataclass(frozen=True, slots=True)
class Tab:
    """Hold a tab's title and its rows of cells, each the text that a person sees ("" where the cell is blank).

    ``uncomputed`` lists the (row, column) indexes, from 0, of formulas whose value the workbook does not store: they
    look blank but are not.
    """

    title: str
    cells: tuple[tuple[str, ...], ...]
    uncomputed: tuple[tuple[int, int], ...] = ()


def replace_unstorable(text: str) -> str:
    r"""Return the text with a replacement character for each that the database refuses.

    >>> replace_unstorable("Quads\0") == "Quads\N{REPLACEMENT CHARACTER}"
    True
    """
    return make_storable(text, "\N{REPLACEMENT CHARACTER}")


def clean_tab(tab: Tab) -> Tab:
    """Return the tab with every text storable."""
    cells = tuple(tuple(map(replace_unstorable, row)) for row in tab.cells)
    return replace(tab, title=replace_unstorable(tab.title), cells=cells)


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
