"""Put many calls to several child processes, and take the answers as they come or in order."""

import queue
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from math import inf
from typing import TypeVar

from pokervod_pipelines.processes.failures import ChildNotStarted
from pokervod_pipelines.processes.supervised import ChildProgram, SupervisedChild

K = TypeVar("K")
T = TypeVar("T")
Call = Callable[[], T]

AHEAD = 2
"""Calls that a child may be ahead of the answers taken in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamLimits:
    """Bound a stream of calls: how many children, how long for one call, when to stop.

    No call begins after ``deadline`` (monotonic clock). Each further child starts ``stagger_seconds`` later, if
    something is left to ask by then: a few easy calls are not worth its start.
    """

    children: int
    seconds: float | None = None
    attempts: int = 1
    deadline: float = inf
    stagger_seconds: float = 0.0


def ask_all(
    program: ChildProgram, calls: Iterable[tuple[K, Call[T]]], limits: StreamLimits
) -> Generator[tuple[K, T | Exception], None, None]:
    """Yield each key with what its call returned or raised, as they come; calls not begun by the deadline are left out.

    Raises ``ChildNotStarted``, which is not the call's doing. Closing the generator early leaves no child behind.
    """
    source, lock, ended = iter(calls), threading.Lock(), threading.Event()
    answers: queue.SimpleQueue[tuple[K, T | Exception] | Exception | None] = queue.SimpleQueue()
    children = [SupervisedChild(program) for _ in range(limits.children)]

    def serve(child: SupervisedChild, delay: float) -> None:
        try:
            ended.wait(delay)
            for key, call in _take(source, lock, ended, limits.deadline):
                answers.put((key, _ask(child, call, limits)))
        except Exception as error:  # noqa: BLE001 - raised where the answers are taken
            answers.put(error)
        finally:
            child.close()
            answers.put(None)

    for number, child in enumerate(children):
        delay = number * limits.stagger_seconds
        threading.Thread(target=serve, args=(child, delay), name="child-asker", daemon=True).start()
    try:
        for _ in children:
            while (answer := answers.get()) is not None:
                if isinstance(answer, Exception):
                    raise answer
                yield answer
    finally:
        ended.set()
        for child in children:
            child.close()


def ask_in_order(
    program: ChildProgram, calls: Iterable[Call[T]], limits: StreamLimits
) -> Generator[T | Exception, None, None]:
    """Yield what each call returned or raised, in the order of the calls; children work a few calls ahead."""
    permits = threading.Semaphore(limits.children * AHEAD)

    def take_permitted() -> Iterator[tuple[int, Call[T]]]:
        for number, call in enumerate(calls):
            permits.acquire()
            yield number, call

    early: dict[int, T | Exception] = {}
    at = 0
    try:
        with closing(ask_all(program, take_permitted(), limits)) as answers:
            for number, answer in answers:
                early[number] = answer
                while at in early:
                    yield early.pop(at)
                    permits.release()
                    at += 1
    finally:
        permits.release(limits.children)  # a thread that waits for one resumes, and sees the end


def _ask(child: SupervisedChild, call: Call[T], limits: StreamLimits) -> T | Exception:
    try:
        return child.ask(call, seconds=limits.seconds, attempts=limits.attempts)
    except ChildNotStarted:
        raise
    except Exception as error:  # noqa: BLE001 - the caller is given it
        return error


def _take(
    source: Iterator[tuple[K, Call[T]]], lock: threading.Lock, ended: threading.Event, deadline: float
) -> Iterator[tuple[K, Call[T]]]:
    while not ended.is_set() and time.monotonic() < deadline:
        with lock:
            entry = next(source, None)
        if entry is None:
            ended.set()
            return
        yield entry
