"""Run a subscription for a test, and read what became of its events."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, text

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.events import EventType, append_events, subscribe
from pokervod_pipelines.events.cursors import Consumer, read_cursor
from pokervod_pipelines.events.retries import (
    FailedEvent,
    list_failed,
    list_waiting,
)
from pokervod_pipelines.events.subscriptions import ATTEMPTS, Delivery
from pokervod_pipelines.policies.backoff import Backoff
from pokervod_pipelines_tests.events.made import make_event

TYPES = (EventType.NAS_FILE_ADDED, EventType.NAS_FILE_REMOVED)
CONSUMER = Consumer("test", TYPES)
QUICK = Backoff(first_seconds=0.01, factor=1)
LIMIT_SECONDS = 60
ANNA = Actor(who="anna", reason="the share is back")


def append(engine: Engine, *names: str, correlation: str = "one", type_: EventType = EventType.NAS_FILE_ADDED) -> None:
    with engine.begin() as connection:
        append_in(connection, *names, correlation=correlation, type_=type_)


def append_in(
    connection: Connection, *names: str, correlation: str = "one", type_: EventType = EventType.NAS_FILE_ADDED
) -> None:
    events = [make_event(type_, path=name) for name in names]
    append_events(connection, "nas", correlation, events)


class Handler:
    """Collect what is delivered; raise while ``fails`` says so."""

    def __init__(self, fails: Callable[[Delivery], bool] = lambda _: False) -> None:
        self.fails = fails
        self.seen: list[str] = []
        self.attempts: list[tuple[str, int]] = []

    def __call__(self, delivery: Delivery) -> None:
        name = delivery.event.payload["path"]
        self.attempts.append((name, delivery.attempt))
        if self.fails(delivery):
            raise ConnectionError("the share does not answer")
        self.seen.append(name)


@contextmanager
def run(
    engine: Engine,
    handler: Callable[[Delivery], object],
    *,
    from_start: bool = True,
    backoff: Backoff = QUICK,
    attempts: int = ATTEMPTS,
) -> Iterator[None]:
    """Subscribe in a thread while the context lasts."""
    stop = threading.Event()
    arguments = {"engine": engine, "stop": stop, "from_start": from_start, "backoff": backoff, "attempts": attempts}
    thread = threading.Thread(target=subscribe, args=(TYPES, handler, CONSUMER.name), kwargs=arguments)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(LIMIT_SECONDS)
        assert not thread.is_alive()


def wait_until(is_done: Callable[[], bool]) -> None:
    end = time.monotonic() + LIMIT_SECONDS
    while not is_done():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def consume(engine: Engine, handler: Handler, until: int) -> None:
    """Subscribe until so many events were handled, and the cursor says so."""
    with run(engine, handler):
        wait_until(lambda: len(handler.seen) >= until and count_pending(engine) == 0)


def count_pending(engine: Engine) -> int:
    with engine.connect() as connection:
        state = read_cursor(connection, CONSUMER)
    return state.pending + state.waiting


def read_failed(engine: Engine) -> list[FailedEvent]:
    with engine.connect() as connection:
        return list_failed(connection)


def has_cursor(engine: Engine) -> bool:
    with engine.connect() as connection:
        return read_cursor(connection, CONSUMER).moved_at is not None


def list_types(engine: Engine, pattern: str) -> list[str]:
    with engine.connect() as connection:
        rows = connection.execute(
            text("select type from events where type like :pattern order by id"), {"pattern": pattern}
        )
        return [row.type for row in rows]


def park(engine: Engine) -> int:
    append(engine, "bad")
    handler = Handler(lambda _: True)
    with run(engine, handler):
        wait_until(lambda: any(each.parked_at for each in read_failed(engine)))
    return read_failed(engine)[0].event_id


def cut_subscribers(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(
            text("""
                select pg_terminate_backend(pid) from pg_locks
                where locktype = 'advisory' and pid <> pg_backend_pid()
                    and database = (select oid from pg_database where datname = current_database())
            """)
        )


def read_waiting(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return [*list_waiting(connection, "test")]
