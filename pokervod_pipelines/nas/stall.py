"""Reading from a disk that may never answer: the reading runs in a thread, and its silence is an error.

A network share that is gone can block a system call for ever and nothing can interrupt it. So the call is left behind
in a daemon thread, and whoever waits for it gives up. What is read belongs to ``scan``.
"""

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from pokervod_pipelines.errors import ArchiveUnavailable

T = TypeVar("T")


@dataclass(slots=True)
class Pulse:
    """The sign of life that a reading gives: ``beats`` grows with every step, ``place`` is where it is."""

    place: str = ""
    beats: int = 0
    abandoned: threading.Event = field(default_factory=threading.Event)

    def reach(self, place: str) -> None:
        """The reading has got to ``place``."""
        self.place = place
        self.beats += 1


@dataclass(frozen=True, slots=True)
class _Piece(Generic[T]):
    value: T


@dataclass(frozen=True, slots=True)
class _End:
    error: Exception | None


def read_watched(read: Callable[[Pulse], Iterable[T]], stall_seconds: float) -> Iterator[T]:
    """The pieces that ``read`` yields, read ahead in a thread.

    Raises what ``read`` raises, and ``ArchiveUnavailable`` naming the place when neither a piece nor a beat came for
    ``stall_seconds``. Leaving the iteration early stops the thread at its next piece.
    """
    pulse = Pulse()
    pieces: queue.Queue[_Piece[T] | _End] = queue.Queue(maxsize=8)
    threading.Thread(target=_run, args=(read, pulse, pieces), name="archive-reader", daemon=True).start()
    try:
        while isinstance(handed := _wait(pieces, pulse, stall_seconds), _Piece):
            yield handed.value
        if handed.error is not None:
            raise handed.error
    finally:
        pulse.abandoned.set()
        _drain(pieces)


def _run(read: Callable[[Pulse], Iterable[T]], pulse: Pulse, pieces: queue.Queue[_Piece[T] | _End]) -> None:
    error = None
    try:
        for piece in read(pulse):
            pieces.put(_Piece(piece))
            if pulse.abandoned.is_set():
                return
    except Exception as raised:  # noqa: BLE001 - it is raised again where the pieces are taken
        error = raised
    pieces.put(_End(error))


def _wait(pieces: queue.Queue[_Piece[T] | _End], pulse: Pulse, stall_seconds: float) -> _Piece[T] | _End:
    while True:
        beats = pulse.beats
        try:
            return pieces.get(timeout=stall_seconds)
        except queue.Empty:
            if pulse.beats == beats:
                raise ArchiveUnavailable(
                    f"{pulse.place}: reading it hangs, nothing came for {stall_seconds:g} s: "
                    "check the mount and its server, then scan again"
                ) from None


def _drain(pieces: queue.Queue[_Piece[T] | _End]) -> None:
    """Room for the one piece the thread may be waiting to hand over."""
    while True:
        try:
            pieces.get_nowait()
        except queue.Empty:
            return
