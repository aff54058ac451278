"""Check what becomes of an event whose handler fails: tried again, in order, parked, decided by a person."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DataError

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.errors import BadInput, OperatorNeeded
from pokervod_pipelines.events import EventType, subscribe
from pokervod_pipelines.events.cursors import find_round, set_back_cursor, stream_round
from pokervod_pipelines.events.retries import (
    drop_parked,
    list_waiting,
    record_failure,
    retry_parked,
)
from pokervod_pipelines.events.subscriptions import Delivery
from pokervod_pipelines.policies.backoff import Backoff
from pokervod_pipelines_tests.events.subscriber import (
    ANNA,
    CONSUMER,
    LIMIT_SECONDS,
    QUICK,
    TYPES,
    Handler,
    append,
    append_in,
    consume,
    count_pending,
    list_types,
    park,
    read_failed,
    read_waiting,
    run,
    wait_until,
)


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


def test_an_event_that_commits_late_is_handled_before_the_one_that_waits(engine: Engine) -> None:
    handler = Handler(lambda each: each.event.payload["path"] == "b" and "a" not in handler.seen)
    with run(engine, handler), engine.connect() as late:
        append_in(late, "a")
        append(engine, "b")
        wait_until(lambda: ("b", 1) in handler.attempts)
        late.commit()
        append(engine, "c")
        wait_until(lambda: len(handler.seen) + sum(each.parked_at is not None for each in read_failed(engine)) == 3)

    assert [name for name in handler.seen if name != "b"] == ["a", "c"]
    assert read_waiting(engine) == []


def test_a_replay_while_an_event_waits_strands_nothing(engine: Engine) -> None:
    append(engine, "a", "b")
    handler = Handler(lambda each: each.event.payload["path"] == "b" and handler.seen.count("a") < 2)
    # As many attempts as it takes: on a slow disk the replay is begun late, and a parked event would stay parked.
    with run(engine, handler, backoff=Backoff(first_seconds=0.5, factor=1), attempts=1_000):
        wait_until(lambda: count_pending(engine) == 1)  # b waits, and the cursor of the first batch can be set back
        with engine.begin() as connection:
            set_back_cursor(connection, CONSUMER, datetime.now(UTC) - timedelta(hours=1))
        append(engine, "x", correlation="two")
        wait_until(lambda: "b" in handler.seen)

    assert handler.seen[-1] == "b" or handler.seen[-2:] == ["b", "x"]
    assert (read_failed(engine), read_waiting(engine)) == ([], [])


def test_an_event_that_was_parked_before_a_crash_is_not_handled_again(engine: Engine) -> None:
    event_id = park(engine)
    with engine.begin() as connection:  # the progress after the parking is lost
        connection.execute(text("update event_cursors set txid = 0, snapshot = null"))
    append(engine, "next")
    handler = Handler()
    consume(engine, handler, until=1)

    assert handler.seen == ["next"]
    assert [each.event_id for each in read_failed(engine)] == [event_id]


def test_a_replay_takes_parked_events_back(engine: Engine) -> None:
    park(engine)
    with engine.begin() as connection:
        set_back_cursor(connection, CONSUMER, datetime.now(UTC) - timedelta(hours=1))
    handler = Handler()
    consume(engine, handler, until=1)

    assert (handler.seen, read_failed(engine)) == (["bad"], [])
