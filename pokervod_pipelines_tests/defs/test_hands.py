"""Check that a broadcast day is materialized from its folders, with its metadata."""

import os
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy import Engine

from pokervod_pipelines.definitions import build_defs
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.hands import import_and_link_hands
from pokervod_pipelines_tests.hands.sessions import make_showdown, make_walk, write_session

DAY = "2031-05-04"


@pytest.fixture
def settings(settings_factory: Callable[..., Settings], tmp_path: Path) -> Settings:
    drop = tmp_path / "table-1"
    drop.mkdir()
    (drop / "s.json").write_bytes(write_session(make_showdown(), make_walk(number=2, at=5)))
    os.utime(drop / "s.json", (1_700_000_000, 1_700_000_000))
    return settings_factory(hands={"drop_folders": [drop]})


def test_a_day_is_materialized_from_the_drop_folder_to_its_instructions(settings: Settings, engine: Engine) -> None:
    job = build_defs(settings=settings, engine=engine).resolve_job_def("hands_to_renders")
    # The day lies in the future of the calendar; its partition is that of the present.
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(instance=instance, partition_key="2026-01-05")

    metadata = {
        name: result.asset_materializations_for_node(name)[0].metadata for name in ("hands", "render_instructions")
    }
    assert result.success
    assert metadata["hands"]["hands_created"].value == 2
    assert metadata["render_instructions"]["created"].value == 1
    checks = {each.check_name: each.passed for each in result.get_asset_check_evaluations()}
    assert checks["every_premium_hand_has_its_instruction"]
    assert checks["hand_count_is_the_sessions"]


def test_days_begin_with_the_first_session_that_was_imported(settings: Settings, engine: Engine) -> None:
    folder = settings.hands.drop_folders[0]
    (folder / "s.json").write_bytes(write_session(make_walk(), CreatedDateTimeUTC="2026-05-04T12:00:00.1Z"))
    import_and_link_hands(engine, settings, [folder], correlation_id="test")

    graph = build_defs(settings=settings).resolve_asset_graph()
    days = [graph.get(dg.AssetKey(name)).partitions_def for name in ("hands", "tournaments", "render_outputs")]
    assert [each and each.get_first_partition_key() for each in days] == ["2026-05-04"] * 3


def test_a_premium_hand_is_shown_as_poker_people_write_it(settings: Settings, engine: Engine) -> None:
    early = write_session(make_showdown(StartDateTimeUTC="2026-01-05T18:00:00.1234567Z"), ID=640_000_000_000_000_001,
                          CreatedDateTimeUTC="2026-01-05T17:30:00.3397879Z")  # fmt: skip
    path = settings.hands.drop_folders[0] / "early.json"
    path.write_bytes(early)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    job = build_defs(settings=settings, engine=engine).resolve_job_def("hands_to_renders")
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(instance=instance, partition_key="2026-01-05")

    shown = result.asset_materializations_for_node("hands")[0].metadata["premium_hands"].value
    assert str(shown) == "- #1 A♦ A♣ K♥ K♦ 5♠ · pot 2,300 · Abel with four of a kind, rank 11 · grade A"


def test_a_missing_drop_folder_fails_the_day_and_is_retried(settings: Settings, engine: Engine) -> None:
    settings.hands.drop_folders[0].rename(settings.hands.drop_folders[0].parent / "elsewhere")
    quick = settings.model_copy(update={"retries": settings.retries.model_copy(update={"clips_seconds": 0})})
    job = build_defs(settings=quick, engine=engine).resolve_job_def("hands_to_renders")
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(instance=instance, partition_key="2026-01-05", raise_on_error=False)

    retries = [event for event in result.all_events if event.event_type_value == "STEP_RESTARTED"]
    assert not result.success
    assert len(retries) == 1


def test_a_tick_requests_what_is_in_the_folder_and_not_while_it_is_being_read(
    settings: Settings, engine: Engine
) -> None:
    sensor = build_defs(settings=settings, engine=engine).get_repository_def().get_sensor_def("rfid_drop")
    with dg.DagsterInstance.ephemeral() as instance:
        first = sensor(dg.build_sensor_context(instance=instance))
        instance.create_run_for_job(
            job_def=build_defs(settings=settings, engine=engine).resolve_job_def("hands_to_renders"),
            status=dg.DagsterRunStatus.STARTED,
            tags={"dagster/partition": "2026-01-05"},
        )
        second = sensor(dg.build_sensor_context(instance=instance))

    assert isinstance(first, dg.SensorResult)
    assert len(first.run_requests or ()) == 1
    assert isinstance(second, dg.SkipReason)
    assert "is running" in str(second.skip_message)


def test_a_tick_requests_the_broadcast_days_of_its_files(settings: Settings, engine: Engine) -> None:
    folder = settings.hands.drop_folders[0]
    for number, created in enumerate(("2025-10-16T12:00:00.1Z", "2025-10-17T01:00:00.1Z", "2025-11-01T08:00:00.1Z")):
        (folder / f"{number}.json").write_bytes(write_session(make_walk(), ID=number + 1, CreatedDateTimeUTC=created))
        os.utime(folder / f"{number}.json", (1_700_000_000, 1_700_000_000))
    (folder / "s.json").unlink()
    sensor = build_defs(settings=settings, engine=engine).get_repository_def().get_sensor_def("rfid_drop")
    with dg.DagsterInstance.ephemeral() as instance:
        tick = sensor(dg.build_sensor_context(instance=instance))

    assert [request.partition_key for request in tick.run_requests] == ["2025-10-16", "2025-11-01"]
