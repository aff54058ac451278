"""Run a Python program in a fork of this process: it begins at once, and shares the memory of what is loaded.

The process that forks has one thread and nothing open, since neither threads nor connections survive in a child.
"""

import atexit
import gc
import logging
import os
import runpy
import select
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Never

from pokervod_pipelines.processes.signals import STOPPING, forget_signals


@dataclass(slots=True)
class ForkedProgram:
    """Be a program in a fork, with what ``subprocess.Popen`` has for one."""

    pid: int
    returncode: int | None = None

    def poll(self) -> int | None:
        """Return the exit status, negative for the signal that killed it, None while it runs."""
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.returncode = os.waitstatus_to_exitcode(status) if pid else None
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end. Raises ``subprocess.TimeoutExpired``."""
        if self.poll() is None:
            descriptor = os.pidfd_open(self.pid)
            try:
                select.select([descriptor], [], [], timeout)
            finally:
                os.close(descriptor)
        if (code := self.poll()) is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0)
        return code

    def terminate(self) -> None:
        """Ask it to end."""
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self._send(signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


def share_memory() -> None:
    """Keep what is loaded out of collections, which would write to it and so copy it into every child."""
    gc.collect()
    gc.freeze()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramStart:
    """Describe a program, as ``python -m module arguments`` would start it, in another environment.

    ``title`` is what `ps` and `top` call its process, 15 letters at most. ``output`` is where it writes, None for the
    outputs of this process. ``forget`` is called first: it gives up what must not be shared with this process.
    """

    module: str
    arguments: Sequence[str]
    title: str
    environ: Mapping[str, str]
    output: int | None = None
    forget: Callable[[], object]


def fork_program(start: ProgramStart) -> ForkedProgram:
    """Start the program in a fork. It is not ended by the Ctrl-C of our terminal: who forks it ends it."""
    sys.stdout.flush()
    sys.stderr.flush()
    # A signal that comes before the fork handles its own would be handled as those of this process, or be lost.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
    try:
        pid = os.fork()
        if pid == 0:
            _run(start, before)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return ForkedProgram(pid)


def _run(start: ProgramStart, unblocked: Iterable[int]) -> Never:
    """Be the program until it ends; nothing of the process that forked it happens here any more."""
    status = 1
    try:
        forget_signals()
        signal.pthread_sigmask(signal.SIG_SETMASK, unblocked)
        atexit._clear()
        start.forget()
        _redirect(start.output)
        with suppress(OSError):  # not every system has it
            Path("/proc/self/comm").write_text(start.title, encoding="ascii")
        os.environ.clear()
        os.environ.update(start.environ)
        sys.argv = [start.module, *start.arguments]
        runpy.run_module(start.module, run_name="__main__", alter_sys=True)
        status = 0
    except SystemExit as end:
        status = _find_status(end)
    except BaseException:  # noqa: BLE001 - it is told as the interpreter tells it
        traceback.print_exc()
    finally:
        with suppress(BaseException):
            atexit._run_exitfuncs()
            logging.shutdown()
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _redirect(output: int | None) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    for stream in (1, 2) if output is not None else ():
        os.dup2(output, stream)  # type: ignore[arg-type]


def _find_status(end: SystemExit) -> int:
    if end.code is None or isinstance(end.code, int):
        return end.code or 0
    print(end.code, file=sys.stderr)  # noqa: T201 - as the interpreter does
    return 1
