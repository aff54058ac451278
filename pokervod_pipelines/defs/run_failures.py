"""Define the sensor that raises one alert for each cause that makes a job fail."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated

import dagster as dg
from dagster._core.execution.stats import StepEventStatus
from pydantic import AwareDatetime, Field, TypeAdapter

from pokervod_pipelines.defs.ended_runs import OVERLAP, describe_failure, find_ended, is_started_again
from pokervod_pipelines.defs.run_history import ASSET_JOB, SHOWN_JOBS
from pokervod_pipelines.defs.sensors import OpenEngine
from pokervod_pipelines.defs.stages import CORRELATION_TAG
from pokervod_pipelines.monitoring.run_failures import EndedRun, record_ended_runs
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.text.cursors import read_cursor

INTERVAL_SECONDS = 30

FIRST_LOOK = timedelta(days=1)
"""The first tick looks so far back."""

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""No run is older; a cursor with such a time was edited."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Remember up to when ended runs were looked at, and which of the last of them."""

    until: Annotated[AwareDatetime, Field(ge=EARLIEST)]
    runs: frozenset[str] = frozenset()

    @classmethod
    def read(cls, cursor: str | None) -> "Seen":
        """Return what the cursor of a sensor says; a day ago without one, or for one that says nothing.

        A time to come would hide the runs until then.
        """
        now = datetime.now(UTC)
        seen = read_cursor(_SEEN, cursor, "run_failures") or cls(until=now - FIRST_LOOK)
        return replace(seen, until=min(seen.until, now))

    def write(self) -> str:
        """Return the cursor."""
        return json.dumps({"until": self.until.isoformat(), "runs": sorted(self.runs)})


_SEEN = TypeAdapter(Seen)


def define_failure_sensor(settings: Settings, open_engine: OpenEngine) -> dg.SensorDefinition:
    """Define ``run_failures``."""

    @dg.sensor(
        minimum_interval_seconds=INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Raises one alert for each cause that makes a job fail, and resolves it when the job succeeds.",
    )
    def run_failures(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        seen = Seen.read(context.cursor)
        records = find_ended(context.instance, seen.until)
        new = [each for each in records if each.dagster_run.run_id not in seen.runs]
        runs = [*_describe_runs(context.instance, new)]
        done = record_ended_runs(open_engine(), settings, runs) if runs else []
        for sentence in done:
            context.log.info(sentence)
        if (cursor := _advance(seen, records).write()) != context.cursor:
            context.update_cursor(cursor)  # at once also where the one before could not be read
        return dg.SkipReason("; ".join(done) or "no run has failed or made a failure good since the last look")

    return run_failures


def _advance(seen: Seen, records: list[dg.RunRecord]) -> Seen:
    """Return what was seen once these runs are; those that no later look can find are forgotten.

    The clock of another machine may be ahead of this one, whose runs then end before what that one told.
    """
    newest = max((each.update_timestamp for each in records), default=seen.until)
    until = max(seen.until, min(newest, datetime.now(UTC)))
    names = {each.dagster_run.run_id for each in records if each.update_timestamp > until - OVERLAP}
    return Seen(until=until, runs=frozenset(names))


def _describe_runs(instance: dg.DagsterInstance, records: list[dg.RunRecord]) -> Iterator[EndedRun]:
    """Yield the runs; one that Dagster starts again since its process died has not ended yet."""
    for record in records:
        run = record.dagster_run
        if is_started_again(run):
            continue
        for job, failed, error in _list_ends(instance, run):
            yield EndedRun(
                run_id=run.run_id,
                job=job,
                partition=run.tags.get("dagster/partition", ""),
                correlation_id=run.tags.get(CORRELATION_TAG, run.run_id),
                failed=failed,
                error=error,
            )


def _list_ends(instance: dg.DagsterInstance, run: dg.DagsterRun) -> Iterator[tuple[str, bool, str]]:
    """Yield the job, whether it failed and why, or for the job of all assets each that succeeded, and what ended it."""
    failed = run.status is dg.DagsterRunStatus.FAILURE
    error = describe_failure(instance, run.run_id) if failed else ""
    if run.job_name != ASSET_JOB:
        yield run.job_name, failed, error
        return
    ends = {each.step_key: each.status for each in instance.get_run_step_stats(run.run_id)}
    for step, status in ends.items():
        if status is StepEventStatus.SUCCESS:
            yield f"{SHOWN_JOBS[ASSET_JOB]} {step}", False, ""
    if failed:
        stopped = [step for step, status in ends.items() if status is StepEventStatus.FAILURE]
        begun = [step for step, status in ends.items() if status is not StepEventStatus.SUCCESS]
        yield " ".join([SHOWN_JOBS[ASSET_JOB], *(stopped or begun)[:1]]), True, error
