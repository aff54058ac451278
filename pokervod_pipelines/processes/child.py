"""Serve calls in a child process: read one at a time, answer it, end when the parent does.

Started by ``supervised`` as ``python -m pokervod_pipelines.processes.child NAME MEMORY_BYTES [MODULE …]``; the name is
for people who read a list of processes. Nothing heavy is imported here, so that a child is ready soon.
"""

import faulthandler
import os
import pickle
import queue
import struct
import sys
import threading
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import IO, Any, cast

from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.processes.failures import TaskFailed

READY, ACCEPTED, PROGRESS, DONE, RAISED = "ready", "accepted", "progress", "done", "raised"

GRACE_SECONDS = 2.0
"""A child ends itself this long after the time limit of a call, in case its parent died and cannot kill it."""

_HEAD = struct.Struct(">4sQ")
_MARK = b"pkv1"


def write_frame(stream: IO[bytes], content: bytes) -> None:
    """Write one message with its length before it."""
    stream.write(_HEAD.pack(_MARK, len(content)) + content)
    stream.flush()


def read_frame(stream: IO[bytes]) -> bytes | None:
    """Return the next message, or None at the end and for what is not one of our messages."""
    head = stream.read(_HEAD.size)
    if len(head) < _HEAD.size or not head.startswith(_MARK):
        return None
    _, length = _HEAD.unpack(head)
    content = stream.read(length)
    return content if len(content) == length else None


def serve(memory_bytes: int, modules: Sequence[str]) -> None:
    """Answer calls until the input ends."""
    limit_memory(memory_bytes)
    answers = take_output()
    for module in modules:
        import_module(module)
    requests = _read_requests()
    write_frame(answers, pickle.dumps((READY, None)))
    while True:
        seconds, is_announced, is_reporting, call = pickle.loads(requests.get())  # noqa: S301 - our own parent wrote it
        _begin_time_limit(seconds)
        if is_announced:
            write_frame(answers, pickle.dumps((ACCEPTED, None)))
        write_frame(answers, _answer(call, seconds, answers if is_reporting else None))
        faulthandler.cancel_dump_traceback_later()


def _begin_time_limit(seconds: float | None) -> None:
    if seconds is not None:
        faulthandler.dump_traceback_later(seconds + GRACE_SECONDS, exit=True)


def limit_memory(limit_bytes: int) -> None:
    """Bound the address space (0: no bound) and leave no core dumps, where the system knows such limits."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - not everywhere

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux" and limit_bytes:
        resource.setrlimit(resource.RLIMIT_AS, (limit_bytes, limit_bytes))


def take_output() -> IO[bytes]:
    """Return a stream for answers alone; what a library prints goes to the error output instead."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


def _read_requests() -> "queue.SimpleQueue[bytes]":
    """Pass on requests as they come; when the input ends, end the process, whatever it is doing."""
    requests: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def pass_on() -> None:
        while (frame := read_frame(sys.stdin.buffer)) is not None:
            requests.put(frame)
        os._exit(0)

    threading.Thread(target=pass_on, name="input", daemon=True).start()
    return requests


def _answer(call: bytes, seconds: float | None, reports: IO[bytes] | None) -> bytes:
    def report(value: Any) -> None:
        _begin_time_limit(seconds)
        write_frame(cast("IO[bytes]", reports), pickle.dumps((PROGRESS, value)))

    try:
        function: Callable[..., Any] = pickle.loads(call)  # noqa: S301 - our own parent wrote it
        return pickle.dumps((DONE, function() if reports is None else function(report)))
    except Exception as error:  # noqa: BLE001 - the parent raises it
        return pickle.dumps((RAISED, make_portable(error)))


def make_portable(error: Exception) -> Exception:
    """Return the exception as the parent can read it without the package that raised it."""
    is_known = isinstance(error, PokervodError) or type(error).__module__ == "builtins"
    if isinstance(error, OSError) and error.errno is not None and not is_known:
        return OSError(error.errno, error.strerror, error.filename)
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - just written
    except Exception:  # noqa: BLE001 - whatever it is, its text is left
        is_known = False
    return error if is_known else TaskFailed(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    serve(int(sys.argv[2]), sys.argv[3:])
