"""Keep the embedded database of ``pokervod dev`` running: notice that it died, and start it again."""

import logging
import os
import sys
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkstemp

import psutil

from pokervod_pipelines.cli.services import Service
from pokervod_pipelines.db.embedded import EmbeddedServer
from pokervod_pipelines.db.embedded.__main__ import ERROR_MARK

WATCH_SECONDS = 1.0
"""Between two looks at the server's process, which is not our child."""

_log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class DatabaseService(Service):
    """Watch the server that this process has acquired; ``process`` is a program that starts it again.

    It does so under the server's locks, and on the socket that the other programs know.
    """

    server: EmbeddedServer
    watched: psutil.Process | None = None
    output: int | None = None

    def find_due(self) -> float | None:
        """Return when to look at the server, or to start it."""
        return Service.find_due(self) if self.watched is None else time.monotonic() + WATCH_SECONDS

    def start_if_due(self, environ: Mapping[str, str]) -> None:
        """Start the server if it is not running and the pause is over."""
        if self.watched is None and self.is_due():
            self.start(environ)

    def open_output(self) -> AbstractContextManager[int]:
        """Return a file without a name for the program that starts the server; it is read when that has ended."""
        self.output, path = mkstemp()
        Path(path).unlink()
        return nullcontext(self.output)

    def find_end(self) -> str | None:
        """Return that the server died, or did not start, and when it is started again."""
        if self.watched is not None:
            if _is_alive(self.watched):
                return None
            pid, self.watched = self.watched.pid, None
            _, pause = self.restarts.note_end()
            log = self.server.locate().log_file
            return f"{self.name} (process {pid}) died; it starts again in {pause:g} s. Its log: {log}"
        if self.process is None or self.process.poll() is None:
            return None
        code, self.process = self.process.returncode, None
        self.watched = self.find_process() if code == 0 else None
        reason = self._find_reason()
        if self.watched is None:
            return f"{self.name} did not start; it starts again in {self.restarts.note_end()[1]:g} s. {reason}"
        _log.info("%s started as process %d", self.name, self.watched.pid)
        return None

    def _find_reason(self) -> str:
        """Return why the program that ended did not start the server, or where the server says it."""
        if self.output is None:
            return ""
        with os.fdopen(self.output, "rb") as output:
            output.seek(0)
            text = output.read().decode(errors="replace").strip()
        _, is_ours, reason = text.partition(ERROR_MARK)
        last = "".join(text.splitlines()[-1:])
        return f"The reason: {reason if is_ours else last}" if text else f"Its log: {self.server.locate().log_file}"

    def find_process(self) -> psutil.Process | None:
        """Return the server's process, None where it does not answer."""
        pid = self.server.status().pid
        try:
            return psutil.Process(pid) if pid else None
        except psutil.NoSuchProcess:
            return None


def watch_database(folder: Path) -> DatabaseService:
    """Return the service of the server of ``folder``, which runs."""
    command = [sys.executable, "-P", "-m", "pokervod_pipelines.db.embedded", str(folder)]
    service = DatabaseService(name="the database", command=command, server=EmbeddedServer(folder))
    service.watched = service.find_process()
    service.restarts.note_start()
    return service


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
