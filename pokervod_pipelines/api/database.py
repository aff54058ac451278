"""Lend connections to the routes; while the database is away, refuse at once and try to reach it beside that.

The breakers of ``policies`` are kept in the database, so this one is of the process: one failure to connect opens it,
and only its own thread tries again.
"""

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoneLeft

from pokervod_pipelines.access.users import has_users
from pokervod_pipelines.api.errors import DatabaseAway, DatabaseBusy
from pokervod_pipelines.db.engine import make_engine, serve_database
from pokervod_pipelines.db.failures import is_transient, read_first_line
from pokervod_pipelines.db.migrate import upgrade_database
from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.policies.backoff import Backoff
from pokervod_pipelines.settings import Settings

CHECKOUT_SECONDS = 0.8
"""Limit of waiting for a connection: an answer of 503 takes less than a second."""

POOL_SECONDS = 0.5
"""Limit of waiting for one that is lent: shorter, so that a pool without any is not taken for a silent database."""

TURN_SECONDS = 3.0
"""Limit of a read's waiting for its turn, for which it needs no thread."""

FRESH_SECONDS = 0.5
"""A database that answered no longer ago is not asked whether it does."""

STATEMENT_SECONDS = 8
"""Limit of a statement of a route."""

THREADS = 12
"""Routes that work at once; the pool keeps as many connections."""

MORE_CONNECTIONS = 16
"""Opened beside them for a while: reads that have their turn wait for a thread while other threads lend, too."""

RETRY = Backoff(first_seconds=0.5, limit_seconds=5.0)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDatabase:
    """Hold what is open: an engine on our database, and one on Dagster's."""

    engine: Engine
    dagster: Engine


class Database:
    """Keep the databases of the settings open, from a thread of its own, and lend connections."""

    def __init__(self, settings: Settings, on_open: Callable[[Engine], object] = lambda _: None) -> None:
        self._settings, self._on_open = settings, on_open
        self._opened: OpenDatabase | None = None
        self._problem = "it was not asked yet"
        self._stack = ExitStack()
        self._answered_at = float("-inf")
        self._wanted, self._ready, self._closing = threading.Event(), threading.Event(), threading.Event()
        self._lock = threading.Lock()
        self._turns = asyncio.Semaphore(THREADS)
        self._lenders = ThreadPoolExecutor(THREADS, "lender")
        self._opener: threading.Thread | None = None

    def start(self, wait_seconds: float) -> None:
        """Begin to open the database, unless that was begun before, and wait so long for it at most."""
        if self._opener is not None:
            return
        self._wanted.set()
        self._opener = threading.Thread(target=self._keep_open, name="database", daemon=True)
        self._opener.start()
        self._ready.wait(wait_seconds)

    def close(self) -> None:
        """Close what is open; a connection that hangs is left behind."""
        self._closing.set()
        self._wanted.set()
        self._lenders.shutdown(wait=False, cancel_futures=True)
        if self._opener is not None:
            self._opener.join(timeout=1.0)
        if self._opener is None or not self._opener.is_alive():
            self._stack.close()

    @property
    def opened(self) -> OpenDatabase:
        """Return what is open. Raises ``DatabaseAway``."""
        opened = self._opened
        if opened is None:
            raise DatabaseAway(f"the database does not answer: {self._problem}; it is tried again by itself")
        return opened

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """Yield a connection that reads, each statement by itself. Raises ``DatabaseAway`` within a second."""
        with self._lend() as connection:
            yield connection.execution_options(isolation_level="AUTOCOMMIT")

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Yield a connection in a transaction. Raises ``DatabaseAway`` within a second."""
        with self._lend() as connection, connection.begin():
            yield connection

    @asynccontextmanager
    async def take_turn(self) -> AsyncIterator[None]:
        """Let so many reads at once have a connection. Raises ``DatabaseAway`` at once, ``DatabaseBusy`` later."""
        _ = self.opened
        try:
            async with asyncio.timeout(TURN_SECONDS):
                await self._turns.acquire()
        except TimeoutError:
            raise DatabaseBusy from None
        try:
            yield
        finally:
            self._turns.release()

    @contextmanager
    def _lend(self) -> Iterator[Connection]:
        opened = self.opened
        try:
            with self._checkout(opened) as connection:
                yield connection
        except DBAPIError as error:
            if error.connection_invalidated or (is_transient(error) and _is_lost(error)):
                self.note_failure(opened, read_first_line(error))
            raise

    @property
    def problem(self) -> str:
        """Return why the database did not answer last."""
        return self._problem

    def has_users(self) -> bool | None:
        """Return whether anybody may log in, None where the database does not answer."""
        try:
            with self.connect() as connection:
                return has_users(connection)
        except (DatabaseAway, DatabaseBusy, DBAPIError):
            return None

    def require(self) -> OpenDatabase:
        """Return what is open and has answered just now. Raises ``DatabaseAway`` within a second."""
        opened = self.opened
        if time.monotonic() - self._answered_at > FRESH_SECONDS:
            self._checkout(opened).close()
        return opened

    def _checkout(self, opened: OpenDatabase) -> Connection:
        """Return a connection; one that arrives too late goes back to the pool.

        Where all are lent only this request is refused.
        """
        lent: Future[Connection] = self._lenders.submit(opened.engine.connect)
        try:
            connection = lent.result(CHECKOUT_SECONDS)
        except NoneLeft:
            raise DatabaseBusy from None
        except TookTooLong:
            if lent.cancel():  # others wait for theirs
                raise DatabaseBusy from None
            lent.add_done_callback(_give_back)
            self.note_failure(opened, f"no connection within {CHECKOUT_SECONDS:g} s")
        except SQLAlchemyError as error:
            said = read_first_line(error) if isinstance(error, DBAPIError) else str(error)
            self.note_failure(opened, said)
        else:
            self._answered_at = time.monotonic()
            return connection
        raise DatabaseAway(f"the database does not answer: {self._problem}; it is tried again by itself")

    def note_failure(self, opened: OpenDatabase, problem: str) -> None:
        """Lend none of these connections any more, and let the thread open the database anew."""
        with self._lock:
            self._problem = problem
            if self._opened is opened:
                self._opened = None
                self._ready.clear()
                _log.warning("the database does not answer: %s", problem)
        self._wanted.set()

    def _keep_open(self) -> None:
        failures = 0
        while not self._closing.is_set():
            self._wanted.wait()
            self._wanted.clear()
            while self._opened is None and not self._closing.is_set():
                try:
                    self._open()
                    failures = 0
                except (PokervodError, SQLAlchemyError, OSError) as error:
                    failures += 1
                    self._problem = read_first_line(error) if isinstance(error, DBAPIError) else str(error)
                    self._closing.wait(RETRY.find_wait(failures))

    def _open(self) -> None:
        before, self._stack = self._stack, ExitStack()
        with ExitStack() as stack:
            urls = stack.enter_context(serve_database(self._settings))
            before.close()  # not earlier: the embedded server goes on
            ours = make_engine(urls.pokervod, connections=THREADS, more=MORE_CONNECTIONS, wait_seconds=POOL_SECONDS)
            engines = [ours, make_engine(urls.dagster, wait_seconds=POOL_SECONDS)]
            for each in engines:
                stack.callback(each.dispose)
                event.listen(each, "connect", _limit_statements)
            upgrade_database(engines[0])
            self._on_open(engines[0])
            self._stack = stack.pop_all()
        with self._lock:
            self._opened = OpenDatabase(engine=engines[0], dagster=engines[1])
        self._ready.set()


def end_statement(connection: Connection) -> None:
    """End what another thread runs on the connection, which raises there."""
    if not connection.closed and not connection.invalidated:
        driver: psycopg.Connection[Any] = connection.connection.driver_connection  # type: ignore[assignment]
        driver.cancel_safe(timeout=CHECKOUT_SECONDS)


def _is_lost(error: DBAPIError) -> bool:
    """Return whether the connection is gone, which a deadlock or a time limit of a statement does not mean."""
    state = getattr(error.orig, "sqlstate", None)
    return state is None or state.startswith(("08", "57P"))


def _give_back(lent: "Future[Connection]") -> None:
    if not lent.cancelled() and lent.exception() is None:
        lent.result().close()


def _limit_statements(connection: Any, _record: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"set statement_timeout = '{STATEMENT_SECONDS}s'")
    connection.commit()
