"""Check that what events ask for is kept until a run answers it: handed once, again where nobody launched it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine, text

from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.declared import list_workflows
from pokervod_pipelines.workflows.routing import hand_due, route_events
from pokervod_pipelines.workflows.run_requests import (
    HandedRequest,
    RunRequest,
    delete_answered,
    list_handed_keys,
    read_handed,
    read_requests,
    release_requests,
    store_requests,
)

NOW = datetime.now(UTC) - timedelta(minutes=5)
WORKFLOWS = list_workflows()


def request(workflow: str = "catalog_update", correlation_id: str = "one", number: int = 1, **given: str) -> RunRequest:
    at = NOW + timedelta(seconds=number)
    return RunRequest(
        workflow=workflow,
        input=given,
        correlation_id=correlation_id,
        event_id=number,
        first_at=at,
        asked_at=at,
        due_at=at,
    )


@pytest.fixture
def settings(settings_factory: Callable[..., Settings]) -> Settings:
    return settings_factory(sheets=[{"name": "one", "path": "/tmp/one.csv"}, {"name": "two", "path": "/tmp/two.csv"}])


def store(engine: Engine, *requests: RunRequest) -> None:
    with engine.begin() as connection:
        store_requests(connection, requests)


def hand(engine: Engine, settings: Settings, busy: set[str] | None = None) -> list[HandedRequest]:
    return hand_due(engine, WORKFLOWS, settings, busy=busy).due


def age(connection: Connection) -> None:
    connection.execute(text("update run_requests set handed_at = handed_at - interval '11 seconds'"))


def test_what_is_stored_reads_the_same(engine: Engine) -> None:
    asked = request("sheets_sync", sheet="ü", number=5)
    asked = replace(asked, made_by="nas_files", priority=10, attempt=2)
    store(engine, asked)
    with engine.connect() as connection:
        (stored,) = read_requests(connection)
    assert (stored.request, stored.run_key) == (asked, None)


def test_requests_of_one_target_are_handed_as_one_with_each_id(engine: Engine, settings: Settings) -> None:
    store(engine, request(number=1), request(number=2), request(correlation_id="two", number=3))
    (handed,) = hand(engine, settings)
    assert [(each.request.correlation_id, each.request.event_id) for each in handed.parts] == [("one", 2), ("two", 3)]
    assert handed.request.others == ("two",)
    assert hand(engine, settings) == []


def test_what_nobody_launched_is_handed_again_under_its_key_and_later_events_apart(
    engine: Engine, settings: Settings
) -> None:
    store(engine, request(number=1))
    (first,) = hand(engine, settings)
    store(engine, request(number=2))
    with engine.begin() as connection:
        age(connection)
    again = hand(engine, settings)
    assert sorted(len(each.parts) for each in again) == [1, 1]
    assert first.run_key in {each.run_key for each in again}
    assert len({each.run_key for each in again}) == 2
    with engine.begin() as connection:
        delete_answered(connection, [first.run_key])
        assert list_handed_keys(connection) == [each.run_key for each in again if each.run_key != first.run_key]


def test_one_that_is_released_waits_and_gathers_later_events(engine: Engine, settings: Settings) -> None:
    store(engine, request(number=1), request(correlation_id="two", number=2))
    (handed,) = hand(engine, settings)
    store(engine, request(number=3))
    with engine.begin() as connection:
        release_requests(connection, handed.run_key)
        assert [(each.request.correlation_id, each.request.event_id) for each in read_requests(connection)] == [
            ("two", 2),
            ("one", 3),
        ]
        assert read_handed(connection, handed.run_key) == []


def test_one_that_is_released_waits_for_a_moment(engine: Engine, settings: Settings) -> None:
    store(engine, request(number=1))
    (handed,) = hand(engine, settings)
    with engine.begin() as connection:
        release_requests(connection, handed.run_key)
    assert hand(engine, settings) == []
    with engine.begin() as connection:
        connection.execute(text("update run_requests set due_at = due_at - interval '5 seconds'"))
    assert [each.run_key for each in hand(engine, settings)] == [handed.run_key]


def test_a_workflow_that_is_busy_waits_and_one_of_each_other_is_handed(engine: Engine, settings: Settings) -> None:
    asked = [request("sheets_sync", sheet=name, number=number) for number, name in enumerate(("two", "one"), 1)]
    store(engine, *asked, request(number=9))
    found = hand(engine, settings, busy={"catalog_update"})
    assert [each.request.input for each in found] == [{"sheet": "two"}]
    assert {each.request.target for each in hand(engine, settings)} == {
        'sheets_sync {"sheet": "one"}',
        "catalog_update {}",
    }


def test_events_and_the_position_in_the_log_are_one(engine: Engine, settings: Settings) -> None:
    route_events(engine, WORKFLOWS)  # a new consumer begins now
    with engine.begin() as connection:
        payload = {"by": "Ana", "reason": "new rows"}
        append_events(connection, "system", "one", [NewEvent(EventType.CATALOG_UPDATE_REQUESTED, payload)])
    broken = engine.execution_options(isolation_level="AUTOCOMMIT")
    with broken.connect() as connection:
        connection.execute(text("alter table run_requests add constraint no check (workflow = 'x') not valid"))
    with pytest.raises(Exception, match="violates check constraint"):
        route_events(engine, WORKFLOWS)
    with broken.connect() as connection:
        connection.execute(text("alter table run_requests drop constraint no"))
    route_events(engine, WORKFLOWS)
    route_events(engine, WORKFLOWS)
    with engine.connect() as connection:
        assert [each.request.workflow for each in read_requests(connection)] == ["catalog_update"]
