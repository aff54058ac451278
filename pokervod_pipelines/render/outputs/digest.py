"""How large an output is, when it last changed, and the hash of what it holds: a file, or a folder of pictures."""

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

BLOCK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """Bytes in all, and the time of the last change in nanoseconds; of a folder, that of its newest file."""

    size_bytes: int
    mtime_ns: int


def measure_output(path: Path) -> Measure:
    """What the file system says, without reading. Raises ``OSError`` where it does not answer or nothing is there."""
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode):
        return Measure(size_bytes=found.st_size, mtime_ns=found.st_mtime_ns)
    with os.scandir(path) as entries:
        files = [entry.stat(follow_symlinks=False) for entry in entries]
    newest = max((each.st_mtime_ns for each in files), default=found.st_mtime_ns)
    return Measure(size_bytes=sum(each.st_size for each in files), mtime_ns=newest)


def hash_output(path: Path) -> str:
    """SHA-256 of the file; of a folder, that of its files' names, sizes and contents in the order of the names.

    A link is no file of ours and counts by its name alone. Raises ``OSError``.
    """
    digest = hashlib.sha256()
    if not stat.S_ISDIR(path.lstat().st_mode):
        _feed(digest, path)
        return digest.hexdigest()
    for each in sorted(path.iterdir(), key=lambda entry: os.fsencode(entry.name)):
        found = each.lstat()
        digest.update(os.fsencode(each.name) + b"\0" + found.st_size.to_bytes(8))
        if stat.S_ISREG(found.st_mode):
            _feed(digest, each)
    return digest.hexdigest()


def _feed(digest: "hashlib._Hash", path: Path) -> None:
    with path.open("rb", buffering=0) as file:
        while block := file.read(BLOCK):
            digest.update(block)
