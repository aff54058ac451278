"""Processes as the system sees them."""

import os
import signal
import time
from pathlib import Path

PATIENCE_SECONDS = 60.0


def wait_until_gone(pid: int) -> None:
    """The process is no more, or a corpse that nobody has collected yet; fails after a minute."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while _is_alive(pid):
        assert time.monotonic() < deadline, f"process {pid} is still alive"
        os.sched_yield()


def kill_readers() -> int:
    """Kill this process's readers that have a video open; returns how many."""
    mine = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    busy = [pid for path in mine for pid in map(int, path.read_text().split()) if _is_reading(pid)]
    for pid in busy:
        os.kill(pid, signal.SIGKILL)
    return len(busy)


def _is_reading(pid: int) -> bool:
    """It runs the child program, which it does not just after the fork, and has loaded the demuxer."""
    return b"media.child" in _read(pid, "cmdline") and b"libavformat" in _read(pid, "maps")


def _is_alive(pid: int) -> bool:
    state = _read(pid, "stat").rpartition(b")")[2].split()
    return bool(state) and state[0] != b"Z"


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""
