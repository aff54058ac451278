"""Check that a subscription handles every event at least once and in order, whatever fails, dies or is cut."""

import asyncio
import itertools
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DataError

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.errors import BadInput, OperatorNeeded
from pokervod_pipelines.events import EventType, append_events, subscribe, subscribe_async
from pokervod_pipelines.events.cursors import Consumer, find_round, read_cursor, set_back_cursor, stream_round
from pokervod_pipelines.events.retries import (
    FailedEvent,
    drop_parked,
    list_failed,
    list_waiting,
    record_failure,
    retry_parked,
)
from pokervod_pipelines.events.subscriptions import Delivery
from pokervod_pipelines.policies.backoff import Backoff
from pokervod_pipelines_tests.events import consumer_process
from pokervod_pipelines_tests.events.made import make_event
from pokervod_pipelines_tests.sizes import choose

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
def run(engine: Engine, handler: Callable[[Delivery], object], *, from_start: bool = True) -> Iterator[None]:
    """Subscribe in a thread while the context lasts."""
    stop = threading.Event()
    arguments = {"engine": engine, "stop": stop, "from_start": from_start, "backoff": QUICK}
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


def test_events_are_handled_in_order_also_those_appended_later(engine: Engine) -> None:
    append(engine, "a", "b")
    handler = Handler()
    with run(engine, handler):
        wait_until(lambda: handler.seen == ["a", "b"])
        append(engine, "x", type_=EventType.NAS_FILE_CHANGED)
        append(engine, "c", type_=EventType.NAS_FILE_REMOVED)
        wait_until(lambda: handler.seen == ["a", "b", "c"])

    consume(engine, handler, until=3)
    assert handler.seen == ["a", "b", "c"]


def test_a_new_consumer_begins_with_what_is_appended_from_now_on(engine: Engine) -> None:
    append(engine, "before")
    handler = Handler()
    with run(engine, handler, from_start=False):
        wait_until(lambda: has_cursor(engine))
        append(engine, "after")
        wait_until(lambda: handler.seen == ["after"])


def has_cursor(engine: Engine) -> bool:
    with engine.connect() as connection:
        return read_cursor(connection, CONSUMER).moved_at is not None


def test_a_failed_event_is_tried_again_and_only_its_correlation_waits(engine: Engine) -> None:
    append(engine, "a1", "a2", correlation="a")
    append(engine, "b1", correlation="b")
    append(engine, "none1", "none2", correlation="")
    handler = Handler(lambda each: each.event.payload["path"] in {"a1", "none1"} and each.attempt < 3)
    consume(engine, handler, until=5)

    assert handler.seen.index("a1") < handler.seen.index("a2")
    assert handler.seen.index("b1") < handler.seen.index("a1")
    assert handler.seen.index("none2") < handler.seen.index("none1")
    assert [attempt for name, attempt in handler.attempts if name == "a1"] == [1, 2, 3]
    assert read_failed(engine) == []


def test_an_event_that_fails_each_time_is_parked_and_holds_nobody_up(engine: Engine) -> None:
    append(engine, "bad", "good", "better")
    handler = Handler(lambda each: each.event.payload["path"] == "bad")
    consume(engine, handler, until=2)

    assert handler.seen == ["good", "better"]
    [parked] = read_failed(engine)
    assert (parked.consumer, parked.type, parked.attempts) == ("test", "nas.file.added", 3)
    assert parked.error == "ConnectionError: the share does not answer"
    assert list_types(engine, "system.%") == ["system.event.parked"]


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


@pytest.mark.parametrize("names_it", [True, False])
def test_a_parked_event_is_handled_when_a_person_retries_it(engine: Engine, names_it: bool) -> None:
    event_id = park(engine)
    handler = Handler()
    with run(engine, handler):
        with engine.begin() as connection:
            assert retry_parked(connection, "test", [event_id] if names_it else [], ANNA) == [event_id]
        wait_until(lambda: handler.seen == ["bad"] and not read_failed(engine))
    assert list_types(engine, "system.%") == ["system.event.parked", "system.event.retried"]


def test_a_parked_event_is_dropped_with_a_reason(engine: Engine) -> None:
    event_id = park(engine)
    with engine.begin() as connection:
        assert drop_parked(connection, "test", [event_id], ANNA) == [event_id]

    assert read_failed(engine) == []
    with engine.connect() as connection:
        dropped = connection.scalar(text("select payload from events where type = 'system.event.dropped'"))
    assert dropped == {"consumer": "test", "event_id": event_id, "by": "anna", "reason": "the share is back"}


@pytest.mark.parametrize("act", [retry_parked, drop_parked])
def test_an_event_that_is_not_parked_is_refused_and_nothing_changes(
    engine: Engine, act: Callable[[Connection, str, Sequence[int], Actor], list[int]]
) -> None:
    event_id = park(engine)
    with pytest.raises(BadInput, match="test: not parked: 999;"), engine.begin() as connection:
        act(connection, "test", [event_id, 999], ANNA)

    assert read_failed(engine)[0].parked_at is not None


def test_a_handler_that_fails_on_everything_parks_each_event_once(engine: Engine) -> None:
    append(engine, *"abc", correlation="")
    types = (*TYPES, EventType.SYSTEM_EVENT_PARKED)
    stop = threading.Event()

    def fail(_: Delivery) -> None:
        raise ValueError("no")

    arguments = {"engine": engine, "stop": stop, "from_start": True, "backoff": QUICK}
    thread = threading.Thread(target=subscribe, args=(types, fail, "test"), kwargs=arguments)
    thread.start()
    wait_until(lambda: sum(each.parked_at is not None for each in read_failed(engine)) == 6)
    stop.set()
    thread.join(LIMIT_SECONDS)

    assert Counter(list_types(engine, "%")) == {"nas.file.added": 3, "system.event.parked": 3}


def test_one_process_reads_and_the_next_takes_over(engine: Engine) -> None:
    first, second = Handler(), Handler()
    with run(engine, second):
        with run(engine, first):
            append(engine, *"abcd")
            wait_until(lambda: len(first.seen) + len(second.seen) == 4)
            assert not first.seen or not second.seen
        append(engine, *"efgh")
        wait_until(lambda: len(first.seen) + len(second.seen) == 8)

    assert sorted(first.seen + second.seen) == [*"abcdefgh"]


def test_a_cut_connection_is_opened_again(engine: Engine) -> None:
    handler = Handler()
    with run(engine, handler):
        append(engine, "a")
        wait_until(lambda: handler.seen == ["a"])
        cut_subscribers(engine)
        append(engine, "b")
        wait_until(lambda: "b" in handler.seen)

    assert handler.seen in (["a", "b"], ["a", "a", "b"])


def cut_subscribers(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(
            text("""
                select pg_terminate_backend(pid) from pg_locks
                where locktype = 'advisory' and pid <> pg_backend_pid()
                    and database = (select oid from pg_database where datname = current_database())
            """)
        )


def test_a_coroutine_function_handles_events_until_its_task_is_cancelled(engine: Engine) -> None:
    seen: list[str] = []

    async def handle(delivery: Delivery) -> None:
        await asyncio.sleep(0)
        if delivery.attempt == 1 and delivery.event.payload["path"] == "b":
            raise ConnectionError("once")
        seen.append(delivery.event.payload["path"])

    async def follow() -> None:
        task = asyncio.create_task(
            subscribe_async(TYPES, handle, "test", engine=engine, from_start=True, backoff=QUICK)
        )
        await asyncio.to_thread(append, engine, *"abc")
        while len(seen) < 3:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(asyncio.wait_for(follow(), LIMIT_SECONDS))
    assert seen == ["a", "b", "c"]


def test_a_long_backlog_is_read_in_parts(engine: Engine) -> None:
    count = choose(2_000, long=100_000)
    names = [str(number) for number in range(count)]
    append(engine, *names)
    handler = Handler(lambda each: each.event.payload["path"] == "500" and each.attempt == 1)
    consume(engine, handler, until=count)

    assert handler.seen == names


class Effects:
    """Store each effect once in the database, by the delivery's key; fail as chance has it."""

    def __init__(self, engine: Engine, chance: random.Random) -> None:
        self.engine = engine
        self.chance = chance

    def __call__(self, delivery: Delivery) -> None:
        if delivery.attempt == 1 and self.chance.random() < 0.05:
            raise ConnectionError("by chance")
        values = {"key": delivery.key, "name": delivery.event.payload["path"]}
        with self.engine.begin() as connection:
            connection.execute(
                text("insert into effects (key, name) values (:key, :name) on conflict do nothing"), values
            )


@dataclass
class Writers:
    """Append in several transactions at once, which are committed and rolled back in random order."""

    engine: Engine
    chance: random.Random
    number: int = 0
    open: list[tuple[Connection, list[str]]] = field(default_factory=list)
    committed: list[list[str]] = field(default_factory=list)

    def step(self) -> None:
        if len(self.open) < 3 and self.chance.random() < 0.6:
            self.number += 1
            connection, names = self.engine.connect(), [f"{self.number}-{each}" for each in "abc"]
            append_in(connection, *names, correlation=f"request {self.number}")
            self.open.append((connection, names))
        elif self.open:
            self.end(self.chance.randrange(len(self.open)))

    def end(self, at: int) -> None:
        connection, names = self.open.pop(at)
        if self.chance.random() < 0.8:
            connection.commit()
            self.committed.append(names)
        connection.close()


@pytest.fixture
def effects(engine: Engine) -> Iterator[Callable[[], list[str]]]:
    """Return a function that lists the effects in the order in which they were done."""
    with engine.begin() as connection:
        connection.execute(text("create table effects (id serial, key text primary key, name text)"))

    def read() -> list[str]:
        with engine.connect() as connection:
            return [row.name for row in connection.execute(text("select name from effects order by id"))]

    yield read
    with engine.begin() as connection:
        connection.execute(text("drop table effects"))


def assert_all_once_and_in_order(effects: Sequence[str], committed: Sequence[Sequence[str]]) -> None:
    assert sorted(effects) == sorted(itertools.chain(*committed))
    places = {name: place for place, name in enumerate(effects)}
    assert [names for names in committed if sorted(names, key=places.__getitem__) != names] == []


@pytest.mark.parametrize("seed", range(choose(2, long=10)))
def test_whatever_commits_when_and_is_cut_when_each_effect_is_done_once(
    engine: Engine, effects: Callable[[], list[str]], seed: int
) -> None:
    chance = random.Random(seed)
    writers, handler = Writers(engine, chance), Effects(engine, chance)
    for _ in range(choose(4, long=50)):
        with run(engine, handler):
            for _ in range(20):
                writers.step()
            if chance.random() < 0.5:
                cut_subscribers(engine)
    while writers.open:
        writers.end(0)
    with run(engine, handler):
        wait_until(lambda: has_cursor(engine) and count_pending(engine) == 0)

    assert_all_once_and_in_order(effects(), writers.committed)


@pytest.mark.long
def test_processes_that_are_killed_lose_nothing_and_do_nothing_twice(
    engine: Engine, database_url: str, effects: Callable[[], list[str]]
) -> None:
    chance = random.Random(1)
    writers = Writers(engine, chance)
    for _ in range(20):
        consumers = [subprocess.Popen([sys.executable, consumer_process.__file__, database_url]) for _ in range(2)]
        end = time.monotonic() + chance.uniform(1, 3)
        while time.monotonic() < end:
            writers.step()
            time.sleep(0.01)
        for process in consumers:
            process.send_signal(signal.SIGKILL)
            process.wait()
    while writers.open:
        writers.end(0)
    with run(engine, Effects(engine, chance)):
        wait_until(lambda: has_cursor(engine) and count_pending(engine) == 0)

    assert len(writers.committed) > 100
    assert_all_once_and_in_order(effects(), writers.committed)


@pytest.mark.parametrize(
    ("error", "stored"),
    [
        (ValueError("bad \x00 name"), "ValueError: bad ? name"),
        (ValueError("bad \udce9 name"), "ValueError: bad ? name"),
        (ValueError("x" * 5_000), "ValueError: " + "x" * 988),
        (
            DataError("insert into t values (%(secret)s)", {"secret": "s3"}, psycopg.DataError("no\nDETAIL: s3")),
            "DataError: no",
        ),
    ],
)
def test_any_error_of_a_handler_is_stored(engine: Engine, error: Exception, stored: str) -> None:
    append(engine, "bad", "good")
    seen = Handler()

    def handle(delivery: Delivery) -> None:
        if delivery.event.payload["path"] == "bad":
            raise error
        seen(delivery)

    with run(engine, handle):
        wait_until(lambda: seen.seen == ["good"])
    assert [each.error for each in read_failed(engine)] == [stored]


def test_what_the_database_refuses_is_raised(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("alter table event_retries rename to event_retries_elsewhere"))
    try:
        with pytest.raises(OperatorNeeded, match="event_retries"):
            subscribe(TYPES, Handler(), "test", engine=engine)
    finally:
        with engine.begin() as connection:
            connection.execute(text("alter table event_retries_elsewhere rename to event_retries"))


def test_a_retried_event_is_first_tried_when_it_is_due_itself(engine: Engine) -> None:
    append(engine, "a", "b")
    with engine.begin() as connection:
        pending = find_round(connection, CONSUMER)
        first, second = [*stream_round(connection, CONSUMER, pending)]
        record_failure(connection, "test", first, "no", attempts=1, wait=60)
        record_failure(connection, "test", second, "no", attempts=1, wait=0)
        waiting = list_waiting(connection, "test")

    assert {sequence: round(seconds) for sequence, seconds in waiting.items()} == {"one": 60}


def test_a_replay_takes_parked_events_back(engine: Engine) -> None:
    park(engine)
    with engine.begin() as connection:
        set_back_cursor(connection, CONSUMER, datetime.now(UTC) - timedelta(hours=1))
    handler = Handler()
    consume(engine, handler, until=1)

    assert (handler.seen, read_failed(engine)) == (["bad"], [])


def test_many_coroutines_subscribe_in_one_loop(engine: Engine) -> None:
    seen: list[str] = []

    async def handle(delivery: Delivery) -> None:
        seen.append(delivery.consumer)

    async def follow() -> None:
        names = [f"consumer {number}" for number in range(12)]
        tasks = [
            asyncio.create_task(subscribe_async(TYPES, handle, name, engine=engine, from_start=True)) for name in names
        ]
        await asyncio.to_thread(append, engine, "a")
        while len(seen) < len(names):
            await asyncio.sleep(0.01)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(asyncio.wait_for(follow(), LIMIT_SECONDS))
    assert len(set(seen)) == 12
