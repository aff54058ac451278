"""Read folders and single files of a disk, local or a share: an error of it is never an empty folder."""

import errno
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol, TypeVar

from pokervod_pipelines.errors import ArchiveUnavailable
from pokervod_pipelines.nas.stall import ReadProgress, read_watched
from pokervod_pipelines.processes.path_check import require_answer

T = TypeVar("T")


class FolderEntry(Protocol):
    """Describe an entry of a folder, as ``os.DirEntry``."""

    @property
    def name(self) -> str:
        """Return its name."""

    @property
    def path(self) -> str:
        """Return its absolute path."""

    def is_file(self, *, follow_symlinks: bool) -> bool:
        """Return whether it is a plain file."""

    def is_dir(self, *, follow_symlinks: bool) -> bool:
        """Return whether it is a folder."""

    def stat(self, *, follow_symlinks: bool) -> os.stat_result:
        """Return its state."""


class FileSystem(Protocol):
    """Read folders and files of a disk; paths are absolute."""

    def scandir(self, path: str, /) -> AbstractContextManager[Iterator[FolderEntry]]:
        """Return the entries of a folder, as ``os.scandir``."""

    def stat(self, path: str, /, *, follow_symlinks: bool) -> os.stat_result:
        """Return the state of one file, as ``os.stat``."""

    def access(self, path: str, call: Callable[[Path], T], /) -> T:
        """Return what a call that reads or writes one file returns."""


class LocalFileSystem:
    """Read what the operating system has mounted."""

    def scandir(self, path: str, /) -> AbstractContextManager[Iterator[FolderEntry]]:
        """Return the entries of a folder."""
        return os.scandir(path)

    def stat(self, path: str, /, *, follow_symlinks: bool) -> os.stat_result:
        """Return the state of one file."""
        return os.stat(path, follow_symlinks=follow_symlinks)  # noqa: PTH116 - strings throughout, for speed

    def access(self, path: str, call: Callable[[Path], T], /) -> T:
        """Return what a call that reads or writes one file returns."""
        return call(Path(path))


LOCAL: FileSystem = LocalFileSystem()


def list_names(fs: FileSystem, folder: str) -> set[str]:
    """Return the names in a folder; raise ``ArchiveUnavailable`` when it cannot be read."""
    try:
        with fs.scandir(folder) as entries:
            return {entry.name for entry in entries}
    except OSError as error:
        raise make_unavailable(folder, error) from None


def stat_files(
    fs: FileSystem, root: str, paths: Sequence[str], stall_seconds: float
) -> dict[str, tuple[int, int] | None]:
    """Return size and mtime in ns of each path now; None where there is nothing.

    Raises ``ArchiveUnavailable`` where that cannot be read, or hangs.
    """
    return dict(read_watched(lambda progress: _stat_each(fs, root, paths, progress), stall_seconds))


def _stat_each(
    fs: FileSystem, root: str, paths: Sequence[str], progress: ReadProgress
) -> Iterator[tuple[str, tuple[int, int] | None]]:
    for path in paths:
        absolute = f"{root}/{path}"
        progress.enter(absolute)
        try:
            state = fs.stat(absolute, follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError):
            yield path, None
        except OSError as error:
            raise make_unavailable(absolute, error) from None
        else:
            yield path, (state.st_size, state.st_mtime_ns)


def has_content(fs: FileSystem, folder: str, stall_seconds: float) -> bool:
    """Return whether the folder can be read and has at least one entry; an unmounted share has none."""

    def read(progress: ReadProgress) -> list[bool]:
        progress.enter(folder)
        try:
            with fs.scandir(folder) as entries:
                return [next(entries, None) is not None]
        except OSError as error:
            raise make_unavailable(folder, error) from None

    try:
        require_answer(Path(folder), seconds=stall_seconds)
        return all(read_watched(read, stall_seconds))
    except ArchiveUnavailable:
        return False


def make_unavailable(place: str, error: OSError) -> ArchiveUnavailable:
    """Return the error that names the place and what to do about it."""
    is_absent = error.errno in {errno.ENOENT, errno.ENOTDIR}
    if is_absent:
        advice = "Mount the share, or correct the path in the settings."
    elif error.errno in {errno.EACCES, errno.EPERM}:
        advice = "Give the scanning user the right to list it."
    else:
        advice = "Mount the share again and check its server."
    return ArchiveUnavailable(f"{place}: {error.strerror or error}. {advice}", is_absent=is_absent)
