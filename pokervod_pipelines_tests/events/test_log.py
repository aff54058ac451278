"""Check that the log contains exactly what was committed, and that a reader misses nothing."""

import tracemalloc
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.events import EventType, NewEvent, append_events, read_events, read_snapshot
from pokervod_pipelines.events.listen import start_listening, wait_for_append
from pokervod_pipelines.events.log import EventFilter, read_latest
from pokervod_pipelines.events.payloads import find_payload
from pokervod_pipelines.periods import Period
from pokervod_pipelines_tests.events.made import make_event


def added(number: int) -> NewEvent:
    return make_event(EventType.NAS_FILE_ADDED, file_id=number, path="찐최종 ’–")


def numbers(engine: Engine, since: str) -> tuple[list[int], str]:
    with engine.connect() as connection:
        events, snapshot = read_events(connection, since)
    return [event.payload["file_id"] for event in events], snapshot


@pytest.fixture
def start(engine: Engine) -> str:
    with engine.connect() as connection:
        return read_snapshot(connection)


def test_events_are_read_in_the_order_they_were_appended(engine: Engine, start: str) -> None:
    with engine.begin() as connection:
        append_events(connection, "nas", "one", [added(n) for n in range(12_000)])

    with engine.connect() as connection:
        events, _ = read_events(connection, start)

    assert [event.payload["file_id"] for event in events] == list(range(12_000))
    assert events[0].payload["path"] == "찐최종 ’–"
    assert (events[0].type, events[0].source, events[0].correlation_id) == ("nas.file.added", "nas", "one")


def test_an_event_of_a_transaction_that_rolls_back_is_never_read(engine: Engine, start: str) -> None:
    connection = engine.connect()
    transaction = connection.begin()
    append_events(connection, "nas", "one", [added(1)])
    transaction.rollback()
    connection.close()

    assert numbers(engine, start)[0] == []


def test_a_transaction_that_commits_late_is_read_late_and_delays_nobody(engine: Engine, start: str) -> None:
    late = engine.connect()
    late_transaction = late.begin()
    append_events(late, "nas", "late", [added(1)])
    with engine.begin() as early:
        append_events(early, "nas", "early", [added(2)])

    while_running, snapshot = numbers(engine, start)
    late_transaction.commit()
    late.close()

    assert while_running == [2]
    assert numbers(engine, snapshot)[0] == [1]


def test_nothing_new_is_an_empty_list(engine: Engine, start: str) -> None:
    read, snapshot = numbers(engine, start)

    assert read == []
    assert numbers(engine, snapshot)[0] == []


def test_the_latest_events_are_oldest_first_and_filtered_by_correlation_id(engine: Engine) -> None:
    for number in range(6):
        with engine.begin() as connection:
            append_events(connection, "nas", f"correlation {number % 2}", [added(number)])

    with engine.connect() as connection:
        latest = list(read_latest(connection, EventFilter(), limit=3))
        odd = list(read_latest(connection, EventFilter(correlation_id="correlation 1"), limit=2))
        every = list(read_latest(connection, EventFilter(), limit=None))

    assert [event.payload["file_id"] for event in latest] == [3, 4, 5]
    assert [event.payload["file_id"] for event in odd] == [3, 5]
    assert [event.payload["file_id"] for event in every] == [0, 1, 2, 3, 4, 5]


def test_events_are_filtered_by_type_and_time(engine: Engine) -> None:
    with engine.begin() as connection:
        types = (EventType.NAS_FILE_ADDED, EventType.NAS_FILE_REMOVED, EventType.NAS_SCAN_COMPLETED)
        append_events(connection, "nas", "one", [make_event(type_) for type_ in types])
        connection.execute(text("update events set at = at - interval '1 day' where type = 'nas.file.added'"))

    yesterday = Period(until=datetime.now(UTC) - timedelta(hours=1))
    cases = {
        EventFilter(types=("nas.file",)): ["nas.file.added", "nas.file.removed"],
        EventFilter(types=("nas.file.removed", "nas.scan")): ["nas.file.removed", "nas.scan.completed"],
        EventFilter(period=yesterday): ["nas.file.added"],
        EventFilter(types=("nas.scan",), period=yesterday): [],
    }
    with engine.connect() as connection:
        everything = list(read_latest(connection, EventFilter(), limit=9))
        for filters, expected in cases.items():
            assert [each.type for each in read_latest(connection, filters, limit=9)] == expected
            assert [each.type for each in everything if filters.fits(each)] == expected


@pytest.mark.parametrize("limit", [None, 15_000])
def test_events_are_read_a_batch_at_a_time(engine: Engine, limit: int | None) -> None:
    """600,000 events of one day took 497 MB before the first was printed."""
    with engine.begin() as connection:
        append_events(connection, "nas", "one", [added(number) for number in range(15_000)])

    tracemalloc.start()
    with engine.connect() as connection:
        count = sum(1 for _ in read_latest(connection, EventFilter(), limit=limit))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert count == 15_000
    assert peak < 5_000_000


def test_a_period_is_found_by_the_index_of_times(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(text("set local enable_seqscan = off"))
        plan = connection.scalars(text("explain select * from events where at >= now() - interval '1 hour'")).all()

    assert any("ix_events_at" in line for line in plan)


@pytest.mark.parametrize("name", ["nas.fil", "nas.file.", "", "NAS.FILE"])
def test_an_unknown_type_is_named(name: str) -> None:
    with pytest.raises(BadInput, match="unknown event type"):
        EventFilter(types=(name,))


def test_a_listener_is_notified_of_commits_only(engine: Engine) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as listening:
        start_listening(listening)
        with engine.begin() as connection:
            append_events(connection, "nas", "one", [added(1)])
        heard = wait_for_append(listening, timeout=10)
        with engine.begin() as connection:
            append_events(connection, "nas", "one", [])
            connection.execute(text("select 1"))
        heard_again = wait_for_append(listening, timeout=0.2)

    assert heard
    assert not heard_again


@pytest.mark.parametrize("type_", EventType)
def test_every_type_has_a_payload_that_is_checked(engine: Engine, type_: EventType) -> None:
    event = make_event(type_)
    with engine.begin() as connection:
        append_events(connection, "nas", "one", [event])
        [read] = read_latest(connection, EventFilter(), limit=1)
    assert read.payload == event.payload
    assert find_payload(type_).model_validate(read.payload)

    wrong = NewEvent(type_, event.payload | {"colour": "red"})
    with (
        pytest.raises(ValueError, match=f"^payload of {type_}: colour: Extra inputs"),
        engine.begin() as connection,
    ):
        append_events(connection, "nas", "one", [wrong])


def test_what_a_payload_needs_is_not_left_out(engine: Engine) -> None:
    with (
        pytest.raises(ValueError, match=r"payload of nas\.file\.added: path: Field required"),
        engine.begin() as connection,
    ):
        append_events(
            connection, "nas", "one", [NewEvent(EventType.NAS_FILE_ADDED, {"file_id": 1, "library": "PAD", "size": 1})]
        )


def test_who_reads_the_first_event_only_leaves_no_cursor_open(engine: Engine) -> None:
    with engine.begin() as connection:
        append_events(connection, "nas", "one", [added(n) for n in range(3)])

    with engine.connect() as connection:
        assert any(read_latest(connection, EventFilter(), limit=None))
        assert connection.scalar(text("select count(*) from pg_cursors")) == 0
