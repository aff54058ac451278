"""Check a tick of the sensor ``anomalies`` and the asset ``pipeline_health`` on a real instance of Dagster."""

import contextlib
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

import dagster as dg
import pytest
from dagster._daemon.types import DaemonHeartbeat
from sqlalchemy import Engine, text

from pokervod_pipelines.db.engine import make_engine, serve_database
from pokervod_pipelines.definitions import build_defs
from pokervod_pipelines.defs.anomalies import check_look
from pokervod_pipelines.defs.orchestrator_facts import OrchestratorFacts
from pokervod_pipelines.monitoring.detectors.memory import LastLook
from pokervod_pipelines.monitoring.detectors.registry import DETECTORS
from pokervod_pipelines.monitoring.incidents.shape import LookState
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


def tick(engine: Engine, instance: dg.DagsterInstance) -> str:
    defs = build_defs(settings=load_settings(), engine=engine)
    sensor = defs.get_repository_def().get_sensor_def("anomalies")
    result = sensor(dg.build_sensor_context(instance=instance, definitions=defs))
    assert isinstance(result, dg.SkipReason)
    return str(result.skip_message)


def rewind(engine: Engine) -> None:
    """Let the last look, and what it remembers, be a minute ago."""
    with engine.begin() as connection:
        connection.execute(
            text("""
                update detector_memory set looked_at = looked_at - interval '1 minute', history = jsonb_set(
                    history, '{found}', (
                        select coalesce(jsonb_object_agg(key, value || jsonb_build_object(
                            'first_at', cast(value ->> 'first_at' as timestamptz) - interval '1 minute')), '{}')
                        from jsonb_each(history -> 'found')))
            """)
        )


def test_a_tick_opens_the_incident_of_a_daemon_that_stopped_and_the_next_one_sees_it_over(
    engine: Engine, instance: dg.DagsterInstance
) -> None:
    instance.add_daemon_heartbeat(DaemonHeartbeat(time.time() - 300, "SENSOR", "x", []))
    assert "no heartbeat" not in tick(engine, instance)  # its clock may have been set
    rewind(engine)
    said = tick(engine, instance)
    assert "Dagster's daemon: no heartbeat for 5 min; no schedule and no sensor runs" in said

    with engine.connect() as connection:
        (row,) = connection.execute(text("select * from monitoring_events where detector = 'daemon_stopped'")).all()
    assert (row.severity, row.resolved_at) == ("critical", None)

    instance.add_daemon_heartbeat(DaemonHeartbeat(time.time(), "SENSOR", "x", []))
    with engine.begin() as connection:
        connection.execute(text("update monitoring_events set last_seen_at = last_seen_at - interval '2 minutes'"))
    rewind(engine)
    assert "resolved: " in tick(engine, instance)


def test_a_second_tick_at_once_does_nothing(engine: Engine, instance: dg.DagsterInstance) -> None:
    tick(engine, instance)

    assert tick(engine, instance) == "another has looked a moment ago"


@pytest.mark.usefixtures("instance")
def test_runs_in_progress_are_read_with_how_long_their_job_takes(facts: OrchestratorFacts) -> None:
    rows = [  # job, status, began seconds ago, took
        ("full_sync", "SUCCESS", 90_000, 100.0),
        ("full_sync", "STARTED", 4_000, None),
        ("nas_sync", "QUEUED", None, None),
        ("clips_update", "CANCELING", 7_000, None),
    ]
    with facts.engine.begin() as connection:
        for number, (job, status, began, took) in enumerate(rows):
            start = None if began is None else NOW.timestamp() - began
            connection.execute(
                text("""
                    insert into runs (run_id, pipeline_name, status, run_body, start_time, end_time, create_timestamp,
                        update_timestamp) values (:id, :job, :status, '{}', :start, :end, :created, :created)
                """),
                {
                    "id": f"run {number}",
                    "job": job,
                    "status": status,
                    "start": start,
                    "end": None if took is None or start is None else start + took,
                    "created": (NOW - timedelta(hours=2)).replace(tzinfo=None),
                },
            )

    found = {each.job: each for each in facts.read_in_progress(NOW)}

    assert {job: each.state for job, each in found.items()} == {
        "full_sync": "running",
        "nas_sync": "queued",
        "clips_update": "running",
    }
    assert found["full_sync"].typical_seconds == pytest.approx(100)
    assert found["clips_update"].typical_seconds is None
    assert found["nas_sync"].since == NOW - timedelta(hours=2)


def test_the_asset_shows_every_detector_and_what_is_open(
    engine: Engine, instance: dg.DagsterInstance, installation: Installation
) -> None:
    with engine.begin() as connection:
        connection.execute(
            text("""
                insert into render_instructions (template, layers, output, digest, trigger_kind, trigger_key,
                    broadcast_day, by, due_at)
                values ('payouts', '{}', '{}', '', 'person', 'a', '2031-05-04', 'eva', now() - interval '1 hour')
            """)
        )
    job = build_defs(settings=load_settings(), engine=engine).resolve_implicit_global_asset_job_def()

    result = job.execute_in_process(instance=instance, asset_selection=[dg.AssetKey("pipeline_health")])

    metadata = result.asset_materializations_for_node("look_at_pipeline")[0].metadata
    assert "could have been claimed for more than 30 min" in str(metadata["incidents"].value)
    checks = {each.check_name: each for each in result.get_asset_check_evaluations()}
    assert {*checks} == {each.name.value for each in DETECTORS}
    assert not checks["pending_too_long"].passed
    assert checks["database_away"].passed
    assert not checks["error_rate"].passed  # it has not seen enough to say that all is right
    assert checks["error_rate"].severity is dg.AssetCheckSeverity.WARN


@pytest.mark.parametrize(
    ("state", "findings", "passed"),
    [
        (LookState.JUDGED, 0, True),
        (LookState.JUDGED, 2, False),
        (LookState.LEARNING, 0, False),
        (LookState.UNREADABLE, 0, False),
        (LookState.OFF, 0, False),
    ],
)
def test_only_what_was_judged_and_found_right_passes(state: LookState, findings: int, passed: bool) -> None:
    look = LastLook(detector="disk_full", state=state, looked_at=2, summary="2 disks", findings=findings)

    assert check_look("disk_full", look).passed is passed


def test_a_detector_that_never_looked_does_not_pass() -> None:
    assert not check_look("disk_full", None).passed
