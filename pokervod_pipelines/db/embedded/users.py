"""Count the processes that use a server: each has a shared lock on a file until it leaves or dies.

The kernel releases the lock of a process that dies. A forked child gets locks of its own, so the server survives
whichever of the two leaves first. ``server`` decides what happens when the last one leaves.
"""

import atexit
import logging
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pokervod_pipelines.db.embedded.locks import open_shared, try_exclusive
from pokervod_pipelines.errors import PokervodError

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _ServerUse:
    """Hold this process's lock of one server in ``descriptor``; ``spare`` is for a child about to be forked."""

    descriptor: int
    end: Callable[[], None]
    times: int = 0
    spare: int = -1


_uses: dict[Path, _ServerUse] = {}

thread_lock = threading.RLock()
"""Held by the thread of this process that joins or leaves."""


def join_users(lock: Path, end: Callable[[], None]) -> None:
    """Count one more use of ``lock`` by this process; call ``end`` at its exit if a use is left."""
    _watch_process()
    if lock not in _uses:
        _uses[lock] = _ServerUse(open_shared(lock), end)
    _uses[lock].times += 1


def release_use(lock: Path) -> bool:
    """End one use; return whether it was this process's last one. The process keeps its lock until it leaves."""
    use = _uses.get(lock)
    if use is None:
        return False
    use.times -= 1
    return use.times <= 0


def leave_users(lock: Path) -> bool:
    """Release this process's lock; return whether it was the last process of all. Call it under the start lock."""
    use = _uses.pop(lock, None)
    if use is None:
        return False
    was_last = try_exclusive(use.descriptor)
    os.close(use.descriptor)
    return was_last


@cache
def _watch_process() -> None:
    """Register, once a process, what is done at its exit and at a fork."""
    atexit.register(_leave_all)
    os.register_at_fork(before=_prepare_fork, after_in_parent=_finish_fork, after_in_child=_adopt_spares)


def _leave_all() -> None:
    for use in list(_uses.values()):
        try:
            use.end()
        except (PokervodError, OSError) as error:
            logger.warning("leaving the embedded PostgreSQL failed: %s", error)


def _prepare_fork() -> None:
    # The child's lock is taken before the fork: otherwise the parent could leave last in between.
    thread_lock.acquire()
    for lock, use in _uses.items():
        use.spare = open_shared(lock)


def _finish_fork() -> None:
    for use in _uses.values():
        os.close(use.spare)
    thread_lock.release()


def _adopt_spares() -> None:
    for use in _uses.values():
        os.close(use.descriptor)
        use.descriptor = use.spare
    thread_lock.release()
