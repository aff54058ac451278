"""Read CSV and TSV files: find the delimiter, split the cells. ``encodings`` decodes their bytes."""

import csv
import io
from collections import Counter
from pathlib import Path

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.text.encodings import decode

DELIMITERS = (",", "\t", ";")
SNIFFED_RECORDS = 100

Rows = list[list[str]]


def parse_delimited(content: bytes, *, file: Path, encoding: str = "", setting: str = "") -> Rows:
    """Return the cells of the file, row by row; ``decode`` says what ``encoding`` and ``setting`` mean.

    Raises:
        BadInput: the encoding is not certain, or a quote is not closed; names the file and the place.

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
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        if "unexpected end of data" in str(error):
            message = f"{file}: a quoted cell is not closed, so the file is truncated; export the sheet again"
            raise BadInput(message) from error
    return _parse_leniently(text, delimiter, file=file)


def _parse_leniently(text: str, delimiter: str, *, file: Path) -> Rows:
    """Read text with stray quotes inside cells, as hand-made files have them."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        return list(reader)
    except csv.Error as error:
        message = f"{file}: line {reader.line_num} cannot be read as cells ({error}); export the sheet again"
        raise BadInput(message) from error
