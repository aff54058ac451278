"""The embedded server as the rest of the project sees it: used by any number of processes, one server a folder.

The first user starts it, the last one leaving stops it; both under one lock, so that a start waits for a stop and the
other way round. A user that is killed is none any more, since its lock ends with it; the next one to leave last stops.
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
from pokervod_pipelines.db.embedded.locks import hold_alone, is_held
from pokervod_pipelines.db.embedded.place import Place, find_place, forget_place, settle_place
from pokervod_pipelines.db.embedded.private import HOMES
from pokervod_pipelines.db.embedded.process import (
    PORT,
    SUPERUSER,
    Answer,
    await_server,
    bound_log,
    probe_server,
    read_pid,
    start_server,
    stop_server,
)
from pokervod_pipelines.db.embedded.users import end_one_use, join_users, leave_users, one_at_a_time
from pokervod_pipelines.errors import Conflict, OperatorNeeded, Unavailable


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """Where a running server listens: a socket in a folder that only its account (and root) may enter."""

    socket_folder: Path

    def url(self, database: str, driver: str = "postgresql+psycopg") -> str:
        """The URL of ``database``; user postgres, no password, the port named so that PGPORT cannot change it."""
        host = quote(os.fsencode(self.socket_folder), safe="/")
        return f"{driver}://{SUPERUSER}@/{quote(database, safe='')}?host={host}&port={PORT}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerStatus:
    """What is known of a server without touching it; ``version`` is the server's, or that of data at rest."""

    running: bool
    pid: int | None
    version: str | None
    data_folder: Path
    socket_folder: Path | None
    log_file: Path


class EmbeddedServer:
    """The PostgreSQL server whose data belong to ``folder``, wherever they are.

    ``server_user`` runs it when we are root. ``keep_running`` leaves it running when this process is the last to leave.
    ``settings`` are added to PostgreSQL's own (tests switch ``fsync`` off). ``patience``: seconds for any one wait.
    """

    def __init__(
        self,
        folder: Path,
        *,
        server_user: str = "nobody",
        keep_running: bool = False,
        settings: Mapping[str, str] | None = None,
        patience: float = 60.0,
        homes: Sequence[Path] = HOMES,
    ) -> None:
        self.folder = folder.resolve()
        self._server_user = server_user
        self._keep_running = keep_running
        self._settings = dict(settings or {})
        self._patience = patience
        self._homes = tuple(homes)
        self._place: Place | None = None
        self._address: ServerAddress | None = None

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def acquire(self) -> ServerAddress:
        """The server runs and does not stop before ``release`` or the end of this process; may be nested.

        Raises ``OperatorNeeded``, ``Conflict`` or ``Unavailable``, each saying what to do.
        """
        try:
            with one_at_a_time():
                place = settle_place(self.folder, self._server_user, self._homes)
                with hold_alone(place.start_lock, self._patience):
                    self._address = self._join(place)
                self._place = place
        except OSError as problem:
            raise OperatorNeeded(f"the embedded PostgreSQL of {self.folder} cannot be used: {problem}") from problem
        return self._address

    def release(self) -> None:
        """This use has ended; whoever leaves last stops the server."""
        with one_at_a_time():
            if self._place is not None and end_one_use(self._place.users_lock):
                self._leave(self._place)

    def url(self, database: str, driver: str = "postgresql+psycopg") -> str:
        """The URL of ``database`` on this server, which must have been acquired."""
        return self._require_address().url(database, driver)

    def create_database(self, name: str) -> bool:
        """``name`` exists, UTF-8; whether this call made it. Any number of processes may ask at once."""
        with _connect(self._require_address().socket_folder) as connection:
            if connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone():
                return False
            try:
                connection.execute(sql.SQL("create database {} template template0").format(sql.Identifier(name)))
            except (errors.DuplicateDatabase, errors.UniqueViolation):
                return False
        return True

    def status(self) -> ServerStatus:
        """What is known now; starts nothing and makes nothing."""
        place = self._find()
        answer, sockets = probe_server(place)
        running = answer is Answer.READY
        written = place.data / "PG_VERSION"
        version = written.read_text().strip() if written.exists() else None
        return ServerStatus(
            running=running,
            pid=read_pid(place) if running else None,
            version=_ask_version(sockets) if running else version,
            data_folder=place.data,
            socket_folder=sockets if running else None,
            log_file=place.log_file,
        )

    def stop(self) -> bool:
        """No server runs, whoever was using it; whether one did."""
        place = self._find()
        if not place.base.exists():
            return False
        with one_at_a_time(), hold_alone(place.start_lock, self._patience):
            return stop_server(place, self._patience)

    def erase(self) -> None:
        """The server is stopped and its data are gone, wherever they were; raises ``Conflict`` while anyone uses it."""
        place = self._find()
        if not place.base.exists():
            return
        with one_at_a_time(), hold_alone(place.start_lock, self._patience):
            if is_held(place.users_lock):
                raise Conflict(f"the database in {place.data} is in use: end what uses it before erasing it")
            stop_server(place, self._patience)
            forget_place(place)

    def _find(self) -> Place:
        return find_place(self.folder, self._server_user, self._homes)

    def _join(self, place: Place) -> ServerAddress:
        """Join before the start: a stopper who looks for users in between finds us."""
        join_users(place.users_lock, lambda: self._leave(place))
        try:
            bound_log(place.log_file)
            sockets = await_server(place, self._patience)
            if sockets is None:
                binaries = find_binaries(place.account, self._homes)
                sockets = start_server(place, binaries, self._settings, self._patience)
        except BaseException:
            if end_one_use(place.users_lock):
                leave_users(place.users_lock)
            raise
        return ServerAddress(sockets)

    def _leave(self, place: Place) -> None:
        if not place.base.exists():  # erased under us; the server ends by itself when it misses its files
            leave_users(place.users_lock)
            return
        with one_at_a_time(), hold_alone(place.start_lock, self._patience):
            if leave_users(place.users_lock) and not self._keep_running:
                stop_server(place, self._patience)

    def _require_address(self) -> ServerAddress:
        if self._address is None:
            raise Unavailable(f"the embedded PostgreSQL of {self.folder} was not started by this process: acquire it")
        return self._address


def _connect(sockets: Path) -> psycopg.Connection:
    return psycopg.connect(host=str(sockets), port=PORT, user=SUPERUSER, dbname=SUPERUSER, autocommit=True)


def _ask_version(sockets: Path) -> str:
    with _connect(sockets) as connection:
        return connection.info.parameter_status("server_version") or "unknown"
