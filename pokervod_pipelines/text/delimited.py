"""Read CSV and TSV files: find the delimiter, split the cells. ``encodings`` decodes their bytes."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.text.encodings import decode

if TYPE_CHECKING:
    from _csv import Reader

DELIMITERS = (",", "\t", ";")
SNIFFED_RECORDS = 100

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

    >>> sniff_delimiter("No;Name\n1;Quads, then tears\n", preferred=",")
    ';'
    """
    order = sorted(DELIMITERS, key=lambda delimiter: delimiter != preferred)
    return max(order, key=lambda delimiter: _regularity(text, delimiter))


def _regularity(text: str, delimiter: str) -> int:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    widths: Counter[int] = Counter()
    try:
        for row, _ in zip(reader, range(SNIFFED_RECORDS), strict=False):
            widths[len(row)] += 1
    except csv.Error:
        return 0
    return max(((width - 1) * count for width, count in widths.items()), default=0)


def _parse(text: str, delimiter: str, *, file: Path) -> Rows:
    """Return the records. One with stray quotes in its cells is read leniently; one that takes in others is refused."""
    lines = io.StringIO(text, newline="").readlines()
    rows: Rows = []
    ends = [0]
    while (begin := ends[-1]) < len(lines):
        reader = _read(lines, begin, delimiter, strict=True)
        try:
            for row in reader:
                rows.append(row)
                ends.append(begin + reader.line_num)
        except csv.Error as error:
            row, length = _read_leniently(lines, ends[-1], delimiter, file=file)
            if length > 1 or "unexpected end of data" in str(error):
                raise BadInput(_explain_open_quote(file, row, ends[-1], length)) from error
            rows.append(row)
            ends.append(ends[-1] + length)
    if len(rows) < len(lines) and (found := _find_swallowing(lines, ends, delimiter)):
        raise BadInput(_explain_open_quote(file, rows[found[0]], *found[1:]))
    return rows


def _read(lines: Sequence[str], begin: int, delimiter: str, *, strict: bool) -> "Reader":
    return csv.reader(map(lines.__getitem__, range(begin, len(lines))), delimiter=delimiter, strict=strict)


def _read_leniently(lines: Sequence[str], begin: int, delimiter: str, *, file: Path) -> tuple[list[str], int]:
    """Return the record that begins in this line, with the quotes inside its cells, and how many lines it takes."""
    reader = _read(lines, begin, delimiter, strict=False)
    try:
        return next(reader), reader.line_num
    except csv.Error as error:
        message = f"{file}: line {begin + 1} cannot be read as cells ({error}); export the sheet again"
        raise BadInput(message) from error


def _find_swallowing(lines: Sequence[str], ends: Sequence[int], delimiter: str) -> tuple[int, int, int] | None:
    """Return index, first line and length of the first record that takes in others."""
    widths = Counter(len(next(_read(lines, at, delimiter, strict=False))) for at in range(len(lines)))
    width = max(widths, key=lambda each: (each >= MIN_WIDTH, widths[each]))
    for index, (begin, end) in enumerate(pairwise(ends)):
        if takes_in_records(lines[begin:end], delimiter, width=width):
            return index, begin, end - begin
    return None


class BrokenRecord(ValueError):
    """Report a record whose quotes are wrong: the line in which it begins, and whether its last one stays open."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line

    @property
    def is_open(self) -> bool:
        """Return whether the text ends, or other records begin, inside a quoted cell."""
        return str(self) == OPEN_QUOTE


def read_records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the line, from 1, and the cells of each record; raise ``BrokenRecord`` also where one takes in others."""
    lines = io.StringIO(text, newline="").readlines()
    reader = _read(lines, 0, delimiter, strict=True)
    begin = end = width = 0
    try:
        for row in reader:
            begin, end, width = end, reader.line_num, width or len(row)
            if takes_in_records(lines[begin:end], delimiter, width=width):
                break
            yield begin + 1, row
        else:
            return
    except csv.Error as error:
        is_open = "unexpected end of data" in str(error)
        raise BrokenRecord(end + 1, OPEN_QUOTE if is_open else str(error)) from None
    raise BrokenRecord(begin + 1, OPEN_QUOTE)


def takes_in_records(lines: Sequence[str], delimiter: str, *, width: int) -> bool:
    """Return whether most lines of a record have all the delimiters of one, so that a quote must have stayed open.

    A delimiter before a blank is punctuation: a cell may hold text with line breaks.
    """
    if len(lines) == 1 or width < MIN_WIDTH:
        return False
    counts = [len(re.findall(re.escape(delimiter) + r"(?! )", line)) for line in lines]
    return sum(count >= width - 1 for count in counts) * 2 > len(lines)


def _explain_open_quote(file: Path, row: Sequence[str], begin: int, length: int) -> str:
    column = next((index for index, cell in enumerate(row) if "\n" in cell or "\r" in cell), len(row) - 1)
    lost = f", so the rows up to line {begin + length:,} would become one cell" if length > 1 else ""
    return (
        f"{file}: line {begin + 1:,}, cell {column + 1}: {OPEN_QUOTE}{lost}. "
        "Correct the quotes of that line, or export the sheet again."
    )
