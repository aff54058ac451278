"""Order runs, one at a time of each workflow; what comes meanwhile waits its turn."""

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import partial
from multiprocessing.connection import Connection
from typing import Any
from uuid import uuid4

from pokervod_pipelines.workflows.watch.forker import Task, TaskEnd, TaskStart

TAKE_SECONDS = 10.0
"""A process that forks takes milliseconds for it, more on a busy machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOrder:
    """Order a run of a workflow with an input, under a run key of which no second run begins.

    ``is_routed`` tells that requests wait for it in the database. ``revision`` is that of the sheet that changed.
    """

    workflow: str
    input: Mapping[str, Any]
    run_key: str
    is_routed: bool = False
    revision: str = ""
    run_id: str = field(default_factory=lambda: str(uuid4()))

    @property
    def title(self) -> str:
        """Return what runs, for people."""
        return " ".join((self.workflow, *map(str, self.input.values())))


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """Hold what a process of its own does with an order, and with one whose process was lost, and how."""

    run: Callable[[RunOrder], object]
    report_lost: Callable[[RunOrder, str], object]


class Orders:
    """Send orders to the process that forks. Any thread may give one; a thread has to ``follow`` their ends."""

    def __init__(self, connection: Connection, runner: Runner) -> None:
        """Begin without orders."""
        self._connection, self._runner = connection, runner
        self._lock = threading.Lock()
        self._running: dict[str, tuple[RunOrder, datetime]] = {}
        self._found: dict[str, str] = {}
        """The workflow of each run that an earlier requester ordered, by its key."""
        self._waiting: deque[RunOrder] = deque()
        self._unanswered: dict[str, float] = {}

    def give(self, order: RunOrder) -> None:
        """Run the order, once the run of the same workflow has ended if there is one."""
        with self._lock:
            if order.workflow in self._list_busy():
                if order.run_key not in {each.run_key for each in self._waiting}:
                    self._waiting.append(order)
            else:
                self._send(order)

    def list_busy(self) -> set[str]:
        """Return the workflows that run."""
        with self._lock:
            return self._list_busy()

    def _list_busy(self) -> set[str]:
        return {*self._running, *self._found.values()}

    def describe(self, zone: tzinfo) -> str:
        """Return what runs, since when, and how many orders wait, for people."""
        with self._lock:
            running = [f"{each.title} since {at.astimezone(zone):%H:%M:%S}" for each, at in self._running.values()]
            waits = [f"{len(self._waiting)} waiting"] if self._waiting else []
        return ", ".join(running + waits)

    def follow(self) -> None:
        """Note each end and send what waited for it; return when the process that forks has ended."""
        while True:
            try:
                news: TaskStart | TaskEnd = self._connection.recv()
            except (EOFError, OSError):
                return
            with self._lock:
                self._unanswered.pop(news.key, None)
                if isinstance(news, TaskEnd):
                    self._take_next(news.key)
                elif news.key not in {each.run_id for each, _ in self._running.values()}:
                    self._found[news.key] = news.kind

    def _take_next(self, key: str) -> None:
        """Send what waited for the workflow of the run that has ended."""
        own = next((name for name, (each, _) in self._running.items() if each.run_id == key), None)
        workflow = self._found.pop(key, own)
        if own is not None:
            del self._running[own]
        if workflow is None or workflow in self._list_busy():
            return
        following = next((each for each in self._waiting if each.workflow == workflow), None)
        if following is not None:
            self._waiting.remove(following)
            self._send(following)

    def are_taken(self) -> bool:
        """Return whether each order was taken at once; otherwise the process that forks hangs."""
        with self._lock:
            oldest = min(self._unanswered.values(), default=time.monotonic())
        return time.monotonic() - oldest < TAKE_SECONDS

    def _send(self, order: RunOrder) -> None:
        self._running[order.workflow] = order, datetime.now().astimezone()
        task = Task(
            key=order.run_id,
            kind=order.workflow,
            call=partial(self._runner.run, order),
            if_lost=partial(self._runner.report_lost, order),
        )
        self._unanswered[order.run_id] = time.monotonic()
        self._connection.send(task)
