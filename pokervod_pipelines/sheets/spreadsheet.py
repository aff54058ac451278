"""XLSX files: every cell as the text a person sees in it.

Numbers stay exact ("136600", never "136600.0") and a time keeps the shape its cell shows: "12:47" typed into Excel is
stored as 12 hours, but the person meant, and sees, 12:47.
"""

import io
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any, Protocol

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.sheets.tab import Tab

OLE_MAGIC = bytes.fromhex("d0cf11e0a1b11ae1")
LARGEST_EXACT_FLOAT = 2**53
FORMULA = re.compile(rb"<f[ >/]")
DAMAGES = (
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    RuntimeError,
    EOFError,
    SyntaxError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    ArithmeticError,
)
"""What openpyxl passes on from its zip and XML readers: ParseError is a SyntaxError, an encrypted or unknown member a
RuntimeError, a package that is no workbook an OSError."""

Grid = tuple[tuple["Cell", ...], ...]


class Cell(Protocol):
    """What is read of a cell."""

    @property
    def value(self) -> object:
        """The stored (for a formula: the last computed) value."""

    @property
    def number_format(self) -> str:
        """The format in which it is shown."""

    @property
    def data_type(self) -> str:
        """The sort of value: ``f`` is a formula, ``str`` the text that one came to."""


def parse_spreadsheet(content: bytes, *, file: Path) -> tuple[Tab, ...]:
    """Return every worksheet as a tab; formulas give the values that were last computed.

    Raises:
        BadInput: the file is protected, in the old format, cut off or otherwise not readable.

    """
    if content.startswith(OLE_MAGIC):
        message = f"{file}: protected by a password or in the old .xls format; save it as a plain .xlsx"
        raise BadInput(message)
    try:
        with warnings.catch_warnings(action="ignore"):  # of drawings and styles that openpyxl does not keep
            tabs = tuple(_read_tabs(content))
    except DAMAGES as error:
        message = f"{file}: the workbook is damaged, cut off or protected ({error}); save it again as a plain .xlsx"
        raise BadInput(message) from error
    if not tabs:
        message = f"{file}: the workbook has no tab with cells; save it again"
        raise BadInput(message)
    return tabs


def _read_tabs(content: bytes) -> Iterator[Tab]:
    formulas = _read_grids(content, data_only=False) if _holds_formulas(content) else {}
    for title, grid in _read_grids(content, data_only=True).items():
        rows = [tuple(show(cell) for cell in row) for row in grid]
        while rows and not any(rows[-1]):
            rows.pop()
        yield Tab(title, tuple(rows), tuple(_find_uncomputed(grid, formulas.get(title, ()))))


def _read_grids(content: bytes, *, data_only: bool) -> dict[str, Grid]:
    """Return the cells of every worksheet: the last computed values, or the formulas themselves."""
    from openpyxl import load_workbook  # noqa: PLC0415 - half a second that every command would pay

    book: Any = load_workbook(io.BytesIO(content), read_only=True, data_only=data_only)
    for sheet in book.worksheets:
        # The stored dimensions of sheets written by other programs are often wrong and would cut columns off.
        sheet.reset_dimensions()
    return {sheet.title: tuple(sheet.iter_rows()) for sheet in book.worksheets}


def _holds_formulas(content: bytes) -> bool:
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        parts = [name for name in package.namelist() if name.startswith("xl/worksheets/") and name.endswith(".xml")]
        return any(FORMULA.search(package.read(name)) for name in parts)


def _find_uncomputed(values: Grid, formulas: Grid) -> Iterator[tuple[int, int]]:
    """Yield where a formula stands whose value is not stored; a stored empty text is a value."""
    for row, (shown, written) in enumerate(zip(values, formulas, strict=False)):
        for column, (value, formula) in enumerate(zip(shown, written, strict=False)):
            if formula.data_type == "f" and value.value is None and value.data_type != "str":
                yield row, column


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
