"""Start a child process, ask it, and outlive whatever the call does to it.

A call that crashes, hangs or asks for too much memory takes only the child with it; the next call gets a new child.
"""

import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pokervod_pipelines.processes.child import ACCEPTED, PROGRESS, RAISED, READY, read_frame, write_frame
from pokervod_pipelines.processes.failures import (
    ChildClosed,
    ChildDied,
    ChildNotStarted,
    ChildStuck,
    ChildTimedOut,
)

T = TypeVar("T")

START_SECONDS = 60.0
DEATH_SECONDS = 5.0
"""A killed process that lives on for so long waits inside the system for a disk that does not answer."""

_HOME = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildProgram:
    """Describe a child: its name for people, its limit of memory, and the modules it loads before the first call."""

    name: str
    memory_bytes: int = 0
    modules: tuple[str, ...] = ()


class SupervisedChild:
    """Keep one child process, started at the first call. One thread asks; any thread may ``close``, for good."""

    def __init__(self, program: ChildProgram) -> None:
        self._program = program
        self._process: _Process | None = None
        self._lock = threading.Lock()
        self.is_closed = False

    def ask(
        self,
        call: Callable[..., T],
        *,
        seconds: float | None = None,
        attempts: int = 1,
        report: Callable[[Any], object] | None = None,
    ) -> T:
        """Return what the call returns, or raise what it raises; both travel by ``pickle``, as does the call.

        With ``report`` the call gets a function as its argument, and each value given to it comes here; ``seconds``
        then begin anew. A child that dies over a call may have been dying before: it is put to ``attempts`` children.

        Raises:
            ChildTimedOut, ChildDied, ChildStuck, ChildNotStarted, ChildClosed: there was no answer.

        """
        is_announced = attempts == 1  # a further attempt is made in any case where there are several
        request = pickle.dumps((seconds, is_announced, report is not None, pickle.dumps(call)))
        attempt = 0
        while True:
            attempt += 1
            try:
                return self._ask_once(request, seconds, report, was_accepted=not is_announced)  # type: ignore[no-any-return]
            except ChildDied as error:
                if attempt >= (attempts if error.was_accepted else max(attempts, 2)):
                    raise

    def close(self) -> None:
        """Kill the child, whatever it is doing; one that waits for a dead disk is left behind."""
        with self._lock:
            self.is_closed = True
            process = self._process
        if process is not None:
            process.kill()

    def _ask_once(
        self, request: bytes, seconds: float | None, report: Callable[[Any], object] | None, *, was_accepted: bool
    ) -> Any:
        process = self._find_process()
        process.send(request)
        try:
            while (answer := process.receive(seconds))[0] in (ACCEPTED, PROGRESS):
                was_accepted = True
                if report is not None and answer[0] == PROGRESS:
                    report(answer[1])
        except EOFError:
            self._raise_death(process, was_accepted=was_accepted)
        except BaseException as error:
            self._process = None
            has_ended = process.kill()
            if not isinstance(error, queue.Empty):
                raise
            message = f"gave no answer within {seconds:g} s"
            raise (ChildTimedOut(message) if has_ended else ChildStuck(f"{message} and cannot be killed")) from None
        if answer[0] == RAISED:
            raise answer[1]
        return answer[1]

    def _raise_death(self, process: "_Process", *, was_accepted: bool) -> None:
        self._process = None
        reason = process.describe_end()
        self._require_open()
        raise ChildDied(reason, was_accepted=was_accepted)

    def _find_process(self) -> "_Process":
        if self._process is not None:
            if self._process.is_alive():
                return self._process
            self._process.kill()
        with self._lock:
            self._require_open()
            self._process = process = _Process(self._program)
        problem = process.find_start_problem()
        if problem:
            self._process = None
            self._require_open()
            raise ChildNotStarted(f"the {self._program.name} {problem}")
        return process

    def _require_open(self) -> None:
        if self.is_closed:
            raise ChildClosed(f"the {self._program.name} was closed")


class _Process:
    """Hold one process, and a thread that takes its answers so that waiting for them can have an end."""

    def __init__(self, program: ChildProgram) -> None:
        self._arguments = ["-m", "pokervod_pipelines.processes.child", program.name, str(program.memory_bytes)]
        self._arguments += program.modules
        self._popen = subprocess.Popen(
            [sys.executable, *self._arguments],
            cwd=_HOME,  # where the package is found, whatever the caller's own folder
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # an interrupt of the terminal is the parent's to handle
            env={**os.environ, "PYTHONUTF8": "1", "OPENBLAS_NUM_THREADS": "1"},  # more only slow the import of numpy
        )
        self._frames: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        threading.Thread(target=self._pass_frames, name=f"answers of {program.name}", daemon=True).start()

    def _pass_frames(self) -> None:
        """Pass on answers, then None. The end of the process is not waited for here, or ``poll`` would not see it."""
        assert self._popen.stdout is not None  # noqa: S101 - narrows the type
        with self._popen.stdout as stream:
            while (frame := read_frame(stream)) is not None:
                self._frames.put(frame)
        self._frames.put(None)

    def is_alive(self) -> bool:
        return self._popen.poll() is None

    def send(self, request: bytes) -> None:
        assert self._popen.stdin is not None  # noqa: S101 - narrows the type
        with suppress(OSError):  # a child that is dead already gives no answer either
            write_frame(self._popen.stdin, request)

    def receive(self, seconds: float | None) -> tuple[str, Any]:
        """Return the next answer. Raises ``queue.Empty`` after the time, ``EOFError`` when the child says no more."""
        frame = self._frames.get(timeout=seconds)
        if frame is None:
            raise EOFError
        kind, value = pickle.loads(frame)  # noqa: S301 - our own child wrote it
        return kind, value

    def find_start_problem(self) -> str | None:
        try:
            if self.receive(START_SECONDS)[0] == READY:
                return None
        except queue.Empty:
            self.kill()
            return f"did not start within {START_SECONDS:g} s"
        except EOFError:
            command = f"{Path(sys.executable).name} {' '.join(map(repr, self._arguments))}"
            return f"does not start: {self.describe_end()}; run this to see why: {command}"
        self.kill()
        return "does not start: its first answer is not understood"

    def describe_end(self) -> str:
        """Wait for a process that says no more, and tell how it ended: killing it first would hide that."""
        with suppress(subprocess.TimeoutExpired):
            self._popen.wait(DEATH_SECONDS)
        self.kill()
        code = self._popen.returncode
        if code is None:
            return "it cannot be killed"
        if code >= 0:
            return f"exit code {code}"
        with suppress(ValueError):
            return signal.Signals(-code).name
        return f"signal {-code}"

    def kill(self) -> bool:
        """Kill the process and wait a while for its end; return whether it has ended."""
        self._popen.kill()
        with suppress(subprocess.TimeoutExpired):
            self._popen.wait(DEATH_SECONDS)
        assert self._popen.stdin is not None  # noqa: S101 - narrows the type
        with suppress(OSError):  # what it was never sent is of no use to a dead process
            self._popen.stdin.close()
        return self._popen.returncode is not None
