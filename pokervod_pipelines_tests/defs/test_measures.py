"""Check the figures of jobs against real runs on a real instance, and the sensor that rolls the measures up."""

import contextlib
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

import dagster as dg
import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.defs.measures import define_measure_sensors
from pokervod_pipelines.defs.run_measures import open_run_measures
from pokervod_pipelines.monitoring.measures.shape import JobFigures, Window
from pokervod_pipelines.settings import Settings, load_settings
from pokervod_pipelines.workflows.setup import find_dagster_home, prepare_folder
from pokervod_pipelines_tests.monitoring.measured import MeasuredQueue
from pokervod_pipelines_tests.sync.installation import Installation, build_installation


@pytest.fixture
def installation(tmp_path: Path, database_url: str) -> Iterator[Installation]:
    made = build_installation(tmp_path, database_url=database_url)
    with contextlib.chdir(made.folder), mock.patch.dict(os.environ, made.environ):
        prepare_folder(made.folder)
        yield made


@dg.op(config_schema={"fails": bool})
def work(context: dg.OpExecutionContext) -> None:
    if context.op_config["fails"]:
        raise ValueError


def make_longer(status: str, seconds: int) -> None:
    """Store that the runs that ended so began so much earlier."""
    with open_run_measures(load_settings()) as runs, runs.engine.begin() as connection:
        longer = text("update runs set start_time = end_time - :seconds where status = :status")
        connection.execute(longer, {"seconds": seconds, "status": status})


@dg.job(executor_def=dg.in_process_executor)
def job_of_the_test() -> None:
    work()


def measure(hours: float) -> list[JobFigures]:
    """Return the figures of the runs that ended in this time until now."""
    now = datetime.now(UTC) + timedelta(seconds=1)
    with open_run_measures(load_settings()) as runs:
        return [*runs.measure_jobs(Window(since=now - timedelta(hours=hours), until=now))]


def test_without_a_run_there_is_no_figure(installation: Installation) -> None:
    assert measure(24) == []


def test_runs_are_counted_by_how_they_ended(installation: Installation) -> None:
    with dg.DagsterInstance.from_config(str(find_dagster_home(load_settings()))) as instance:
        for fails in (False, False, True):
            config = {"ops": {"work": {"config": {"fails": fails}}}}
            job_of_the_test.execute_in_process(config, instance=instance, raise_on_error=False)
    make_longer("SUCCESS", 20)
    make_longer("FAILURE", 500)
    (figures,) = measure(1)

    assert (figures.job, figures.succeeded, figures.failed, figures.stopped) == ("job_of_the_test", 2, 1, 0)
    assert figures.success_rate == pytest.approx(2 / 3)
    assert (figures.average, figures.p50, figures.p95) == pytest.approx((20, 20, 20))


def test_where_no_run_succeeded_nobody_knows_how_long_one_takes(installation: Installation) -> None:
    with dg.DagsterInstance.from_config(str(find_dagster_home(load_settings()))) as instance:
        config = {"ops": {"work": {"config": {"fails": True}}}}
        job_of_the_test.execute_in_process(config, instance=instance, raise_on_error=False)
    (figures,) = measure(1)

    assert (figures.failed, figures.average, figures.p50, figures.p95) == (1, None, None, None)


def test_a_run_of_before_the_window_does_not_count(installation: Installation) -> None:
    with dg.DagsterInstance.from_config(str(find_dagster_home(load_settings()))) as instance:
        job_of_the_test.execute_in_process({"ops": {"work": {"config": {"fails": False}}}}, instance=instance)
    with open_run_measures(load_settings()) as runs:
        until = datetime.now(UTC) - timedelta(minutes=10)
        assert runs.measure_jobs(Window(since=until - timedelta(hours=1), until=until)) == []


def test_the_sensor_rolls_up_and_requests_nothing(engine: Engine, settings_factory: Callable[..., Settings]) -> None:
    MeasuredQueue(engine=engine).add(datetime.now(UTC) - timedelta(minutes=5), 60, "completed")
    (sensor,) = define_measure_sensors(settings_factory(), lambda: engine)

    ticked = sensor(dg.build_sensor_context())

    assert isinstance(ticked, dg.SkipReason)
    with engine.connect() as connection:
        counts = dict(connection.execute(text("select resolution, count(*) from measure_rollups group by 1")).all())
    assert set(counts) == {"minute", "hour", "day"}
