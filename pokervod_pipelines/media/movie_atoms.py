"""Read from the index of a QuickTime or MP4 file what its demuxer does not tell. Runs in a child process.

Only lengths, track headers and sample descriptions are read, whatever the size of the index (ISO 14496-12 §8).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from pokervod_pipelines.media.truncation import ATOMS_READ, read_atom

MATRIX_AT = {0: 40, 1: 52}
"""Where the matrix of a track header begins, by the header's version."""

NUMBER_AT = {0: 12, 1: 20}
"""Where the number of a track is in its header, by the header's version."""


@dataclass(frozen=True, slots=True)
class MovieTrack:
    """Describe a track; a sideways one is shown turned by a quarter.

    ``timecode_rate`` is how many frames a timecode track counts in a second.
    """

    number: int
    is_sideways: bool
    timecode_rate: int | None


def read_movie_tracks(file: BinaryIO, size: int) -> list[MovieTrack]:
    """Return the tracks in their order; those with an unreadable header are left out."""
    movies = _find_atoms(file, 0, size, (b"moov", b"trak"))
    tracks = (_read_track(file, *each) for each in movies)
    return [track for track in tracks if track is not None]


def _read_track(file: BinaryIO, start: int, end: int) -> MovieTrack | None:
    header = next((_read(file, *each) for each in _find_atoms(file, start, end, (b"tkhd",))), b"")
    version = header[0] if header else None
    if version not in MATRIX_AT or len(header) < MATRIX_AT[version] + 36:
        return None
    return MovieTrack(
        _number(header, NUMBER_AT[version]),
        _is_sideways(header, MATRIX_AT[version]),
        _read_timecode_rate(file, start, end),
    )


def _is_sideways(header: bytes, matrix: int) -> bool:
    """Return whether the matrix moves x to y, upwards or downwards."""
    return not _number(header, matrix) and bool(_number(header, matrix + 4))


def _read_timecode_rate(file: BinaryIO, start: int, end: int) -> int | None:
    """Return the rate in the track's sample description (QuickTime File Format, "Timecode sample description")."""
    for place in _find_atoms(file, start, end, (b"mdia", b"minf", b"stbl", b"stsd")):
        description = _read(file, *place)
        duration = _number(description, 36)
        if description[12:16] == b"tmcd" and len(description) >= 40 and duration:
            return round(_number(description, 32) / duration) or None
    return None


def _find_atoms(file: BinaryIO, start: int, end: int, path: tuple[bytes, ...]) -> Iterator[tuple[int, int]]:
    """Yield where the content of each atom with this path begins and ends."""
    position = start
    for _ in range(ATOMS_READ):
        length, kind = read_atom(file, position, end)
        if length is None or position + length > end:
            return
        if kind == path[0]:
            content = position + 8
            yield from (
                _find_atoms(file, content, position + length, path[1:]) if path[1:] else [(content, position + length)]
            )
        position += length


def _read(file: BinaryIO, start: int, end: int) -> bytes:
    file.seek(start)
    return file.read(min(end - start, 4_096))


def _number(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4])
