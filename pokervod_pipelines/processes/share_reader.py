"""Read from shares in a child process: a call into a dead share may never return, and nothing ends it.

``path_check`` asks whether a path answers; what reads further does it here, since a share may stop at any moment. A
local disk is read in our own process.
"""

import os
import stat
import threading
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

from pokervod_pipelines.errors import ArchiveUnavailable
from pokervod_pipelines.processes.failures import ChildFailure, ChildStuck, ChildTimedOut
from pokervod_pipelines.processes.path_check import (
    describe_wait,
    is_on_share,
    leads_to_share,
    make_unanswered,
    read_mounts,
    require_answer,
)
from pokervod_pipelines.processes.supervised import ChildProgram, SupervisedChild

T = TypeVar("T")
Report = Callable[[Any], object]

PROGRAM = ChildProgram(name="share reader")

READ_SECONDS = 30.0
"""Time for one file of the size of a sheet or a hand file, or for a part of it, over a slow line."""

KEPT_SECONDS = 60.0
"""Where shares are mounted is looked up so often by who never ends."""


class ShareReader:
    """Make calls in a child process, which is given up when it neither answers nor reports for ``seconds``."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._child = SupervisedChild(PROGRAM)
        self._lock = threading.Lock()

    def ask(self, place: object, call: Callable[..., T], report: Report | None = None) -> T:
        """Return what the call returns, or raise what it raises, as ``SupervisedChild.ask`` does.

        Raises ``ArchiveUnavailable`` naming the place where no answer comes.
        """
        try:
            with self._lock:
                return self._child.ask(call, seconds=self._seconds, attempts=2, report=report)
        except (ChildTimedOut, ChildStuck):
            raise make_unanswered(place, describe_wait(self._seconds)) from None
        except ChildFailure as error:
            raise ArchiveUnavailable(f"{place}: cannot be read (its reader: {error}). Run it again.") from None

    def close(self) -> None:
        """End the child."""
        self._child.close()


def _ignore(_: object) -> None: ...


class Access(Protocol):
    """Make a call that uses a path, in a child process where the path is on a share."""

    def __call__(self, path: Path, call: Callable[[Path, Report], T], /) -> T:
        """Return what the call returns; raise ``ArchiveUnavailable`` where the share does not answer."""


class PathAccess:
    """Make calls that use paths, as ``access_path``, many in one child process; it starts with the first on a share.

    A path below one that answered, or below its folder on the share, is not asked whether it answers until one does
    not. What is mounted is read once, and a folder of a local disk is looked up once, not for each of its files.
    """

    def __init__(self, seconds: float = READ_SECONDS) -> None:
        self._reader = ShareReader(seconds)
        self._answered: set[Path] = set()
        self._mounts = read_mounts()
        self._local: set[str] = set()

    def __call__(self, path: Path, call: Callable[[Path, Report], T], report: Report = _ignore) -> T:
        """Return what the call returns; raise ``ArchiveUnavailable`` where the share does not answer."""
        full = os.path.abspath(path)  # noqa: PTH100 - resolving a link may hang
        if self._is_local(full):
            return call(path, report)
        self._require_answer(path, Path(full))
        try:
            return self._reader.ask(path, partial(call, path.absolute()), report)
        except ArchiveUnavailable:
            self._answered.clear()
            raise

    def _require_answer(self, path: Path, full: Path) -> None:
        if self._answered.isdisjoint((full, *full.parents)):
            require_answer(path)
            places = (full, full.parent)  # a local one may have other shares below
            self._answered.update(place for place in places if leads_to_share(place, self._mounts))

    def _is_local(self, path: str) -> bool:
        folder = os.path.dirname(path)  # noqa: PTH120 - a Path for each of thousands is slow
        if folder not in self._local and not is_on_share(Path(folder), mounts=self._mounts):
            self._local.add(folder)
        if folder in self._local and not os.path.islink(path):  # noqa: PTH114
            return True
        return not is_on_share(Path(path), mounts=self._mounts)

    def close(self) -> None:
        """End the child."""
        self._reader.close()


class RenewedAccess:
    """Make calls that use paths, for ever: as ``PathAccess``, which is begun anew now and then, with its child.

    So what was mounted since is seen.
    """

    def __init__(self, seconds: float = READ_SECONDS) -> None:
        self._seconds = seconds
        self._access = PathAccess(seconds)
        self._renewed_at = time.monotonic()

    def __call__(self, path: Path, call: Callable[[Path, Report], T]) -> T:
        """Return what the call returns; raise ``ArchiveUnavailable`` where the share does not answer."""
        if time.monotonic() - self._renewed_at > KEPT_SECONDS:
            self.close()
            self._access = PathAccess(self._seconds)
            self._renewed_at = time.monotonic()
        return self._access(path, call)

    def close(self) -> None:
        """End the child."""
        self._access.close()


def access_path(
    path: Path, call: Callable[[Path, Report], T], seconds: float = READ_SECONDS, report: Report = _ignore
) -> T:
    """Return what a call that uses the path returns; it is made in a child process where the path is on a share.

    The call gets the path, which is absolute in a child, and a function to report how far it is, for ``report``.
    Raises ``ArchiveUnavailable`` where the share neither answers nor reports for ``seconds``.
    """
    with closing(PathAccess(seconds)) as access:
        return access(path, call, report)


def read_state(path: Path) -> os.stat_result:
    """Return the state of a file or folder, as ``access_path`` does."""
    return access_path(path, stat_path)


def stat_path(path: Path, _: Report) -> os.stat_result:
    """Return the state of a file or folder, as a call of ``access_path``."""
    return path.stat()


def stat_entry(path: str | Path, *, is_local: bool) -> os.stat_result:
    """Return the state of a folder's entry, by its link; of the link itself where a local folder has one to a share.

    A local folder is listed outside a child process, which would hang over a link to a share that does not answer.
    """
    status = os.lstat(path)
    if not stat.S_ISLNK(status.st_mode) or (is_local and is_on_share(Path(path))):
        return status
    return os.stat(path)  # noqa: PTH116 - a Path for each of thousands is slow
