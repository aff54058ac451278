"""Read CSV and TSV files: find the encoding and the delimiter, split the cells.

Files come from Google (UTF-8), from Excel (UTF-8 with a byte order mark, UTF-16) and from Korean Windows (CP949).
A guess that may be wrong is refused rather than read: wrong text makes wrong tags.
"""

import codecs
import csv
import io
import re
from collections import Counter
from pathlib import Path

from pokervod_pipelines.errors import BadInput

DELIMITERS = (",", "\t", ";")
SNIFFED_RECORDS = 100
UTF16_PROBE_BYTES = 4096
KOREAN_WINDOWS = "cp949"
ASCII_END = 0x7F
UTF8_CHARACTER = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}", re.DOTALL)

Rows = list[list[str]]


def parse_delimited(content: bytes, *, file: Path) -> Rows:
    """Return the cells of the file, row by row.

    Raises:
        BadInput: no encoding fits, or it contains a null byte or an unclosed quote; names the file and the place.

    """
    text = decode(content, file=file)
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        message = f"{file}: line {line} contains a null byte, so the file is damaged; export the sheet again"
        raise BadInput(message)
    rows = _parse(text, sniff_delimiter(text, preferred="\t" if file.suffix.lower() == ".tsv" else ","), file=file)
    if not any(cell.strip() for row in rows for cell in row):
        message = f"{file}: the file is empty; export the sheet again"
        raise BadInput(message)
    return rows


def decode(content: bytes, *, file: Path) -> str:
    """Return the text, trying byte order marks, UTF-8, then CP949 (Korean Windows).

    Raises:
        BadInput: none fits, or several are mixed; names where each failed.

    """
    failures = []
    for encoding in _likely_encodings(content):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            failures.append(f"{encoding} fails at byte {error.start}, line {line}")
        else:
            if encoding != KOREAN_WINDOWS or not _is_mostly_utf8(content):
                return text
    message = f"{file}: unknown text encoding ({', '.join(failures)}); save the file as CSV UTF-8"
    raise BadInput(message)


def _likely_encodings(content: bytes) -> tuple[str, ...]:
    if content.startswith(codecs.BOM_UTF8):
        return ("utf-8-sig",)
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return ("utf-16",)
    probe = content[:UTF16_PROBE_BYTES]
    half = len(probe) // 2
    if half > 1 and probe[1::2].count(0) * 2 > half > probe[::2].count(0) * 2:
        return ("utf-16-le",)
    if half > 1 and probe[::2].count(0) * 2 > half > probe[1::2].count(0) * 2:
        return ("utf-16-be",)
    return ("utf-8", KOREAN_WINDOWS)


def _is_mostly_utf8(content: bytes) -> bool:
    """Return whether most of what is not ASCII is UTF-8: the file mixes two encodings, and CP949 would garble it."""
    inside = sum(len(found[0]) for found in UTF8_CHARACTER.finditer(content))
    return inside * 2 > sum(byte > ASCII_END for byte in content)


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
