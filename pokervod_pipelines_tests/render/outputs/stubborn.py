"""A child program that misbehaves as a decoder can, on the real child's own loop; the path's name says how."""

import ctypes
import errno
import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pokervod_pipelines.render.failures import BadInstruction
from pokervod_pipelines.render.outputs.child import serve
from pokervod_pipelines.render.outputs.wanted import Inspection


def misbehave(request: Mapping[str, Any]) -> dict[str, Any]:
    """Do what the name of the file says, then answer with our process number as the hash."""
    path = Path(request["path"])
    match path.name:
        case "chat":
            os.write(1, b"noise of a library\n")
            sys.stdout.write("noise of Python\n")
        case "hang":
            path.write_text(str(os.getpid()))
            time.sleep(1_000)
        case "freeze":
            ctypes.PyDLL(None).sleep(1_000)
        case "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "leave":
            os._exit(7)
        case "devour":
            bytearray(64 << 30)
        case "share gone":
            raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))
        case "unknown composition":
            raise BadInstruction("there is no composition 'x'")
        case "complain":
            raise ValueError("a bug")
    return Inspection(faults=(), sha256=str(os.getpid()), preview=b"x" * 200_000).as_json()


if __name__ == "__main__":
    serve(misbehave)
