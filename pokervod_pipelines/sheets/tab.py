"""Hold one tab of a workbook, and name its cells as people do."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pokervod_pipelines.text.folding import make_storable

ERROR_TEXT = re.compile(
    r"#(?:N/A|REF!|VALUE!|NAME\?|DIV/0!|NUM!|NULL!|SPILL!|CALC!|FIELD!|BLOCKED!|CONNECT!|UNKNOWN!|BUSY!|GETTING_DATA"
    r"|ERROR!|PYTHON!|EXTERNAL!|TIMEOUT!"
    # German, French, Spanish, Portuguese and Italian.
    r"|NV|BEZUG!|WERT!|ZAHL!|FEHLER!|VALEUR!|NOM\?|NOMBRE!|NUL!|ERREUR!|¡(?:REF|VALOR|NUM|DIV/0|NULO|ERROR)!"
    r"|¿NOMBRE\?|VALOR!|NOME\?|NÚM!|ERRO!|N/D|RIF!|VALORE!|ERRORE!)"
    r"|Err:\d{3}|#{3,}|(?:Loading|로드 중|로딩 중|読み込み中) ?(?:\.{3}|…)"
)
"""What Excel, LibreOffice and Google show in place of a value, ``###`` where the column is too narrow for it."""

FIRST_OF_ERROR = ("#", "Err:", " ", "L", "로", "読")


@dataclass(frozen=True, slots=True)
class Tab:
    """Hold a tab's title and its rows of cells, each the text that a person sees ("" where the cell is blank).

    Indexes count from 0. ``uncomputed`` lists (row, column) of formulas whose value the workbook does not store: they
    look blank but are not. ``errors`` maps (row, column) to an error such as ``#REF!``; the cell is blank. In a tab
    that ``is_live`` it means "not computed yet".
    ``merged`` lists (first row, last row, column) of cells merged over several rows; ``cells`` has the first only.
    A tab that ``is_file`` is all of a CSV or TSV file.
    """

    title: str
    cells: tuple[tuple[str, ...], ...]
    uncomputed: tuple[tuple[int, int], ...] = ()
    errors: Mapping[tuple[int, int], str] = field(default_factory=dict)
    merged: tuple[tuple[int, int, int], ...] = ()
    is_hidden: bool = False
    is_live: bool = False
    is_file: bool = False

    @property
    def unreadable(self) -> Mapping[tuple[int, int], str]:
        """Map (row, column) of each cell without a value that is not blank to what it has in place of one."""
        return {**dict.fromkeys(self.uncomputed, "has no saved value"), **self.errors}


def replace_unstorable(text: str) -> str:
    r"""Return the text with a replacement character for each that the database refuses.

    >>> replace_unstorable("Quads\0") == "Quads\N{REPLACEMENT CHARACTER}"
    True
    """
    return make_storable(text, "\N{REPLACEMENT CHARACTER}")


def clean_tab(tab: Tab) -> Tab:
    """Return the tab with every text storable, and blank cells where nobody sees a character."""
    cells = tuple(tuple(map(_clean_cell, row)) for row in tab.cells)
    return replace(tab, title=replace_unstorable(tab.title), cells=cells)


def _clean_cell(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    is_seen = any(unicodedata.category(character) not in {"Cf", "Zs"} for character in text)
    return replace_unstorable(text) if is_seen else ""


def blank_errors(tab: Tab) -> Tab:
    """Return the tab with the texts that a spreadsheet shows in place of a value moved to ``errors``."""
    texts = {
        (row, column): cell.strip()
        for row, cells in enumerate(tab.cells)
        for column, cell in enumerate(cells)
        if cell.startswith(FIRST_OF_ERROR) and ERROR_TEXT.fullmatch(cell.strip())
    }
    errors = {**texts, **tab.errors}
    cells = list(tab.cells)
    for row, column in errors:
        cells[row] = (*cells[row][:column], "", *cells[row][column + 1 :])
    return replace(tab, cells=tuple(cells), errors=errors)


def fill_merged(tab: Tab, *, below: int) -> Tab:
    """Return the tab with merged cells filled in each row that has text of its own; those up to ``below`` stay."""
    cells = [list(row) for row in tab.cells] if tab.merged else []
    filled: dict[tuple[int, int], tuple[int, int]] = {}
    for first, last, column in tab.merged:
        if below < first < len(cells) and column < len(tab.cells[first]):
            for row in range(first + 1, min(last + 1, len(cells))):
                if any(cell.strip() for cell in tab.cells[row]):
                    cells[row] += [""] * (column + 1 - len(cells[row]))
                    cells[row][column] = tab.cells[first][column]
                    filled[row, column] = first, column
    if not filled:
        return tab
    errors = {place: tab.errors[source] for place, source in filled.items() if source in tab.errors}
    uncomputed = {*tab.uncomputed} | {place for place, source in filled.items() if source in tab.uncomputed}
    return replace(
        tab, cells=tuple(map(tuple, cells)), errors={**tab.errors, **errors}, uncomputed=tuple(sorted(uncomputed))
    )


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
