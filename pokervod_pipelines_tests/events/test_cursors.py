"""Check that a consumer reads every event of its types, whatever order transactions commit in, and can be set back."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine, text

from pokervod_pipelines.events import EventType, append_events
from pokervod_pipelines.events.cursors import (
    Consumer,
    Round,
    advance_cursor,
    begin_cursor,
    find_round,
    read_cursor,
    set_back_cursor,
    stream_round,
)
from pokervod_pipelines_tests.events.made import make_event
from pokervod_pipelines_tests.sizes import choose

CONSUMER = Consumer("test", (EventType.NAS_FILE_ADDED, EventType.NAS_FILE_REMOVED))


def append(connection: Connection, *numbers: int, type_: EventType = EventType.NAS_FILE_ADDED) -> None:
    append_events(connection, "nas", "one", [make_event(type_, file_id=number) for number in numbers])


def read(engine: Engine) -> tuple[list[int], Round]:
    """Return what is pending, and the round that was read."""
    with engine.connect() as connection:
        pending = find_round(connection, CONSUMER)
        return [each.payload["file_id"] for each in stream_round(connection, CONSUMER, pending)], pending


def consume(engine: Engine) -> list[int]:
    numbers, position = read(engine)
    with engine.begin() as connection:
        advance_cursor(connection, CONSUMER, position)
    return numbers


def count_pending(engine: Engine) -> int:
    with engine.connect() as connection:
        return read_cursor(connection, CONSUMER).pending


def test_events_of_other_types_are_not_pending(engine: Engine) -> None:
    with engine.begin() as connection:
        append(connection, 1)
        append(connection, 2, type_=EventType.NAS_FILE_CHANGED)

    assert consume(engine) == [1]
    assert consume(engine) == []


@pytest.mark.parametrize("seed", range(choose(3, long=200)))
def test_whatever_order_transactions_commit_in_each_event_is_read_once(engine: Engine, seed: int) -> None:
    chance = random.Random(seed)
    open_: list[tuple[Connection, int]] = []
    committed: list[int] = []
    consumed: list[int] = []
    for number in range(40):
        step = chance.random()
        if step < 0.5 and len(open_) < 6:
            connection = engine.connect()
            append(connection, number)
            open_.append((connection, number))
        elif step < 0.75 and open_:
            connection, opened = open_.pop(chance.randrange(len(open_)))
            if chance.random() < 0.8:
                connection.commit()
                committed.append(opened)
            connection.close()
        else:
            consumed += consume(engine)
    for connection, _ in open_:
        connection.close()
    consumed += consume(engine)

    assert sorted(consumed) == sorted(committed)


def test_a_consumer_that_dies_before_it_advances_reads_again(engine: Engine) -> None:
    with engine.begin() as connection:
        append(connection, 1, 2)
    died, _ = read(engine)

    assert died == consume(engine) == [1, 2]


def test_an_earlier_read_does_not_move_the_cursor_back(engine: Engine) -> None:
    with engine.begin() as connection:
        append(connection, 1)
    _, earlier = read(engine)
    with engine.begin() as connection:
        append(connection, 2)
    later = consume(engine)
    with engine.begin() as connection:
        advance_cursor(connection, CONSUMER, earlier)

    assert later == [1, 2]
    assert consume(engine) == []


def set_back(engine: Engine, since: datetime) -> int:
    with engine.begin() as connection:
        return set_back_cursor(connection, CONSUMER, since).pending


def test_a_cursor_is_set_back_to_a_time_and_never_forward(engine: Engine) -> None:
    for number in range(3):
        with engine.begin() as connection:
            append(connection, number)
    consume(engine)
    with engine.begin() as connection:
        connection.execute(
            text("update events set at = now() - ((select max(id) from events) - id) * interval '1 day'")
        )

    assert set_back(engine, datetime.now(UTC) - timedelta(days=1, hours=1)) == 2
    assert consume(engine) == [1, 2]
    assert consume(engine) == []
    assert set_back(engine, datetime.now(UTC) + timedelta(days=1)) == 0
    assert consume(engine) == []


def test_a_transaction_that_runs_elsewhere_makes_nobody_read_more_again(engine: Engine) -> None:
    with engine.connect() as other, engine.connect() as late:
        other.execute(text("select pg_current_xact_id()"))
        append(late, 9)
        for number in range(3):
            with engine.begin() as connection:
                append(connection, number)
        assert consume(engine) == [0, 1, 2]
        with engine.begin() as connection:
            connection.execute(
                text("update events set at = now() - (2 - (payload ->> 'file_id')::int) * interval '1 day'")
            )

        assert set_back(engine, datetime.now(UTC) - timedelta(hours=1)) == 1
        late.commit()
        assert sorted(consume(engine)) == [2, 9]


def test_a_read_from_before_a_replay_does_not_undo_it(engine: Engine) -> None:
    with engine.begin() as connection:
        append(connection, 1)
    consume(engine)
    _, running = read(engine)
    set_back(engine, datetime.now(UTC) - timedelta(hours=1))
    with engine.begin() as connection:
        advance_cursor(connection, CONSUMER, running)

    assert consume(engine) == [1]
    assert consume(engine) == []


@pytest.mark.parametrize("since", [timedelta(hours=-1), timedelta(seconds=1)], ids=["before all", "after all"])
def test_a_replay_during_the_first_read_is_not_lost_and_skips_nothing(engine: Engine, since: timedelta) -> None:
    with engine.begin() as connection:
        begin_cursor(connection, CONSUMER)
        append(connection, 1, 2)
    _, running = read(engine)
    set_back(engine, datetime.now(UTC) + since)
    with engine.begin() as connection:
        append(connection, 3)
        advance_cursor(connection, CONSUMER, running)

    assert consume(engine) == ([1, 2, 3] if since < timedelta(0) else [3])


def test_a_replay_of_the_last_event_skips_none_that_was_never_read(engine: Engine) -> None:
    with engine.begin() as connection:
        begin_cursor(connection, CONSUMER)
        append(connection, 1)
    between = datetime.now(UTC)
    with engine.begin() as connection:
        append(connection, 2)
    set_back(engine, between)

    assert consume(engine) == [1, 2]


def test_for_a_consumer_that_has_never_read_all_events_are_pending_already(engine: Engine) -> None:
    with engine.begin() as connection:
        append(connection, 1, 2)

    assert set_back(engine, datetime.now(UTC)) == 2
    assert consume(engine) == [1, 2]


def test_the_state_tells_how_far_a_consumer_is_behind(engine: Engine) -> None:
    def state() -> Sequence[object]:
        with engine.connect() as connection:
            found = read_cursor(connection, CONSUMER)
        return (found.consumer, found.pending, found.oldest is not None, found.moved_at is not None)

    never = state()
    with engine.begin() as connection:
        append(connection, 1, 2)
    behind = state()
    consume(engine)

    assert [never, behind, state()] == [("test", 0, False, False), ("test", 2, True, False), ("test", 0, False, True)]
