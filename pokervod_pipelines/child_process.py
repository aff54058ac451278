"""What a child process of ours does first: it bounds itself, and keeps its output for answers.

Its tasks, and who watches over it, are its room's. Nothing heavy is imported here, so that a child is ready soon.
"""

import os
import queue
import sys
import threading
from typing import BinaryIO, TextIO


def limit_memory(most_bytes: int) -> None:
    """The process has so much address space at most, and leaves no core dump; where the system knows such limits."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - not everywhere

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (most_bytes, most_bytes))


def take_output() -> tuple[TextIO, BinaryIO]:
    """A line-buffered stream for answers alone, and one that leads nowhere, as does whatever a library prints."""
    answers = os.fdopen(os.dup(1), "w", buffering=1, encoding="ascii")
    silence = open(os.devnull, "wb")  # noqa: PTH123, SIM115 - as long as the process lives
    os.dup2(silence.fileno(), 1)
    os.dup2(silence.fileno(), 2)
    return answers, silence


def read_input(orphaned: int) -> "queue.SimpleQueue[str]":
    """Every line of the input, as it comes; when it ends, so does the process, with that code, whatever it is doing."""
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()

    def pass_on() -> None:
        for line in sys.stdin:
            lines.put(line)
        os._exit(orphaned)

    threading.Thread(target=pass_on, name="input", daemon=True).start()
    return lines
