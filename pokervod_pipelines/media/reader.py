"""A child process that reads videos for us, and what becomes of a question when it hangs or dies.

The parent never touches a video: a demuxer may crash, loop for ever or hold the interpreter, and a share that is gone
may block a system call. A child that does not answer in time is killed, and the next question gets a new one.
"""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pokervod_pipelines.errors import ArchiveUnavailable, Unavailable
from pokervod_pipelines.media.child import READY

PROGRAM = "pokervod_pipelines.media.child"
START_SECONDS = 60.0
DEATH_SECONDS = 5.0
"""A killed process that lives on for so long waits inside the system for a disk that does not answer."""

_HOME = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Loss:
    """The question was not answered: the child took too long, or broke down over it."""

    timed_out: bool
    reason: str


Answer = dict[str, Any] | Loss


@dataclass(frozen=True, slots=True)
class _Child:
    process: subprocess.Popen[str]
    lines: "queue.SimpleQueue[str | None]"


class Reader:
    """One child at a time, started when first asked; ``close`` ends it. Not for two threads at once."""

    def __init__(self, program: str = PROGRAM) -> None:
        self._program = program
        self._child: _Child | None = None
        self._is_proven = False

    def ask(self, task: str, arguments: Mapping[str, Any], *, seconds_limit: float) -> Answer:
        """The child's answer, or how it was lost.

        A child that had answered before and breaks down may have been dying already, so its question is put once more.
        Raises ``Unavailable`` when no child can be started, ``ArchiveUnavailable`` when one cannot even be killed,
        which is the disk's doing and not the file's.
        """
        was_proven = self._is_proven
        answer = self._ask_once(task, arguments, seconds_limit)
        if was_proven and self._child is None and isinstance(answer, Loss) and not answer.timed_out:
            answer = self._ask_once(task, arguments, seconds_limit)
        return answer

    def _ask_once(self, task: str, arguments: Mapping[str, Any], seconds_limit: float) -> Answer:
        child = self._find_child()
        request = {"task": task, "arguments": arguments, "seconds": seconds_limit}
        with suppress(OSError):  # a child that is dead already gives no answer either
            print(json.dumps(request), file=child.process.stdin, flush=True)
        try:
            line = child.lines.get(timeout=seconds_limit)
        except queue.Empty:
            self._kill(f"{arguments.get('path', task)}: reading it hangs and cannot be stopped")
            return Loss(timed_out=True, reason=f"gave no answer within {seconds_limit:g} s")
        if line is None:
            self._child = None
            return Loss(timed_out=False, reason=f"broke down its reader ({_describe_end(_bury(child.process))})")
        self._is_proven = True
        answer = json.loads(line)
        return answer["value"] if "value" in answer else Loss(timed_out=False, reason=answer["error"])

    def close(self) -> None:
        """No child of this reader is left, whatever it was doing."""
        child, self._child = self._child, None
        if child is not None:
            _end(child.process)

    def _find_child(self) -> _Child:
        if self._child is not None:
            if self._child.process.poll() is None:
                return self._child
            _bury(self._child.process)
        self._child, self._is_proven = _start_child(self._program), False
        return self._child

    def _kill(self, complaint: str) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.process.kill()
        try:
            _bury(child.process, DEATH_SECONDS)
        except subprocess.TimeoutExpired:
            raise ArchiveUnavailable(f"{complaint}: check the mount and its server, then run this again") from None


def _start_child(program: str) -> _Child:
    process = subprocess.Popen(
        [sys.executable, "-m", program],
        cwd=_HOME,  # where the package is found, whatever the caller's own folder
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # an interrupt of the terminal is the parent's to handle
        env={**os.environ, "PYTHONUTF8": "1"},
        encoding="ascii",
    )
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    threading.Thread(target=_pass_lines, args=(process, lines), name="media-reader", daemon=True).start()
    try:
        first = lines.get(timeout=START_SECONDS)
    except queue.Empty:
        _end(process)
        raise Unavailable(f"the media reader ({program}) did not start within {START_SECONDS:g} s") from None
    if first is None:
        raise Unavailable(f"the media reader ({program}) does not start: {_describe_end(_bury(process))}")
    if first.strip() != READY:
        _end(process)
        raise Unavailable(f"the media reader ({program}) does not start: it said {first!r}")
    return _Child(process, lines)


def _pass_lines(process: subprocess.Popen[str], lines: "queue.SimpleQueue[str | None]") -> None:
    """Every line of the child, then None when it says no more.

    It is not waited for here: ``poll`` calls a dead process alive while another thread waits for it.
    """
    assert process.stdout is not None  # noqa: S101 - narrows the type
    with process.stdout:
        for line in process.stdout:
            lines.put(line)
    lines.put(None)


def _end(process: subprocess.Popen[str]) -> None:
    """It is killed and no more, or waits for a disk and can be waited for no longer."""
    process.kill()
    with suppress(subprocess.TimeoutExpired):
        _bury(process, DEATH_SECONDS)


def _bury(process: subprocess.Popen[str], patience_seconds: float | None = None) -> int:
    """How it ended, once it has; our end of its pipe is closed."""
    assert process.stdin is not None  # noqa: S101 - narrows the type
    with suppress(OSError):  # what it was never told is of no use to a corpse
        process.stdin.close()
    return process.wait(patience_seconds)


def _describe_end(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    with suppress(ValueError):
        return signal.Signals(-code).name
    return f"signal {-code}"
