"""Files read ahead by further processes: reading takes most of an import's time, and one process has one core.

A reader ends when its pipe does, so none outlives an importer that is killed; where one dies, its files are read here.
"""

import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import BinaryIO, Generic, TypeVar

MOST_READERS = 4
WORTH_BYTES = 8_000_000
"""Starting readers takes as long as reading this much."""

AHEAD = 2
"""Files that a reader is given at once: it goes on while the last one is being stored."""

Read = TypeVar("Read")


def count_readers(files: Sequence[Path]) -> int:
    """Return how many readers are worth starting for the files, 0 for none."""
    if len(files) < 2:
        return 0
    size = 0
    for file in files:
        with suppress(OSError):
            size += file.stat().st_size
        if size >= WORTH_BYTES:
            return min(len(files), os.cpu_count() or 1, MOST_READERS)
    return 0


def read_ahead(files: Sequence[Path], read: Callable[[Path], Read], readers: int) -> Iterator[Read]:
    """Yield what ``read`` returns for each file, in their order; ``read`` and what it returns can be pickled."""
    with ExitStack() as stack:
        pool = [_Reader(read, files[number::readers], stack) for number in range(readers)]
        for at, file in enumerate(files):
            yield pool[at % readers].take(file)


class _Reader(Generic[Read]):
    """One process, its share of the files, and whether it still answers."""

    def __init__(self, read: Callable[[Path], Read], files: Sequence[Path], stack: ExitStack) -> None:
        self.read = read
        self.left = iter(files)
        self.is_alive = True
        # A program of its own: a spawned copy of this one would run a script without a guard a second time.
        command = [sys.executable, "-m", "pokervod_pipelines.hands.readers"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        stack.callback(self._end)
        self._send(read)
        for _ in range(AHEAD):
            self._give()

    def _give(self) -> None:
        if (file := next(self.left, None)) is not None:
            self._send(file)

    def _send(self, value: object) -> None:
        assert self.process.stdin is not None  # noqa: S101 - narrows the type
        try:
            pickle.dump(value, self.process.stdin)
            self.process.stdin.flush()
        except OSError:
            self.is_alive = False

    def take(self, file: Path) -> Read:
        """Return the next file's reading, which is that of ``file``."""
        if self.is_alive:
            assert self.process.stdout is not None  # noqa: S101 - narrows the type
            try:
                result: Read = pickle.load(self.process.stdout)  # noqa: S301 - our own process wrote it
            except (EOFError, OSError, pickle.UnpicklingError):
                self.is_alive = False
            else:
                self._give()
                return result
        return self.read(file)

    def _end(self) -> None:
        """The process is gone; what it was reading is wanted by nobody."""
        self.process.kill()
        with suppress(OSError):
            self.process.communicate()


def _serve(source: BinaryIO, target: BinaryIO) -> None:
    """Read what comes, until nothing more does."""
    with suppress(EOFError, OSError, KeyboardInterrupt):
        read: Callable[[Path], object] = pickle.load(source)  # noqa: S301 - the importer wrote it
        while True:
            pickle.dump(read(pickle.load(source)), target)  # noqa: S301 - as above
            target.flush()


if __name__ == "__main__":
    _serve(sys.stdin.buffer, sys.stdout.buffer)
