"""Look at processes as the system sees them."""

import os
import time
from pathlib import Path

LIMIT_SECONDS = 60.0


def wait_until_gone(pid: int) -> None:
    """Wait until the process has ended, collected or not; fail after a minute."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while _is_alive(pid):
        assert time.monotonic() < deadline, f"process {pid} is still alive"
        os.sched_yield()


def list_children(*names: str, parent: int | None = None) -> set[int]:
    """Return the supervised children of this process, or of another, with these names (``ChildProgram.name``)."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        pid = int(folder.name)
        command = read_process(pid, "cmdline")
        if any(f"\0{name}\0".encode() in command for name in names) and _find_parent(pid) == (parent or os.getpid()):
            found.add(pid)
    return found


def read_process(pid: int, name: str) -> bytes:
    """Return a file of the process from /proc, empty when the process has ended."""
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def _find_parent(pid: int) -> int | None:
    """Read it from ``stat``: lists of children are a thread's, and change while a thread ends."""
    fields = read_process(pid, "stat").rpartition(b")")[2].split()
    return int(fields[1]) if fields else None


def _is_alive(pid: int) -> bool:
    fields = read_process(pid, "stat").rpartition(b")")[2].split()
    return bool(fields) and fields[0] != b"Z"


def is_pending(pid: int, number: int) -> bool:
    """Return whether the process has not taken the signal yet; a second one of the same number would be lost."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    (mask,) = (line.split()[1] for line in status.splitlines() if line.startswith("ShdPnd:"))
    return bool(int(mask, 16) >> (number - 1) & 1)
