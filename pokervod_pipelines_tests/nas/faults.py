"""Simulate disks that fail in the ways that network shares do."""

import os
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from pokervod_pipelines.nas.file_system import LocalFileSystem


@dataclass
class FaultyDisk(LocalFileSystem):
    """Raise an error number for each folder whose path ends in a key of ``folders``."""

    folders: dict[str, int]

    def scandir(self, path: str, /) -> AbstractContextManager[Iterator[os.DirEntry[str]]]:
        for end, number in self.folders.items():
            if path.endswith(end):
                raise OSError(number, os.strerror(number), path)
        return super().scandir(path)


@dataclass
class HangingDisk(LocalFileSystem):
    """Hang on folders whose path ends in ``folder`` until ``release`` is set."""

    folder: str | tuple[str, ...]
    release: threading.Event = field(default_factory=threading.Event)

    def scandir(self, path: str, /) -> AbstractContextManager[Iterator[os.DirEntry[str]]]:
        if path.endswith(self.folder):
            self.release.wait(60)
        return super().scandir(path)


@dataclass
class VanishingDisk(LocalFileSystem):
    """Delete a file after it was listed and before its state is read."""

    name: str

    def scandir(self, path: str, /) -> AbstractContextManager[Iterator[os.DirEntry[str]]]:
        listing = super().scandir(path)
        target = f"{path}/{self.name}"
        if os.path.lexists(target):
            return _Late(listing, target)
        return listing


@dataclass
class _Late(AbstractContextManager[Iterator[os.DirEntry[str]]]):
    listing: AbstractContextManager[Iterator[os.DirEntry[str]]]
    target: str

    def __enter__(self) -> Iterator[os.DirEntry[str]]:
        entries = list(self.listing.__enter__())
        Path(self.target).unlink()
        return iter(entries)

    def __exit__(self, *error: object) -> None:
        self.listing.__exit__(None, None, None)
