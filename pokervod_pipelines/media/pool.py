"""Several readers side by side: many questions in, answers out as they come, within a time for all of them."""

import queue
import threading
import time
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pokervod_pipelines.media.reader import PROGRAM, Answer, Reader

T = TypeVar("T")

STAGGER_SECONDS = 0.3
"""A further reader starts so much later, if something is left to ask: a few easy files are not worth its start."""


@dataclass(frozen=True, slots=True)
class Question(Generic[T]):
    """What to ask, and ``about``, which comes back with the answer."""

    about: T
    task: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of one pass; ``deadline`` is of the monotonic clock, after which no further question is asked."""

    workers: int
    seconds_per_file: float
    deadline: float


Answered = tuple[Question[T], Answer]


def ask_all(
    questions: Iterable[Question[T]], limits: Limits, *, program: str = PROGRAM
) -> Generator[Answered[T], None, None]:
    """Each question with its answer, in the order in which they come; those not reached by the deadline do not come.

    Raises what ``Reader.ask`` raises. Closing the generator early leaves no child behind.
    """
    source, lock = iter(questions), threading.Lock()
    answers: queue.Queue[Answered[T] | Exception | None] = queue.Queue()
    readers = [Reader(program) for _ in range(limits.workers)]
    ended = threading.Event()

    def serve(reader: Reader, wait: float) -> None:
        try:
            ended.wait(wait)
            for question in _take(source, lock, ended, limits.deadline):
                answer = reader.ask(question.task, question.arguments, seconds_limit=limits.seconds_per_file)
                answers.put((question, answer))
        except Exception as error:  # noqa: BLE001 - it is raised again where the answers are taken
            answers.put(error)
        finally:
            reader.close()
            answers.put(None)

    for number, reader in enumerate(readers):
        wait = number * STAGGER_SECONDS
        threading.Thread(target=serve, args=(reader, wait), name="media-asker", daemon=True).start()
    try:
        yield from _collect(answers, len(readers))
    finally:
        ended.set()
        for reader in readers:
            reader.close()


def _take(
    source: Iterator[Question[T]], lock: threading.Lock, ended: threading.Event, deadline: float
) -> Iterator[Question[T]]:
    while not ended.is_set() and time.monotonic() < deadline:
        with lock:
            question = next(source, None)
        if question is None:
            ended.set()
            return
        yield question


def _collect(answers: "queue.Queue[Answered[T] | Exception | None]", servers: int) -> Iterator[Answered[T]]:
    while servers:
        answer = answers.get()
        if isinstance(answer, Exception):
            raise answer
        if answer is None:
            servers -= 1
        else:
            yield answer
