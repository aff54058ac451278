"""Split the text of an export into header and records, each with the line it begins in. Pure.

A text that ends in the middle is still being written. ``kinds`` decides which column means what.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass

from pokervod_pipelines.errors import BadInput, Unavailable
from pokervod_pipelines.text.delimited import BrokenRecord, read_records, sniff_delimiter
from pokervod_pipelines.text.folding import join_blanks


@dataclass(frozen=True, slots=True)
class ExportRecord:
    """Hold the cells of one line, or of several where a quoted cell contains line ends; ``line`` counts from 1."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportTable:
    """Hold the cells of an export, without blank records; ``is_closed`` if the text ends with a line end.

    A record in the last line of an open text may be cut. ``broken`` lists unreadable lines with the reason.
    """

    file: str
    header: ExportRecord
    records: tuple[ExportRecord, ...]
    broken: tuple[tuple[int, str], ...]
    is_closed: bool


def parse_table(text: str, *, file: str) -> ExportTable:
    """Return the cells of the text.

    Raises:
        Unavailable: it is empty, or ends in the middle of a line.
        BadInput: its first line cannot be read as a header.

    """
    is_closed = text.endswith(("\n", "\r"))
    delimiter = sniff_delimiter(text, preferred=",")
    broken: list[tuple[int, str]] = []
    try:
        records = list(_read_records(text, delimiter))
    except BrokenRecord as error:
        if error.is_open and not is_closed:
            raise Unavailable(f"{file}: ends inside a quoted cell; it will be read when it is complete") from None
        records, broken = _read_line_by_line(text, delimiter)
    if not records and not broken:
        raise Unavailable(f"{file}: is still empty; it will be read when it is complete")
    if not records or (broken and broken[0][0] < records[0].line):
        raise BadInput(f"{file}:{broken[0][0]}: the header cannot be read ({broken[0][1]}); export the file again")
    header = _trim(records[0])
    if not is_closed and len(records) > 1 and len(records[-1].cells) < len(header.cells):
        raise Unavailable(f"{file}:{records[-1].line}: the last line is incomplete; it will be read later")
    return ExportTable(file=file, header=header, records=tuple(records[1:]), broken=tuple(broken), is_closed=is_closed)


def _trim(header: ExportRecord) -> ExportRecord:
    width = max(place for place, cell in enumerate(header.cells) if cell) + 1
    return ExportRecord(header.line, header.cells[:width])


def _read_records(text: str, delimiter: str, first_line: int = 1) -> Iterator[ExportRecord]:
    for line, row in read_records(text, delimiter):
        cells = tuple(join_blanks(cell) for cell in row)
        if any(cells):
            yield ExportRecord(first_line + line - 1, cells)


def _read_line_by_line(text: str, delimiter: str) -> tuple[list[ExportRecord], list[tuple[int, str]]]:
    """Return the records read line by line, and the lines with a stray quote."""
    records: list[ExportRecord] = []
    broken: list[tuple[int, str]] = []
    for line, content in enumerate(io.StringIO(text, newline=None), start=1):
        try:
            records.extend(_read_records(content.rstrip("\n"), delimiter, line))
        except BrokenRecord as error:
            broken.append((line, str(error)))
    return records, broken
