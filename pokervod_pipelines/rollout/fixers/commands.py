"""Runs a command that the settings allow: a list of arguments, no shell, bounded in time and in what is kept of it."""

import os
import signal
import subprocess
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from pokervod_pipelines.rollout.fixers.base import CannotFix
from pokervod_pipelines.rollout.fixers.world import FixerWorld

MOST_BYTES = 16_384
"""What is kept of the end of a command's output."""

HOOK_TOKENS = "POKERVOD_HOOK_"
"""The variables that begin so hold tokens of hooks, which no command needs."""

PATIENCE_SECONDS = 2.0
"""How long a command that is stopped may take to go by itself, and the rest of its output to arrive."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended, and the last line it printed."""

    status: int
    last_line: str

    def describe(self) -> str:
        """Return the status and the last line, for a sentence."""
        how = f"exit status {self.status}" if self.status >= 0 else f"ended by signal {-self.status}"
        return f"{how}: {self.last_line}" if self.last_line else how


def find_command(world: FixerWorld, name: str) -> tuple[str, ...]:
    """Return the arguments of the command that the settings call so. Raises ``CannotFix`` when they do not."""
    if name not in world.rights.commands:
        known = ", ".join(sorted(world.rights.commands)) or "none"
        raise CannotFix(
            f"the command {name!r} is not allowed (allowed: {known}); an administrator adds it to "
            "rollout.fixers.commands in the settings"
        )
    return world.rights.commands[name]


def run_command(world: FixerWorld, name: str, arguments: Sequence[str], seconds: float) -> Ended:
    """The command ran to its end in the plan's folder; one that lasts longer is stopped with all that it started.

    Raises ``CannotFix`` when it cannot be started or had to be stopped. A service that it leaves running goes on.
    """
    try:
        process = subprocess.Popen(
            list(arguments),
            cwd=world.folder,
            env={name: value for name, value in world.environment.items() if not name.startswith(HOOK_TOKENS)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that all it starts can be stopped together
        )
    except OSError as error:
        raise CannotFix(f"the command {name!r} cannot be started: {error.strerror}: {arguments[0]}") from None
    tail = bytearray()
    reader = threading.Thread(target=_keep_tail, args=(process, tail), name="fixer-output", daemon=True)
    reader.start()
    try:
        status = process.wait(seconds)
    except subprocess.TimeoutExpired:
        _stop(process)
        raise CannotFix(f"the command {name!r} did not end within {seconds:g} s and was stopped") from None
    except BaseException:
        _stop(process)
        raise
    finally:
        reader.join(PATIENCE_SECONDS)
    return Ended(status, _find_last_line(bytes(tail)))


def run_to_success(world: FixerWorld, name: str, arguments: Sequence[str], seconds: float) -> Ended:
    """As ``run_command``; raises ``CannotFix`` also when the command failed."""
    ended = run_command(world, name, arguments, seconds)
    if ended.status != 0:
        raise CannotFix(f"the command {name!r} failed, {ended.describe()}")
    return ended


def _keep_tail(process: subprocess.Popen[bytes], tail: bytearray) -> None:
    assert process.stdout is not None  # noqa: S101 - narrows the type
    with process.stdout:
        while piece := os.read(process.stdout.fileno(), 65_536):
            tail += piece
            del tail[:-MOST_BYTES]


def _stop(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(PATIENCE_SECONDS)
    with suppress(ProcessLookupError):  # also those of its children that did not listen
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _find_last_line(tail: bytes) -> str:
    lines = tail.decode("utf-8", "replace").splitlines()
    # The first line may have lost its beginning, and a secret without it would not be known for one.
    whole = lines[1:] if len(tail) == MOST_BYTES else lines
    return next((line.strip() for line in reversed(whole) if line.strip()), "")
