"""Which characters a TrueType font has, read from its ``cmap`` table: of the others Pillow says nothing.

Only the two formats of table that fonts of our time have for Unicode are read, 4 and 12.
"""

import struct
from itertools import chain
from pathlib import Path

UNICODE_TABLES = {(0, 3), (0, 4), (0, 6), (3, 1), (3, 10)}
"""Platform and encoding of the tables that are in Unicode."""


def read_characters(path: Path) -> frozenset[int]:
    """Return the code points for which the font has a glyph. Raises ``OSError`` or ``struct.error`` for no font."""
    font = path.read_bytes()
    start = _find_table(font, b"cmap")
    count = struct.unpack_from(">H", font, start + 2)[0]
    records = (struct.unpack_from(">HHI", font, start + 4 + 8 * number) for number in range(count))
    places = {start + offset for platform, encoding, offset in records if (platform, encoding) in UNICODE_TABLES}
    return frozenset(chain.from_iterable(_read_table(font, place) for place in sorted(places)))


def _find_table(font: bytes, tag: bytes) -> int:
    count = struct.unpack_from(">H", font, 4)[0]
    for number in range(count):
        name, _, offset, _ = struct.unpack_from(">4sIII", font, 12 + 16 * number)
        if name == tag:
            return int(offset)
    message = f"the font has no table {tag.decode()}"
    raise OSError(message)


def _read_table(font: bytes, place: int) -> set[int]:
    layout = struct.unpack_from(">H", font, place)[0]
    if layout == 12:
        return _read_groups(font, place)
    return _read_segments(font, place) if layout == 4 else set()


def _read_groups(font: bytes, place: int) -> set[int]:
    count = struct.unpack_from(">I", font, place + 12)[0]
    groups = (struct.unpack_from(">III", font, place + 16 + 12 * number) for number in range(count))
    return {code for first, last, glyph in groups for code in range(first + (glyph == 0), last + 1)}


def _read_segments(font: bytes, place: int) -> set[int]:
    count = struct.unpack_from(">H", font, place + 6)[0] // 2
    words = struct.Struct(f">{count}H")
    lasts = words.unpack_from(font, place + 14)
    firsts = words.unpack_from(font, place + 16 + 2 * count)
    deltas = words.unpack_from(font, place + 16 + 4 * count)
    ranges_at = place + 16 + 6 * count
    ranges = words.unpack_from(font, ranges_at)
    codes = set()
    for number, (first, last, delta, offset) in enumerate(zip(firsts, lasts, deltas, ranges, strict=True)):
        for code in range(first, min(last, 0xFFFE) + 1):
            glyph = code
            if offset:
                glyph = struct.unpack_from(">H", font, ranges_at + 2 * number + offset + 2 * (code - first))[0]
            if (glyph + delta) % 0x10000 if not offset or glyph else 0:
                codes.add(code)
    return codes
