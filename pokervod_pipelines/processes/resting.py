"""Keep a child process for calls that come seldom: it starts with the first, and ends when none came for a while."""

import threading
from collections.abc import Callable
from typing import TypeVar

from pokervod_pipelines.errors import Unavailable
from pokervod_pipelines.processes.supervised import ChildProgram, SupervisedChild

T = TypeVar("T")


class RestingChild:
    """Ask one child from any thread, one call after the other."""

    def __init__(self, program: ChildProgram, *, idle_seconds: float) -> None:
        self._program, self._idle_seconds = program, idle_seconds
        self._lock = threading.Lock()
        self._child: SupervisedChild | None = None
        self._timer: threading.Timer | None = None

    def ask(self, call: Callable[[], T], *, seconds: float, wait_seconds: float) -> T:
        """Return what the call returns, as ``SupervisedChild.ask`` does. Raises ``Unavailable`` while it is busy."""
        if not self._lock.acquire(timeout=wait_seconds):
            raise Unavailable(f"the {self._program.name} is busy; ask again in a few seconds")
        try:
            self._stop_timer()
            self._child = self._child or SupervisedChild(self._program)
            return self._child.ask(call, seconds=seconds)
        finally:
            self._timer = threading.Timer(self._idle_seconds, self._end_idle)
            self._timer.daemon = True
            self._timer.start()
            self._lock.release()

    def close(self) -> None:
        """End the child, whatever it does."""
        self._stop_timer()
        child, self._child = self._child, None
        if child is not None:
            child.close()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _end_idle(self) -> None:
        if self._lock.acquire(blocking=False):
            try:
                self.close()
            finally:
                self._lock.release()
