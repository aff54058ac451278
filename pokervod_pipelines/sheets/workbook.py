"""A workbook as tabs of text cells, whatever it was saved as.

The ``Workbook`` protocol is what the rest of the room reads, so that a local file and a Google sheet look alike.
How one file format is decoded belongs in ``delimited`` and ``spreadsheet``; what a cell means, in ``headers``.
Nothing here ever answers "empty" for "could not read": the first retires every clip of a sheet.
"""

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pokervod_pipelines.errors import BadInput, Unavailable
from pokervod_pipelines.sheets.spreadsheet import parse_spreadsheet
from pokervod_pipelines.sheets.tab import Tab
from pokervod_pipelines.text.delimited import parse_delimited

DELIMITED_SUFFIXES = (".csv", ".tsv")
SPREADSHEET_SUFFIXES = (".xlsx", ".xlsm")
LARGEST_FILE = 100 * 2**20
"""Bytes; the largest sheet known has one. What is larger is another file saved under the sheet's name."""


class Workbook(Protocol):
    """A sheet that can be read as a whole."""

    @property
    def name(self) -> str:
        """What people call it; stands in every message about it."""

    def revision(self) -> str:
        """Return a token that changes when, and only when, the content may have changed."""

    def tabs(self) -> tuple[Tab, ...]:
        """Return every tab, in order.

        Raises:
            BadInput: a person has to mend the workbook.
            Unavailable: it could not be read just now.

        """


@dataclass(frozen=True, slots=True)
class LocalWorkbook:
    """A workbook file as it was at one moment, so that its revision and its tabs speak of the same bytes."""

    path: Path
    content: bytes

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    def revision(self) -> str:
        """Return a digest of the content: touching or copying the file is no change, an edit of equal length is."""
        return hashlib.sha256(self.content).hexdigest()

    def tabs(self) -> tuple[Tab, ...]:
        """Return the tabs; a CSV or TSV file is one tab named after the file."""
        if self.path.suffix.lower() in DELIMITED_SUFFIXES:
            rows = parse_delimited(self.content, file=self.path)
            return (Tab(self.path.stem, tuple(tuple(row) for row in rows)),)
        return parse_spreadsheet(self.content, file=self.path)


def open_workbook(path: Path) -> Workbook:
    """Return the workbook in the file, read but not yet parsed.

    Raises:
        BadInput: it is no file of a known kind, holds nothing, or is far too large for a sheet.
        Unavailable: it is not there, cannot be read, or changed while it was read.

    """
    known = DELIMITED_SUFFIXES + SPREADSHEET_SUFFIXES
    if path.suffix.lower() not in known:
        message = f"{path}: not a workbook that can be read; save it as one of {', '.join(known)}"
        raise BadInput(message)
    content = _read_settled(path)
    if not content:
        message = f"{path}: the file is empty (0 bytes); save or export the sheet again"
        raise BadInput(message)
    return LocalWorkbook(path, content)


def _read_settled(path: Path) -> bytes:
    """Return the bytes of a file that nobody wrote to meanwhile: half a sheet looks like a sheet with rows removed."""
    try:
        before = path.stat()
        _check_is_sheet_file(path, before)
        content = path.read_bytes()
        after = path.stat()
    except OSError as error:
        message = f"{path}: the workbook cannot be read ({error.strerror or error}); check the path and the share"
        raise Unavailable(message) from error
    if (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size) or len(content) != after.st_size:
        message = f"{path}: the workbook was being written while it was read; it is read again next time"
        raise Unavailable(message)
    return content


def _check_is_sheet_file(path: Path, status: os.stat_result) -> None:
    """Refuse what must not be read: a folder cannot, a pipe never ends, a video would fill the memory."""
    if not stat.S_ISREG(status.st_mode):
        message = f"{path}: not a file but a folder or device; set the sheet's path to the workbook itself"
        raise BadInput(message)
    if status.st_size > LARGEST_FILE:
        message = (
            f"{path}: {status.st_size:,} bytes are too many for a sheet (at most {LARGEST_FILE:,}); check the path"
        )
        raise BadInput(message)
