"""Find files that end before their container says so. Demuxers open many a truncated file without a word.

One function a container, each reading only lengths. A container without a length of its own (MPEG transport stream)
cannot be judged here. Runs in a child process.
"""

import struct
from collections.abc import Callable
from typing import BinaryIO

ATOMS_READ = 1_000
"""A fragmented recording has thousands of atoms; only the first of them are read."""

_EBML_HEADER = b"\x1a\x45\xdf\xa3"
_EBML_SEGMENT = b"\x18\x53\x80\x67"
_MXF_PARTITION = bytes.fromhex("060e2b34020501010d01020101")
_MXF_FOOTER_AT = 24
_MXF_FOOTER = _MXF_PARTITION + b"\x04"
_MXF_INDEX_OF_PARTITIONS = _MXF_PARTITION + bytes.fromhex("110100")
MXF_END_READ = 1 << 18
"""How much of the end of an MXF file is searched for a footer that its header does not know of."""


def find_truncation(file: BinaryIO, size: int) -> str | None:
    """Return why the file cannot be whole, with the numbers, or None where its lengths agree or are unknown."""
    head = _read(file, 0, 16)
    check = _choose(head)
    return check(file, size) if check else None


def _choose(head: bytes) -> Callable[[BinaryIO, int], str | None] | None:
    if head[4:8] in {b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot"}:
        return _check_movie
    if head[:4] == _EBML_HEADER:
        return _check_matroska
    if head[:4] == b"RIFF":
        return _check_riff
    if head.startswith(_MXF_PARTITION):
        return _check_mxf
    return None


def _check_movie(file: BinaryIO, size: int) -> str | None:
    """Check QuickTime and MP4 (ISO 14496-12 §4.2): atoms in a row, ``moov`` the index, ``mdat`` the media."""
    seen: set[bytes] = set()
    position = 0
    for _ in range(ATOMS_READ):
        length, kind = read_atom(file, position, size)
        if length is None:
            break
        seen.add(kind)
        if position + length > size:
            return _describe(f"its {kind.decode('ascii', 'replace')} at byte {position:,}", position + length, size)
        position += length
    else:
        return None
    if b"moov" not in seen:
        return f"no index (moov) in its {size:,} bytes: the recording or copy did not finish"
    if b"mdat" not in seen:
        return f"an index but no media (mdat) in its {size:,} bytes: the copy did not finish"
    return None


def read_atom(file: BinaryIO, position: int, size: int) -> tuple[int | None, bytes]:
    """Return the length and kind of the atom there; no length at the end of the file or without an atom."""
    head = _read(file, position, 16)
    if len(head) < 8 or not head[4:8].isalnum():
        return None, b""
    length, kind = int.from_bytes(head[:4]), head[4:8]
    if length == 1:
        length = int.from_bytes(head[8:16]) if len(head) == 16 else 0
        return (length, kind) if length >= 16 else (None, kind)
    if length == 0:
        return size - position, kind
    return (length, kind) if length >= 8 else (None, kind)


def _check_matroska(file: BinaryIO, size: int) -> str | None:
    """Check Matroska and WebM (RFC 8794, 9559): a header, then one segment with everything in it."""
    header, after = _read_vint(file, 4)
    if header is None:
        return None
    segment = after + header
    if _read(file, segment, 4) != _EBML_SEGMENT:
        return _describe("its header", segment, size) if segment >= size else None
    length, start = _read_vint(file, segment + 4)
    if length is None:  # a live recording has no length
        return None
    return _describe("its segment", start + length, size) if start + length > size else None


def _read_vint(file: BinaryIO, position: int) -> tuple[int | None, int]:
    """Return an EBML length, None where it is unknown, and the position after it."""
    data = _read(file, position, 8)
    if not data or data[0] == 0:
        return None, position + len(data)
    width = 9 - data[0].bit_length()
    ones = (1 << 7 * width) - 1
    value = int.from_bytes(data[:width]) & ones
    return (None if value == ones or len(data) < width else value), position + width


def _check_riff(file: BinaryIO, size: int) -> str | None:
    """Check AVI: one RIFF chunk, or one for every gigabyte."""
    position = 0
    for _ in range(ATOMS_READ):
        head = _read(file, position, 8)
        if len(head) < 8 or head[:4] != b"RIFF":
            return None
        (length,) = struct.unpack("<I", head[4:])
        end = position + 8 + length
        if length == 0 or end > size:
            return _describe(f"its RIFF chunk at byte {position:,}", end, size)
        position = end + end % 2
    return None


def _check_mxf(file: BinaryIO, size: int) -> str | None:
    """Check MXF (SMPTE ST 377-1 §7.1): the header partition has the place of the footer, 0 if not known then.

    A recorder writes the footer when it closes the file.
    """
    prefix = _read(file, 16, 9)
    width = prefix[0] & 0x7F if prefix and prefix[0] & 0x80 else 0
    value = _read(file, 17 + width, _MXF_FOOTER_AT + 8)
    footer = int.from_bytes(value[_MXF_FOOTER_AT:])
    if footer:
        return _describe("its footer", footer + 16, size) if footer + 16 > size else None
    end = _read(file, max(size - MXF_END_READ, 0), MXF_END_READ)
    if _MXF_FOOTER in end or _MXF_INDEX_OF_PARTITIONS in end:
        return None
    return f"unfinished: no footer in its {size:,} bytes, the recording or copy did not end"


def _describe(what: str, end: int, size: int) -> str:
    return f"truncated: {what} reaches to byte {end:,}, the file ends at {size:,}"


def _read(file: BinaryIO, position: int, count: int) -> bytes:
    file.seek(position)
    return file.read(count)
