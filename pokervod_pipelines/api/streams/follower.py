"""Read the event log as it grows, in a thread with a connection of its own, and give the hub what was read.

The position is a snapshot, as that of the consumers is: an event whose transaction commits late is read late.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from pokervod_pipelines.access.ended import CLOSING
from pokervod_pipelines.api.database import RETRY, Database
from pokervod_pipelines.api.errors import DatabaseAway
from pokervod_pipelines.api.streams.hub import Batch, Hub, Told
from pokervod_pipelines.api.streams.messages import make_event_message
from pokervod_pipelines.api.streams.positions import Position
from pokervod_pipelines.db.failures import read_first_line
from pokervod_pipelines.events.listen import POLL_SECONDS, start_listening, wait_for_append
from pokervod_pipelines.events.log import LoggedEvent, read_events, read_snapshot

MOST_AT_ONCE = 500
"""Events that are told one by one; of more at once, all clients get a new snapshot instead."""

PACE_SECONDS = 0.04
"""From one reading to the next at least: what happens meanwhile is written at once."""

STOP_SECONDS = 0.5

_log = logging.getLogger(__name__)


class Follower:
    """Follow the log from a thread, which ends by itself soon after it was told to."""

    def __init__(self, database: Database, hub: Hub) -> None:
        self._database, self._hub = database, hub
        self._position: Position | None = None
        self._stop = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Begin to follow, for the event loop that runs."""
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._run, name="streams", daemon=True).start()

    def stop(self) -> None:
        """Follow no more."""
        self._stop.set()
        self._loop = None

    def _run(self) -> None:
        failures = 0
        while not self._stop.is_set():
            try:
                with self._connect() as connection:
                    self._find_start(connection)
                    for batch in self._follow(connection):
                        failures = 0
                        self._call(self._hub.deliver, batch)
            except (DatabaseAway, SQLAlchemyError, OSError) as error:
                failures += 1
                said = read_first_line(error) if isinstance(error, DBAPIError) else str(error)
                self._call(self._hub.note_away, said)
                self._stop.wait(RETRY.find_wait(failures))

    @contextmanager
    def _connect(self) -> Iterator[Connection]:
        """Open a connection that is none of the pool, where requests would miss it."""
        engine = self._database.opened.engine
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            driver = connection.connection.dbapi_connection
            connection.detach()
            try:
                start_listening(connection)
                yield connection
            finally:
                if connection.invalidated and driver is not None:
                    driver.close()  # of a cut connection nobody else has it

    def _find_start(self, connection: Connection) -> None:
        """Begin with what happens from now on, also in a database that is not the one of before, but a copy of it."""
        now = Position(
            connection.scalar(text("select coalesce(max(id), 0) from events")) or 0, read_snapshot(connection)
        )
        if self._position is None:
            self._position = now
            self._call(self._hub.start_at, now)
        elif self._position.next_transaction > now.next_transaction:
            _log.warning("the event log is an older one than before; all streams get a new snapshot")
            self._position = now
            self._call(self._hub.deliver, Batch(told=(), closing=(), position=now, is_too_much=True))

    def _follow(self, connection: Connection) -> Iterator[Batch]:
        """Yield what was appended since the position, first at once, then after each notification."""
        while not self._stop.is_set():
            while wait_for_append(connection, timeout=0):
                pass
            yield self._read(connection)
            self._stop.wait(PACE_SECONDS)
            end = time.monotonic() + POLL_SECONDS
            while not self._stop.is_set() and (seconds := end - time.monotonic()) > 0:
                if wait_for_append(connection, timeout=min(seconds, STOP_SECONDS)):
                    break

    def _read(self, connection: Connection) -> Batch:
        assert self._position is not None  # noqa: S101 - narrows the type
        before = self._position
        events, snapshot = read_events(connection, before.snapshot, limit=MOST_AT_ONCE)
        if len(events) < MOST_AT_ONCE:
            told = make_told(events, before, snapshot)
            self._position = told[-1].position if told else Position(before.seq, snapshot)
            closing = [each for each in events if each.type in CLOSING]
            return Batch(told=told, closing=closing, position=self._position)
        closing, snapshot = read_events(connection, before.snapshot, types=CLOSING)
        self._position = Position(events[-1].id, snapshot)
        return Batch(told=(), closing=closing, position=self._position, is_too_much=True)

    def _call(self, act: Callable[..., None], *arguments: object) -> None:
        """Let the event loop act, unless it has ended."""
        if (loop := self._loop) is None:
            return
        try:
            loop.call_soon_threadsafe(act, *arguments)
        except RuntimeError:
            self._stop.set()


def make_told(events: Sequence[LoggedEvent], since: Position, snapshot: str) -> list[Told]:
    """Return the events with their messages; only after the last one are all of them seen."""
    told = []
    for event in events:
        position = Position(event.id, snapshot if event is events[-1] else since.snapshot)
        told.append(Told(event=event, position=position, message=make_event_message(event, position)))
    return told
