"""Measure and hash an output: a file, or a folder of PNG frames.

Files that a desktop or server leaves in a folder (``.DS_Store``, ``Thumbs.db``, ``@eaDir``) are ignored here; before a
folder is published, ``png_sequence`` refuses anything that is not a frame.
"""

import hashlib
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

BLOCK = 1 << 20
_PICTURE = re.compile(r"[0-9]{5,}\.png", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputStat:
    """Hold the total bytes and the time of the last change in nanoseconds; of a folder, those of its frames."""

    size_bytes: int
    mtime_ns: int


def stat_output(path: Path) -> OutputStat:
    """Measure without reading. Raises ``OSError`` if the output is missing or the share does not respond."""
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode):
        return OutputStat(size_bytes=found.st_size, mtime_ns=found.st_mtime_ns)
    files = [each.lstat() for each in list_frames(path)]
    newest = max((each.st_mtime_ns for each in files), default=found.st_mtime_ns)
    return OutputStat(size_bytes=sum(each.st_size for each in files), mtime_ns=newest)


def hash_output(path: Path) -> str:
    """Return the SHA-256 of the file; of a folder, that of the names, sizes and contents of its frames by name.

    A symbolic link counts by its name alone. Raises ``OSError``.
    """
    digest = hashlib.sha256()
    if not stat.S_ISDIR(path.lstat().st_mode):
        _feed(digest, path)
        return digest.hexdigest()
    for each in sorted(list_frames(path)):
        found = each.lstat()
        digest.update(each.name.encode("ascii") + b"\0" + found.st_size.to_bytes(8))
        if stat.S_ISREG(found.st_mode):
            _feed(digest, each)
    return digest.hexdigest()


def list_frames(folder: Path) -> Iterator[Path]:
    """Yield the frames of a sequence, whatever else is in the folder. Raises ``OSError``."""
    return (each for each in folder.iterdir() if _PICTURE.fullmatch(each.name))


def _feed(digest: "hashlib._Hash", path: Path) -> None:
    with path.open("rb", buffering=0) as file:
        while block := file.read(BLOCK):
            digest.update(block)
