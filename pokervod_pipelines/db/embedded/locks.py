"""Advisory file locks: the kernel drops them with their last holder, so that no crash leaves one behind.

Only ``flock`` belongs here; what a lock means is told where it is taken. On a file system that emulates ``flock`` by
POSIX locks (NFS) inheritance does not work; the embedded server needs a local folder.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pokervod_pipelines.errors import Conflict

PAUSE = 0.01
"""Seconds between two looks at something that another process changes; short, for a start takes a fifth of one."""


def open_owned(path: Path, flags: int, mode: int = 0o644) -> int:
    """An open descriptor of a file that is made if missing; never through a symbolic link, never inherited.

    What root makes belongs to the owner of its folder, who could not use it otherwise when it is his turn.
    """
    descriptor = os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW, mode)
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
    return descriptor


def open_shared(path: Path) -> int:
    """A descriptor that holds ``path`` together with others until it is closed."""
    descriptor = open_owned(path, os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


def open_exclusive(path: Path) -> int | None:
    """A descriptor that alone holds ``path`` until it is closed, or None while another holds it."""
    descriptor = open_owned(path, os.O_RDWR)
    if try_exclusive(descriptor):
        return descriptor
    os.close(descriptor)
    return None


def try_exclusive(descriptor: int) -> bool:
    """Whether ``descriptor`` now holds its file alone; if not, a share that it held may be lost."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_held(path: Path) -> bool:
    """Whether a living process holds ``path``, alone or with others."""
    if not path.exists():
        return False
    descriptor = open_exclusive(path)
    if descriptor is None:
        return True
    os.close(descriptor)
    return False


@contextmanager
def hold_alone(path: Path, patience: float) -> Iterator[None]:
    """``path`` is ours alone within the context; raises ``Conflict`` after ``patience`` seconds of waiting."""
    deadline = time.monotonic() + patience
    while (descriptor := open_exclusive(path)) is None:
        if time.monotonic() > deadline:
            holder = path.read_text().strip() or "unknown"
            raise Conflict(
                f"process {holder} has been starting or stopping the embedded PostgreSQL for more than {patience:g} s "
                f"({path}): look at it, end it if it hangs, and try again"
            )
        time.sleep(PAUSE)
    try:
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        yield
    finally:
        os.close(descriptor)
