"""Fork a process for each task from one that has loaded everything: it begins within milliseconds.

The process that forks has one thread and no connection, since neither would survive in a child. So what decides about
tasks is a child, too, the requester, and asks by a pipe; its end ends with the process that forks, however that dies.
A task that crashes or hangs takes only its own process with it, and the requester is told.
"""

import gc
import logging
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, TypeAlias

from pokervod_pipelines.policies.restarts import Restarts
from pokervod_pipelines.processes.signals import STOPPING, forget_signals, read_signals

FINISH_SECONDS = 10.0
"""What runs when the process is told to stop may take so long to finish."""

STOP_SECONDS = 5.0
"""Kill what has not ended so long after it was told to."""

Call: TypeAlias = Callable[[], object]

_CONTEXT = multiprocessing.get_context("fork")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Describe what a process of its own is to do, by two calls, which travel by ``pickle``; ``key`` is its own.

    ``kind`` is for people, and tells a requester what still runs. ``if_lost`` is called with how the process ended, in
    another one, where it did not end by itself.
    """

    key: str
    kind: str
    call: Call
    if_lost: Callable[[str], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskStart:
    """Tell that a task has a process, or to a requester that was started again that it has one still."""

    key: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskEnd:
    """Tell that the process of a task has ended."""

    key: str


Requester: TypeAlias = Callable[[Connection], object]
"""Sends a ``Task`` for each process to fork; receives its ``TaskStart`` at once, and a ``TaskEnd`` in the end."""


def serve_tasks(requester: Requester) -> None:
    """Run the requester and its tasks until this process gets SIGINT or SIGTERM; running tasks may finish."""
    gc.collect()
    gc.freeze()  # so that the children share what is loaded: a collection would write to it
    with read_signals() as signals:
        forker = _Forker(requester)
        while True:
            forker.start_requester_if_due()
            ready = wait([signals, *forker.list_waited()], forker.find_timeout())
            if signals in ready and STOPPING & set(os.read(signals, 64)):
                break
            forker.take_request(ready)
            forker.reap()
        forker.stop()


@dataclass
class _Forker:
    """Hold the requester and the processes of tasks, each with what to do if it is lost."""

    requester: Requester
    process: BaseProcess | None = None
    connection: Connection | None = None
    restarts: Restarts = field(default_factory=Restarts)
    tasks: dict[BaseProcess, tuple[TaskStart, Callable[[str], object] | None]] = field(default_factory=dict)

    def list_waited(self) -> list[Any]:
        """Return what tells of a request, or of an end."""
        return [
            *filter(None, (self.connection, self.process and self.process.sentinel)),
            *(p.sentinel for p in self.tasks),
        ]

    def find_timeout(self) -> float | None:
        """Return the seconds until the requester is to be started, None while it runs."""
        return max(0.0, self.restarts.due_at - time.monotonic()) if self.process is None else None

    def start_requester_if_due(self) -> None:
        """Start the requester if it does not run and its pause is over; tell it what still runs."""
        if self.process is None and self.restarts.is_due():
            ours, theirs = _CONTEXT.Pipe()
            self.process = _fork(_request, self.requester, theirs, ours)
            theirs.close()
            self.connection = ours
            self.restarts.note_start()
            for start, _ in self.tasks.values():
                self._tell(start)

    def take_request(self, ready: list[Any]) -> None:
        """Fork a process for the next task that the requester has sent."""
        if self.connection is None or self.connection not in ready:
            return
        try:
            task: Task = self.connection.recv()
        except (EOFError, OSError):
            return  # the requester has ended: its sentinel says so
        start = TaskStart(key=task.key, kind=task.kind)
        self._fork_task(start, task.call, task.if_lost)
        self._tell(start)

    def _fork_task(self, start: TaskStart, call: Call, if_lost: Callable[[str], object] | None) -> None:
        self.tasks[_fork(_work, call, self.connection)] = start, if_lost

    def reap(self) -> None:
        """Tell the requester which tasks have ended, and see to those that did not end by themselves."""
        for process in [each for each in self.tasks if not each.is_alive()]:
            (start, if_lost), problem = self.tasks.pop(process), _describe_end(process)
            if problem:
                _log.error("%s: %s", start.kind, problem)
            if problem and if_lost:
                self._fork_task(start, partial(if_lost, problem), None)
            else:
                self._tell(TaskEnd(key=start.key))
        if self.process is not None and not self.process.is_alive():
            self._plan_restart(_describe_end(self.process) or "it ended")

    def _tell(self, news: TaskStart | TaskEnd) -> None:
        if self.connection is not None:
            with suppress(OSError):  # the requester has ended
                self.connection.send(news)

    def _plan_restart(self, problem: str) -> None:
        self.process = None
        _, pause = self.restarts.note_end()
        if self.connection is not None:
            self.connection.close()
            self.connection = None
        _log.error("what looks for work has ended, it starts again in %g s: %s", pause, problem)

    def stop(self) -> None:
        """End the requester, let running tasks finish for a while, then end them as well."""
        if self.process is not None:
            self.process.terminate()
            _join([self.process], STOP_SECONDS)
        _join(self.tasks, FINISH_SECONDS)
        for process in self.tasks:
            process.terminate()
        _join(self.tasks, STOP_SECONDS)
        for process in self.tasks:
            process.kill()


def _fork(call: Callable[..., object], *arguments: object) -> BaseProcess:
    process = _CONTEXT.Process(target=call, args=arguments)
    process.start()
    return process


def _request(requester: Requester, theirs: Connection, ours: Connection) -> None:
    forget_signals()
    ours.close()  # or the end of the process that forks would not end the connection
    requester(theirs)


def _work(call: Call, connection: Connection | None) -> None:
    forget_signals()
    if connection is not None:
        connection.close()
    call()


def _describe_end(process: BaseProcess) -> str:
    """Return how a process ended that did not end by itself, "" for one that did."""
    code = process.exitcode or 0
    if code >= 0:
        return f"its process ended with status {code}" if code else ""
    return f"its process was killed by {signal.Signals(-code).name}"


def _join(processes: Iterable[BaseProcess], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    for process in processes:
        process.join(max(0.0, deadline - time.monotonic()))
