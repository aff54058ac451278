"""Replace a file whole, read one that nobody writes to, and name the disk that is full."""

import errno
import os
import shutil
import stat
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

CHUNK_BYTES = 1 << 20
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})

MIN_FREE_BYTES = 1_000_000_000
"""A disk with less needs a person."""


@dataclass(frozen=True, slots=True)
class SeenFile:
    """Describe a file as a folder lists it."""

    path: str
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class FileReading:
    """Hold the bytes of a file and its state before and after it was read.

    There are none of what is not a plain file or is too large: a pipe never ends, a video would fill the memory.
    """

    content: bytes
    before: os.stat_result
    after: os.stat_result

    @property
    def was_changed(self) -> bool:
        """Return whether somebody wrote to the file meanwhile."""
        states = {(each.st_size, each.st_mtime_ns) for each in (self.before, self.after)}
        return len(states) > 1 or len(self.content) != self.after.st_size


def read_file(path: Path, report: Callable[[object], object], *, limit: int) -> FileReading:
    """Return the bytes of a plain file of at most ``limit`` bytes; report each part that was read."""
    before = path.stat()
    content = bytearray()
    if stat.S_ISREG(before.st_mode) and before.st_size <= limit:
        with path.open("rb", buffering=0) as file:
            while (part := file.read(CHUNK_BYTES)) and len(content) <= limit:
                content += part
                report(len(content))
    return FileReading(bytes(content), before, path.stat())


def replace_file(path: Path, content: bytes, *, sync: bool = False) -> None:
    """Write the content beside the file, then put it in its place; nobody reads half of it.

    With ``sync`` it is on the disk before it is in place, for what exists nowhere else once the power fails. Raises
    ``OSError`` that names the file, which then is the former one.
    """
    beside = path.with_name(f".{path.name[-40:]}.{os.getpid()}-{threading.get_native_id()}")  # a name has 255 bytes
    try:
        with beside.open("wb") as file:
            file.write(content)
            if sync:
                file.flush()
                os.fsync(file.fileno())
        beside.replace(path)
    except BaseException as error:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise


def find_full_disk(error: OSError, *places: str | Path) -> str:
    """Return the mount with the least free space where the error is that of a full disk, otherwise "".

    The system does not say which disk a write was for; it is that of one of the places.
    """
    if error.errno not in FULL:
        return ""
    free: dict[str, int] = {}
    for place in filter(None, map(str, places)):
        with suppress(OSError, StopIteration):
            full = Path(place).absolute()
            mount = next(each for each in (full, *full.parents) if each.is_mount())
            free[str(mount)] = shutil.disk_usage(mount).free
    return min(free, key=lambda each: free[each]) if free else "the disk"


def find_existing(path: Path) -> Path:
    """Return the path, or the nearest folder above it that exists."""
    return next(parent for parent in (path, *path.parents) if parent.exists())
