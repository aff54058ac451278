"""Walk a library's folder.

The walk yields what it saw and keeps apart what it could not read, because "could not be read" must never look like "is
not there". Comparing with what was there before belongs to ``store.staging``.
"""

import errno
import os
import re
import stat as modes
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pokervod_pipelines.errors import ArchiveUnavailable
from pokervod_pipelines.nas.file_system import FileSystem, FolderEntry, list_names, make_unavailable
from pokervod_pipelines.nas.path_rules import MARKER, PathRules, is_bin
from pokervod_pipelines.nas.stall import ReadProgress, read_watched
from pokervod_pipelines.problems import Problem
from pokervod_pipelines.processes.path_check import require_answer

Entry = tuple[str, int, int, int]
"""A file: posix path below the archive root as the disk spells it, size, mtime in ns, inode. A tuple, for speed."""

NO_SETTINGS = PathRules()

_BATCH = 2_000
_BIGINT = (1 << 63) - 1
_MAX_KEY_BYTES = 2_600
"""A PostgreSQL index refuses a path of more than about 2,700 bytes."""

_MAX_FAST_LENGTH = _MAX_KEY_BYTES // 4
"""Characters that are never too many bytes, so that nearly every name passes by one comparison."""

_FOLDER_ERRORS = frozenset(
    {errno.EACCES, errno.EPERM, errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL}
)
"""Errors of one folder; every other one (ESTALE, EIO, ENOTCONN …) is an error of the share."""


@dataclass(frozen=True, slots=True)
class LibraryFolder:
    """Locate a library's folder on this machine: ``root`` is absolute, ``folder`` is below it, '' for the root itself.

    ``pruned`` are folders of the same root that belong to other libraries, in NFC. ``rules`` say which folders are not
    entered.
    """

    root: str
    folder: str
    pruned: frozenset[str] = frozenset()
    rules: PathRules = NO_SETTINGS

    @property
    def top(self) -> str:
        """Return the absolute path of the library's folder."""
        return os.path.join(self.root, self.folder) if self.folder else self.root  # noqa: PTH118 - strings throughout


@dataclass(slots=True)
class WalkResult:
    """Collect what a walk learns beside the files; complete when its batches have run out. Folders are in NFC.

    ``unreadable`` are folders about whose content nothing is known, ``refused`` those of them that the user may not
    list. ``folders`` had content, ``empty`` had none, ``mounts`` are on another device than their parent.
    ``bins`` are the recycle bins, which are not entered. ``identities`` are device and inode of the top and of each
    mount, by absolute path.
    """

    unreadable: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)
    empty: set[str] = field(default_factory=set)
    mounts: set[str] = field(default_factory=set)
    bins: list[str] = field(default_factory=list)
    identities: dict[str, tuple[int, int]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    links: int = 0
    vanished: int = 0


def to_key(path: str) -> str:
    """Return the path as it is compared: in NFC, since macOS clients may deliver the same name in NFD."""
    return path if path.isascii() else unicodedata.normalize("NFC", path)


def find_library_folder(
    fs: FileSystem,
    root: str,
    folder: str,
    pruned: Iterable[str],
    stall_seconds: float,
    rules: PathRules = NO_SETTINGS,
) -> LibraryFolder:
    """Return where the library is; ``folder`` is found whatever its Unicode normalisation on disk.

    Raises ``ArchiveUnavailable`` when the root or the folder is not there.
    """
    keys = frozenset(to_key(each) for each in pruned)
    path = "" if folder in {"", "."} else folder.strip("/")
    require_answer(Path(root), Path(root, path), seconds=stall_seconds)
    found = list(read_watched(lambda progress: [_spell(fs, root, path, progress)], stall_seconds))
    return LibraryFolder(root, found[0], keys, rules)


def _spell(fs: FileSystem, root: str, folder: str, progress: ReadProgress) -> str:
    spelled = ""
    for part in [part for part in folder.split("/") if part and part != "."]:
        here = f"{root}/{spelled}".rstrip("/")
        progress.enter(here)
        names = list_names(fs, here)
        name = part if part in names else next((each for each in names if to_key(each) == to_key(part)), None)
        if name is None:
            advice = "Mount the share, or correct the library's folder in the settings."
            raise ArchiveUnavailable(f"{here}: folder {part!r} is missing. {advice}", is_absent=True)
        spelled = f"{spelled}/{name}" if spelled else name
    return spelled


def walk(fs: FileSystem, place: LibraryFolder, result: WalkResult, stall_seconds: float) -> Iterator[list[Entry]]:
    """Yield every file of the place in batches; ``result`` gets all else.

    Links are not followed. Raises ``ArchiveUnavailable`` when the place as a whole cannot be read or hangs.
    """
    return read_watched(lambda progress: _Walker(fs, place, result, progress).walk(), stall_seconds)


@dataclass(slots=True)
class _Walker:
    fs: FileSystem
    place: LibraryFolder
    result: WalkResult
    progress: ReadProgress
    batch: list[Entry] = field(default_factory=list)
    outside: set[int] = field(default_factory=set)
    """The devices of the top and of the folders above it."""
    mount_points: set[str] = field(default_factory=set)

    def walk(self) -> Iterator[list[Entry]]:
        """Yield every file below the place, in batches."""
        device = self._check_top()
        pending = [(self.place.top, self.place.folder, device)]
        while pending:
            absolute, relative, device = pending.pop()
            self.progress.enter(absolute)
            try:
                pending += self._read_folder(absolute, f"{relative}/" if relative else "", device)
            except OSError as error:
                self._skip_folder(relative, absolute, error)
            if len(self.batch) >= _BATCH:
                yield self.batch
                self.batch = []
        yield self.batch

    def _check_top(self) -> int:
        top = self.place.top
        self.progress.enter(top)
        try:
            state = self.fs.stat(top, follow_symlinks=True)
        except OSError as error:
            raise make_unavailable(top, error) from None
        if not modes.S_ISDIR(state.st_mode):
            advice = "Correct the archive root or the library in the settings."
            raise ArchiveUnavailable(f"{top}: expected a folder, got a file. {advice}", is_absent=True)
        self.result.identities[top] = (state.st_dev, state.st_ino)
        real = self.fs.access(top, os.path.realpath)
        self.outside = {state.st_dev} | _read_devices_above(self.fs, real)
        self.mount_points = _read_mount_points(top, real)
        return state.st_dev

    def _read_folder(self, absolute: str, prefix: str, device: int) -> list[tuple[str, str, int]]:
        """Add the folder's files to the batch; return its subfolders with their devices."""
        found: list[FolderEntry] = []
        files, progress = self.batch, self.progress
        with self.fs.scandir(absolute) as entries:
            is_empty = True
            for entry in entries:
                is_empty = False
                progress.steps += 1
                name = entry.name
                is_plain = name.isascii() and len(prefix) + len(name) < _MAX_FAST_LENGTH
                if name == MARKER or not (is_plain or self._is_storable(prefix, name)):
                    continue
                if entry.is_file(follow_symlinks=False):
                    try:
                        state = entry.stat(follow_symlinks=False)
                    except FileNotFoundError:
                        self.result.vanished += 1
                        continue
                    mtime = state.st_mtime_ns
                    if not -_BIGINT < mtime < _BIGINT:
                        mtime = 0
                    files.append((prefix + name, state.st_size, mtime, state.st_ino & _BIGINT))
                elif entry.is_dir(follow_symlinks=False):
                    found.append(entry)
                else:
                    self.result.links += 1
        device = self._check_device(absolute, prefix[:-1], device)
        (self.result.empty if is_empty else self.result.folders).add(to_key(prefix[:-1]))
        return list(self._descend(found, prefix, device))

    def _check_device(self, absolute: str, relative: str, device: int) -> int:
        """Return the folder's device after it was read; raise when a mount under the scan was taken away meanwhile.

        Reading a folder may mount it (autofs, NFS): then the device is a new one, and not that of a folder above.
        """
        state = self.fs.stat(absolute, follow_symlinks=True)
        if state.st_dev != device:
            if state.st_dev in self.outside:
                raise _mount_changed(absolute)
            self.result.mounts.add(to_key(relative))
            self.result.identities[absolute] = (state.st_dev, state.st_ino)
        return state.st_dev

    def _is_storable(self, prefix: str, name: str) -> bool:
        if not _is_utf8(name):
            shown = (prefix + name).encode("utf-8", "backslashreplace").decode()
            what = "the name is not UTF-8, so the file is not stored. Rename it on the server."
            self.result.problems.append(Problem(shown, what))
            return False
        size = len((prefix + name).encode())
        if size > _MAX_KEY_BYTES:
            what = f"the path has {size} bytes, the limit is {_MAX_KEY_BYTES}; it is not stored. Shorten it."
            self.result.problems.append(Problem(prefix + name, what))
        return size <= _MAX_KEY_BYTES

    def _descend(self, folders: list[FolderEntry], prefix: str, device: int) -> Iterator[tuple[str, str, int]]:
        for entry in folders:
            relative = prefix + entry.name
            if to_key(relative) in self.place.pruned:
                continue
            if self.place.rules.is_skipped(relative):
                if is_bin(relative):
                    self.result.bins.append(relative)
                continue
            try:
                state = entry.stat(follow_symlinks=False)
            except OSError as error:
                self._skip_folder(relative, entry.path, error)
                continue
            if state.st_dev != device or entry.path in self.mount_points:
                self.result.mounts.add(to_key(relative))
                self.result.identities[entry.path] = (state.st_dev, state.st_ino)
            yield entry.path, relative, state.st_dev

    def _skip_folder(self, relative: str, absolute: str, error: OSError) -> None:
        """Record that the folder's content is unknown; raise when it is the library itself or the share is lost."""
        if relative == self.place.folder or error.errno not in _FOLDER_ERRORS:
            raise make_unavailable(absolute, error) from None
        self.result.unreadable.add(to_key(relative))
        if isinstance(error, FileNotFoundError):
            what = "the folder vanished while it was read. The next scan reads it again."
        else:
            what = f"cannot be read ({error.strerror}). Give the scanning user the right to list it."
            if not self.place.rules.is_system_folder(relative):
                self.result.refused.add(to_key(relative))
        self.result.problems.append(Problem(relative, what))


def _read_devices_above(fs: FileSystem, folder: str) -> set[int]:
    """Return the devices of the folders above one without links; a lost mount shows the content of one of them."""
    devices = set()
    while (parent := os.path.dirname(folder)) != folder:  # noqa: PTH120 - strings throughout
        folder = parent
        with suppress(OSError):
            devices.add(fs.stat(folder, follow_symlinks=True).st_dev)
    return devices


def _read_mount_points(top: str, real: str) -> set[str]:
    """Return the mount points below ``top``, ``real`` without its links, on Linux.

    A bind mount has the device of its parent.
    """
    try:
        lines = Path("/proc/self/mountinfo").read_bytes().splitlines()
    except OSError:
        return set()
    escaped = re.compile(rb"\\(\d{3})")
    points = (os.fsdecode(escaped.sub(lambda code: bytes([int(code[1], 8)]), line.split()[4])) for line in lines)
    return {top + point.removeprefix(real) for point in points if point.startswith(f"{real}/")}


def check_mounts(fs: FileSystem, identities: Mapping[str, tuple[int, int]], stall_seconds: float) -> None:
    """Raise ``ArchiveUnavailable`` when the top or a mount below it is another one than when the walk entered it."""
    for path, state in read_watched(lambda progress: _read_identities(fs, identities, progress), stall_seconds):
        if state != identities[path]:
            raise _mount_changed(path)


def _read_identities(
    fs: FileSystem, paths: Iterable[str], progress: ReadProgress
) -> Iterator[tuple[str, tuple[int, int]]]:
    for path in paths:
        progress.enter(path)
        try:
            state = fs.stat(path, follow_symlinks=True)
        except OSError as error:
            raise make_unavailable(path, error) from None
        yield path, (state.st_dev, state.st_ino)


def _mount_changed(place: str) -> ArchiveUnavailable:
    """Return the error of a scan during which another file system appeared at ``place``."""
    return ArchiveUnavailable(
        f"{place}: the mount changed during the scan, so nothing that was not seen counts as missing. "
        "Check the mount, then scan again."
    )


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
