"""Keep programs running side by side: start one that ended again, and end all of them at a signal."""

import logging
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TypeAlias

from pokervod_pipelines.cli.output import err
from pokervod_pipelines.db.embedded.process import rotate_log
from pokervod_pipelines.policies.restarts import Restarts
from pokervod_pipelines.processes.forked import ForkedProgram
from pokervod_pipelines.processes.signals import STOPPING, read_signals

STOP_SECONDS = 15.0
"""Kill a program that has not ended by then."""

OUTPUT_SECONDS = 600.0
"""Between two looks at how long the output of a program is."""

Program: TypeAlias = subprocess.Popen[bytes] | ForkedProgram

_log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Service:
    """Run one program, again after each end; its output goes to ``log`` if there is one.

    ``name`` is for people; the program's connections to the database have it, too.
    """

    name: str
    command: Sequence[str]
    log: Path | None = None
    stop_seconds: float = STOP_SECONDS
    process: Program | None = None
    restarts: Restarts = field(default_factory=Restarts, repr=False)

    def find_due(self) -> float | None:
        """Return when the program is to be started, None while it runs: its end is a signal."""
        return self.restarts.due_at if self.process is None else None

    def start_if_due(self, environ: Mapping[str, str]) -> None:
        """Start the program if it is not running and its pause is over; keep its output short in any case."""
        if self.log:
            rotate_log(self.log)
        if self.is_due():
            _log.info("%s started as process %d", self.name, self.start(environ))

    def is_due(self) -> bool:
        """Return whether the program is not running and its pause is over."""
        return self.process is None and self.restarts.is_due()

    def start(self, environ: Mapping[str, str]) -> int:
        """Start the program; return its process."""
        self.restarts.note_start()
        with self.open_output() as output:
            number = output if output is None or isinstance(output, int) else output.fileno()
            self.process = self.launch({**environ, "PGAPPNAME": self.name}, number)
        return self.process.pid

    def launch(self, environ: Mapping[str, str], output: int | None) -> Program:
        """Start the process of the program; ``output`` is a descriptor, None for the outputs of this process."""
        return subprocess.Popen(self.command, env=environ, stdin=subprocess.DEVNULL, stdout=output, stderr=output)

    def open_output(self) -> AbstractContextManager[IO[bytes] | int | None]:
        """Return the file that the program writes to, None for the outputs of this process."""
        return self.log.open("ab") if self.log else nullcontext()

    def find_end(self) -> str | None:
        """Return how the program ended and when it is started again, None while it runs or waits."""
        code = None if self.process is None else self.process.poll()
        if self.process is None or code is None:
            return None
        pid, self.process = self.process.pid, None
        lasted, pause = self.restarts.note_end()
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with status {code}"
        return f"{self.name} (process {pid}) {how} after {lasted:.0f} s; it starts again in {pause:g} s"


def run_services(services: Sequence[Service], environ: Mapping[str, str], report: Callable[[str], object]) -> None:
    """Run the programs until this process gets SIGINT or SIGTERM; report each end, and that one starts again."""
    with read_signals() as reader:
        while True:
            for service in services:
                service.start_if_due(environ)
            due = [moment for each in services if (moment := each.find_due()) is not None]
            if STOPPING & _wait(reader, due):
                break
            for service in services:
                if sentence := service.find_end():
                    report(sentence)
        _stop(services)


def _wait(reader: int, due: Sequence[float]) -> set[int]:
    """Wait for a signal, or until something is due, the length of an output at the latest; return the signals."""
    timeout = min([OUTPUT_SECONDS, *(max(0.0, each - time.monotonic()) for each in due)])
    return set(os.read(reader, 64)) if select.select([reader], [], [], timeout)[0] else set()


def _stop(services: Sequence[Service]) -> None:
    """End the programs in the order given, all at once where they are quick."""
    running = [(each.process, each.stop_seconds) for each in services if each.process is not None]
    for process, _ in running:
        process.terminate()
    began = time.monotonic()
    for process, seconds in running:
        try:
            process.wait(max(0.0, began + seconds - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def report(sentence: str) -> None:
    """Print and log what became of a program."""
    _log.warning("%s", sentence, extra={"is_shown": True})
    err.print(sentence, style="yellow", markup=False)
