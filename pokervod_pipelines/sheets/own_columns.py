"""The columns of ours in a sheet: what they are called, what may stand in them, how a cell guards itself.

Sheets knows no "write only if": between our reading and our writing somebody may sort. So a status is written as a
formula that shows it beside its own row's id only, and an id is only ever given fresh, to mean the row beside which it
is read next. Whatever happens in between, no row shows what was said of another.
"""

import re
import secrets
from collections.abc import Mapping, Sequence

from pokervod_pipelines.sheets.tab import column_letters
from pokervod_pipelines.sheets.vocabulary import OWN_HEADERS

KEY_FIELD = "row_key"
PIN_FIELD = "pin"
STATUS_FIELDS = ("state", "matched_file", "problem", "synced")
"""What is written of a row, in the order of the columns."""

WRITTEN = (KEY_FIELD, *STATUS_FIELDS)
"""The fields that only we write."""

TITLES = {field: names[0] for field, names in OWN_HEADERS.items()}
"""The headers, in the order in which the columns are set up."""

LONGEST_STATUS = 500
"""Characters of one cell; more is for the console."""

_KEY = re.compile(r"pv-[a-z2-7]{10}")
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"


def make_row_key() -> str:
    """A new id: 50 random bits, so that two rows never get the same."""
    return "pv-" + "".join(secrets.choice(_LETTERS) for _ in range(10))


def read_row_key(cell: str) -> str:
    """The id in the cell, "" where there is none, or something that we never wrote.

    >>> read_row_key(" PV-abcdefghij "), read_row_key("see above")
    ('pv-abcdefghij', '')
    """
    key = cell.strip().casefold()
    return key if _KEY.fullmatch(key) else ""


def name_range(sheet_id: int, field: str) -> str:
    """The name under which Google knows our column."""
    return f"PokerVOD_{sheet_id}_{field}"


def guard(text: str, key: str, *, key_column: int, row_number: int) -> str:
    """A formula that shows the text where the row's id is the key, and nothing elsewhere.

    The semicolon separates in every locale of Sheets, the comma only in some.

    >>> guard("ready", "pv-abcdefghij", key_column=25, row_number=4)
    '=IF($Z4="pv-abcdefghij";"ready";"")'
    """
    quoted = shorten(text).replace('"', '""')
    return f'=IF(${column_letters(key_column)}{row_number}="{key}";"{quoted}";"")'


def shorten(text: str) -> str:
    """The text as a cell shows it: one line, of ``LONGEST_STATUS`` characters at most."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_STATUS else line[: LONGEST_STATUS - 1] + "…"


def lay_column(cells: Mapping[int, str], rows: int) -> tuple[str | None, ...]:
    """A whole column with these texts at these row numbers (from 1); None leaves a cell as it is.

    A row that the tab does not have any more is left out.

    >>> lay_column({2: "x", 9: "y"}, 3)
    (None, 'x')
    """
    inside = {number: text for number, text in cells.items() if number <= rows}
    return tuple(inside.get(number) for number in range(1, max(inside, default=0) + 1))


def same_shown(shown: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether the sheet says already what it should, whenever it was said."""
    return tuple(shown[:-1]) == tuple(wanted[:-1])
