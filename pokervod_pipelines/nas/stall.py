"""Read in a thread from a disk that may never answer, and raise an error when nothing comes.

A lost network share can block a system call without end, and nothing interrupts it. So the call stays behind in a
daemon thread, and whoever waits for it gives up.
"""

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from pokervod_pipelines.processes.path_check import describe_wait, make_unanswered

T = TypeVar("T")


@dataclass(slots=True)
class ReadProgress:
    """Report how far a read is: ``steps`` grows with every entry, ``place`` is where it is."""

    place: str = ""
    steps: int = 0
    abandoned: threading.Event = field(default_factory=threading.Event)

    def enter(self, place: str) -> None:
        """Record that ``place`` is read next."""
        self.place = place
        self.steps += 1


@dataclass(frozen=True, slots=True)
class _Item(Generic[T]):
    value: T


@dataclass(frozen=True, slots=True)
class _End:
    error: Exception | None


def read_watched(read: Callable[[ReadProgress], Iterable[T]], stall_seconds: float) -> Iterator[T]:
    """Yield what ``read`` yields, read ahead in a thread.

    Raises what ``read`` raises, and ``ArchiveUnavailable`` naming the place when neither an item nor a step came for
    ``stall_seconds``. Leaving the iteration early stops the thread at its next item.
    """
    progress = ReadProgress()
    items: queue.Queue[_Item[T] | _End] = queue.Queue(maxsize=8)
    threading.Thread(target=_run, args=(read, progress, items), name="archive-reader", daemon=True).start()
    try:
        while isinstance(received := _wait(items, progress, stall_seconds), _Item):
            yield received.value
        if received.error is not None:
            raise received.error
    finally:
        progress.abandoned.set()
        _drain(items)


def _run(
    read: Callable[[ReadProgress], Iterable[T]], progress: ReadProgress, items: queue.Queue[_Item[T] | _End]
) -> None:
    error = None
    try:
        for item in read(progress):
            items.put(_Item(item))
            if progress.abandoned.is_set():
                return
    except Exception as raised:  # noqa: BLE001 - it is raised again where the items are taken
        error = raised
    items.put(_End(error))


def _wait(items: queue.Queue[_Item[T] | _End], progress: ReadProgress, stall_seconds: float) -> _Item[T] | _End:
    while True:
        steps = progress.steps
        try:
            return items.get(timeout=stall_seconds)
        except queue.Empty:
            if progress.steps == steps:
                raise make_unanswered(progress.place, describe_wait(stall_seconds)) from None


def _drain(items: queue.Queue[_Item[T] | _End]) -> None:
    """Make room for the one item that the thread may wait to put."""
    while True:
        try:
            items.get_nowait()
        except queue.Empty:
            return
