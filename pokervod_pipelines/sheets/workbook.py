"""Read a workbook as tabs of text cells, whatever it was saved as.

The ``Workbook`` protocol makes a local file and a Google sheet look alike. XLSX is decoded in ``xlsx``, delimited text
in ``text.delimited``; what a cell means is read in ``headers``.
Nothing here answers "empty" for "could not be read": an empty sheet retires all its clips.
"""

import hashlib
import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from pokervod_pipelines.errors import BadInput, Unavailable
from pokervod_pipelines.files import read_file
from pokervod_pipelines.processes.share_reader import READ_SECONDS, access_path
from pokervod_pipelines.sheets.google.layout import SpreadsheetLayout
from pokervod_pipelines.sheets.google.workbook import ColumnValues
from pokervod_pipelines.sheets.tab import Tab, blank_errors
from pokervod_pipelines.sheets.xlsx import parse_xlsx
from pokervod_pipelines.text.delimited import parse_delimited

DELIMITED_SUFFIXES = (".csv", ".tsv")
XLSX_SUFFIXES = (".xlsx", ".xlsm")
MAX_FILE_BYTES = 100 * 2**20
"""The largest known sheet has one MiB. A larger file is another file saved under the sheet's name."""


class Workbook(Protocol):
    """Read a sheet as a whole."""

    @property
    def name(self) -> str:
        """Return what people call it; every message about it begins with this."""

    def revision(self) -> str:
        """Return a token that changes when, and only when, the content may have changed."""

    def tabs(self) -> tuple[Tab, ...]:
        """Return every tab, in order.

        Raises:
            BadInput: a person has to correct the workbook.
            Unavailable: it cannot be read now.

        """


@runtime_checkable
class SharedWorkbook(Workbook, Protocol):
    """Read and write a workbook that others edit at the same time, at a service such as Google's.

    Each method raises ``Unavailable`` when the service does not answer.
    """

    @property
    def calls(self) -> Mapping[str, int]:
        """Count the calls made, by kind, failed ones included."""

    def layout(self) -> SpreadsheetLayout:
        """Return the tabs and named ranges, of the same moment as ``tabs()``."""

    def read_columns(self, ranges: Sequence[str]) -> list[tuple[str, ...]]:
        """Return what the columns show, in the given order, with one call."""

    def write_values(self, ranges: Sequence[ColumnValues]) -> list[ColumnValues]:
        """Write the cells, all or none, with one call; return what the columns show afterwards, in the same order.

        Raises ``Conflict`` when a range was deleted.
        """

    def change(self, requests: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        """Change the spreadsheet itself, all or nothing; never repeated where the first call may have succeeded."""


@dataclass(frozen=True, slots=True)
class LocalWorkbook:
    """Hold a workbook file as it was at one moment, so that its revision and its tabs describe the same bytes."""

    path: Path
    content: bytes
    encoding: str = ""

    @property
    def name(self) -> str:
        """Return the file's name."""
        return self.path.name

    def revision(self) -> str:
        """Return a digest of content and encoding: a copy has the same, an edit of equal length another one."""
        return hashlib.sha256(self.content + self.encoding.encode()).hexdigest()

    def tabs(self) -> tuple[Tab, ...]:
        """Return the tabs; a CSV or TSV file is one tab named after the file."""
        return tuple(map(blank_errors, self._parse()))

    def _parse(self) -> tuple[Tab, ...]:
        if self.path.suffix.lower() in DELIMITED_SUFFIXES:
            rows = parse_delimited(self.content, file=self.path, encoding=self.encoding, setting="sheets[].encoding")
            return (Tab(self.path.stem, tuple(tuple(row) for row in rows), is_file=True),)
        return parse_xlsx(self.content, file=self.path)


def open_workbook(path: Path, encoding: str = "", *, seconds: float = READ_SECONDS) -> Workbook:
    """Return the workbook in the file, read but not yet parsed; ``encoding`` is that of a CSV which is not in Unicode.

    A share has ``seconds`` to answer.

    Raises:
        BadInput: the file type is unknown, the file is empty, or it is far too large for a sheet.
        Unavailable: it is missing, cannot be read, or changed while it was read.

    """
    known = DELIMITED_SUFFIXES + XLSX_SUFFIXES
    if path.suffix.lower() not in known:
        message = f"{path}: unknown workbook type. Save it as one of {', '.join(known)}."
        raise BadInput(message)
    content = _read_unchanged(path, seconds)
    if not content:
        message = f"{path}: the file is empty (0 bytes). Save or export the sheet again."
        raise BadInput(message)
    return LocalWorkbook(path, content, encoding)


def _read_unchanged(path: Path, seconds: float) -> bytes:
    """Return the bytes of a file that nobody wrote to meanwhile: half a sheet looks like a sheet with rows removed."""
    try:
        reading = access_path(path, partial(read_file, limit=MAX_FILE_BYTES), seconds)
    except OSError as error:
        message = f"{path}: the workbook cannot be read ({error.strerror or error}). Check the path and the share."
        raise Unavailable(message, is_absent=isinstance(error, FileNotFoundError | NotADirectoryError)) from error
    _check_is_sheet_file(path, reading.before)
    if reading.was_changed:
        message = f"{path}: the workbook changed while it was read. The next sync reads it again."
        raise Unavailable(message)
    return reading.content


def _check_is_sheet_file(path: Path, status: os.stat_result) -> None:
    """Refuse what was not read: a folder, a device, a video saved under the sheet's name."""
    if not stat.S_ISREG(status.st_mode):
        message = f"{path}: expected a file, got a folder or device. Set the sheet's path to the workbook itself."
        raise BadInput(message)
    if status.st_size > MAX_FILE_BYTES:
        size = f"{status.st_size:,} bytes are too many for a sheet (limit {MAX_FILE_BYTES:,})"
        message = f"{path}: {size}. Check the path."
        raise BadInput(message)
