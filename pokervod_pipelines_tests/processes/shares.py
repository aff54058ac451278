"""Treat every path as one on a share, and see which processes are started for it and which links are followed."""

import os
import subprocess
from contextlib import ExitStack
from typing import Any, Self

import pytest


def record_processes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the list to which each process that is started adds its name; every path is on a share from now on."""
    started: list[str] = []

    class Recorded(subprocess.Popen[bytes]):
        def __init__(self, arguments: list[str], **options: Any) -> None:
            started.append("path check" if "path_check_child" in arguments[-1] else arguments[3])
            super().__init__(arguments, **options)

    monkeypatch.setattr("pokervod_pipelines.processes.path_check.LOCAL", frozenset())
    monkeypatch.setattr(subprocess, "Popen", Recorded)
    return started


class SeenEntry:
    """Behave as the entry of a folder, and add its path to ``followed`` when a call follows its link."""

    def __init__(self, entry: os.DirEntry[str], followed: set[str]) -> None:
        self._entry, self._followed = entry, followed
        self.name, self.path = entry.name, entry.path

    def __fspath__(self) -> str:
        return self.path

    def is_symlink(self) -> bool:
        return self._entry.is_symlink()

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        return self._note(follow_symlinks).is_dir(follow_symlinks=follow_symlinks)

    def is_file(self, *, follow_symlinks: bool = True) -> bool:
        return self._note(follow_symlinks).is_file(follow_symlinks=follow_symlinks)

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        return self._note(follow_symlinks).stat(follow_symlinks=follow_symlinks)

    def _note(self, is_followed: bool) -> os.DirEntry[str]:
        if is_followed:
            self._followed.add(self.path)
        return self._entry


def record_followed(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Return the set to which each path is added that this process asks for the state of what its link leads to."""
    followed: set[str] = set()
    scan, read_state = os.scandir, os.stat

    class SeenEntries(ExitStack):
        def __init__(self, path: str) -> None:
            super().__init__()
            self._entries = self.enter_context(scan(path))

        def __iter__(self) -> Self:
            return self

        def __next__(self) -> SeenEntry:
            return SeenEntry(next(self._entries), followed)

    def record_state(path: Any, *, follow_symlinks: bool = True, **options: Any) -> os.stat_result:
        if follow_symlinks:
            followed.add(str(path))
        return read_state(path, follow_symlinks=follow_symlinks, **options)

    monkeypatch.setattr(os, "scandir", SeenEntries)
    monkeypatch.setattr(os, "stat", record_state)
    return followed
