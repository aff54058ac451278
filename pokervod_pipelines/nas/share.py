"""Read the disk of a library through a child process where it is a share, which may stop answering at any moment."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

from pokervod_pipelines.nas.file_system import LOCAL, FileSystem, FolderEntry
from pokervod_pipelines.processes.path_check import is_on_share
from pokervod_pipelines.processes.share_reader import ShareReader

T = TypeVar("T")

CHUNK_ENTRIES = 200
"""Entries that are read at a time: each chunk has the whole time limit of an answer."""

Listed = tuple[str, bool, bool, os.stat_result | OSError]

_listings: list[Iterator[Listed]] = []
"""What is left of the folder that is being read, in the child."""


@contextmanager
def open_disk(*places: Path, stall_seconds: float, given: FileSystem | None = None) -> Iterator[FileSystem]:
    """Yield the file system to read the places with, an archive root and folders of it, unless one is given."""
    if given or not is_on_share(*places):
        yield given or LOCAL
        return
    with closing(ShareReader(stall_seconds)) as reader:
        yield ShareFileSystem(reader)


@dataclass(frozen=True, slots=True)
class ShareFileSystem:
    """Read folders and files in a child process. One folder is read at a time."""

    reader: ShareReader

    @contextmanager
    def scandir(self, path: str, /) -> Iterator[Iterator[FolderEntry]]:
        """Yield the entries of a folder."""
        yield self._read(path, self.reader.ask(path, partial(_begin, path)))

    def stat(self, path: str, /, *, follow_symlinks: bool) -> os.stat_result:
        """Return the state of one file."""
        call: Callable[[], os.stat_result] = partial(os.stat, path, follow_symlinks=follow_symlinks)
        return self.reader.ask(path, call)

    def access(self, path: str, call: Callable[[Path], T], /) -> T:
        """Return what a call that reads or writes one file returns."""
        return self.reader.ask(path, partial(call, Path(path)))

    def _read(self, path: str, chunk: list[Listed]) -> Iterator["ShareEntry"]:
        while chunk:
            for listed in chunk:
                yield ShareEntry(f"{path}/{listed[0]}", *listed)
            chunk = self.reader.ask(path, _continue)


@dataclass(frozen=True, slots=True)
class ShareEntry:
    """Hold an entry of a folder, as ``os.DirEntry`` does, of which links are not followed."""

    path: str
    name: str
    is_a_file: bool
    is_a_folder: bool
    state: os.stat_result | OSError

    def is_file(self, *, follow_symlinks: bool) -> bool:
        """Return whether it is a plain file."""
        return self.is_a_file

    def is_dir(self, *, follow_symlinks: bool) -> bool:
        """Return whether it is a folder."""
        return self.is_a_folder

    def stat(self, *, follow_symlinks: bool) -> os.stat_result:
        """Return its state; raise the error of reading it."""
        if isinstance(self.state, OSError):
            raise self.state
        return self.state


def _begin(path: str) -> list[Listed]:
    _listings[:] = [_list(path)]
    return _continue()


def _continue() -> list[Listed]:
    if not _listings:
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))  # another child began it
    return list(islice(_listings[0], CHUNK_ENTRIES))


def _list(path: str) -> Iterator[Listed]:
    with os.scandir(path) as entries:
        for entry in entries:
            yield (
                entry.name,
                entry.is_file(follow_symlinks=False),
                entry.is_dir(follow_symlinks=False),
                _read_state(entry),
            )


def _read_state(entry: os.DirEntry[str]) -> os.stat_result | OSError:
    try:
        return entry.stat(follow_symlinks=False)
    except OSError as error:
        return error
