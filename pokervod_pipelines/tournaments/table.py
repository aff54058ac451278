"""The text of an export as header and records, each record with the line it begins in. Pure.

Found here are the delimiter and whether the text ends in the middle. Which column means what is decided in ``kinds``.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from pokervod_pipelines.errors import BadInput, Unavailable
from pokervod_pipelines.tournaments.cells import clean_text

DELIMITERS = (",", ";", "\t")
SNIFFED_RECORDS = 50


@dataclass(frozen=True, slots=True)
class Record:
    """The cells of one line, or of several where a quoted cell holds line ends; ``line`` counts from 1."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """An export's cells, without blank records; ``is_closed`` if the text ends with a line end.

    A record in the last line of an open text may be cut. ``broken`` are lines that are no cells, with the reason.
    """

    file: str
    header: Record
    records: tuple[Record, ...]
    broken: tuple[tuple[int, str], ...]
    is_closed: bool


def parse_table(text: str, *, file: str) -> Table:
    """Return the cells of the text.

    Raises:
        Unavailable: it holds nothing yet, or ends in the middle of a line.
        BadInput: its first line is no header.

    """
    is_closed = text.endswith(("\n", "\r"))
    delimiter = sniff_delimiter(text)
    broken: list[tuple[int, str]] = []
    try:
        records = list(_read_records(text, delimiter))
    except csv.Error as error:
        if not is_closed and "unexpected end of data" in str(error):
            raise Unavailable(f"{file}: ends inside a quoted cell; it is read when it is written") from None
        records, broken = _read_line_by_line(text, delimiter)
    if not records and not broken:
        raise Unavailable(f"{file}: holds no text yet; it is read when it is written")
    if not records or (broken and broken[0][0] < records[0].line):
        raise BadInput(f"{file}:{broken[0][0]}: the header cannot be read ({broken[0][1]}); export the file again")
    header = _trim(records[0])
    if not is_closed and len(records) > 1 and len(records[-1].cells) < len(header.cells):
        raise Unavailable(f"{file}:{records[-1].line}: the last line is cut; it is read when the file is written")
    return Table(file=file, header=header, records=tuple(records[1:]), broken=tuple(broken), is_closed=is_closed)


def _trim(header: Record) -> Record:
    width = max(place for place, cell in enumerate(header.cells) if cell) + 1
    return Record(header.line, header.cells[:width])


def sniff_delimiter(text: str) -> str:
    r"""Return the delimiter that splits most records into equally many cells; a comma if none does.

    >>> sniff_delimiter("place_start;amount\n1;1,500\n2;1,000\n")
    ';'
    """
    return max(DELIMITERS, key=lambda delimiter: _count_regular_cells(text, delimiter))


def _count_regular_cells(text: str, delimiter: str) -> tuple[int, int]:
    """Order delimiters by the cells of the first record, then by how regular the others are."""
    widths: Counter[int] = Counter()
    first = 0
    try:
        for place, row in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)):
            first = first or len(row)
            widths[len(row)] += 1
            if place >= SNIFFED_RECORDS:
                break
    except csv.Error:
        return 0, 0
    return first, max(((width - 1) * count for width, count in widths.items()), default=0)


def _read_records(text: str, delimiter: str, first_line: int = 1) -> Iterator[Record]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = first_line
    for row in reader:
        cells = tuple(clean_text(cell) for cell in row)
        if any(cells):
            yield Record(line, cells)
        line = first_line + reader.line_num


def _read_line_by_line(text: str, delimiter: str) -> tuple[list[Record], list[tuple[int, str]]]:
    """Return the records that stand in a line of their own and the lines with a stray quote, which ends there."""
    records: list[Record] = []
    broken: list[tuple[int, str]] = []
    for line, content in enumerate(io.StringIO(text, newline=None), start=1):
        try:
            records.extend(_read_records(content.rstrip("\n"), delimiter, line))
        except csv.Error as error:
            broken.append((line, str(error)))
    return records, broken
