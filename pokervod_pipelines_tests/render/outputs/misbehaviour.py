"""Inspect an output as a decoder does that misbehaves; the name of the file says how."""

import errno
import os
from pathlib import Path

from pokervod_pipelines.render.failures import BadInstruction
from pokervod_pipelines.render.outputs.inspection import ExpectedOutput, Inspection
from pokervod_pipelines_tests.processes import tasks


def misbehave(path: Path, expected: ExpectedOutput) -> Inspection:
    """Do what the name of the file says, then answer with our process number as the hash."""
    match path.name:
        case "hang":
            tasks.hang_at(path)
        case "share gone":
            raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))
        case "unknown composition":
            raise BadInstruction("unknown composition 'x'")
        case "complain":
            raise ValueError("a bug")
        case "freeze" | "crash" | "leave" | "devour" | "chat":
            getattr(tasks, path.name)()
    return Inspection(problems=(), sha256=str(os.getpid()), preview=b"x" * 200_000)
