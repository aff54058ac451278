"""Check that the log contains exactly what was committed, and that a reader misses nothing."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.events import EventType, NewEvent, append_events, read_events
from pokervod_pipelines.events.listen import start_listening, wait_for_append
from pokervod_pipelines.events.log import EventFilter, LoggedEvent, read_latest
from pokervod_pipelines.periods import Period


def added(number: int) -> NewEvent:
    return NewEvent(EventType.NAS_FILE_ADDED, {"number": number, "name": "찐최종 ’–"})


def read(engine: Engine, *, count: int, after: tuple[int, int] = (0, 0), limit: int = 20_000) -> list[LoggedEvent]:
    """Wait for ``count`` events: transactions of other databases on the server delay readers."""
    deadline = time.monotonic() + 60
    while True:
        with engine.connect() as connection:
            events = read_events(connection, after=after, limit=limit)
        if len(events) >= count or time.monotonic() > deadline:
            return events
        time.sleep(0.01)


def numbers(engine: Engine, *, count: int, after: tuple[int, int] = (0, 0)) -> list[int]:
    return [event.payload["number"] for event in read(engine, count=count, after=after)]


def test_events_are_read_in_the_order_they_were_appended(engine: Engine) -> None:
    with engine.begin() as connection:
        append_events(connection, "nas", "one", [added(n) for n in range(12_000)])

    events = read(engine, count=12_000)

    assert [event.payload["number"] for event in events] == list(range(12_000))
    assert events[0].payload["name"] == "찐최종 ’–"
    assert (events[0].type, events[0].source, events[0].correlation_id) == ("nas.file.added", "nas", "one")


def test_an_event_of_a_transaction_that_rolls_back_is_never_read(engine: Engine) -> None:
    connection = engine.connect()
    transaction = connection.begin()
    append_events(connection, "nas", "one", [added(1)])
    transaction.rollback()
    connection.close()

    assert numbers(engine, count=0) == []


def test_a_transaction_that_commits_late_is_not_skipped(engine: Engine) -> None:
    late = engine.connect()
    late_transaction = late.begin()
    append_events(late, "nas", "late", [added(1)])
    with engine.begin() as early:
        append_events(early, "nas", "early", [added(2)])

    while_running = numbers(engine, count=0)
    late_transaction.commit()
    late.close()

    assert while_running == []
    assert numbers(engine, count=2) == [1, 2]


def test_a_reader_continues_after_the_last_event_it_has_read(engine: Engine) -> None:
    for number in range(5):
        with engine.begin() as connection:
            append_events(connection, "nas", "one", [added(number)])
    first = read(engine, count=3, limit=3)

    assert numbers(engine, count=2, after=(first[-1].txid, first[-1].id)) == [3, 4]


def test_the_latest_events_are_oldest_first_and_filtered_by_correlation_id(engine: Engine) -> None:
    for number in range(6):
        with engine.begin() as connection:
            append_events(connection, "nas", f"correlation {number % 2}", [added(number)])

    with engine.connect() as connection:
        latest = read_latest(connection, EventFilter(), limit=3)
        odd = read_latest(connection, EventFilter(correlation_id="correlation 1"), limit=2)

    assert [event.payload["number"] for event in latest] == [3, 4, 5]
    assert [event.payload["number"] for event in odd] == [3, 5]


def test_events_are_filtered_by_type_and_time(engine: Engine) -> None:
    with engine.begin() as connection:
        types = (EventType.NAS_FILE_ADDED, EventType.NAS_FILE_REMOVED, EventType.NAS_SCAN_COMPLETED)
        append_events(connection, "nas", "one", [NewEvent(type_, {}) for type_ in types])
        connection.execute(text("update events set at = at - interval '1 day' where type = 'nas.file.added'"))

    yesterday = Period(until=datetime.now(UTC) - timedelta(hours=1))
    cases = {
        EventFilter(types=("nas.file",)): ["nas.file.added", "nas.file.removed"],
        EventFilter(types=("nas.file.removed", "nas.scan")): ["nas.file.removed", "nas.scan.completed"],
        EventFilter(period=yesterday): ["nas.file.added"],
        EventFilter(types=("nas.scan",), period=yesterday): [],
    }
    with engine.connect() as connection:
        everything = read_latest(connection, EventFilter(), limit=9)
        for filters, expected in cases.items():
            assert [each.type for each in read_latest(connection, filters, limit=9)] == expected
            assert [each.type for each in everything if filters.fits(each)] == expected


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
