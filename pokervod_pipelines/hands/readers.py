"""Parse files ahead in child processes: that takes most of an import's time, and one process uses one core."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import TypeVar

from pokervod_pipelines.processes.share_reader import Access, access_path, stat_path
from pokervod_pipelines.processes.streams import StreamLimits, ask_in_order
from pokervod_pipelines.processes.supervised import ChildProgram

T = TypeVar("T")

PROGRAM = ChildProgram(name="hand reader")
MAX_READERS = 4
WORTH_BYTES = 8_000_000
"""Starting readers takes as long as reading this much."""


def count_readers(files: Sequence[Path], access: Access = access_path) -> int:
    """Return how many readers are worth starting for the files, 0 for none."""
    if len(files) < 2:
        return 0
    size = 0
    for file in files:
        with suppress(OSError):
            size += access(file, stat_path).st_size
        if size >= WORTH_BYTES:
            return min(len(files), os.cpu_count() or 1, MAX_READERS)
    return 0


def read_ahead(calls: Iterable[Callable[[], T]], readers: int) -> Iterator[T]:
    """Yield what each call returns, in order; a call that fails in a reader is made in this process."""
    asked: deque[Callable[[], T]] = deque()

    def take_calls() -> Iterator[Callable[[], T]]:
        for call in calls:
            asked.append(call)
            yield call

    with closing(ask_in_order(PROGRAM, take_calls(), StreamLimits(children=readers))) as answers:
        for answer in answers:
            call = asked.popleft()
            yield call() if isinstance(answer, Exception) else answer
