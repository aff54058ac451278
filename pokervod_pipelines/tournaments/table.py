"""Split the text of an export into header and records, each with the line it begins in. Pure.

A text that ends in the middle is still being written. ``kinds`` decides which column means what.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pokervod_pipelines.errors import BadInput, Unavailable
from pokervod_pipelines.text.delimited import OPEN_QUOTE, DelimitedRecord, read_records, sniff_delimiter
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
    read = read_records(text, delimiter)
    end = max((each.last_line for each in read), default=0)
    if not is_closed and any(each.error == OPEN_QUOTE and each.last_line == end for each in read):
        raise Unavailable(f"{file}: ends inside a quoted cell; it will be read when it is complete")
    broken = list(_list_broken(read))
    records = list(_keep_filled(read))
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


def _keep_filled(records: Iterable[DelimitedRecord]) -> Iterator[ExportRecord]:
    for record in records:
        cells = tuple(join_blanks(cell) for cell in record.cells)
        if any(cells) and not record.error:
            yield ExportRecord(record.line, cells)


def _list_broken(records: Sequence[DelimitedRecord]) -> Iterator[tuple[int, str]]:
    begun = {record.line for record in records}
    for record in records:
        if record.error:
            is_lost = record.is_long and record.line + 1 not in begun
            lost = f", so the rows up to line {record.last_line} are not read" if is_lost else ""
            yield record.line, record.error + lost
