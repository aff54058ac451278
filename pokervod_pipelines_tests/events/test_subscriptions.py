"""Check that a subscription handles events in order, by one process, also over cut connections."""

import asyncio

import pytest
from sqlalchemy import Engine

from pokervod_pipelines.events import EventType, subscribe_async
from pokervod_pipelines.events.cursors import list_consumers, set_back_cursor
from pokervod_pipelines.events.subscriptions import Delivery
from pokervod_pipelines_tests.events.subscriber import (
    LIMIT_SECONDS,
    QUICK,
    TYPES,
    Handler,
    append,
    consume,
    cut_subscribers,
    has_cursor,
    run,
    wait_until,
)
from pokervod_pipelines_tests.sizes import choose


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


def test_a_replay_that_is_asked_for_during_the_first_event_is_read(engine: Engine) -> None:
    append(engine, "a", "b")
    seen: list[int] = []

    def handle(delivery: Delivery) -> None:
        seen.append(delivery.event.id)
        if len(seen) == 1:
            with engine.begin() as connection:
                [consumer] = list_consumers(connection)
                set_back_cursor(connection, consumer, delivery.event.at)

    with run(engine, handle):
        wait_until(lambda: len(seen) == 4)

    assert seen == sorted(seen[:2]) * 2


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
