"""Run Dagster's webservers and the code server that they ask, as children that end with this process."""

import asyncio
import logging
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree

import psutil

from pokervod_pipelines.db.embedded.process import rotate_log
from pokervod_pipelines.errors import Unavailable
from pokervod_pipelines.policies.restarts import Restarts

POLL_SECONDS = 0.1

STOP_SECONDS = 3.0
"""Kill a program that has not ended by then; none has anything to lose."""

FOLDER = "pokervod-ui-"

_log = logging.getLogger(__name__)


class Folder:
    """Have a folder for sockets, which nobody else may enter, and whose path is short enough for them."""

    def __init__(self) -> None:
        base = Path(tempfile.gettempdir())
        self.path = base / f"{FOLDER}{os.getpid()}-{os.urandom(4).hex()}"

    def make(self) -> None:
        """Make it, unless that was done, and remove those of processes that were killed."""
        self.path.mkdir(mode=0o700, exist_ok=True)
        for each in self.path.parent.glob(f"{FOLDER}*"):
            pid = each.name.removeprefix(FOLDER).partition("-")[0]
            if pid.isdecimal() and not psutil.pid_exists(int(pid)):
                rmtree(each, ignore_errors=True)

    def remove(self) -> None:
        """Remove it."""
        rmtree(self.path, ignore_errors=True)


@dataclass(kw_only=True)
class TiedProgram:
    """Keep one program that listens on a socket; ``command`` is its module and its arguments."""

    name: str
    command: Sequence[str]
    folder: Folder = field(repr=False)
    socket: Path
    log: Path
    environ: Mapping[str, str] = field(repr=False)
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    _restarts: Restarts = field(default_factory=Restarts, repr=False)

    @property
    def is_running(self) -> bool:
        """Return whether it runs; note its end."""
        if self._process is None:
            return False
        if self._process.poll() is None:
            return True
        lasted, pause = self._restarts.note_end()
        _log.warning(
            "%s (process %d) ended with status %d after %.0f s; it may start again in %g s",
            self.name, self._process.pid, self._process.returncode, lasted, pause,
        )  # fmt: skip
        self._forget()
        return False

    def start(self) -> None:
        """Start it unless it runs. Raises ``Unavailable`` where it ended a moment ago."""
        if self.is_running:
            return
        if not self._restarts.is_due():
            raise Unavailable(f"{self.name} ended by itself and starts again in a moment; {self.log} says why")
        self.folder.make()
        rotate_log(self.log)
        self._restarts.note_start()
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "pokervod_pipelines.processes.tied", *self.command],
                stdin=subprocess.PIPE,  # its end tells the program that we have ended
                stdout=output,
                stderr=output,
                env={**self.environ, "PGAPPNAME": self.name},
                start_new_session=True,  # a Ctrl-C of the terminal is ours to handle
            )
        _log.info("%s started as process %d", self.name, self._process.pid)

    async def wait_until_ready(self, seconds: float) -> None:
        """Wait until it answers. Raises ``Unavailable`` where it ends, or takes longer, which ends it."""
        until = asyncio.get_running_loop().time() + seconds
        while not _answers(self.socket):
            if not self.is_running:
                raise Unavailable(f"{self.name} does not start; {self.log} says why. Then ask again.")
            if asyncio.get_running_loop().time() > until:
                await self.stop()
                said = f"{self.name} did not start within {seconds:g} s (api.dagster.start_seconds)"
                raise Unavailable(f"{said}; {self.log} says why. Then ask again.")
            await asyncio.sleep(POLL_SECONDS)

    async def stop(self, seconds: float = STOP_SECONDS) -> None:
        """End it, and wait for its end."""
        process = self._process
        if process is None:
            return
        process.terminate()
        for _ in range(int(seconds / POLL_SECONDS)):
            if process.poll() is not None:
                break
            await asyncio.sleep(POLL_SECONDS)
        else:
            process.kill()
            process.wait()
        if self._process is process:
            _log.info("%s (process %d) was stopped", self.name, process.pid)
            self._forget()

    def _forget(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()
        self._process = None
        self.socket.unlink(missing_ok=True)


def _answers(path: Path) -> bool:
    with suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
        probe.connect(os.fspath(path))
        return True
    return False
