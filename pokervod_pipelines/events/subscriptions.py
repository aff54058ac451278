"""Handle events as they are appended: durable subscriptions of processes, each event at least once.

One process at a time reads for a consumer, the others stand by. An event whose handler fails is tried again, then
parked; until then later events of the same correlation id wait, so that their order is kept, and all others go on.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from pokervod_pipelines.db.failures import is_transient, read_first_line, translate_error
from pokervod_pipelines.db.locks import take_lock
from pokervod_pipelines.events import retries
from pokervod_pipelines.events.cursors import (
    Consumer,
    Round,
    advance_cursor,
    begin_cursor,
    keep_round,
    read_pending,
    read_round,
    start_cursor,
    stream_round,
)
from pokervod_pipelines.events.listen import POLL_SECONDS, start_listening, wait_for_append
from pokervod_pipelines.events.log import LoggedEvent
from pokervod_pipelines.policies.backoff import Backoff
from pokervod_pipelines.processes.threads import run_in_thread
from pokervod_pipelines.text.folding import make_storable

_log = logging.getLogger(__name__)

BATCH = 200
SAVE_SECONDS = 0.1
"""Progress within a batch is stored this often; after a crash at most so much is handled again."""

STOP_SECONDS = 0.5
"""A subscription looks this often whether it should stop, or whether its predecessor has ended."""

MAX_ERROR = 1_000
"""Characters of an error that are kept."""

ATTEMPTS = 3
BACKOFF = Backoff(first_seconds=1, factor=5, limit_seconds=300, jitter=0.2)


@dataclass(frozen=True, slots=True)
class Delivery:
    """Hand an event to a handler, for the ``attempt``-th time; it may have been handled before a crash already."""

    event: LoggedEvent
    consumer: str
    attempt: int = 1

    @property
    def key(self) -> str:
        """Return what is the same each time this consumer gets this event, so that an effect can be done once."""
        return f"{self.consumer}:{self.event.id}"


Handler = Callable[[Delivery], object]
AsyncHandler = Callable[[Delivery], Awaitable[object]]


def subscribe(
    types: Collection[str],
    handler: Handler,
    name: str,
    *,
    engine: Engine,
    stop: threading.Event | None = None,
    from_start: bool = False,
    attempts: int = ATTEMPTS,
    backoff: Backoff = BACKOFF,
) -> None:
    """Call the handler with each event of the types, at least once, until ``stop`` is set.

    The name keeps the position between processes; a new one begins now, with ``from_start`` at the first event of the
    log. A handler fails by raising an exception: after ``attempts`` of them the event is parked. A cut connection is
    opened again; what else the database refuses is raised as one of our errors.
    """
    stop = stop or threading.Event()
    reader = _Reader(engine, Consumer(name, tuple(types)), handler, stop, attempts=attempts, backoff=backoff)
    cuts = 0
    while not stop.is_set():
        try:
            with _open_connection(engine) as connection:
                while not take_lock(connection, name_lock(name)):
                    if stop.wait(STOP_SECONDS):
                        return
                (begin_cursor if from_start else start_cursor)(connection, reader.consumer)
                cuts = 0
                reader.follow(connection)
        except CancelledError:  # the handler's event loop ends: the event comes again
            return
        except DBAPIError as error:
            if not is_transient(error):
                raise translate_error(error) from None
            cuts += 1
            _log.warning("%s: the connection was cut, it is opened again: %s", name, read_first_line(error))
            stop.wait(min(backoff.find_wait(cuts), POLL_SECONDS))


async def subscribe_async(
    types: Collection[str],
    handler: AsyncHandler,
    name: str,
    *,
    engine: Engine,
    from_start: bool = False,
    attempts: int = ATTEMPTS,
    backoff: Backoff = BACKOFF,
) -> None:
    """Do the same as ``subscribe`` with a coroutine function as handler, until this task is cancelled.

    The log is read in a thread; the handler runs in this event loop.
    """
    loop, stop = asyncio.get_running_loop(), threading.Event()

    def call(delivery: Delivery) -> None:
        async def handle() -> None:
            await handler(delivery)

        asyncio.run_coroutine_threadsafe(handle(), loop).result()

    read = partial(
        subscribe,
        types,
        call,
        name,
        engine=engine,
        stop=stop,
        from_start=from_start,
        attempts=attempts,
        backoff=backoff,
    )
    reading = asyncio.wrap_future(run_in_thread(read, f"events {name}"))
    try:
        await asyncio.shield(reading)
    finally:
        stop.set()
        await reading


def name_lock(consumer: str) -> str:
    """Return the name of the lock of the process that reads for the consumer."""
    return f"events {consumer}"


@contextmanager
def _open_connection(engine: Engine) -> Iterator[Connection]:
    """Open a connection that no pool takes back with its lock; a crash may lose its last progress, but nothing else."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        driver = connection.connection.dbapi_connection
        connection.detach()
        try:
            connection.execute(text("set synchronous_commit = off"))
            yield connection
        finally:
            if connection.invalidated and driver is not None:
                driver.close()  # of a cut connection nobody else has it


@dataclass
class _Reader:
    """Read for one consumer on a connection that has its lock; what needs a transaction has another connection."""

    engine: Engine
    consumer: Consumer
    handler: Handler
    stop: threading.Event
    attempts: int = field(kw_only=True)
    backoff: Backoff = field(kw_only=True)
    waits: dict[str, float] = field(init=False, default_factory=dict)
    """The sequences that wait for a next try, and until when."""
    has_read: bool = field(init=False, default=False)
    """Whether it has read a batch on this connection."""

    def follow(self, connection: Connection) -> None:
        """Handle what is pending, then wait for more, until told to stop."""
        start_listening(connection)
        self.has_read = False
        left = read_round(connection, self.consumer)
        looked = moved = 0.0
        while not self.stop.is_set():
            now = time.monotonic()
            if now - looked >= POLL_SECONDS or any(due <= now for due in self.waits.values()):
                self._retry_due(connection)
                looked = time.monotonic()
            events: list[LoggedEvent] = []
            if left is None:
                left, events = read_pending(connection, self.consumer, BATCH)
            if not left.is_empty:
                events = events or list(stream_round(connection, self.consumer, left, limit=BATCH))
                left = self._handle_batch(connection, left, events)
                continue
            has_news = self._wait(connection, min([looked + POLL_SECONDS, *self.waits.values()]))
            if has_news and time.monotonic() - moved > POLL_SECONDS:
                advance_cursor(connection, self.consumer, left)  # so that it need not see other types again
                moved = time.monotonic()
            left = None

    def _wait(self, connection: Connection, end: float) -> bool:
        """Return whether something was appended before the end, or before told to stop."""
        while not self.stop.is_set() and (seconds := end - time.monotonic()) > 0:
            if wait_for_append(connection, timeout=min(seconds, STOP_SECONDS)):
                return True
        return False

    def _handle_batch(self, connection: Connection, left: Round, events: Sequence[LoggedEvent]) -> Round | None:
        """Return what is left of the round, or None at its end."""
        held: list[LoggedEvent] = []
        saved = time.monotonic()
        parked = self._find_parked(connection, events)
        for event in events:
            if retries.name_sequence(event) in self.waits:
                held.append(event)
            elif event.id not in parked:
                self._try(event, attempt=1)
            if time.monotonic() - saved > SAVE_SECONDS or self.stop.is_set():
                left = self._save(connection, left, event, held)
                held, saved = [], time.monotonic()
            if self.stop.is_set():
                return left
        if len(events) < BATCH:
            retries.hold_events(connection, self.consumer.name, held)
            advance_cursor(connection, self.consumer, left)
            return None
        self._save(connection, left, events[-1], held)
        return read_round(connection, self.consumer)

    def _find_parked(self, connection: Connection, events: Sequence[LoggedEvent]) -> set[int]:
        """Return which events were parked before a crash that lost this progress: it is asked once."""
        if self.has_read:
            return set()
        self.has_read = True
        return retries.find_parked(connection, self.consumer.name, [event.id for event in events])

    def _save(self, connection: Connection, left: Round, done: LoggedEvent, held: Sequence[LoggedEvent]) -> Round:
        """Store that the events of the round up to this one are handled, or held."""
        retries.hold_events(connection, self.consumer.name, held)
        left = replace(left, first=done.id + 1)
        keep_round(connection, self.consumer, left)
        return left

    def _retry_due(self, connection: Connection) -> None:
        """Try again what is due; remember what still waits."""
        for sequence, seconds in retries.list_waiting(connection, self.consumer.name).items():
            if seconds <= 0:
                self._retry_sequence(connection, sequence)
        found = retries.list_waiting(connection, self.consumer.name)
        self.waits = {sequence: time.monotonic() + seconds for sequence, seconds in found.items()}

    def _retry_sequence(self, connection: Connection, sequence: str) -> None:
        """Handle a batch of the waiting events of the sequence in their order, up to one that fails again."""
        handled: list[int] = []
        saved = time.monotonic()
        for event, failures in retries.read_waiting(connection, self.consumer.name, sequence, BATCH):
            if self.stop.is_set() or not self._try(event, attempt=failures + 1):
                break
            handled.append(event.id)
            if time.monotonic() - saved > SAVE_SECONDS:
                retries.delete_handled(connection, self.consumer.name, handled)
                handled, saved = [], time.monotonic()
        retries.delete_handled(connection, self.consumer.name, handled)

    def _try(self, event: LoggedEvent, *, attempt: int) -> bool:
        """Return whether the event is handled; store its failure."""
        try:
            self.handler(Delivery(event, self.consumer.name, attempt))
        except CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a handler raises, the others go on
            self._store_failure(event, _describe(error), attempt)
            return False
        return True

    def _store_failure(self, event: LoggedEvent, error: str, attempt: int) -> None:
        wait = self.backoff.find_wait(attempt) if attempt < self.attempts else None
        end = "parked" if wait is None else f"tried again in {wait:.0f} s"
        _log.warning("%s: event %s failed, %s: %s", self.consumer.name, event.id, end, error)
        with self.engine.begin() as transaction:
            retries.record_failure(transaction, self.consumer.name, event, error, attempts=attempt, wait=wait)
        if wait is not None:
            self.waits[retries.name_sequence(event)] = time.monotonic() + wait


def _describe(error: Exception) -> str:
    """Return the error as it can be stored, without a statement and its values."""
    said = read_first_line(error) if isinstance(error, DBAPIError) else str(error)
    return make_storable(f"{type(error).__name__}: {said}", "?")[:MAX_ERROR]
