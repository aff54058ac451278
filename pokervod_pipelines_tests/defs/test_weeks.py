"""Check the asset, the schedule and the backfill of weeks in Dagster."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy import Engine

from pokervod_pipelines.defs.assembly import build_defs
from pokervod_pipelines.defs.partitions import broadcast_weeks, name_week, read_week
from pokervod_pipelines.defs.weeks import NAME, OP, run_weeks
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.monitoring.weeks.shape import Week
from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.monitoring.week_data import ARCHIVE, WeekData

MONDAY = date(2026, 11, 2)
FIRST = {"hands": {"first_day": "2026-01-01"}}


@pytest.fixture
def data(engine: Engine, settings_factory: Callable[..., Settings]) -> WeekData:
    made = WeekData(engine=engine, settings=settings_factory(**ARCHIVE, **FIRST))
    made.put_week(MONDAY)
    return made


@pytest.fixture
def defs(data: WeekData) -> dg.Definitions:
    return build_defs(settings=data.settings, engine=data.engine)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def run(
    defs: dg.Definitions, instance: dg.DagsterInstance, key: str, *, closes: bool = False
) -> dict[str, dg.AssetCheckEvaluation]:
    """Run the job for the week; return the evaluations by check."""
    result = defs.resolve_job_def(NAME).execute_in_process(
        instance=instance, partition_key=key, run_config={"ops": {OP: {"config": {"close": closes}}}}
    )
    return {each.check_name: each for each in result.get_asset_check_evaluations()}


def test_each_stage_of_a_week_is_a_check_of_its_partition(
    data: WeekData, defs: dg.Definitions, instance: dg.DagsterInstance
) -> None:
    data.put_row(datetime(2026, 11, 3, 9, tzinfo=UTC), None)

    found = run(defs, instance, "2026-W45-1")

    assert {each.partition for each in found.values()} == {"2026-W45-1"}
    assert {name for name, each in found.items() if not each.passed} == {"rows_matched"}
    bad, good = found["rows_matched"], found["hands_whole"]
    assert bad.severity is dg.AssetCheckSeverity.ERROR
    assert (bad.description or "").startswith(
        "2026-W45: notes: 1 of 6 rows without video; all 5 videos. Correct File Name"
    )
    assert (good.description, good.metadata["looked_at"].value) == ("2026-W45: all 5 days.", 5)


def test_a_week_of_nothing_passes_none_of_its_checks(defs: dg.Definitions, instance: dg.DagsterInstance) -> None:
    found = run(defs, instance, "2026-W40-1")

    assert {(each.passed, each.severity) for each in found.values()} == {(False, dg.AssetCheckSeverity.WARN)}
    assert (found["hands_whole"].description or "").startswith("2026-W40: nothing to look at: ")


def test_a_run_closes_the_week_only_where_it_is_told_to(
    data: WeekData, defs: dg.Definitions, instance: dg.DagsterInstance
) -> None:
    run(defs, instance, "2026-W45-1")
    assert data.execute("select * from week_closures") == []

    run(defs, instance, "2026-W45-1", closes=True)

    assert len(data.execute("select * from week_closures where week = '2026-W45'")) == 8


@pytest.mark.parametrize(
    ("at", "zone", "key"),
    [
        (datetime(2026, 11, 30, 7, tzinfo=UTC), "UTC", "2026-W48-1"),
        (datetime(2027, 1, 4, 7, tzinfo=UTC), "UTC", "2026-W53-1"),
        (datetime(2026, 10, 26, 7, tzinfo=UTC), "Europe/London", "2026-W43-1"),
    ],
)
def test_the_schedule_closes_the_week_that_has_ended(
    settings_factory: Callable[..., Settings], at: datetime, zone: str, key: str
) -> None:
    defs = build_defs(settings=settings_factory(time_zone=zone))
    context = dg.build_schedule_context(scheduled_execution_time=at, repository_def=defs.get_repository_def())

    (request,) = defs.resolve_schedule_def("weekly_close").evaluate_tick(context).run_requests or ()

    assert (request.partition_key, request.run_key) == (key, f"close {key[:-2]}")
    assert request.run_config["ops"] == {OP: {"config": {"close": True}}}


def test_the_partitions_are_weeks_of_broadcast_days_over_new_year_and_a_change_of_the_clocks(
    settings_factory: Callable[..., Settings],
) -> None:
    settings = settings_factory(time_zone="Europe/London", hands={"first_day": "2020-10-20", "day_starts_at": "06:00"})
    weeks = broadcast_weeks(settings)

    keys = weeks.get_partition_keys()

    assert keys[0] == "2020-W43-1"
    assert {"2020-W53-1", "2021-W01-1"} <= {*keys}
    for key in keys[:60]:
        window, week = weeks.time_window_for_partition_key(key), read_week(key)
        assert (name_week(week), window.start.hour, window.start.weekday()) == (key, 6, 0)
        assert (window.start.date(), window.end.date()) == (week.monday, week.shift(1).monday)


def test_an_installation_without_hands_has_earlier_weeks_too(settings_factory: Callable[..., Settings]) -> None:
    assert broadcast_weeks(settings_factory()).get_first_partition_key() == "2024-W01-1"


@pytest.mark.long
def test_a_command_runs_each_week_as_a_backfill_does(data: WeekData, tmp_path: Path) -> None:
    home = tmp_path / "dagster"
    home.mkdir()
    weeks = [Week.parse(name) for name in ("2026-W44", "2026-W45")]

    done = [*run_weeks(data.settings, data.engine, home, weeks)]

    assert done == [(week, True) for week in weeks]
    with dg.DagsterInstance.from_config(str(home)) as instance:
        assert instance.get_materialized_partitions(dg.AssetKey(NAME)) == {"2026-W44-1", "2026-W45-1"}


def test_a_week_before_the_first_partition_is_refused(data: WeekData, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no partition for 2025-W10; it begins with 2026-W01"):
        next(run_weeks(data.settings, data.engine, tmp_path, [Week.parse("2025-W10")]))
