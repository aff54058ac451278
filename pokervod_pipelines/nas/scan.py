"""What is in a library's folder right now: the walk, and second looks at single files.

It yields what it saw and keeps apart what it could not read, because "could not be read" must never look like "is not
there". Comparing with what was there before belongs to ``changes``.
"""

import errno
import os
import stat as modes
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from pokervod_pipelines.errors import ArchiveUnavailable
from pokervod_pipelines.nas.stall import Pulse, read_watched

Entry = tuple[str, int, int, int]
"""A file: posix path below the archive root as the disk spells it, size, mtime in ns, inode. Plain, for speed."""

_BATCH = 2_000
_BIGINT = (1 << 63) - 1
_LONGEST_KEY = 2_600
"""Bytes of a path that a PostgreSQL index takes; beyond about 2,700 the row would be refused."""

_SURELY_SHORT = _LONGEST_KEY // 4
"""Characters that are never too many bytes, so that nearly every name passes by one comparison."""

_TROUBLE_OF_ONE_FOLDER = frozenset(
    {errno.EACCES, errno.EPERM, errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL}
)
"""Every other error (ESTALE, EIO, ENOTCONN …) says that the share itself is ill."""


class FileSystem(Protocol):
    """The three questions asked of a disk; paths are absolute."""

    def scandir(self, path: str, /) -> AbstractContextManager[Iterator[os.DirEntry[str]]]:
        """The entries of a folder, as ``os.scandir``."""

    def stat(self, path: str, /, *, follow_symlinks: bool) -> os.stat_result:
        """The state of one file, as ``os.stat``."""


class LocalFileSystem:
    """Whatever the operating system has mounted."""

    def scandir(self, path: str, /) -> AbstractContextManager[Iterator[os.DirEntry[str]]]:
        """The entries of a folder."""
        return os.scandir(path)

    def stat(self, path: str, /, *, follow_symlinks: bool) -> os.stat_result:
        """The state of one file."""
        return os.stat(path, follow_symlinks=follow_symlinks)  # noqa: PTH116 - strings throughout, for speed


LOCAL: FileSystem = LocalFileSystem()


@dataclass(frozen=True, slots=True)
class Place:
    """A library's folder on this machine: ``root`` is absolute, ``folder`` is below it, '' for the root itself.

    ``pruned`` are folders of the same root that belong to other libraries, in NFC.
    """

    root: str
    folder: str
    pruned: frozenset[str] = frozenset()

    @property
    def top(self) -> str:
        """The absolute path of the library's folder."""
        return os.path.join(self.root, self.folder) if self.folder else self.root  # noqa: PTH118 - strings throughout


@dataclass(slots=True)
class Findings:
    """What a walk learned beside the files; complete when its batches have run out. Folders are in NFC.

    ``unread`` are folders about whose content nothing may be concluded. ``folders`` are those that held anything,
    ``empty`` those that held nothing, ``mounts`` those on another device than their parent.
    """

    unread: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)
    empty: set[str] = field(default_factory=set)
    mounts: set[str] = field(default_factory=set)
    problems: list[tuple[str, str]] = field(default_factory=list)
    links: int = 0
    vanished: int = 0


def to_key(path: str) -> str:
    """The path as it is compared: in NFC, since macOS clients may deliver the same name in NFD."""
    return path if path.isascii() else unicodedata.normalize("NFC", path)


def find_place(fs: FileSystem, root: str, folder: str, pruned: Iterable[str], stall_seconds: float) -> Place:
    """Where the library is; ``folder`` is found whatever its Unicode normalisation on disk.

    Raises ``ArchiveUnavailable`` when the root or the folder is not there.
    """
    keys = frozenset(to_key(each) for each in pruned)
    wanted = "" if folder in {"", "."} else folder.strip("/")
    found = list(read_watched(lambda pulse: [_spell(fs, root, wanted, pulse)], stall_seconds))
    return Place(root, found[0], keys)


def _spell(fs: FileSystem, root: str, folder: str, pulse: Pulse) -> str:
    spelled = ""
    for part in [part for part in folder.split("/") if part and part != "."]:
        here = f"{root}/{spelled}".rstrip("/")
        pulse.reach(here)
        names = _names(fs, here)
        name = part if part in names else next((each for each in names if to_key(each) == to_key(part)), None)
        if name is None:
            raise ArchiveUnavailable(
                f"{here}: has no folder {part!r}: mount the share, or correct the library's folder in the settings"
            )
        spelled = f"{spelled}/{name}" if spelled else name
    return spelled


def _names(fs: FileSystem, folder: str) -> set[str]:
    try:
        with fs.scandir(folder) as entries:
            return {entry.name for entry in entries}
    except OSError as error:
        raise _unavailable(folder, error) from None


def walk(fs: FileSystem, place: Place, findings: Findings, stall_seconds: float) -> Iterator[list[Entry]]:
    """Every file of the place in batches; ``findings`` gets all else.

    Links are not followed. Raises ``ArchiveUnavailable`` when the place as a whole cannot be read or hangs.
    """
    return read_watched(lambda pulse: _Walker(fs, place, findings, pulse).walk(), stall_seconds)


@dataclass(slots=True)
class _Walker:
    fs: FileSystem
    place: Place
    findings: Findings
    pulse: Pulse
    batch: list[Entry] = field(default_factory=list)

    def walk(self) -> Iterator[list[Entry]]:
        """Every file below the place, in batches."""
        device = self._check_top()
        waiting = [(self.place.top, self.place.folder, device)]
        while waiting:
            absolute, relative, device = waiting.pop()
            self.pulse.reach(absolute)
            try:
                waiting += self._read_folder(absolute, f"{relative}/" if relative else "", device)
            except OSError as error:
                self._set_aside(relative, absolute, error)
            if len(self.batch) >= _BATCH:
                yield self.batch
                self.batch = []
        yield self.batch

    def _check_top(self) -> int:
        top = self.place.top
        self.pulse.reach(top)
        try:
            state = self.fs.stat(top, follow_symlinks=True)
        except OSError as error:
            raise _unavailable(top, error) from None
        if not modes.S_ISDIR(state.st_mode):
            raise ArchiveUnavailable(f"{top}: is no folder: correct the archive root or the library in the settings")
        return state.st_dev

    def _read_folder(self, absolute: str, prefix: str, device: int) -> list[tuple[str, str, int]]:
        """The folder's files are in the batch; returns its subfolders with their devices."""
        found: list[os.DirEntry[str]] = []
        files, pulse = self.batch, self.pulse
        with self.fs.scandir(absolute) as entries:
            is_empty = True
            for entry in entries:
                is_empty = False
                pulse.beats += 1
                name = entry.name
                is_plain = name.isascii() and len(prefix) + len(name) < _SURELY_SHORT
                if not (is_plain or self._is_storable(prefix, name)):
                    continue
                if entry.is_file(follow_symlinks=False):
                    try:
                        state = entry.stat(follow_symlinks=False)
                    except FileNotFoundError:
                        self.findings.vanished += 1
                        continue
                    mtime = state.st_mtime_ns
                    if not -_BIGINT < mtime < _BIGINT:
                        mtime = 0
                    files.append((prefix + name, state.st_size, mtime, state.st_ino & _BIGINT))
                elif entry.is_dir(follow_symlinks=False):
                    found.append(entry)
                else:
                    self.findings.links += 1
        (self.findings.empty if is_empty else self.findings.folders).add(to_key(prefix[:-1]))
        return list(self._descend(found, prefix, device))

    def _is_storable(self, prefix: str, name: str) -> bool:
        if not _is_utf8(name):
            shown = (prefix + name).encode("utf-8", "backslashreplace").decode()
            self.findings.problems.append((shown, "the name is not UTF-8: rename it on the server; it was passed over"))
            return False
        size = len((prefix + name).encode())
        if size > _LONGEST_KEY:
            text = f"the path has {size} bytes, {_LONGEST_KEY} are the most: shorten it; it was passed over"
            self.findings.problems.append((prefix + name, text))
        return size <= _LONGEST_KEY

    def _descend(self, folders: list[os.DirEntry[str]], prefix: str, device: int) -> Iterator[tuple[str, str, int]]:
        for entry in folders:
            relative = prefix + entry.name
            if to_key(relative) in self.place.pruned:
                continue
            try:
                inside = entry.stat(follow_symlinks=False).st_dev
            except OSError as error:
                self._set_aside(relative, entry.path, error)
                continue
            if inside != device:
                self.findings.mounts.add(to_key(relative))
            yield entry.path, relative, inside

    def _set_aside(self, relative: str, absolute: str, error: OSError) -> None:
        """Nothing is concluded below ``relative``; raises when it is the library itself or the share is ill."""
        if relative == self.place.folder or error.errno not in _TROUBLE_OF_ONE_FOLDER:
            raise _unavailable(absolute, error) from None
        self.findings.unread.add(to_key(relative))
        if isinstance(error, FileNotFoundError):
            text = "the folder vanished while it was read; the next scan looks again"
        else:
            text = f"cannot be read ({error.strerror}): give the scanning user the right to list it"
        self.findings.problems.append((relative, text))


def look_again(
    fs: FileSystem, root: str, paths: Sequence[str], stall_seconds: float
) -> dict[str, tuple[int, int] | None]:
    """Size and mtime in ns of each path now; None where there is nothing.

    Raises ``ArchiveUnavailable`` where that cannot be told, or hangs.
    """
    return dict(read_watched(lambda pulse: _stat_each(fs, root, paths, pulse), stall_seconds))


def _stat_each(
    fs: FileSystem, root: str, paths: Sequence[str], pulse: Pulse
) -> Iterator[tuple[str, tuple[int, int] | None]]:
    for path in paths:
        absolute = f"{root}/{path}"
        pulse.reach(absolute)
        try:
            state = fs.stat(absolute, follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError):
            yield path, None
        except OSError as error:
            raise _unavailable(absolute, error) from None
        else:
            yield path, (state.st_size, state.st_mtime_ns)


def has_content(fs: FileSystem, folder: str, stall_seconds: float) -> bool:
    """The folder can be read and holds at least one entry; an unmounted share does not."""
    try:
        return all(read_watched(lambda pulse: [_holds_any(fs, folder, pulse)], stall_seconds))
    except ArchiveUnavailable:
        return False


def _holds_any(fs: FileSystem, folder: str, pulse: Pulse) -> bool:
    pulse.reach(folder)
    return bool(_names(fs, folder))


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _unavailable(place: str, error: OSError) -> ArchiveUnavailable:
    if error.errno in {errno.ENOENT, errno.ENOTDIR}:
        advice = "mount the share, or correct the path in the settings"
    elif error.errno in {errno.EACCES, errno.EPERM}:
        advice = "give the scanning user the right to list it"
    else:
        advice = "mount the share again and check its server"
    return ArchiveUnavailable(f"{place}: {error.strerror or error}: {advice}")
