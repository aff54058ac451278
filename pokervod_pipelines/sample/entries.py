"""Describe one file of the sample archive (path, size, title), and derive seeds, sizes and times.

What a family of names looks like belongs in ``families``; putting files on a disk belongs in ``layout``.
"""

import random
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

MEGABYTE = 1_000_000
GIGABYTE = 1_000 * MEGABYTE
APPLE_DOUBLE_BYTES = 4096

OLDEST_MTIME = 1_500_000_000
MTIME_SPREAD = 250_000_000
"""Modification times are between July 2017 and June 2025, so a scan never takes a sample file for a growing one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleFile:
    """Describe a file to lay out; ``path`` is POSIX, relative to the archive root, in the composition it has on disk.

    ``title`` is how an annotation sheet calls the video: the title before it became a file name, else the stem.
    ``about`` has what the family knows of it (project, year, event, players), which the sheets repeat.
    """

    path: str
    size: int
    title: str = ""
    about: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Return the last component of the path."""
        return self.path.rpartition("/")[2]

    @property
    def stem(self) -> str:
        """Return the name without its last extension."""
        return PurePosixPath(self.name).stem

    @property
    def folder(self) -> str:
        """Return the path of the folder, "" for the root."""
        return self.path.rpartition("/")[0]

    @property
    def mtime(self) -> int:
        """Return seconds since the epoch, always the same for a path."""
        return OLDEST_MTIME + digest(self.path) % MTIME_SPREAD


def make_video(path: str, *, min_bytes: int, max_bytes: int, title: str = "", about: Mapping[str, str]) -> SampleFile:
    """Return a video whose size follows from its path, between the two bounds in bytes."""
    size = min_bytes + digest(f"size of {path}") * 997 % (max_bytes - min_bytes)
    return SampleFile(path=path, size=size, title=title or PurePosixPath(path).stem, about=about)


def seeded(purpose: str) -> random.Random:
    """Return a generator that gives the same sequence for a purpose on every machine."""
    return random.Random(f"pokervod sample: {purpose}")  # noqa: S311 - invented names need no secrecy


def digest(text: str) -> int:
    """Return a number that depends on the text alone."""
    return zlib.crc32(text.encode())
