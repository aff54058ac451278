"""Share one embedded server per folder between any number of processes.

The first process starts it, the last one to leave stops it; both under one lock, so a start waits for a stop and the
other way round. A process that is killed loses its lock; where it was the last one, the guard stops the server.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import psycopg
from psycopg import errors, sql

from pokervod_pipelines.db.embedded.binaries import find_binaries
from pokervod_pipelines.db.embedded.folders import HOMES
from pokervod_pipelines.db.embedded.location import ServerLocation, erase_location, find_location, prepare_location
from pokervod_pipelines.db.embedded.locks import hold_exclusively, is_held
from pokervod_pipelines.db.embedded.process import (
    PORT,
    SUPERUSER,
    Readiness,
    ensure_guard,
    find_running,
    is_ready,
    probe_server,
    read_pid,
    rotate_log,
    start_server,
    stop_server,
)
from pokervod_pipelines.db.embedded.users import join_users, leave_users, release_use, thread_lock
from pokervod_pipelines.errors import Conflict, OperatorNeeded, Unavailable


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """Locate the socket of a running server: in a folder that only its system user (and root) may enter."""

    socket_folder: Path

    def url(self, database: str, driver: str = "postgresql+psycopg") -> str:
        """Return the URL of ``database``; user postgres, no password, with the port, so PGPORT cannot change it."""
        host = quote(os.fsencode(self.socket_folder), safe="/")
        return f"{driver}://{SUPERUSER}@/{quote(database, safe='')}?host={host}&port={PORT}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerStatus:
    """Describe a server without touching it; ``version`` is the server's, or that of its data while it is stopped."""

    running: bool
    pid: int | None
    version: str | None
    data_folder: Path
    socket_folder: Path | None
    log_file: Path


class EmbeddedServer:
    """Manage the PostgreSQL server whose data belong to ``folder``, wherever they are.

    ``server_user`` runs it when we are root. ``keep_running`` leaves it running when this process is the last to leave.
    ``settings`` are added to PostgreSQL's own (tests switch ``fsync`` off). ``timeout_seconds`` limits each wait.
    """

    def __init__(
        self,
        folder: Path,
        *,
        server_user: str = "nobody",
        keep_running: bool = False,
        settings: Mapping[str, str] | None = None,
        timeout_seconds: float = 60.0,
        homes: Sequence[Path] = HOMES,
    ) -> None:
        self.folder = folder.resolve()
        self._server_user = server_user
        self._keep_running = keep_running
        self._settings = dict(settings or {})
        self._timeout_seconds = timeout_seconds
        self._homes = tuple(homes)
        self._location: ServerLocation | None = None
        self._address: ServerAddress | None = None

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def acquire(self) -> ServerAddress:
        """Start the server, or join it, until ``release`` or the end of this process; may be nested.

        Raises ``OperatorNeeded``, ``Conflict`` or ``Unavailable``, each saying what to do.
        """
        try:
            with thread_lock:
                location = prepare_location(self.folder, self._server_user, self._homes, is_serving=is_ready)
                with hold_exclusively(location.start_lock, self._timeout_seconds):
                    self._address = self._join(location)
                self._location = location
        except OSError as problem:
            message = (
                f"cannot use the embedded PostgreSQL of {self.folder}: {problem}; correct its rights or its disk, "
                "or name another folder in POKERVOD_HOME, or a server in POKERVOD_DATABASE_URL"
            )
            raise OperatorNeeded(message) from problem
        return self._address

    def release(self) -> None:
        """End one use; the last process to leave stops the server."""
        with thread_lock:
            if self._location is not None and release_use(self._location.users_lock):
                self._leave(self._location)

    def url(self, database: str, driver: str = "postgresql+psycopg") -> str:
        """Return the URL of ``database`` on this server, which must be acquired."""
        return self._require_address().url(database, driver)

    def create_database(self, name: str) -> bool:
        """Create the database ``name`` (UTF-8) if it is missing; return whether this call created it.

        Any number of processes may call at once.
        """
        with _connect(self._require_address().socket_folder) as connection:
            if connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone():
                return False
            try:
                connection.execute(sql.SQL("create database {} template template0").format(sql.Identifier(name)))
            except (errors.DuplicateDatabase, errors.UniqueViolation):
                return False
        return True

    def locate(self) -> ServerLocation:
        """Return where the files are and which system user owns them, without creating anything."""
        return find_location(self.folder, self._server_user, self._homes)

    def status(self) -> ServerStatus:
        """Return what is known now, without starting or creating anything."""
        location = self.locate()
        answer, sockets = probe_server(location)
        running_version = _ask_version(sockets) if answer is Readiness.READY else None
        running = running_version is not None
        written = location.data / "PG_VERSION"
        version = written.read_text().strip() if written.exists() else None
        return ServerStatus(
            running=running,
            pid=read_pid(location) if running else None,
            version=running_version or version,
            data_folder=location.data,
            socket_folder=sockets if running else None,
            log_file=location.log_file,
        )

    def stop(self) -> bool:
        """Stop the server, whoever uses it; return whether one was running."""
        location = self.locate()
        if not location.base.exists():
            return False
        with thread_lock, hold_exclusively(location.start_lock, self._timeout_seconds):
            return stop_server(location, self._timeout_seconds)

    def erase(self) -> None:
        """Stop the server and delete its data, wherever they are; raise ``Conflict`` while any process uses it."""
        location = self.locate()
        if not location.base.exists():
            return
        with thread_lock, hold_exclusively(location.start_lock, self._timeout_seconds):
            if is_held(location.users_lock):
                raise Conflict(
                    f"the database in {location.data} is in use: end the processes that use it, then erase it"
                )
            stop_server(location, self._timeout_seconds)
            erase_location(location)

    def _join(self, location: ServerLocation) -> ServerAddress:
        """Count as a user before the start, so that a process that stops the server in between sees us."""
        join_users(location.users_lock, lambda: self._leave(location))
        try:
            self._ensure_guard(location)  # before the server: it stops one whose start is interrupted
            rotate_log(location.log_file)
            sockets = find_running(location, self._timeout_seconds)
            if sockets is None:
                binaries = find_binaries(location.user, self._homes)
                sockets = start_server(location, binaries, self._settings, self._timeout_seconds)
            self._ensure_guard(location)  # the one of another process may just have ended
        except BaseException:
            if release_use(location.users_lock):
                leave_users(location.users_lock)
            raise
        return ServerAddress(sockets)

    def _ensure_guard(self, location: ServerLocation) -> None:
        if not self._keep_running:
            ensure_guard(location)

    def _leave(self, location: ServerLocation) -> None:
        if not location.base.exists():  # deleted meanwhile; the server ends by itself when its files are missing
            leave_users(location.users_lock)
            return
        with thread_lock, hold_exclusively(location.start_lock, self._timeout_seconds):
            if leave_users(location.users_lock) and not self._keep_running:
                stop_server(location, self._timeout_seconds)

    def _require_address(self) -> ServerAddress:
        if self._address is None:
            raise Unavailable(
                f"this process has not acquired the embedded PostgreSQL of {self.folder}: acquire it first"
            )
        return self._address


def _connect(sockets: Path) -> psycopg.Connection:
    return psycopg.connect(host=str(sockets), port=PORT, user=SUPERUSER, dbname=SUPERUSER, autocommit=True)


def _ask_version(sockets: Path) -> str | None:
    """Return the version, None where the server stopped since it was asked whether it is ready."""
    try:
        with _connect(sockets) as connection:
            return connection.info.parameter_status("server_version") or "unknown"
    except psycopg.OperationalError:
        return None
