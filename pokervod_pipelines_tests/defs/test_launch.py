"""Check that a launched run waits in Dagster's queue under its request's id, which no event asks for again."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._daemon.types import DaemonHeartbeat
from sqlalchemy import Engine, text

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.defs.launch import Launcher, follow_run, open_launcher
from pokervod_pipelines.defs.launch_child import QUEUE_DAEMON
from pokervod_pipelines.defs.router import find_covered
from pokervod_pipelines.defs.workflows import read_input
from pokervod_pipelines.errors import BadInput, Conflict, Unavailable
from pokervod_pipelines.events.cursors import find_round, stream_round
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.declared import list_workflows
from pokervod_pipelines.workflows.routing import ROUTER, find_requests

WORKFLOWS = list_workflows()
ANA = Actor(who="Ana", reason="new rows", correlation_id="request 1")


@pytest.fixture
def settings(settings_factory: Callable[..., Settings], tmp_path: Path) -> Settings:
    return settings_factory(sheets=[{"name": "one", "path": tmp_path / "one.csv"}])


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}", encoding="utf-8")
    return tmp_path


@pytest.fixture
def launcher(engine: Engine, settings: Settings, home: Path) -> Iterator[Launcher]:
    with dg.DagsterInstance.from_config(str(home)) as instance:
        beat(instance)
    with open_launcher(engine, settings, home) as opened:
        yield opened


def beat(instance: dg.DagsterInstance, *, ago: float = 0) -> None:
    instance.add_daemon_heartbeat(
        DaemonHeartbeat(timestamp=time.time() - ago, daemon_type=QUEUE_DAEMON, daemon_id="1", errors=[])
    )


def test_a_run_is_queued_and_its_request_recorded(launcher: Launcher, engine: Engine) -> None:
    workflow = WORKFLOWS["sheets_sync"]
    given = workflow.input.model_validate({"sheet": "one", "statuses": False})

    launch = launcher.launch(workflow, given, ANA, priority=7)

    run = launcher.instance.get_run_by_id(launch.run_id)
    assert run is not None
    assert run.status is dg.DagsterRunStatus.QUEUED
    assert run.tags["dagster/partition"] == "one"
    assert run.tags["dagster/priority"] == "7"
    assert run.tags["dagster/max_runtime"] == "1800"
    assert run.asset_selection == {dg.AssetKey("sheet_rows"), dg.AssetKey("hand_clips")}
    assert read_input(run.tags, workflow) == {"sheet": "one", "statuses": False}
    with engine.connect() as connection:
        asked = connection.execute(text("select type, payload, correlation_id from events")).all()
        events = stream_round(connection, ROUTER, find_round(connection, ROUTER))
        requests = find_requests(connection, events, WORKFLOWS)
    signed = {"by": "Ana", "reason": "new rows"}
    told = {"sheet": "one", "statuses": False}
    assert [tuple(each) for each in asked] == [
        (
            "system.run.requested",
            {"workflow": "sheets_sync", "input": told, "run_id": launch.run_id, **signed},
            "request 1",
        ),
        (
            "sheets.sync.requested",
            {**told, **signed},
            "request 1",
        ),
    ]
    assert [each.workflow for each in requests] == ["sheets_sync"]
    assert find_covered(launcher.instance, requests, WORKFLOWS) == {each.key for each in requests}


def test_a_run_is_followed_to_its_end(launcher: Launcher) -> None:
    workflow = WORKFLOWS["catalog_update"]
    launch = launcher.launch(workflow, workflow.input(), ANA, priority=0)
    states = follow_run(launcher.instance, launch.run_id)
    assert next(states).status == "queued"
    run = launcher.instance.get_run_by_id(launch.run_id)
    assert run is not None
    launcher.instance.report_run_failed(run, "Its process ended.")
    end = next(states)
    assert (end.status, end.has_ended, end.error) == ("failure", True, "Its process ended.")
    assert list(states) == []


def test_a_run_in_the_queue_is_cancelled_once(launcher: Launcher, engine: Engine) -> None:
    workflow = WORKFLOWS["full_sync"]
    launch = launcher.launch(workflow, workflow.input(), ANA, priority=0)
    assert launcher.find_unfinished("full_sync") == launch.run_id

    assert [launcher.cancel(launch.run_id, ANA) for _ in range(2)] == [True, False]

    assert launcher.find_unfinished("full_sync") is None
    with engine.connect() as connection:
        [*types] = connection.scalars(text("select type from events where payload ->> 'by' = 'Ana' order by id"))
    assert types == ["system.run.requested", "system.run.cancelled"]
    with pytest.raises(BadInput, match="unknown run"):
        launcher.cancel("x", ANA)


@pytest.mark.parametrize("ago", [None, 120])
def test_without_a_living_daemon_nothing_is_queued(
    engine: Engine, settings: Settings, home: Path, ago: float | None
) -> None:
    with dg.DagsterInstance.from_config(str(home)) as instance:
        if ago is not None:
            beat(instance, ago=ago)
    with pytest.raises(Unavailable, match="start `pokervod dev`"), open_launcher(engine, settings, home):
        pass


def test_what_is_switched_off_is_refused(launcher: Launcher, engine: Engine) -> None:
    workflows = launcher.settings.workflows.model_copy(update={"enabled": False})
    launcher.settings = launcher.settings.model_copy(update={"workflows": workflows})
    workflow = WORKFLOWS["catalog_update"]
    with pytest.raises(Conflict, match="set it to true"):
        launcher.launch(workflow, workflow.input(), ANA, priority=0)
    with engine.connect() as connection:
        assert connection.scalar(text("select count(*) from events")) == 0
