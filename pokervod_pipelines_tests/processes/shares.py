"""Treat every path as one on a share, and see which processes are started for it."""

import subprocess
from typing import Any

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
