"""Append lines to ``PROCESS.log``; several processes of one name may write to it at once.

Each line, with its exception, is one write to a file that was opened for appending, so lines of two processes never
mix. One of them, under a lock, renames a full file to ``PROCESS.log.TIME``; the others notice by the inode, and what
they still write to the renamed file is kept there.
"""

import fcntl
import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

SUFFIX = ".log"
LOCK = ".rotation"

WRITE_SECONDS = 0.01
"""A file grows by pages: its length is seen in the middle of another process's write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFile:
    """Describe a log as the folder lists it; ``rotated_at`` is "" for the one that is written to."""

    path: Path
    process: str
    rotated_at: str
    inode: int
    size: int
    mtime: float


def list_logs(folder: Path) -> list[LogFile]:
    """Return every log of the folder with the rotated ones, none where there is no folder."""
    return [each for each in map(_describe, _list_paths(folder)) if each is not None]


def _list_paths(folder: Path) -> list[Path]:
    with suppress(OSError):
        return sorted(each for each in folder.iterdir() if SUFFIX in each.name)
    return []


def _describe(path: Path) -> LogFile | None:
    process, _, rest = path.name.partition(SUFFIX)
    with suppress(OSError):
        seen = path.lstat()
        if process and (not rest or rest.startswith(".")) and path.is_file() and not path.is_symlink():
            return LogFile(
                path=path,
                process=process,
                rotated_at=rest[1:],
                inode=seen.st_ino,
                size=seen.st_size,
                mtime=seen.st_mtime,
            )
    return None


class LogHandler(logging.Handler):
    """Append each record to the log of the process; what cannot be written is said once, and fails nothing."""

    def __init__(self, path: Path, *, file_bytes: int, kept_bytes: int) -> None:
        super().__init__()
        self.path = path
        self._file_bytes, self._kept_bytes = file_bytes, kept_bytes
        self._descriptor: int | None = None
        self._told: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record; never raise."""
        try:
            self._append(f"{self.format(record)}\n".encode(errors="backslashreplace"))
        except OSError as error:
            self._close_file()
            self._tell(f"the log cannot be written ({error.strerror}); the work goes on without it")
        except Exception:  # noqa: BLE001 - a log never fails the work
            with suppress(Exception):  # standard error may be closed
                self.handleError(record)

    def close(self) -> None:
        """Close the file; a later record opens it again, since Dagster closes every handler when it sets up its own."""
        self._close_file()
        super().close()

    def _append(self, line: bytes) -> None:
        descriptor = self._open()
        size = os.fstat(descriptor).st_size
        if size and size + len(line) > self._file_bytes and self._rotate(descriptor):
            descriptor = self._open()
        if _is_cut(descriptor):
            line = b"\n" + line
        while line:
            line = line[os.write(descriptor, line) :]

    def _open(self) -> int:
        """Return the descriptor of the file that has the name now."""
        if self._descriptor is not None:
            if _names(self.path, self._descriptor):
                return self._descriptor
            self._close_file()
        for folder in (self.path.parent.parent, self.path.parent):
            folder.mkdir(mode=0o700, exist_ok=True)
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        self._descriptor = os.open(self.path, flags, 0o600)
        return self._descriptor

    def _close_file(self) -> None:
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            with suppress(OSError):
                os.close(descriptor)

    def _rotate(self, descriptor: int) -> bool:
        """Rename the full file, unless another process does; return whether its name is free or was taken over."""
        try:
            with _hold(self.path.with_name(LOCK)) as is_held:
                if not is_held:
                    return False
                if _names(self.path, descriptor):
                    now = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}"
                    self.path.rename(self.path.with_name(f"{self.path.name}.{now}"))
        except OSError as error:
            why = f"{error.strerror}: {error.filename}"
            self._tell(f"the full log cannot be renamed ({why}), so it grows; correct the rights in its folder")
            return False
        delete_oldest(self.path.parent, self._kept_bytes)
        return True

    def _tell(self, sentence: str) -> None:
        """Print the sentence, once."""
        if sentence not in self._told:
            self._told.add(sentence)
            with suppress(Exception):  # stderr may be closed, or on the same full disk
                print(f"{self.path}: {sentence}", file=sys.stderr)  # noqa: T201 - a log cannot tell it


def delete_oldest(folder: Path, kept_bytes: int) -> None:
    """Delete rotated logs until those left fit, each time the oldest of the process that has most.

    So a process that writes much does not push out what the others wrote. The newest rotated one of each is kept:
    a process that has not noticed yet may be writing to it.
    """
    rotated = sorted((each for each in list_logs(folder) if each.rotated_at), key=lambda each: each.rotated_at)
    while sum(each.size for each in rotated) > kept_bytes:
        sizes: dict[str, int] = {}
        for each in rotated:
            sizes[each.process] = sizes.get(each.process, 0) + each.size
        several = {name for name in sizes if sum(each.process == name for each in rotated) > 1}
        if not several:
            return
        most = max(several, key=lambda name: sizes[name])
        oldest = next(each for each in rotated if each.process == most)
        with suppress(OSError):
            oldest.path.unlink()
        rotated.remove(oldest)


def _is_cut(descriptor: int) -> bool:
    """Return whether a full disk or a power loss cut the last line, which another process does not write just now."""
    size = os.fstat(descriptor).st_size
    while size and os.pread(descriptor, 1, size - 1) != b"\n":
        time.sleep(WRITE_SECONDS)
        before, size = size, os.fstat(descriptor).st_size
        if size == before:
            return True
    return False


def _names(path: Path, descriptor: int) -> bool:
    """Return whether the path still is the open file."""
    try:
        seen = path.lstat()
    except OSError:
        return False
    opened = os.fstat(descriptor)
    return (seen.st_ino, seen.st_dev) == (opened.st_ino, opened.st_dev)


@contextmanager
def _hold(path: Path) -> Iterator[bool]:
    """Yield whether this process has the lock; it does not wait for another one, which may be stopped."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield _lock(descriptor)
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
