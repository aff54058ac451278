"""Run commands that the settings allow: a list of arguments, no shell, with limits of time and output."""

import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pokervod_pipelines.rollout.criteria.fields import MAX_DETAILS
from pokervod_pipelines.rollout.criteria.result import CriterionFailed, ErrorClass

MAX_OUTPUT_BYTES = 16_384
"""Size of the end of a command's output that is kept."""

STOP_SECONDS = 2.0
"""How long a stopped command may take to exit, and the rest of its output to arrive."""


@dataclass(frozen=True, slots=True)
class CommandResult:
    """Hold how a command ended, and the last lines that it printed."""

    status: int
    lines: list[str]

    def describe(self) -> str:
        """Return the status and the last line."""
        status = f"exit status {self.status}" if self.status >= 0 else f"ended by signal {-self.status}"
        return f"{status}: {self.lines[-1]}" if self.lines else status


def run_command(
    name: str,
    arguments: Sequence[str],
    seconds: float,
    folder: Path,
    environment: Mapping[str, str],
    *,
    keeps_children: bool,
) -> CommandResult:
    """Run the command to its end; one that lasts longer is stopped with all processes that it started.

    With ``keeps_children``, a service that the command leaves running keeps running, and a command whose time is up is
    asked to exit before it is killed. Raises ``CriterionFailed`` if it cannot be started or its time is up.
    """
    try:
        process = subprocess.Popen(
            list(arguments),
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that everything it starts can be stopped together
        )
    except OSError as error:
        problem = f"the command {name!r} cannot be started: {error.strerror}: {arguments[0]}"
        raise CriterionFailed(ErrorClass.UNREACHABLE, problem) from None
    tail = bytearray()
    reader = threading.Thread(target=_keep_tail, args=(process, tail), name="command-output", daemon=True)
    reader.start()
    status = None
    try:
        with suppress(subprocess.TimeoutExpired):
            status = process.wait(seconds)
    finally:
        if status is None or not keeps_children:
            _stop(process, asks_first=keeps_children)
        reader.join(STOP_SECONDS)
    lines = _list_lines(bytes(tail))
    if status is None:
        problem = f"the command {name!r} did not finish within {seconds:.3g} s and was stopped"
        raise CriterionFailed(ErrorClass.UNREACHABLE, problem, details=lines[-MAX_DETAILS:])
    return CommandResult(status, lines)


def _keep_tail(process: subprocess.Popen[bytes], tail: bytearray) -> None:
    assert process.stdout is not None  # noqa: S101 - narrows the type
    with process.stdout:
        while piece := os.read(process.stdout.fileno(), 65_536):
            tail += piece
            del tail[:-MAX_OUTPUT_BYTES]


def _stop(process: subprocess.Popen[bytes], *, asks_first: bool) -> None:
    """Kill the process and all that it started, also those children that ignore SIGTERM."""
    for number in (signal.SIGTERM, signal.SIGKILL) if asks_first else (signal.SIGKILL,):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)


def _list_lines(tail: bytes) -> list[str]:
    lines = tail.decode("utf-8", "replace").splitlines()
    # The first line may have lost its beginning, and a secret without it could not be recognised.
    whole = lines[1:] if len(tail) == MAX_OUTPUT_BYTES else lines
    return [line.strip() for line in whole if line.strip()]
