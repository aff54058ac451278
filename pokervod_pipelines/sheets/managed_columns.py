"""Name the PokerVOD columns of a sheet, and make the text of their cells.

Google Sheets has no conditional write: somebody may sort between our reading and our writing. So a status is written as
a formula that shows it only beside the id of its own row, and an id is always new: it belongs to the row beside which
the next reading finds it. Whatever happens in between, no row shows the status of another.
"""

import re
import secrets
from collections.abc import Mapping, Sequence

from pokervod_pipelines.sheets.tab import column_letters
from pokervod_pipelines.sheets.vocabulary import MANAGED_HEADERS

KEY_FIELD = "row_key"
PIN_FIELD = "pin"
STATUS_FIELDS = ("state", "matched_file", "problem", "synced")
"""What is written about a row, in the order of the columns."""

WRITTEN_FIELDS = (KEY_FIELD, *STATUS_FIELDS)
"""The fields that only PokerVOD writes."""

COLUMN_TITLES = {field: names[0] for field, names in MANAGED_HEADERS.items()}
"""The headers, in the order in which the columns are set up."""

MAX_STATUS_LENGTH = 500
"""Characters of one cell; the rest is cut off."""

_KEY = re.compile(r"pv-[a-z2-7]{10}")
_GUARDED = re.compile(rf'=IF\(\$[A-Z]+\d+="{_KEY.pattern}";"(?:[^"]|"")*";""\)')
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"


def make_row_key() -> str:
    """Return a new id: 50 random bits, so that two rows never get the same."""
    return "pv-" + "".join(secrets.choice(_LETTERS) for _ in range(10))


def read_row_key(cell: str) -> str:
    """Return the id in the cell, "" where it is blank or contains something else.

    >>> read_row_key(" PV-abcdefghij "), read_row_key("see above")
    ('pv-abcdefghij', '')
    """
    key = cell.strip().casefold()
    return key if _KEY.fullmatch(key) else ""


def name_column_range(sheet_id: int, field: str) -> str:
    """Return the name of the range at Google that marks our column."""
    return f"PokerVOD_{sheet_id}_{field}"


def make_guarded_formula(text: str, key: str, *, key_column: int, row_number: int) -> str:
    """Return a formula that shows the text where the row's id is the key, and nothing elsewhere.

    The semicolon separates arguments in every locale of Sheets, the comma only in some.

    >>> make_guarded_formula("ready", "pv-abcdefghij", key_column=25, row_number=4)
    '=IF($Z4="pv-abcdefghij";"ready";"")'
    """
    quoted = shorten(text).replace('"', '""')
    return f'=IF(${column_letters(key_column)}{row_number}="{key}";"{quoted}";"")'


def is_guarded_formula(cell: str) -> bool:
    """Return whether the cell shows our formula itself, as one does that is formatted as plain text.

    >>> is_guarded_formula('=IF($Z4="pv-abcdefghij";"ready";"")'), is_guarded_formula("ready")
    (True, False)
    """
    return bool(_GUARDED.fullmatch(cell))


def shorten(text: str) -> str:
    """Return the text as a cell shows it: one line of at most ``MAX_STATUS_LENGTH`` characters."""
    line = " ".join(text.split())
    return line if len(line) <= MAX_STATUS_LENGTH else line[: MAX_STATUS_LENGTH - 1] + "…"


def make_column(cells: Mapping[int, str], rows: int) -> tuple[str | None, ...]:
    """Return a whole column with these texts at these row numbers (from 1); None leaves a cell unchanged.

    Row numbers beyond the end of the tab are left out.

    >>> make_column({2: "x", 9: "y"}, 3)
    (None, 'x')
    """
    inside = {number: text for number, text in cells.items() if number <= rows}
    return tuple(inside.get(number) for number in range(1, max(inside, default=0) + 1))


def is_up_to_date(shown: Sequence[str], expected: Sequence[str]) -> bool:
    """Return whether the sheet already shows the expected status; the time does not count."""
    return tuple(shown[:-1]) == tuple(expected[:-1])
