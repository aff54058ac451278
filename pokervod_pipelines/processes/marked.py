"""Find and end processes by a mark in their environment, which every process that they start inherits.

A parent that is killed leaves children without a tie to it, and the mark remains. Run as a program, ``python -m
pokervod_pipelines.processes.marked MARK``, it waits for the end of its input, which the system closes with the process
that holds the other end, however that one ends; then it ends what has the mark.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import psutil

VARIABLE = "STARTED_BY_POKERVOD_DEV"

STOP_SECONDS = 3.0
"""Kill a process that has not ended by then."""

LIMIT_SECONDS = 10.0
"""Leave what is still there: it waits inside the system for a disk that does not answer."""


def make_mark(folder: Path) -> str:
    """Return a mark that no other start has, in this folder or in another."""
    return f"{uuid4().hex} {folder}"


@contextmanager
def end_after_us(mark: str) -> Iterator[None]:
    """End what has the mark when the context ends, or this process in any way."""
    command = [sys.executable, "-m", "pokervod_pipelines.processes.marked", mark]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True):  # a kill of our group spares it
        yield


def end_marked(mark: str) -> list[int]:
    """End the processes with this mark, or with any mark of a folder; return those that cannot be ended."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while (found := _find_marked(mark)) and time.monotonic() < deadline:
        for process in found:
            with suppress(psutil.Error):
                process.terminate()
        for process in psutil.wait_procs(found, STOP_SECONDS)[1]:
            with suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(found, STOP_SECONDS)
    return [each.pid for each in found]


def _find_marked(mark: str) -> list[psutil.Process]:
    return [each for each in psutil.process_iter() if each.pid != os.getpid() and _has_mark(each, mark)]


def _has_mark(process: psutil.Process, mark: str) -> bool:
    try:
        own = process.environ().get(VARIABLE, "")
    except (psutil.Error, OSError):
        return False  # it has ended, or belongs to another user
    return mark in {own, own.partition(" ")[2]}


if __name__ == "__main__":
    sys.stdin.buffer.read()
    end_marked(sys.argv[1])
