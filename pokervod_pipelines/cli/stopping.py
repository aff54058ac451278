"""End a command soon after Ctrl-C or SIGTERM, whatever it waits for."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial

from pokervod_pipelines.cli.output import SafeConsole, err

LAST_WORK_SECONDS = 1.2
"""Limit of what is done before the end."""

STOPPED = "stopped; what was committed is kept, and the next sync resumes from there"


def was_interrupted(error: BaseException | None) -> bool:
    """Return whether the error took the place of a Ctrl-C, as one of a driver may that tidies up after it."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__context__
    return error is not None


def follow_until_interrupt(last_work: Callable[[], object] | None = None) -> AbstractContextManager[None]:
    """End this process with 0 at Ctrl-C, which is how one ends what only shows something."""
    return end_at_signal(last_work or sys.stdout.flush, interrupted=0, farewell="")


@contextmanager
def end_at_signal(
    last_work: Callable[[], object],
    console: SafeConsole = err,
    *,
    interrupted: int = 128 + signal.SIGINT,
    farewell: str = STOPPED,
) -> Iterator[None]:
    """End this process at the first SIGINT or SIGTERM, after ``last_work`` or its time limit; say so on the console.

    ``interrupted`` is the exit status after Ctrl-C.

    Dagster replaces the handlers of signals and reads its own notes between steps only, so a wait for a pool or a share
    would outlast them. The interpreter writes each signal to a descriptor, whoever handles it, and a thread reads that.
    Programs that are started meanwhile, as Dagster does for the output of a step, do not see Ctrl-C: each would print
    a traceback.
    """
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGTERM)}
    previous = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    end = partial(_end, last_work=last_work, console=console, interrupted=interrupted, farewell=farewell)
    thread = threading.Thread(target=_end_at_first, args=(reader, end), daemon=True)
    thread.start()
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # the thread has it; children inherit the mask
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        signal.set_wakeup_fd(previous)
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(writer)
        thread.join()  # without a signal it ends now; with one it ends the process


def _end_at_first(reader: int, end: Callable[[int], None]) -> None:
    with os.fdopen(reader, "rb", buffering=0) as numbers:
        while number := numbers.read(1):
            if number[0] in {signal.SIGINT, signal.SIGTERM}:
                end(number[0])


def _end(
    number: int, *, last_work: Callable[[], object], console: SafeConsole, interrupted: int, farewell: str
) -> None:
    def work() -> None:
        with suppress(Exception):  # the process ends in any case
            last_work()

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    worker.join(LAST_WORK_SECONDS)
    console.show_cursor()
    if farewell:
        console.print(farewell)
    os._exit(interrupted if number == signal.SIGINT else 128 + number)
