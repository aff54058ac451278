"""Read XLSX files: every cell as the text that a person sees in it."""

import io
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from datetime import time, timedelta
from pathlib import Path
from typing import Any, Protocol

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.sheets.cell_text import show_value
from pokervod_pipelines.sheets.tab import Tab

OLE_MAGIC = bytes.fromhex("d0cf11e0a1b11ae1")
FORMULA = re.compile(rb"<f[ >/]")
READ_ERRORS = (
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
"""What openpyxl lets through from its zip and XML readers: ParseError is a SyntaxError, an encrypted or unknown member
a RuntimeError, a package that is not a workbook an OSError."""

Grid = tuple[tuple["XlsxCell", ...], ...]


class XlsxCell(Protocol):
    """List what is read of a cell."""

    @property
    def value(self) -> object:
        """Return the stored value, for a formula the last computed one."""

    @property
    def number_format(self) -> str:
        """Return the format in which it is shown; looking it up costs more than the value."""

    @property
    def data_type(self) -> str:
        """Return the type of value: ``f`` is a formula, ``str`` the text that a formula gave."""


def parse_xlsx(content: bytes, *, file: Path) -> tuple[Tab, ...]:
    """Return every worksheet as a tab; formulas give the values that were last computed.

    Raises:
        BadInput: the file is protected, in the old format, cut off or otherwise not readable.

    """
    if content.startswith(OLE_MAGIC):
        message = f"{file}: the workbook has a password or the old .xls format. Save it as .xlsx without a password."
        raise BadInput(message)
    try:
        with warnings.catch_warnings(action="ignore"):  # of drawings and styles that openpyxl does not keep
            tabs = tuple(_read_tabs(content))
    except READ_ERRORS as error:
        message = f"{file}: the workbook is damaged, cut off or protected ({error}). Save it again as .xlsx."
        raise BadInput(message) from error
    if not tabs:
        message = f"{file}: the workbook has no tab with cells. Save it again."
        raise BadInput(message)
    return tabs


def _read_tabs(content: bytes) -> Iterator[Tab]:
    formulas = _read_grids(content, data_only=False) if _has_formulas(content) else {}
    for title, grid in _read_grids(content, data_only=True).items():
        rows = [tuple(_show(cell) for cell in row) for row in grid]
        while rows and not any(rows[-1]):
            rows.pop()
        yield Tab(title, tuple(rows), tuple(_find_uncomputed(grid, formulas.get(title, ()))))


def _show(cell: XlsxCell) -> str:
    value = cell.value
    return show_value(value, cell.number_format if isinstance(value, time | timedelta) else "")


def _read_grids(content: bytes, *, data_only: bool) -> dict[str, Grid]:
    """Return the cells of every worksheet: the last computed values, or the formulas themselves."""
    from openpyxl import load_workbook  # noqa: PLC0415 - half a second that every command would pay

    book: Any = load_workbook(io.BytesIO(content), read_only=True, data_only=data_only)
    for sheet in book.worksheets:
        # The stored dimensions of sheets written by other programs are often wrong and would cut columns off.
        sheet.reset_dimensions()
    return {sheet.title: tuple(sheet.iter_rows()) for sheet in book.worksheets}


def _has_formulas(content: bytes) -> bool:
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        parts = [name for name in package.namelist() if name.startswith("xl/worksheets/") and name.endswith(".xml")]
        return any(FORMULA.search(package.read(name)) for name in parts)


def _find_uncomputed(values: Grid, formulas: Grid) -> Iterator[tuple[int, int]]:
    """Yield row and column of each formula whose value is not stored; a stored empty text is a value."""
    for row, (shown, written) in enumerate(zip(values, formulas, strict=False)):
        for column, (value, formula) in enumerate(zip(shown, written, strict=False)):
            if formula.data_type == "f" and value.value is None and value.data_type != "str":
                yield row, column
