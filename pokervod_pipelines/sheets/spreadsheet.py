"""XLSX files: every cell as the text a person sees in it.

Numbers stay exact ("136600", never "136600.0") and a time keeps the shape its cell shows: "12:47" typed into Excel is
stored as 12 hours, but the person meant, and sees, 12:47.
"""

import io
import zipfile
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Protocol

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.sheets.tab import Tab

OLE_MAGIC = bytes.fromhex("d0cf11e0a1b11ae1")
LARGEST_EXACT_FLOAT = 2**53


class Cell(Protocol):
    """What is read of a cell."""

    @property
    def value(self) -> object:
        """The stored (for a formula: the last computed) value."""

    @property
    def number_format(self) -> str:
        """The format in which it is shown."""


def parse_spreadsheet(content: bytes, *, file: Path) -> tuple[Tab, ...]:
    """Return every worksheet as a tab; formulas give the values that were last computed.

    Raises:
        BadInput: the file is protected, in the old format, cut off or otherwise not readable.

    """
    if content.startswith(OLE_MAGIC):
        message = f"{file}: protected by a password or in the old .xls format; save it as a plain .xlsx"
        raise BadInput(message)
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        tabs = tuple(Tab(sheet.title, _read_cells(sheet)) for sheet in book.worksheets)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, TypeError, EOFError, SyntaxError) as error:
        # openpyxl passes on whatever its zip and XML readers raise; ParseError is a SyntaxError.
        message = f"{file}: the workbook is damaged or cut off ({error}); save it again"
        raise BadInput(message) from error
    if not tabs:
        message = f"{file}: the workbook has no tab with cells; save it again"
        raise BadInput(message)
    return tabs


def _read_cells(sheet: object) -> tuple[tuple[str, ...], ...]:
    # The stored dimensions of sheets written by other programs are often wrong and would cut columns off.
    sheet.reset_dimensions()  # type: ignore[attr-defined]
    rows = [tuple(show(cell) for cell in row) for row in sheet.iter_rows()]  # type: ignore[attr-defined]
    while rows and not any(rows[-1]):
        rows.pop()
    return tuple(rows)


def show(cell: Cell) -> str:
    """Return the text a person sees in the cell."""
    value = cell.value
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() and abs(value) < LARGEST_EXACT_FLOAT else repr(value)
    if isinstance(value, time):
        whole = timedelta(hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond)
        return show_duration(whole, cell.number_format)
    if isinstance(value, timedelta):
        return show_duration(value, cell.number_format)
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    return "" if value is None else str(value)


def show_duration(value: timedelta, number_format: str) -> str:
    """Return a time as its cell shows it: h:mm where the format has no seconds, m:ss without hours, else h:mm:ss.

    >>> show_duration(timedelta(hours=6, minutes=58, seconds=55), "h:mm:ss")
    '6:58:55'
    >>> show_duration(timedelta(hours=12, minutes=47), "h:mm")
    '12:47'
    """
    milliseconds = round(value / timedelta(milliseconds=1))
    seconds, fraction = divmod(milliseconds, 1000)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    shape = number_format.lower()
    tail = f".{fraction:03d}" if fraction else ""
    if "s" not in shape and "h" in shape:
        return f"{hours}:{minute:02d}"
    if "h" not in shape and "s" in shape:
        return f"{minutes}:{second:02d}{tail}"
    return f"{hours}:{minute:02d}:{second:02d}{tail}"
