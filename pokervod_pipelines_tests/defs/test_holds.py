"""Check that schedules, sensors and assets leave alone what a person holds, and say who holds it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.definitions import build_defs
from pokervod_pipelines.holds.placing import name_holdable, place_hold, release_holds
from pokervod_pipelines.settings import Settings

ANNA = Actor(who="anna", reason="the share moves")


@pytest.fixture
def settings(settings_factory: Callable[..., Settings], tmp_path: Path) -> Settings:
    (tmp_path / "wsop").mkdir()
    (tmp_path / "wsop" / "WSOP 2024 Main Event Day 1.mp4").write_bytes(b"video")
    (tmp_path / "tables").mkdir()
    return settings_factory(
        archive_roots=[{"name": "nas", "path": str(tmp_path)}],
        libraries=[{"name": "wsop", "root": "nas", "folder": "wsop"}],
        hands={"drop_folders": [str(tmp_path / "tables")]},
        scan={"settle_seconds": 0},
    )


def hold(engine: Engine, kind: str, name: str, until: datetime | None = None) -> None:
    with engine.begin() as connection:
        place_hold(connection, name_holdable(kind, name), until, ANNA)


def release(engine: Engine, kind: str, name: str) -> None:
    with engine.begin() as connection:
        release_holds(connection, name_holdable(kind, name), ANNA)


@pytest.mark.parametrize(
    ("schedule", "workflow"), [("nightly_full_sync", "full_sync"), ("hourly_nas_changes", "incremental_sync")]
)
def test_a_schedule_leaves_out_its_turn(engine: Engine, settings: Settings, schedule: str, workflow: str) -> None:
    defs = build_defs(settings=settings, engine=engine)

    def count_requests() -> int:
        with dg.DagsterInstance.ephemeral() as instance:
            context = dg.build_schedule_context(instance, scheduled_execution_time=datetime.now(UTC))
            return len(defs.resolve_schedule_def(schedule).evaluate_tick(context).run_requests)

    free = count_requests()
    hold(engine, "workflow", workflow)
    held = count_requests()
    release(engine, "workflow", workflow)

    assert (free, held, count_requests()) == (1, 0, 1)


@pytest.mark.parametrize(("sensor", "workflow"), [("rfid_drop", "hands_to_renders"), ("render_queue", "renders")])
def test_a_sensor_starts_no_held_workflow(engine: Engine, settings: Settings, sensor: str, workflow: str) -> None:
    hold(engine, "workflow", workflow)
    defs = build_defs(settings=settings, engine=engine)

    with dg.DagsterInstance.ephemeral() as instance:
        result = defs.resolve_sensor_def(sensor)(dg.build_sensor_context(instance=instance, definitions=defs))

    assert isinstance(result, dg.SkipReason)
    assert result.skip_message == f"{workflow} is held by anna until released: the share moves"


def test_a_hold_whose_time_has_come_is_recorded_by_a_sensor(engine: Engine, settings: Settings) -> None:
    hold(engine, "library", "wsop", datetime.now(UTC) + timedelta(hours=1))
    with engine.begin() as connection:
        connection.execute(text("update holds set placed_at = now() - interval '2 h', until = now() - interval '1 h'"))
    defs = build_defs(settings=settings, engine=engine)

    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_sensor_context(instance=instance, definitions=defs)
        defs.resolve_sensor_def("stale_instructions")(context)

    with engine.connect() as connection:
        assert connection.scalar(text("select count(*) from events where type = 'monitoring.hold.expired'")) == 1


def test_an_asset_of_a_held_library_scans_nothing_and_says_so(engine: Engine, settings: Settings) -> None:
    hold(engine, "library", "wsop")
    job = build_defs(settings=settings, engine=engine).resolve_job_def("nas_sync")

    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(instance=instance, partition_key="wsop")

    [made] = result.asset_materializations_for_node("nas_files")
    assert result.success
    assert made.metadata["held"].value == "held by anna until released: the share moves"
    with engine.connect() as connection:
        assert connection.scalar(text("select count(*) from nas_scans")) == 0
