"""Read CSV and TSV files: find the delimiter, split the cells. ``encodings`` decodes their bytes."""

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.text.encodings import decode
from pokervod_pipelines.text.stray_quotes import QuoteCheck

if TYPE_CHECKING:
    from _csv import Reader

DELIMITERS = (",", "\t", ";")
SNIFFED_RECORDS = 100
THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
"""The comma of "10,250,000", which delimits nothing where another delimiter may."""

OPEN_QUOTE = "a quote opens and is not closed"

MIN_WIDTH = 3
"""Fewer cells do not tell a record from a line of text."""

Rows = list[list[str]]


def parse_delimited(content: bytes, *, file: Path, encoding: str = "", setting: str = "") -> Rows:
    """Return the cells of the file, row by row; ``decode`` says what ``encoding`` and ``setting`` mean.

    Raises:
        BadInput: the encoding is not certain, or a quote is not closed, so that rows would be lost; names file and
            place.

    """
    text = decode(content, file=file, encoding=encoding, setting=setting)
    rows = _parse(text, sniff_delimiter(text, preferred="\t" if file.suffix.lower() == ".tsv" else ","), file=file)
    if not any(cell.strip() for row in rows for cell in row):
        message = f"{file}: the file is empty; export the sheet again"
        raise BadInput(message)
    return rows


def sniff_delimiter(text: str, *, preferred: str) -> str:
    r"""Return the delimiter that splits most records into equally many cells; ``preferred`` wins a tie.

    Where quotes do not match, records may be wrong, so the lines alone and the delimiters beside quotes count.

    >>> sniff_delimiter("No;Name\n1;Quads, then tears\n", preferred=",")
    ';'
    """
    order = sorted(DELIMITERS, key=lambda delimiter: delimiter != preferred)
    lines = io.StringIO(text, newline="").readlines()
    rates = {delimiter: _regularity(csv.reader(lines, delimiter=delimiter)) for delimiter in order}
    is_contested = rates[","] and any(rates[delimiter] for delimiter in order if delimiter != ",")
    if is_contested and not _are_split_by_commas(lines):
        rates[","] = _regularity(csv.reader(THOUSANDS.sub("", line) for line in lines))
    best = max(order, key=rates.__getitem__)
    if QuoteCheck(lines, best).is_matched():
        return best
    head = lines[:SNIFFED_RECORDS]

    def rate(delimiter: str) -> tuple[int, int]:
        alone = _regularity(_split_alone(line, delimiter) for line in head)
        beside_quotes = sum(line.count(f'"{delimiter}') + line.count(f'{delimiter}"') for line in head)
        return alone + beside_quotes, rates[delimiter]

    return max(order, key=rate)


def _regularity(rows: Iterable[list[str]]) -> int:
    widths: Counter[int] = Counter()
    try:
        for row, _ in zip(rows, range(SNIFFED_RECORDS), strict=False):
            widths[len(row)] += 1
    except csv.Error:
        return 0
    return max(((width - 1) * count for width, count in widths.items()), default=0)


def _are_split_by_commas(lines: Sequence[str]) -> bool:
    """Return whether commas delimit cells also where none is as in 10,250,000: in the header of a table."""
    records = [cells for cells in islice(csv.reader(lines), SNIFFED_RECORDS) if cells]
    widths = Counter(map(len, records))
    width = max(widths, key=lambda each: (each - 1) * widths[each], default=0)
    if len(widths) == 1 and not THOUSANDS.search(",".join(records[0])):
        return True
    joined = (",".join(cells) for cells in records if len(cells) == width)
    return any(not THOUSANDS.search(text) and not any(other in text for other in DELIMITERS[1:]) for text in joined)


def _parse(text: str, delimiter: str, *, file: Path) -> Rows:
    """Return the cells of the records; stray quotes inside a cell stay there."""
    records = read_records(text, delimiter)
    for record in sorted(records, key=lambda record: not record.open_cell):  # a stray quote makes others look open
        if record.error == OPEN_QUOTE:
            raise BadInput(_explain_open_quote(file, record))
        if record.error and not record.cells:
            message = f"{file}: line {record.line:,} cannot be read as cells ({record.error}); export the sheet again"
            raise BadInput(message)
    return [record.cells for record in records]


@dataclass(frozen=True, slots=True, kw_only=True)
class DelimitedRecord:
    """Hold the cells of a record, and the lines (from 1) that it takes; ``error`` says what is wrong with its quotes.

    A quote that is never closed takes all lines to the end; the next record is then read from the line below.
    ``open_cell`` is the cell (from 1) with the quote that stays open, where it is known.
    """

    line: int
    last_line: int
    cells: list[str]
    error: str = ""
    open_cell: int = 0

    @property
    def is_long(self) -> bool:
        """Return whether it takes several lines."""
        return self.last_line > self.line


def read_records(text: str, delimiter: str) -> list[DelimitedRecord]:
    """Return the records, read strictly; one with an ``error`` has the cells of a lenient reading.

    The error is ``OPEN_QUOTE`` where the text ends, or other records begin, inside a quoted cell.
    """
    lines = io.StringIO(text, newline="").readlines()
    quotes = QuoteCheck(lines, delimiter)
    records = list(_read(lines, delimiter)) if quotes.is_matched() else _read_checked(lines, delimiter, quotes)
    if not any(record.is_long for record in records):
        return records
    contains_others = _make_test(lines, records, delimiter)
    return [replace(each, error=OPEN_QUOTE) if each.is_long and contains_others(each) else each for each in records]


def _read_checked(lines: Sequence[str], delimiter: str, quotes: QuoteCheck) -> list[DelimitedRecord]:
    """Return the records of a text with quotes that do not match; they go on where a row ends without a stray one."""
    records: list[DelimitedRecord] = []
    reader = _read(lines, delimiter)
    while record := next(reader, None):
        records.append(record)
        if record.error and not record.cells and record.error != OPEN_QUOTE:
            continue
        if stray := quotes.find_stray(record.line, record.last_line):
            while (record := records.pop()).line != stray.line:
                pass
            records.append(replace(record, error=OPEN_QUOTE, open_cell=stray.cell))
            reader = _read(lines, delimiter, stray.last_line)
    return records


def _read(lines: Sequence[str], delimiter: str, end: int = 0) -> Iterator[DelimitedRecord]:
    while (begin := end) < len(lines):
        reader = _open(lines, begin, delimiter, strict=True)
        try:
            for cells in reader:
                yield DelimitedRecord(line=end + 1, last_line=begin + reader.line_num, cells=cells)
                end = begin + reader.line_num
        except csv.Error as error:
            record = _read_leniently(lines, end, delimiter, str(error))
            yield record
            end = record.line if record.error == OPEN_QUOTE else record.last_line


def _open(lines: Sequence[str], begin: int, delimiter: str, *, strict: bool) -> "Reader":
    return csv.reader(map(lines.__getitem__, range(begin, len(lines))), delimiter=delimiter, strict=strict)


def _read_leniently(lines: Sequence[str], begin: int, delimiter: str, error: str) -> DelimitedRecord:
    reader = _open(lines, begin, delimiter, strict=False)
    try:
        cells = next(reader)
    except csv.Error as failure:
        cells, error = [], str(failure)
    is_open = "unexpected end of data" in error or (not cells and reader.line_num > 1)
    return DelimitedRecord(
        line=begin + 1, last_line=begin + reader.line_num, cells=cells, error=OPEN_QUOTE if is_open else error
    )


def _make_test(
    lines: Sequence[str], records: Sequence[DelimitedRecord], delimiter: str
) -> Callable[[DelimitedRecord], bool]:
    """Return the test whether a record of several lines contains others: its lines alone are like its neighbours.

    Where it has as many cells as they have, all its lines must be like them; otherwise one line is enough.
    """
    short = [record for record in records if not record.is_long and record.error != OPEN_QUOTE]
    widths = {len(record.cells) for record in short} or {len(record.cells) for record in records}
    alone = {record.line: _split_alone(lines[record.line - 1], delimiter) for record in short}
    counts = {len(cells) for cells in alone.values()} | widths
    first_cells = Counter(_classify(cells[0]) for line, cells in alone.items() if line > records[0].line)
    common = {kind for kind, _ in first_cells.most_common(1)}

    def contains_others(record: DelimitedRecord) -> bool:
        first, *others = (_split_alone(line, delimiter) for line in lines[record.line - 1 : record.last_line])
        if max(widths) < MIN_WIDTH:
            return False
        kinds = common | {_classify(first[0])}
        are_like = (1 < len(cells) in counts and _classify(cells[0]) in kinds for cells in others)
        if len(record.cells) in widths:
            return len(first) in counts and all(are_like)
        return bool(record.error) or any(are_like)

    return contains_others


def _split_alone(line: str, delimiter: str) -> list[str]:
    """Return the cells of the line without regard to quotes; neither punctuation nor "10,250,000" is split."""
    between = r"(?!(?<=\d),\d{3}(?!\d))" if delimiter == "," else ""
    return re.split(rf"{between}{re.escape(delimiter)}(?! )", line)


def _classify(cell: str) -> tuple[bool, bool]:
    """Return whether the cell has letters, and whether it has digits."""
    return any(map(str.isalpha, cell)), any(map(str.isdigit, cell))


def _explain_open_quote(file: Path, record: DelimitedRecord) -> str:
    long = next((index for index, cell in enumerate(record.cells, start=1) if "\n" in cell or "\r" in cell), 0)
    place = f"line {record.line:,}, cell {record.open_cell or long or len(record.cells) or 1}"
    lost = f", so the rows up to line {record.last_line:,} would become one cell" if record.is_long else ""
    return f"{file}: {place}: {OPEN_QUOTE}{lost}. Correct the quotes of that line, or export the sheet again."
