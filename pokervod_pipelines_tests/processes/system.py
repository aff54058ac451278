"""Look at processes as the system sees them."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

LIMIT_SECONDS = 60.0


def wait_until_gone(pid: int) -> None:
    """Wait until the process has ended, collected or not; fail after a minute."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while _is_alive(pid):
        assert time.monotonic() < deadline, f"process {pid} is still alive"
        os.sched_yield()


def list_children(name: str) -> set[int]:
    """Return the supervised children of this process with this name, as ``ChildProgram.name`` gives it."""
    return {pid for pid in _list_all_children() if f"\0{name}\0".encode() in read_process(pid, "cmdline")}


def read_process(pid: int, name: str) -> bytes:
    """Return a file of the process from /proc, empty when the process has ended."""
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def _list_all_children() -> Iterator[int]:
    for path in Path(f"/proc/{os.getpid()}/task").glob("*/children"):
        yield from map(int, path.read_text().split())


def _is_alive(pid: int) -> bool:
    state = read_process(pid, "stat").rpartition(b")")[2].split()
    return bool(state) and state[0] != b"Z"
