"""Check the status that follows from real runs on a real instance: as they fail, go on, die and heal."""

import contextlib
import itertools
import os
import re
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

import dagster as dg
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from pokervod_pipelines.db.locks import hold_lock
from pokervod_pipelines.definitions import build_defs
from pokervod_pipelines.defs.dead_runs import fail_dead_runs
from pokervod_pipelines.defs.resources import SilentListener
from pokervod_pipelines.defs.run import run_sync
from pokervod_pipelines.defs.run_history import ASSET_JOB, JOBS, RECENT_CHECKS, STEPS, DagsterHistory, open_history
from pokervod_pipelines.monitoring.status import read_status
from pokervod_pipelines.monitoring.status_runs import Run
from pokervod_pipelines.monitoring.status_shape import SystemStatus
from pokervod_pipelines.settings import Settings, load_settings
from pokervod_pipelines.sheets.own_rows import BY_HAND, add_own_row
from pokervod_pipelines.sheets.pin_store import PinnedVideo
from pokervod_pipelines.sheets.rows import AnnotationRow
from pokervod_pipelines.workflows.progress import share_progress
from pokervod_pipelines.workflows.setup import find_dagster_home, prepare_folder
from pokervod_pipelines.workflows.stages import SyncRun, run_nas_stage
from pokervod_pipelines_tests.cli.outage import cut_off
from pokervod_pipelines_tests.sync.installation import Installation, build_installation

Read = Callable[..., SystemStatus]
LISTS = {"libraries", "sheets", "conclude", "delete_old"}
"""Ops of a sync that are no stage."""


@pytest.fixture
def installation(tmp_path: Path, database_url: str) -> Iterator[Installation]:
    made = build_installation(tmp_path, database_url=database_url)
    with contextlib.chdir(made.folder), mock.patch.dict(os.environ, made.environ):
        prepare_folder(made.folder)
        yield made


@pytest.fixture
def read(installation: Installation, engine: Engine) -> Iterator[Read]:
    """Return ``read()``, the status of now or of then."""
    settings = load_settings()
    with open_history(settings) as history:
        yield lambda now=None: read_status(engine, history, settings, now=now)


@pytest.fixture
def instance(installation: Installation) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.from_config(str(find_dagster_home(load_settings()))) as made:
        yield made


def sync(engine: Engine, *, full: bool = True) -> bool:
    settings = load_settings()
    ids = {"run_id": str(uuid.uuid4()), "correlation_id": uuid.uuid4().hex}
    home = find_dagster_home(settings)
    return run_sync(settings, engine, home=home, full=full, listener=SilentListener(), **ids).succeeded


def share(engine: Engine, run: Run, seconds: float, count: int) -> None:
    """Share that the stage of the run has done so many entries, so long after it began."""
    sync_run = SyncRun(engine=engine, settings=load_settings(), correlation_id=run.correlation_id)
    clock = itertools.chain([0.0], itertools.repeat(seconds)).__next__
    share_progress(sync_run, "sheets", "notes", clock=clock)(count)


def states(status: SystemStatus) -> dict[str, str]:
    return {block: str(each.status) for block, each in status.blocks.items() if block in "ABCD"}


def wait_for(read: Read, holds: Callable[[SystemStatus], bool]) -> SystemStatus:
    for _ in range(600):
        if holds(status := read()):
            return status
        time.sleep(0.1)
    raise AssertionError(status)


def test_every_step_that_is_a_stage_and_every_job_of_them_is_known(settings_factory: Callable[..., Settings]) -> None:
    repository = build_defs(settings=settings_factory()).get_repository_def()
    steps = {job.name: {node.name for node in job.nodes} for job in repository.get_all_jobs()}

    assert steps["full_sync"] - LISTS <= set(STEPS)
    assert {name for name, each in steps.items() if each & set(STEPS)} == set(JOBS)


def test_without_a_run_everything_is_idle(read: Read) -> None:
    status = read()

    assert (status.overall, set(states(status).values()), status.last_sync) == ("idle", {"idle"}, None)


def test_a_share_that_is_away_fails_its_block_and_a_later_run_heals_it(
    installation: Installation, engine: Engine, read: Read
) -> None:
    first = sync(engine)
    before = read()
    installation.archive.rename(installation.folder / "away")
    second = sync(engine)
    away = read()
    (installation.folder / "away").rename(installation.archive)
    run_nas_stage(SyncRun(engine=engine, settings=load_settings(), correlation_id="by command"), "PAD")
    partly = read()
    for name in ("WSOP", "rest"):
        run_nas_stage(SyncRun(engine=engine, settings=load_settings(), correlation_id="by command"), name)
    scanned = read()
    third = sync(engine, full=False)
    healed = read()

    assert (first, second, third) == (True, False, True)
    assert states(before) == dict.fromkeys("ABCD", "completed")
    assert [before.blocks[block].items_total for block in "ABCD"] == [62, 60, 20, 20]
    assert (away.overall, away.blocks["A"].status, away.blocks["D"].status) == ("failed", "failed", "completed")
    assert away.blocks["A"].items_processed == 0
    assert away.blocks["A"].last_sync_at == before.blocks["A"].last_sync_at
    assert "Mount the share, or correct the path" in str(away.blocks["A"].last_error)
    assert {(each.stage, each.state) for each in away.blocks["A"].failed_parts} == {
        ("nas", "failed"),
        ("media", "skipped"),
    }
    assert (away.last_sync_status, away.last_sync) != (before.last_sync_status, before.last_sync)
    checks = [{each.name for each in status.blocks["A"].failed_checks} for status in (away, scanned)]
    assert checks == [{"every_library_was_read", "every_file_was_seen"}, set()]
    assert (partly.blocks["A"].status, partly.blocks["A"].items_processed) == ("partial", 21)
    assert {each.name for each in partly.blocks["A"].failed_parts if each.stage == "nas"} == {"WSOP", "rest"}
    assert states(healed) == states(before)
    assert healed.blocks["A"].failed_parts == []
    assert "Mount the share" in str(healed.blocks["A"].last_error)
    assert healed.last_sync == away.last_sync  # an incremental one is none


def test_a_run_of_one_sheet_that_fails_says_why(
    installation: Installation, engine: Engine, instance: dg.DagsterInstance, read: Read
) -> None:
    sync(engine)
    installation.sheet.unlink()
    job = build_defs(settings=load_settings(), engine=engine).resolve_job_def("sheets_sync")
    done = job.execute_in_process(instance=instance, partition_key="notes", raise_on_error=False)

    (part,) = read().blocks["D"].failed_parts
    assert not done.success
    assert (part.stage, part.name, part.run_id) == ("sheets", "notes", done.run_id)
    assert "notes.csv" in str(part.error)
    assert not re.match(r"[\w.]+(Error|Failure|Unavailable|Input)\b", str(part.error))


def materialize(instance: dg.DagsterInstance, engine: Engine, asset: str, partition: str) -> dg.ExecuteInProcessResult:
    """Materialize one asset, as a person does in Dagster's UI."""
    job = build_defs(settings=load_settings(), engine=engine).resolve_implicit_global_asset_job_def()
    values = {"partition_key": partition, "asset_selection": [dg.AssetKey(asset)]}
    assert job.name == ASSET_JOB
    return job.execute_in_process(instance=instance, raise_on_error=False, **values)


def test_an_asset_that_a_person_materializes_fails_until_it_succeeds(
    installation: Installation, engine: Engine, instance: dg.DagsterInstance, read: Read
) -> None:
    sync(engine)
    sheet = installation.sheet.read_bytes()
    installation.sheet.unlink()
    failed = materialize(instance, engine, "sheet_rows", "notes")
    other = materialize(instance, engine, "hand_clips", "notes")
    away = read()
    installation.sheet.write_bytes(sheet)
    materialize(instance, engine, "sheet_rows", "notes")

    (part,) = away.blocks["D"].failed_parts
    assert (failed.success, other.success) == (False, True)
    assert (away.overall, part.stage, part.name, part.run_id) == ("failed", "sheets", "notes", failed.run_id)
    assert "notes.csv" in str(part.error)
    assert read().overall == "ok"


def test_a_run_that_was_stopped_before_it_began_hides_no_failure(
    installation: Installation, engine: Engine, instance: dg.DagsterInstance, read: Read
) -> None:
    sync(engine)
    installation.sheet.unlink()
    job = build_defs(settings=load_settings(), engine=engine).resolve_job_def("sheets_sync")
    failed = job.execute_in_process(instance=instance, partition_key="notes", raise_on_error=False)
    instance.report_run_canceled(instance.create_run_for_job(job, tags={"dagster/partition": "notes"}))

    (part,) = read().blocks["D"].failed_parts
    assert (part.stage, part.state, part.run_id) == ("sheets", "failed", failed.run_id)


@pytest.fixture
def refused(engine: Engine) -> Iterator[Callable[[], None]]:
    """Let the database refuse the clips of no sheet; return what ends that."""

    def accept() -> None:
        with engine.begin() as connection:
            connection.execute(text("drop function if exists refuse_clip cascade"))

    with engine.begin() as connection:
        connection.execute(_REFUSE_OWN_CLIPS)
    yield accept
    accept()


def make_own_clip(engine: Engine) -> None:
    """Add the row of a clip as `pokervod clips create` does; the next sync makes its clip."""
    row = AnnotationRow(tab=BY_HAND, row_number=0, time_in="0:10:00", time_out="0:10:20", title="Hero call")
    with engine.begin() as connection:
        file_id, path = connection.execute(text("select id, path from nas_files where path like '%.mp4' limit 1")).one()
        add_own_row(connection, row, PinnedVideo(file_id, path, "eve", "a trailer"))


def test_clips_of_no_sheet_that_fail_are_told_until_a_sync_makes_them(
    installation: Installation,
    engine: Engine,
    instance: dg.DagsterInstance,
    read: Read,
    refused: Callable[[], None],
) -> None:
    sync(engine)
    without = read().blocks["C"]
    make_own_clip(engine)
    failed = sync(engine)
    away = read()
    materialized = materialize(instance, engine, "hand_clips", "notes")
    both = read().blocks["C"]
    refused()
    again = sync(engine)
    healed = read()

    (part,) = away.blocks["C"].failed_parts
    assert (failed, materialized.success, again) == (False, False, True)
    assert (without.status, away.overall, away.blocks["C"].status) == ("completed", "degraded", "partial")
    assert (part.stage, part.name) == ("clips", "by hand")
    assert "no clip by hand today" in str(part.error)
    assert (both.status, [each.name for each in both.failed_parts]) == ("failed", ["notes", "by hand"])
    assert (healed.overall, healed.blocks["C"].items_total) == ("ok", 21)
    assert [each.name for each in healed.blocks["C"].parts] == ["notes", "by hand"]
    assert [each.name for each in without.parts] == ["notes"]


@pytest.mark.parametrize("heals", ["asset", "undo"])
def test_clips_of_no_sheet_are_made_good_by_an_asset_and_need_nothing_once_there_are_none(
    installation: Installation,
    engine: Engine,
    instance: dg.DagsterInstance,
    read: Read,
    refused: Callable[[], None],
    heals: str,
) -> None:
    sync(engine)
    make_own_clip(engine)
    sync(engine)
    away = read().blocks["C"]
    refused()
    if heals == "asset":
        materialize(instance, engine, "hand_clips", "notes")
    else:
        with engine.begin() as connection:
            connection.execute(text("update sheet_rows set retired_at = now() where sheet = 'by hand'"))

    assert away.status == "partial"
    assert read().overall == "ok"


def test_a_check_that_failed_is_not_forgotten_however_many_others_follow(
    installation: Installation, engine: Engine, read: Read
) -> None:
    sync(engine)
    with engine.begin() as connection:
        connection.execute(text("update sheet_states set error = 'damaged'"))
    with open_history(load_settings()) as history, history.engine.begin() as connection:
        connection.execute(_FAIL_CHECK, {"name": "every_sheet_was_read"})
        connection.execute(_REPEAT_CHECK, {"name": "every_tab_was_read", "times": 2 * RECENT_CHECKS})
        connection.execute(_RENAME_CHECK, {"name": "every_clip_is_usable"})

    status = read()

    assert [check.name for each in status.blocks.values() for check in each.failed_checks] == ["every_sheet_was_read"]
    assert status.overall == "degraded"


def test_a_sync_of_another_process_is_seen_while_it_runs_and_after_it_was_killed(
    installation: Installation, engine: Engine, instance: dg.DagsterInstance, read: Read
) -> None:
    with hold_lock(engine, "reading of sheet notes"):
        process = installation.start("sync")
        running = wait_for(read, lambda status: status.blocks["D"].status == "in_progress")
        (run,) = running.in_progress
        entries = []
        for seconds, count in ((0.5, 3), (2.0, 7)):
            share(engine, run, seconds, count)
            entries.append(read().blocks["D"].items_processed)
        held = read(datetime.now(UTC) + timedelta(hours=1)).orphans
        process.kill()
        process.communicate()
        orphaned = wait_for(lambda: read(datetime.now(UTC) + timedelta(hours=1)), lambda status: bool(status.orphans))
        fail_dead_runs(instance, engine, now=datetime.now(UTC) + timedelta(hours=1))
    failed = read()

    assert (running.overall, states(running)) == (
        "in_progress",
        {"A": "completed", "B": "completed", "C": "idle", "D": "in_progress"},
    )
    assert (run.job, run.state, held) == ("full_sync", "running", ())
    assert orphaned.orphans == (run.run_id,)
    assert (orphaned.overall, orphaned.blocks["D"].status) == ("failed", "failed")
    assert entries == [0, 7]  # what is done in the first second is not shared
    assert (failed.overall, failed.blocks["D"].status, failed.in_progress) == ("failed", "failed", ())
    assert "its process ended before it did" in str(failed.blocks["D"].last_error)


@pytest.mark.long
def test_a_database_that_is_away_during_a_sync_fails_what_was_at_work_and_nothing_else(
    installation: Installation, engine: Engine, read: Read
) -> None:
    with contextlib.suppress(OperationalError), hold_lock(engine, "reading of sheet notes"):
        process = installation.start("sync")
        wait_for(read, lambda status: status.blocks["D"].status == "in_progress")
        with cut_off(engine):
            time.sleep(1)
    process.communicate()
    after = read()
    again = sync(engine)

    (part,) = after.blocks["D"].failed_parts
    assert (process.returncode, after.overall) == (1, "failed")
    assert states(after) == {"A": "completed", "B": "completed", "C": "idle", "D": "failed"}
    assert str(part.error).startswith(("the database connection failed: ", "the database failed: "))
    assert str(part.error).endswith("check with `pokervod doctor` that it answers, then retry")
    assert (again, set(states(read()).values())) == (True, {"completed"})


def test_what_cannot_be_read_is_not_idle(installation: Installation, engine: Engine) -> None:
    settings = load_settings()
    with open_history(settings) as history:
        DagsterHistory.read(history, settings)
    with engine.begin() as connection:
        connection.execute(text("alter table events rename to events_away"))

    done = installation.run("status", "--json")

    with engine.begin() as connection:
        connection.execute(text("alter table events_away rename to events"))
    assert (done.returncode, '"overall": "unknown"' in done.stdout) == (2, True)
    assert "the status is unknown: " in done.stderr


_REFUSE_OWN_CLIPS = text("""
    create function refuse_clip() returns trigger language plpgsql as $$
        begin raise 'no clip by hand today'; end
    $$;
    create trigger refuse_clip before insert on hand_clips
        for each row when (new.sheet = 'by hand') execute function refuse_clip()
""")

_FAIL_CHECK = text("""
    update asset_check_executions
    set evaluation_event = replace(evaluation_event, '"success": true', '"success": false') where check_name = :name
""")

_REPEAT_CHECK = text("""
    insert into asset_check_executions (asset_key, check_name, run_id, execution_status, evaluation_event,
        evaluation_event_timestamp)
    select asset_key, check_name, run_id || n, execution_status, evaluation_event, evaluation_event_timestamp
    from asset_check_executions, generate_series(1, :times) n where check_name = :name
""")

_RENAME_CHECK = text("""
    update asset_check_executions set check_name = 'of an earlier version',
        evaluation_event = replace(evaluation_event, '"success": true', '"success": false')
    where check_name = :name
""")
