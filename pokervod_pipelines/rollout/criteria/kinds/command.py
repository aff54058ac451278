"""``command``: a program ends with the right status. No shell; only programs that the settings allow."""

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from typing import IO, Annotated, Literal

from pydantic import Field, StringConstraints

from pokervod_pipelines.rollout.criteria.base import Criterion, Fault, House
from pokervod_pipelines.rollout.criteria.evidence import ErrorClass, Evidence
from pokervod_pipelines.rollout.criteria.world import World

TAIL_BYTES = 4000
"""What is kept of a program's output: its end."""

Argument = Annotated[str, StringConstraints(min_length=1, max_length=4000, pattern=r"^[^\x00]*$")]

_MENDING = "an administrator sets rollout.allow_commands and names it in rollout.programs, or the plan does without"


class Command(Criterion):
    """The program of ``run`` with its arguments ends with ``exit_status``, started in the plan's folder.

    It sees the environment without PokerVOD's own variables, since those hold secrets.
    """

    kind: Literal["command"] = "command"
    run: list[Argument] = Field(min_length=1, max_length=100)
    exit_status: int = Field(default=0, ge=0, le=255)

    def find_faults(self, house: House) -> Iterator[Fault]:
        """Tell whether the settings allow it."""
        if not house.allow_commands:
            yield ("kind",), f"commands are not allowed here; {_MENDING}"
        elif self.run[0] not in house.programs:
            yield ("run", 0), f"program {self.run[0]!r} is not allowed; {_MENDING}"

    def check(self, world: World) -> Evidence:
        """Return how the program ended, with the end of what it said; what it started ends with it."""
        if not world.allow_commands or self.run[0] not in world.programs:
            return Evidence.fails(ErrorClass.NOT_ALLOWED, f"{self.run[0]!r} is not allowed; {_MENDING}")
        seconds = world.take_seconds()
        with tempfile.TemporaryFile() as output:
            try:
                status = _run(self.run, world, output, seconds)
            except OSError as error:
                said = f"{self.run[0]!r} cannot be started ({error.strerror})"
                return Evidence.fails(ErrorClass.UNREACHABLE, said)
            return self._tell(status, seconds, _read_tail(output))

    def _tell(self, status: int | None, seconds: float, tail: list[str]) -> Evidence:
        program = self.run[0]
        if status is None:
            said = f"{program!r} was not at its end after {seconds:.1f} s and was stopped"
            return Evidence.fails(ErrorClass.UNREACHABLE, said, details=tail)
        figures = {"exit_status": status}
        if status != self.exit_status:
            said = f"{program!r} ended with {status}, not {self.exit_status}"
            return Evidence.fails(ErrorClass.CHECK, said, details=tail, figures=figures)
        return Evidence.passes(f"{program!r} ended with {status}", details=tail, figures=figures)


def _run(arguments: list[str], world: World, output: IO[bytes], seconds: float) -> int | None:
    """Return the exit status, None when the time was up; nothing of its process group is left."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("POKERVOD_")}
    process = subprocess.Popen(
        arguments,
        cwd=world.folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        return process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        return None
    finally:
        _end_group(process)


def _end_group(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:  # all of it ended by itself
        return
    finally:
        process.wait()


def _read_tail(output: IO[bytes]) -> list[str]:
    size = output.seek(0, os.SEEK_END)
    output.seek(max(0, size - TAIL_BYTES))
    lines = output.read().decode(errors="replace").splitlines()
    return [line for line in lines if line.strip()][-20:]
