"""Offer calls for a child process: they answer, or misbehave in every way a library can."""

import ctypes
import errno
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from pokervod_pipelines.errors import BadInput, OperatorNeeded
from pokervod_pipelines.processes.supervised import ChildProgram

PROGRAM = ChildProgram(name="test child", memory_bytes=4 << 30)


class ForeignError(Exception):
    """Stand for an exception of a package that the parent does not import."""


class UnreadableError(BadInput):
    """Stand for an exception that ``pickle`` writes and cannot read."""

    def __init__(self, file: str, *, row: int) -> None:
        super().__init__(f"{file}, row {row}")


class ForeignOSError(OSError):
    """Stand for a package's own kind of ``OSError``."""


def echo(value: object) -> object:
    return value


def find_pid() -> int:
    return os.getpid()


def chat() -> int:
    """Write where the answers go, as FFmpeg and Python would."""
    os.write(1, b"noise of a library\n")
    sys.stdout.write("noise of Python\n")
    sys.stderr.write("more noise\n")
    return os.getpid()


def hang() -> None:
    time.sleep(1_000)


def hang_at(file: Path) -> None:
    """Write our process number into the file, then hang."""
    file.write_text(str(os.getpid()))
    time.sleep(1_000)


def freeze() -> None:
    """Hang in a library that does not let Python run."""
    ctypes.PyDLL(None).sleep(1_000)


def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def leave() -> None:
    os._exit(7)


def devour() -> int:
    """Ask for more memory than a child may have."""
    return len(bytearray(64 << 30))


def crash_once(file: Path) -> int:
    """Crash the first child that is asked with this file."""
    if not file.exists():
        file.touch()
        crash()
    return os.getpid()


def count_up(report: Callable[[object], None]) -> str:
    """Report three numbers."""
    for number in range(3):
        report(number)
    return "counted"


def report_and_hang(report: Callable[[object], None]) -> None:
    report("begun")
    time.sleep(1_000)


def raise_python() -> None:
    raise ValueError("a.mp4 is odd")


def raise_system() -> None:
    raise OSError(errno.ESTALE, os.strerror(errno.ESTALE), "/mnt/a.mp4")


def raise_foreign_system() -> None:
    raise ForeignOSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/mnt/a.mp4")


def raise_ours() -> None:
    raise OperatorNeeded("look at it")


def raise_unreadable() -> None:
    raise UnreadableError("a.csv", row=3)


def raise_foreign() -> None:
    raise ForeignError("no such codec")
