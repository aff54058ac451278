"""A child program that misbehaves in every way a library can, on the real child's own loop."""

import ctypes
import os
import signal
import sys
import time
from typing import Any

from pokervod_pipelines.media.child import serve


def echo(path: str) -> dict[str, Any]:
    return {"path": path, "pid": os.getpid()}


def chat(path: str) -> dict[str, Any]:
    """Write where the answers go, as FFmpeg and Python would."""
    os.write(1, b"noise of a library\n")
    sys.stdout.write("noise of Python\n")
    sys.stderr.write("more noise\n")
    return {"path": path}


def hang(path: str) -> dict[str, Any]:
    time.sleep(1_000)
    return {"path": path}


def freeze(path: str) -> dict[str, Any]:
    """Hang in a library that does not let Python run."""
    ctypes.PyDLL(None).sleep(1_000)
    return {"path": path}


def crash(path: str) -> dict[str, Any]:
    os.kill(os.getpid(), signal.SIGSEGV)
    return {"path": path}


def leave(path: str) -> dict[str, Any]:
    os._exit(7)


def devour(path: str) -> dict[str, Any]:
    """Ask for more memory than a child may have."""
    return {"size": len(bytearray(64 << 30))}


def complain(path: str) -> dict[str, Any]:
    message = f"{path} is odd"
    raise ValueError(message)


if __name__ == "__main__":
    serve({task.__name__: task for task in (echo, chat, hang, freeze, crash, leave, devour, complain)})
