"""Lock files: the kernel releases a lock with its last holder, so that no crash leaves one behind.

Inheriting a lock does not work on a file system that emulates ``flock`` by POSIX locks (NFS): the embedded server needs
a local folder.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pokervod_pipelines.errors import Conflict

POLL_SECONDS = 0.01
"""Time between two checks of something that another process changes; short, since a start takes 0.2 s."""


def open_owned(path: Path, flags: int, mode: int = 0o644) -> int:
    """Open a file, created if missing; never through a symbolic link, never inherited.

    A file that root creates is given to the owner of its folder, who could not use it later otherwise.
    """
    descriptor = os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW, mode)
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
    return descriptor


def open_shared(path: Path) -> int:
    """Return a descriptor that shares the lock of ``path`` until it is closed."""
    descriptor = open_owned(path, os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


def open_exclusive(path: Path) -> int | None:
    """Return a descriptor that locks ``path`` exclusively until it is closed, or None while it is locked."""
    descriptor = open_owned(path, os.O_RDWR)
    if try_exclusive(descriptor):
        return descriptor
    os.close(descriptor)
    return None


def try_exclusive(descriptor: int) -> bool:
    """Try to lock the file exclusively; return whether it worked. If not, a shared lock of it may be lost."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_held(path: Path) -> bool:
    """Return whether a living process has locked ``path``."""
    if not path.exists():
        return False
    descriptor = open_exclusive(path)
    if descriptor is None:
        return True
    os.close(descriptor)
    return False


@contextmanager
def hold_exclusively(path: Path, timeout_seconds: float) -> Iterator[None]:
    """Lock ``path`` exclusively within the context; raise ``Conflict`` after waiting ``timeout_seconds``."""
    deadline = time.monotonic() + timeout_seconds
    while (descriptor := open_exclusive(path)) is None:
        if time.monotonic() > deadline:
            holder = path.read_text().strip() or "unknown"
            raise Conflict(
                f"process {holder} has been starting or stopping the embedded PostgreSQL for more than "
                f"{timeout_seconds:g} s ({path}): end it if it hangs, then retry"
            )
        time.sleep(POLL_SECONDS)
    try:
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        yield
    finally:
        os.close(descriptor)
