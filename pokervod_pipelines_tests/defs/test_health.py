"""Check what health reads of a real instance of Dagster, and a tick of its sensor."""

import contextlib
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

import dagster as dg
import pytest
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.remote_origin import (
    ManagedGrpcPythonEnvCodeLocationOrigin,
    RemoteInstigatorOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    SensorInstigatorData,
    TickData,
    TickStatus,
)
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._daemon.types import DaemonHeartbeat
from dagster._utils.error import SerializableErrorInfo
from sqlalchemy import Engine, text

from pokervod_pipelines.db.engine import make_engine, serve_database
from pokervod_pipelines.definitions import build_defs
from pokervod_pipelines.defs.orchestrator_facts import CLOCK_SUFFIX, SENSORS, OrchestratorFacts
from pokervod_pipelines.monitoring.health.orchestrator import SensorFacts
from pokervod_pipelines.monitoring.health.shape import RunFigures
from pokervod_pipelines.settings import load_settings
from pokervod_pipelines.workflows.setup import find_dagster_home, prepare_folder
from pokervod_pipelines_tests.sync.installation import Installation, build_installation

NOW = datetime.now(UTC)


@pytest.fixture
def installation(tmp_path: Path, database_url: str) -> Iterator[Installation]:
    made = build_installation(tmp_path, database_url=database_url)
    with contextlib.chdir(made.folder), mock.patch.dict(os.environ, made.environ):
        prepare_folder(made.folder)
        yield made


@pytest.fixture
def instance(installation: Installation) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.from_config(str(find_dagster_home(load_settings()))) as made:
        made.wipe()
        made.schedule_storage.wipe()  # type: ignore[union-attr]
        made.wipe_daemon_heartbeats()
        yield made


@pytest.fixture
def facts(installation: Installation) -> Iterator[OrchestratorFacts]:
    with serve_database(load_settings()) as urls:
        engine = make_engine(urls.dagster)
        yield OrchestratorFacts(engine)
        engine.dispose()


def make_origin(name: str) -> RemoteInstigatorOrigin:
    target = LoadableTargetOrigin(module_name="pokervod_pipelines.definitions")
    location = ManagedGrpcPythonEnvCodeLocationOrigin(loadable_target_origin=target, location_name="pokervod")
    return RemoteInstigatorOrigin(RemoteRepositoryOrigin(location, "__repository__"), name)


def tick(
    instance: dg.DagsterInstance, name: str, *, age: float = 5, error: str = "", status: str = "DECLARED_IN_CODE"
) -> None:
    """Record a tick of the sensor as the daemon does."""
    at = time.time() - age
    data = SensorInstigatorData(
        last_tick_timestamp=at, min_interval=30, cursor='{"a": "b"}', last_tick_start_timestamp=at
    )
    state = InstigatorState(make_origin(name), InstigatorType.SENSOR, InstigatorStatus(status), data)
    instance.add_instigator_state(state)
    wrapped = SerializableErrorInfo(
        "Error occurred during the execution of evaluation_fn",
        [],
        "SensorExecutionError",
        cause=SerializableErrorInfo(f"pokervod_pipelines.errors.Unavailable: {error}\n", [], "Unavailable"),
    )
    ended = TickStatus.FAILURE if error else TickStatus.SKIPPED
    instance.create_tick(
        TickData(
            instigator_origin_id=state.instigator_origin_id,
            instigator_name=name,
            instigator_type=InstigatorType.SENSOR,
            status=ended,
            timestamp=at,
            error=wrapped if error else None,
            selector_id=state.selector_id,
        )
    )


def test_every_sensor_of_the_definitions_is_known(engine: Engine, installation: Installation) -> None:
    sensors = build_defs(settings=load_settings(), engine=engine).sensors or ()

    names = {each.name for each in sensors}  # type: ignore[union-attr]
    assert {each for each in names if not each.endswith(CLOCK_SUFFIX)} == set(SENSORS)


def test_where_dagster_has_never_run_nothing_is_known(facts: OrchestratorFacts) -> None:
    assert facts.read_heartbeats() == {}
    assert {each.ticked_at for each in facts.read_sensors()} in ({None}, set())
    assert facts.read_runs(NOW - timedelta(days=1), NOW) == {}


def test_heartbeats_are_read(instance: dg.DagsterInstance, facts: OrchestratorFacts) -> None:
    at = time.time() - 300
    instance.add_daemon_heartbeat(DaemonHeartbeat(at, "SENSOR", "x", []))

    (found,) = facts.read_heartbeats().items()

    assert found[0] == "SENSOR"
    assert abs(found[1].timestamp() - at) < 1


def test_a_sensor_is_read_by_its_last_tick(instance: dg.DagsterInstance, facts: OrchestratorFacts) -> None:
    tick(instance, "rfid_drop", age=7)
    tick(instance, "sheet_changes", age=900, error="the share is away")
    tick(instance, "dead_runs", status="STOPPED")
    tick(instance, "rollout_clock")
    tick(instance, "rollout_old_clock", age=200_000)
    tick(instance, "of_an_earlier_version")

    found = {each.name: each for each in facts.read_sensors()}

    assert set(found) == {*SENSORS, "rollout_clock"}
    at = found["rfid_drop"].ticked_at
    assert at is not None
    assert 6 < (datetime.now(UTC) - at).total_seconds() < 60
    assert (found["rfid_drop"].interval_seconds, found["rfid_drop"].error) == (30, "")
    assert found["sheet_changes"].error == "the share is away"
    assert found["dead_runs"].is_stopped
    assert found["event_router"] == SensorFacts(name="event_router")


@pytest.mark.usefixtures("instance")
def test_runs_are_counted_by_job_in_the_time_in_which_they_ended(facts: OrchestratorFacts) -> None:
    runs = [  # job, status, hours ago, seconds
        ("full_sync", "SUCCESS", 1, 10),
        ("full_sync", "SUCCESS", 2, 20),
        ("full_sync", "FAILURE", 3, 90),
        ("full_sync", "CANCELED", 3, 90),
        ("full_sync", "STARTED", 0, 1),
        ("full_sync", "SUCCESS", 30, 40),
        ("__ASSET_JOB", "FAILURE", 1, 1),
        ("nas_sync", "SUCCESS", 24 * 9, 1),
    ]
    with facts.engine.begin() as connection:
        for number, (job, status, hours, seconds) in enumerate(runs):
            ended = NOW - timedelta(hours=hours)
            values = {"id": f"run {number}", "job": job, "status": status, "at": ended.replace(tzinfo=None)}
            connection.execute(
                text("""
                    insert into runs (run_id, pipeline_name, status, run_body, start_time, end_time, update_timestamp)
                    values (:id, :job, :status, '{}', :start, :end, :at)
                """),
                {**values, "start": ended.timestamp() - seconds, "end": ended.timestamp()},
            )

    today = facts.read_runs(NOW - timedelta(days=1), NOW)
    before = facts.read_runs(NOW - timedelta(days=8), NOW - timedelta(days=1))

    assert today == {
        "full_sync": RunFigures(ended=3, succeeded=2, seconds=15.0, failed_last=0),
        "materialize": RunFigures(ended=1, succeeded=0, seconds=None, failed_last=1),
    }
    assert before == {"full_sync": RunFigures(ended=1, succeeded=1, seconds=40.0)}


def test_a_tick_looks_stores_and_says_what_is_bad(
    installation: Installation, engine: Engine, instance: dg.DagsterInstance
) -> None:
    installation.archive.rename(installation.folder / "away")
    defs = build_defs(settings=load_settings(), engine=engine)
    sensor = defs.get_repository_def().get_sensor_def("health")

    result = sensor(dg.build_sensor_context(instance=instance, definitions=defs))

    assert isinstance(result, dg.SkipReason)
    assert str(result.skip_message).startswith("unhealthy; ")
    assert "root nas degraded: " in str(result.skip_message)
    with engine.connect() as connection:
        rows = connection.execute(text("select service, state from health_states"))
        stored = {row.service: row.state for row in rows}
    assert (stored["root nas"], stored["database"], stored["watcher"]) == ("degraded", "healthy", "unhealthy")
