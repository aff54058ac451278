"""Check which old events are deleted, and which never are."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from pokervod_pipelines.errors import BadSettings
from pokervod_pipelines.events import EventType, append_events
from pokervod_pipelines.events.cursors import Consumer, advance_cursor, find_round, start_cursor, stream_round
from pokervod_pipelines.events.retention import BATCH, count_prunable, find_oldest, prune_events
from pokervod_pipelines.events.retries import record_failure
from pokervod_pipelines.settings.rooms import EventSettings
from pokervod_pipelines_tests.events.made import make_event
from pokervod_pipelines_tests.events.rewriting import rewrite_log

SETTINGS = EventSettings(keep_days=100, keep_days_of={"nas.file": 10, "nas.file.moved": None})
ADDED, MOVED, SCANNED = EventType.NAS_FILE_ADDED, EventType.NAS_FILE_MOVED, EventType.NAS_SCAN_COMPLETED
CONSUMER = Consumer("test", (ADDED,))


def append(engine: Engine, type_: EventType, *, days: float, count: int = 1, by: str = "") -> None:
    """Append events that are so many days old."""
    signed = {"by": by, "reason": "x"} if by else {}
    with engine.begin() as connection:
        append_events(connection, "nas", "one", [make_event(type_, **signed)] * count)
        at = datetime.now(UTC) - timedelta(days=days)
        rewrite_log(connection, "update events set at = :at where at = now()", at=at)


def list_types(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return [row.type for row in connection.execute(text("select type from events order by id"))]


def prune(engine: Engine) -> int:
    """Prune, and check that it was announced."""
    with engine.connect() as connection:
        expected = count_prunable(connection, SETTINGS)
    assert prune_events(engine, SETTINGS) == expected
    return expected


def test_each_type_is_kept_as_long_as_the_settings_say(engine: Engine) -> None:
    for type_, days in ((ADDED, 11), (ADDED, 9), (MOVED, 3_000), (SCANNED, 101), (SCANNED, 99)):
        append(engine, type_, days=days)

    assert prune(engine) == 2
    assert list_types(engine) == [ADDED, MOVED, SCANNED]
    assert prune(engine) == 0


def test_more_than_a_batch_is_deleted_and_what_is_signed_is_kept(engine: Engine) -> None:
    append(engine, ADDED, days=20, count=BATCH + 10)
    append(engine, ADDED, days=20, by="anna")
    append(engine, ADDED, days=20, count=BATCH - 5)

    assert prune(engine) == 2 * BATCH + 5
    assert list_types(engine) == [ADDED]


def test_what_a_living_consumer_has_yet_to_read_is_kept(engine: Engine) -> None:
    with engine.begin() as connection:
        start_cursor(connection, CONSUMER)
    append(engine, ADDED, days=20)
    assert prune(engine) == 0

    end = time.monotonic() + 60
    while read_and_prune(engine) != 1:  # a transaction of another test, begun before the event, keeps it for a moment
        assert time.monotonic() < end
        time.sleep(0.1)


def read_and_prune(engine: Engine) -> int:
    with engine.begin() as connection:
        advance_cursor(connection, CONSUMER, find_round(connection, CONSUMER))
    return prune(engine)


def test_a_consumer_that_stopped_long_ago_holds_nothing_up(engine: Engine) -> None:
    with engine.begin() as connection:
        start_cursor(connection, CONSUMER)
        connection.execute(text("update event_cursors set moved_at = now() - interval '31 days'"))
    append(engine, ADDED, days=20)

    assert prune(engine) == 1


def test_what_a_consumer_could_not_handle_is_kept(engine: Engine) -> None:
    append(engine, ADDED, days=20, count=2)
    with engine.begin() as connection:
        pending = find_round(connection, CONSUMER)
        first = next(iter([*stream_round(connection, CONSUMER, pending)]))
        record_failure(connection, "test", first, "no", attempts=1, wait=60)

    assert prune(engine) == 1
    assert list_types(engine) == [ADDED]


def test_nothing_is_deleted_where_all_is_kept(engine: Engine) -> None:
    append(engine, ADDED, days=3_000)

    assert prune_events(engine, EventSettings(keep_days=None, keep_days_of={})) == 0


def test_an_unknown_type_is_named() -> None:
    with pytest.raises(BadSettings, match=r"events\.keep_days_of: unknown event type 'nas\.fil'; did you mean"):
        find_oldest(EventSettings(keep_days_of={"nas.fil": 1}), datetime.now(UTC))


@pytest.mark.parametrize(
    "statement",
    [
        'update events set payload = payload || \'{"by": "ben"}\'',
        "update events set payload = payload - 'by'",
        "delete from events",
        "truncate events cascade",
    ],
)
def test_nobody_edits_what_somebody_signed(engine: Engine, statement: str) -> None:
    append(engine, EventType.NAS_FILE_CLEARED, days=0, by="anna")

    with pytest.raises(IntegrityError, match="audit record"), engine.begin() as connection:
        connection.execute(text(statement))

    with engine.connect() as connection:
        assert connection.scalar(text("select payload ->> 'by' from events")) == "anna"
