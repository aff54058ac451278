"""Which servers this process uses: one share of a lock file each, held for as long as the process lives or wants.

The kernel drops a share when its process dies, however it dies. A forked child gets shares of its own, so that the
server outlives whichever of the two leaves first. What happens when the last one leaves is told by ``server``.
"""

import atexit
import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pokervod_pipelines.db.embedded.locks import open_shared, try_exclusive
from pokervod_pipelines.errors import PokervodError

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Use:
    """This process's share of one server; ``descriptor`` holds the lock, ``spare`` is the coming child's."""

    descriptor: int
    end: Callable[[], None]
    times: int = 0
    spare: int = -1


_uses: dict[Path, _Use] = {}
_guard = threading.RLock()
_watching: list[bool] = []


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """No other thread of this process joins or leaves within the context."""
    with _guard:
        yield


def join_users(lock: Path, end: Callable[[], None]) -> None:
    """This process counts among the users of ``lock`` once more; ``end`` is called at its exit if it still does."""
    _watch_process()
    if lock not in _uses:
        _uses[lock] = _Use(open_shared(lock), end)
    _uses[lock].times += 1


def end_one_use(lock: Path) -> bool:
    """Whether this process has no use of ``lock`` left after this one; it still holds its share."""
    use = _uses.get(lock)
    if use is None:
        return False
    use.times -= 1
    return use.times <= 0


def leave_users(lock: Path) -> bool:
    """This process is no user of ``lock`` any more; whether it was the last of all. Call it under the start lock."""
    use = _uses.pop(lock, None)
    if use is None:
        return False
    was_last = try_exclusive(use.descriptor)
    os.close(use.descriptor)
    return was_last


def _watch_process() -> None:
    if not _watching:
        _watching.append(True)
        atexit.register(_leave_all)
        os.register_at_fork(before=_prepare_fork, after_in_parent=_finish_fork, after_in_child=_adopt_shares)


def _leave_all() -> None:
    for use in list(_uses.values()):
        try:
            use.end()
        except (PokervodError, OSError) as error:
            logger.warning("the embedded PostgreSQL was not left cleanly: %s", error)


def _prepare_fork() -> None:
    # The child's share is taken before the fork: taken after it, the parent could leave last in between.
    _guard.acquire()
    for lock, use in _uses.items():
        use.spare = open_shared(lock)


def _finish_fork() -> None:
    for use in _uses.values():
        os.close(use.spare)
    _guard.release()


def _adopt_shares() -> None:
    for use in _uses.values():
        os.close(use.descriptor)
        use.descriptor = use.spare
    _guard.release()
