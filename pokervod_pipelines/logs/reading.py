"""Read the logs of all processes as one, by time; wait for more of them."""

import heapq
import mmap
import os
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path

from pokervod_pipelines.logs.files import LogFile, list_logs
from pokervod_pipelines.logs.lines import LogLine, read_line

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}

BLOCK_BYTES = 1 << 16

DISORDER = 100
"""Lines of several processes, by which one may stand below a newer one in their log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFilter:
    """Select lines; "" and None select all. Ids may be cut, as the view shows them."""

    process: str = ""
    run_id: str = ""
    correlation_id: str = ""
    level: str = "debug"
    since: datetime | None = None

    def fits(self, line: LogLine) -> bool:
        """Return whether the line is one of those."""
        return (
            (not self.process or line.process == self.process)
            and line.run_id.startswith(self.run_id)
            and line.correlation_id.startswith(self.correlation_id)
            and LEVELS.get(line.level.lower(), 0) >= LEVELS[self.level]
            and (self.since is None or line.at >= self.since)
        )

    def may_fit(self, log: LogFile) -> bool:
        """Return whether the log may have such a line: none is newer than its last change."""
        is_recent = self.since is None or log.mtime >= self.since.timestamp()
        return is_recent and (not self.process or log.process == self.process)

    def list_marks(self) -> Iterator[list[bytes]]:
        """Yield words of which a log with such a line has at least one, which is sooner known than its lines."""
        yield from ([each.encode()] for each in (self.run_id, self.correlation_id) if each)
        if self.level != "debug":
            yield [f" {name.upper()} ".encode() for name, value in LEVELS.items() if value >= LEVELS[self.level]]


def read_latest(logs: list[LogFile], filters: LogFilter, *, limit: int | None) -> Iterator[LogLine]:
    """Yield the newest lines that fit, oldest first, as the logs were when they were listed; None is all of them."""
    newest_first = sorted(filter(filters.may_fit, logs), key=lambda each: each.mtime, reverse=True)
    if limit is not None:
        yield from _read_newest(newest_first, filters, limit)
        return
    each_in_order = [_put_in_order(_read_log(log, filters)) for log in reversed(newest_first)]
    for line in heapq.merge(*each_in_order, key=_get_time):
        if filters.fits(line):
            yield line


def _read_newest(logs: list[LogFile], filters: LogFilter, limit: int) -> list[LogLine]:
    """Return the newest lines: each log, from the newest on, is read from its end while it may have any of them."""
    found: list[LogLine] = []
    for log in logs:
        if len(found) >= limit and (not found or log.mtime < found[0].at.timestamp()):
            break
        newest = (line for line in _read_log_back(log, filters) if filters.fits(line))
        found = sorted([*reversed([*islice(newest, limit + DISORDER)]), *found], key=_get_time)
        found = found[max(0, len(found) - limit) :]
    return found


def _put_in_order(lines: Iterator[LogLine]) -> Iterator[LogLine]:
    """Yield the lines of a log by time: each waits for those that may have been written too late."""
    waiting: deque[LogLine] = deque()
    for line in lines:
        at = len(waiting)
        while at and waiting[at - 1].at > line.at:
            at -= 1
        waiting.insert(at, line)
        if len(waiting) > DISORDER:
            yield waiting.popleft()
    yield from waiting


def _get_time(line: LogLine) -> datetime:
    return line.at


def find_oldest(logs: list[LogFile]) -> datetime | None:
    """Return the time of the oldest line there is."""
    firsts = (next(_read_log(log, LogFilter()), None) for log in logs)
    return min((line.at for line in firsts if line), default=None)


def _read_log(log: LogFile, filters: LogFilter) -> Iterator[LogLine]:
    """Yield the lines that the log had when it was listed, none where no line fits, as its marks tell."""
    tail, at = LogTail(log.process), 0
    with _open_to_read(log, filters) as descriptor:
        while descriptor is not None and (part := os.pread(descriptor, min(BLOCK_BYTES, log.size - at), at)):
            at += len(part)
            yield from tail.add(part)
    yield from tail.finish()


def _read_log_back(log: LogFile, filters: LogFilter) -> Iterator[LogLine]:
    """Yield the same lines as ``_read_log``, the last one first."""
    further: list[str] = []
    with _open_to_read(log, filters) as descriptor:
        for text in _read_texts_back(descriptor, log.size) if descriptor is not None else ():
            further.append(text)
            if not text[:1].isspace():
                if line := read_line(log.process, "\n".join(reversed(further))):
                    yield line
                further = []


def _read_texts_back(descriptor: int, end: int) -> Iterator[str]:
    """Yield the lines of the file above ``end``, without what follows the last line break."""
    rest, is_whole = b"", False
    while end:
        begin = max(0, end - BLOCK_BYTES)
        rest, *lines = (os.pread(descriptor, end - begin, begin) + rest).split(b"\n")
        whole = lines if is_whole else lines[:-1]
        is_whole, end = is_whole or bool(lines), begin
        yield from (each.decode(errors="replace") for each in reversed(whole))
    if is_whole:
        yield rest.decode(errors="replace")


@contextmanager
def _open_to_read(log: LogFile, filters: LogFilter) -> Iterator[int | None]:
    """Yield a descriptor of the log, None where it was deleted or has no line that fits, as its marks tell."""
    descriptor = _open(log)
    try:
        yield descriptor if descriptor is not None and _has_marks(descriptor, [*filters.list_marks()]) else None
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _has_marks(descriptor: int, marks: Sequence[Sequence[bytes]]) -> bool:
    if not marks or not os.fstat(descriptor).st_size:
        return True
    with mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ) as content:
        return all(any(content.find(word) >= 0 for word in words) for words in marks)


def _open(log: LogFile) -> int | None:
    """Return a descriptor of the log, also when it was renamed meanwhile; None when it was deleted."""
    for path in _list_names(log):
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            continue
        if os.fstat(descriptor).st_ino == log.inode:
            return descriptor
        os.close(descriptor)
    return None


def _list_names(log: LogFile) -> Iterator[Path]:
    """Yield the name that the log had, then the one that it has now."""
    yield log.path
    yield from (each.path for each in list_logs(log.path.parent) if each.inode == log.inode)


@dataclass(slots=True)
class LogTail:
    """Put the bytes of one log together to lines, each with its further ones."""

    process: str
    _rest: bytes = b""
    _lines: list[str] = field(default_factory=list)

    def add(self, part: bytes) -> Iterator[LogLine]:
        """Yield the lines that are whole; the last one waits for what may still belong to it."""
        *texts, self._rest = (self._rest + part).split(b"\n")
        for each in texts:
            text = each.decode(errors="replace")
            if not text[:1].isspace():
                yield from self.finish()
            self._lines.append(text)

    def finish(self) -> Iterator[LogLine]:
        """Yield the last line, to which nothing is added any more."""
        text, self._lines = "\n".join(self._lines), []
        if line := read_line(self.process, text):
            yield line


class LogFollower:
    """Read what is appended after the logs were listed, to files that are new or renamed meanwhile, too."""

    def __init__(self, folder: Path, logs: list[LogFile]) -> None:
        self._folder = folder
        self._files: dict[int, tuple[int, LogTail]] = {}
        for log in logs:
            self._add(log, log.size)

    def _add(self, log: LogFile, start: int) -> None:
        if (descriptor := _open(log)) is not None:
            os.lseek(descriptor, start, os.SEEK_SET)
            self._files[log.inode] = (descriptor, LogTail(log.process))

    def read(self) -> list[LogLine]:
        """Return the lines that are whole, by time."""
        listed = list_logs(self._folder)
        for log in listed:
            if log.inode not in self._files:
                self._add(log, 0)
        found: list[LogLine] = []
        for descriptor, tail in self._files.values():
            found.extend(_read_on(descriptor, tail))
        self._close_deleted({log.inode for log in listed})
        return sorted(found, key=lambda line: line.at)

    def _close_deleted(self, inodes: set[int]) -> None:
        for inode in self._files.keys() - inodes:
            os.close(self._files.pop(inode)[0])


def _read_on(descriptor: int, tail: LogTail) -> Iterator[LogLine]:
    is_quiet = True
    while part := os.read(descriptor, 1 << 20):
        is_quiet = False
        yield from tail.add(part)
    if is_quiet:
        yield from tail.finish()
