"""Check that alerts that people closed become incidents on the way up, and are as they were on the way down."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.db.engine import make_engine
from pokervod_pipelines.db.migrate import downgrade_database, upgrade_database
from pokervod_pipelines.monitoring.incidents.old_keys import find_named

BEFORE = "0023"

ALERTS = [
    # key, severity, times, acknowledged by, resolved by
    ("rollout production week 4 escalated", "critical", 1, None, None),
    ("rollout production week 3 escalated", "critical", 1, "eva", "the rollout"),
    ("rollout production week 3 escalated", "critical", 1, None, "eva"),
    ("run_failures nas_sync WSOP: 0c1d2e3f4a5b", "warning", 9, "eva", None),
    ("run_failures materialize rows: 77aa", "warning", 2, None, "run_failures"),
    ("disk of gfx-01", "critical", 3, None, None),
    # messages, of which nothing lasts
    ("rollout production week 2 attempt 5", "info", 1, None, None),
    ("rollout production week 9 attempt 12 completed", "info", 1, None, None),
    ("week 2026-W19", "info", 1, None, "ana"),
    ("workflow run 6f1d", "warning", 1, None, "event_router"),
    ("test 1a2b3c4d", "critical", 1, None, "eva"),
    ("test 1a2b3c4d", "critical", 1, None, None),
]


INSERT = text("""
    insert into alerts (key, severity, title, body, correlation_id, times, raised_at, last_raised_at, acknowledged_at,
        acknowledged_by, resolved_at, resolved_by, resolved_reason)
    values (:key, :severity, :key, 'body', :key, :times, :raised_at, :last_raised_at, :acknowledged_at,
        :acknowledged_by, :resolved_at, :resolved_by, :resolved_reason)
""")


def make_row(
    number: int, key: str, severity: str, times: int, acknowledged_by: str | None, resolved_by: str | None
) -> dict[str, Any]:
    raised_at = datetime(2026, 11, 30, 10, tzinfo=UTC) + timedelta(hours=number)
    return {
        "key": key,
        "severity": severity,
        "times": times,
        "raised_at": raised_at,
        "last_raised_at": raised_at + timedelta(hours=2),
        "acknowledged_at": raised_at + timedelta(hours=3) if acknowledged_by else None,
        "acknowledged_by": acknowledged_by,
        "resolved_at": raised_at + timedelta(hours=4) if resolved_by else None,
        "resolved_by": resolved_by,
        "resolved_reason": "over" if resolved_by else None,
    }


@pytest.fixture
def old(make_database: Callable[[bool], str]) -> Iterator[Engine]:
    """Yield a database of before, with these alerts and a delivery of each."""
    engine = make_engine(make_database(True))
    downgrade_database(engine, BEFORE)
    with engine.begin() as connection:
        for number, row in enumerate(ALERTS):
            connection.execute(INSERT, make_row(number, *row))
        connection.execute(
            text("insert into alert_deliveries (alert_id, severity, channel) select id, severity, 'mail' from alerts")
        )
    yield engine
    engine.dispose()


def read(engine: Engine, query: str) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def test_what_people_close_becomes_an_incident_and_comes_back(old: Engine) -> None:
    everything = "select * from alerts where key !~ '^(test|week|workflow)|attempt' order by id"
    before = read(old, everything)

    upgrade_database(old)

    incidents = read(
        old,
        """
        select key, times, acknowledged_by, resolved_by, is_resolved_by_person, figures ->> 'report',
            last_seen_at - opened_at from monitoring_events order by id
        """,
    )
    assert [each[:6] for each in incidents] == [
        ("rollout rollout production week 4", 1, None, None, False, "body"),
        ("rollout rollout production week 3", 1, "eva", "the rollout", False, "body"),
        ("rollout rollout production week 3", 1, None, "eva", True, "body"),
        ("run_failures workflow nas_sync WSOP 0c1d2e3f4a5b", 9, "eva", None, False, "body"),
        ("run_failures workflow materialize rows 77aa", 2, None, "run_failures", False, "body"),
        ("alert other disk of gfx-01", 3, None, None, False, "body"),
    ]
    assert {each[6].total_seconds() for each in incidents} == {7200}
    messages = read(old, "select key, kind, incident_id from alerts order by id")
    assert [each[1:] for each in messages] == [("opened", number) for number in range(1, 7)] + [("message", None)] * 6
    assert messages[-1][0] == "test 1a2b3c4d"
    with old.connect() as connection:
        assert find_named(connection, "rollout production week 4 escalated") == 1
        assert find_named(connection, "run_failures nas_sync WSOP: 0c1d2e3f4a5b") == 4
        assert find_named(connection, "disk of gfx-01") == 6

    downgrade_database(old, BEFORE)

    assert read(old, everything) == before
    assert read(old, "select count(*) from monitoring_events") == [(0,)]
    assert read(old, "select count(*) from alerts where resolved_at is null") == [(3,)], "messages are over"
    upgrade_database(old)
    assert len(read(old, "select from monitoring_events")) == 6


def test_an_incident_of_after_is_an_alert_of_before_on_the_way_down(old: Engine) -> None:
    upgrade_database(old)
    with old.begin() as connection:
        connection.execute(
            text("""
                with e as (
                    insert into monitoring_events (key, detector, subject_kind, subject, severity, summary,
                        first_opened_at, opened_at, last_seen_at)
                    select d || ' root nas' || s, d, 'root', 'nas' || s, 'error', 'away', now(), now(), now()
                    from (values ('root_away', ''), ('rollout', ' week 1')) as v (d, s) returning *
                )
                insert into alerts (key, severity, title, body, kind, incident_id, opening)
                select key, k, 'away', '', case k when 'error' then 'opened' else 'escalated' end, id, 1
                from e, (values ('error'), ('critical')) as v (k) where detector = 'root_away'
            """)
        )

    downgrade_database(old, BEFORE)

    told = read(old, "select key, severity, resolved_by from alerts where title = 'away' order by id")
    assert told == [
        ("root_away root nas", "error", "a downgrade"),
        ("root_away root nas", "critical", None),
        ("rollout nas week 1 escalated", "error", None),
    ]
