"""Read from an MXF file how many frames its timecode counts in a second (SMPTE ST 377-1, timecode component).

Runs in a child process.
"""

from typing import BinaryIO

HEADER_READ = 1 << 18
"""The header metadata is at the start of the file."""

_TIMECODE_COMPONENT = bytes.fromhex("060e2b34025301010d01010101011400")
_ROUNDED_BASE = bytes.fromhex("15020002")
"""The local tag of the rounded timecode base, and its length of two bytes."""


def read_timecode_rate(file: BinaryIO) -> int | None:
    """Return the rate on which all timecode components agree, else None."""
    file.seek(0)
    _, *components = file.read(HEADER_READ).split(_TIMECODE_COMPONENT)
    rates = {
        int.from_bytes(each[at + 4 : at + 6]) for each in components if (at := each.find(_ROUNDED_BASE, 0, 128)) > 0
    }
    return rates.pop() or None if len(rates) == 1 else None
