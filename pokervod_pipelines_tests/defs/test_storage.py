"""Check what Dagster's database keeps of ticks, and that two runs may be the first to use a pool."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.scheduler.instigation import TickData, TickStatus
from sqlalchemy import text

from pokervod_pipelines.defs import storage
from pokervod_pipelines.workflows.setup import prepare_folder

SENSOR = InstigatorType.SENSOR
NOW = timedelta()
MINUTES = timedelta(seconds=storage.SKIPPED_SECONDS + 60)
DAYS = timedelta(days=29)
MONTHS = timedelta(days=31)


@pytest.fixture
def instance(
    make_database: Callable[[bool], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dg.DagsterInstance]:
    url = make_database(False)
    monkeypatch.setenv("POKERVOD_DATABASE_URL", url)
    monkeypatch.setenv("POKERVOD_DAGSTER_DATABASE_URL", url)
    monkeypatch.chdir(tmp_path)
    prepare_folder(tmp_path)
    with dg.DagsterInstance.from_config(str(tmp_path / ".pokervod" / "dagster")) as made:
        yield made
    storage._open_engine(tmp_path).dispose()


def test_skipped_ticks_are_kept_for_minutes_and_others_for_a_month(instance: dg.DagsterInstance) -> None:
    for status in (TickStatus.SKIPPED, TickStatus.SUCCESS):
        for age in (NOW, MINUTES, DAYS, MONTHS):
            for sensor in ("ours", "another"):
                at = time.time() - age.total_seconds()
                instance.create_tick(TickData(sensor, sensor, SENSOR, status, at, run_ids=[], selector_id=sensor))

    for status, days in instance.get_tick_retention_settings(SENSOR).items():
        if days > 0:
            instance.purge_ticks("ours", "ours", time.time() - days * 86_400, [status])

    kept = [
        (each.status, round((time.time() - each.timestamp) / 86_400)) for each in instance.get_ticks("ours", "ours")
    ]
    assert kept == [
        (TickStatus.SUCCESS, 0),
        (TickStatus.SKIPPED, 0),
        (TickStatus.SUCCESS, 0),
        (TickStatus.SUCCESS, 29),
    ]
    assert len(instance.get_ticks("another", "another")) == 8


def test_tables_that_every_tick_updates_have_room_in_their_pages(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    query = text("select relname, reloptions from pg_class where reloptions is not null and relkind = 'r' order by 1")
    with storage._open_engine(tmp_path).connect() as connection:
        found = [
            (row.relname, row.reloptions) for row in connection.execute(query) if not row.relname.startswith("pg_")
        ]

    assert found == [("instigators", ["fillfactor=40"]), ("jobs", ["fillfactor=40"])]


def test_two_runs_may_be_the_first_to_use_a_pool(instance: dg.DagsterInstance) -> None:
    events = instance.event_log_storage
    assert events.initialize_concurrency_limit_to_default("sheets")
    assert events.initialize_concurrency_limit_to_default("sheets")  # as of another run, at the same moment

    info = events.get_concurrency_info("sheets")
    assert (info.slot_count, info.limit) == (2, 2)


def test_a_changed_default_limit_of_pools_is_applied(
    instance: dg.DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance.event_log_storage.set_concurrency_slots("hands", 5)  # as a person does in the UI
    instance.event_log_storage.initialize_concurrency_limit_to_default("sheets")
    path = tmp_path / ".pokervod" / "dagster" / "dagster.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("default_limit: 2", "default_limit: 1"), encoding="utf-8")
    with dg.DagsterInstance.from_config(str(path.parent)) as later:
        for pool in ("sheets", "hands"):
            later.event_log_storage.initialize_concurrency_limit_to_default(pool)
        found = [later.event_log_storage.get_concurrency_info(pool) for pool in ("sheets", "hands")]

    assert [(each.slot_count, each.limit) for each in found] == [(1, 1), (5, 5)]
