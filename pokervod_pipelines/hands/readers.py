"""Read files ahead in child processes: reading takes most of an import's time, and one process uses one core."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import TypeVar

from pokervod_pipelines.processes.failures import ChildStuck, ChildTimedOut
from pokervod_pipelines.processes.streams import StreamLimits, ask_in_order
from pokervod_pipelines.processes.supervised import ChildProgram

T = TypeVar("T")

PROGRAM = ChildProgram(name="hand reader")
MAX_READERS = 4
WORTH_BYTES = 8_000_000
"""Starting readers takes as long as reading this much."""


def count_readers(files: Sequence[Path]) -> int:
    """Return how many readers are worth starting for the files on a disk, 0 for none."""
    if len(files) < 2:
        return 0
    size = 0
    for file in files:
        with suppress(OSError):
            size += file.stat().st_size
        if size >= WORTH_BYTES:
            return min(len(files), os.cpu_count() or 1, MAX_READERS)
    return 0


def read_ahead(calls: Sequence[Callable[[], T]], readers: int, seconds: float | None = None) -> Iterator[T]:
    """Yield what each call returns, in order; a call that fails in a reader is made in this process.

    Raises ``ChildTimedOut`` or ``ChildStuck`` where one is not answered within ``seconds``.
    """
    with closing(ask_in_order(PROGRAM, calls, StreamLimits(children=readers, seconds=seconds))) as answers:
        for call, answer in zip(calls, answers, strict=True):
            if isinstance(answer, ChildTimedOut | ChildStuck):
                raise answer
            yield call() if isinstance(answer, Exception) else answer
