"""Check that the end of every run of a workflow is recorded once, however many end at once and by whichever clock."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.defs import ended_runs
from pokervod_pipelines.defs.workflow_ends import record_ends
from pokervod_pipelines.defs.workflows import WORKFLOW_TAG
from pokervod_pipelines.workflows.workflow import Workflow

WORKFLOWS = {"after_show": Workflow(name="after_show", description="")}
START = datetime.now(UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def end_run(instance: dg.DagsterInstance, at: datetime, *, changed_at: datetime | None = None) -> str:
    """Let a run of the workflow have ended then, and its tags have been changed; return its id."""
    run = instance.create_run_for_job(dg.job(name="after_show")(lambda: None), tags={WORKFLOW_TAG: "after_show"})
    with instance.run_storage.connect() as connection:
        values = {"id": run.run_id, "end": at.timestamp(), "at": (changed_at or at).replace(tzinfo=None)}
        connection.execute(
            text("update runs set status = 'SUCCESS', end_time = :end, update_timestamp = :at where run_id = :id"),
            values,
        )
    return run.run_id


def record(instance: dg.DagsterInstance, engine: Engine, since: datetime) -> datetime:
    return record_ends(instance, engine, WORKFLOWS, (), since=since)


def read_recorded(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        query = text("select payload ->> 'run_id' from events where type = 'system.workflow.completed' order by id")
        return [*connection.scalars(query)]


@pytest.mark.parametrize(
    "ends",
    [
        [START - SECOND * number for number in range(7, 0, -1)],  # within the overlap of the next look
        [START - MINUTE] * 7,  # more than a page at the same moment
        [START - MINUTE, *[START - SECOND] * 5, START],
    ],
)
def test_however_many_ended_at_once_each_is_recorded_once(
    instance: dg.DagsterInstance, engine: Engine, monkeypatch: pytest.MonkeyPatch, ends: list[datetime]
) -> None:
    monkeypatch.setattr(ended_runs, "RUNS_AT_ONCE", 3)
    runs = [end_run(instance, at) for at in ends]
    until = record(instance, engine, START - MINUTE)
    again = record(instance, engine, until)

    assert sorted(read_recorded(engine)) == sorted(runs)
    assert again >= until >= START


def test_a_run_that_ended_long_ago_is_not_recorded_since_somebody_changed_it(
    instance: dg.DagsterInstance, engine: Engine
) -> None:
    end_run(instance, START - MINUTE * 60, changed_at=START)
    late = end_run(instance, START - MINUTE * 3, changed_at=START - MINUTE)
    record(instance, engine, START - MINUTE * 2)

    assert read_recorded(engine) == [late]


def test_a_clock_that_is_set_back_lets_no_end_be_looked_for_again(instance: dg.DagsterInstance, engine: Engine) -> None:
    ahead = START + MINUTE * 60

    assert record(instance, engine, ahead) == ahead
