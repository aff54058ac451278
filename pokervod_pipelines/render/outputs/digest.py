"""How large an output is, when it last changed, and the hash of what it holds: a file, or a folder of pictures.

What a desktop or a server leaves in a folder it has opened (``.DS_Store``, ``Thumbs.db``, ``@eaDir``) is none of the
pictures and counts for nothing here; before a folder is published, ``pictures`` refuses whatever else lies in it.
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
    """Bytes in all, and the time of the last change in nanoseconds; of a folder, those of its pictures."""

    size_bytes: int
    mtime_ns: int


def stat_output(path: Path) -> OutputStat:
    """What the file system says, without reading. Raises ``OSError`` where it does not answer or nothing is there."""
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode):
        return OutputStat(size_bytes=found.st_size, mtime_ns=found.st_mtime_ns)
    files = [each.lstat() for each in list_frames(path)]
    newest = max((each.st_mtime_ns for each in files), default=found.st_mtime_ns)
    return OutputStat(size_bytes=sum(each.st_size for each in files), mtime_ns=newest)


def hash_output(path: Path) -> str:
    """SHA-256 of the file; of a folder, that of its pictures' names, sizes and contents in the order of the names.

    A link is no file of ours and counts by its name alone. Raises ``OSError``.
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
    """Yield the pictures of a sequence, whatever else lies there. Raises ``OSError``."""
    return (each for each in folder.iterdir() if _PICTURE.fullmatch(each.name))


def _feed(digest: "hashlib._Hash", path: Path) -> None:
    with path.open("rb", buffering=0) as file:
        while block := file.read(BLOCK):
            digest.update(block)
