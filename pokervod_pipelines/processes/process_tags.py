"""Find and end processes by a tag in their environment, which every process that they start inherits.

A parent that is killed leaves children without a tie to it, and the tag remains. Run as a program, ``python -m
pokervod_pipelines.processes.process_tags TAG``, it waits for the end of its input, which the system closes with the
process that holds the other end, however that one ends; then it ends what has the tag.
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


def make_tag(folder: Path) -> str:
    """Return a tag that no other start has, in this folder or in another."""
    return f"{uuid4().hex} {folder}"


@contextmanager
def end_after_us(tag: str) -> Iterator[None]:
    """End what has the tag when the context ends, or this process in any way."""
    command = [sys.executable, "-P", "-m", "pokervod_pipelines.processes.process_tags", tag]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True):  # a kill of our group spares it
        yield


def end_tagged(tag: str) -> list[int]:
    """End the processes with this tag, or with any tag of a folder; return those that cannot be ended."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while (found := _find_tagged(tag)) and time.monotonic() < deadline:
        for process in found:
            with suppress(psutil.Error):
                process.terminate()
        for process in psutil.wait_procs(found, STOP_SECONDS)[1]:
            with suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(found, STOP_SECONDS)
    return [each.pid for each in found]


def _find_tagged(tag: str) -> list[psutil.Process]:
    return [each for each in psutil.process_iter() if each.pid != os.getpid() and _has_tag(each, tag)]


def _has_tag(process: psutil.Process, tag: str) -> bool:
    try:
        own = process.environ().get(VARIABLE, "")
    except (psutil.Error, OSError):
        return False  # it has ended, or belongs to another user
    return tag in {own, own.partition(" ")[2]}


if __name__ == "__main__":
    sys.stdin.buffer.read()
    end_tagged(sys.argv[1])
