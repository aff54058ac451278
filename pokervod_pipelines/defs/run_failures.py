"""Define the sensor that raises one alert for each cause that makes a job fail."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster._core.execution.stats import StepEventStatus
from pydantic import TypeAdapter

from pokervod_pipelines.defs.run_history import ASSET_JOB, SHOWN_JOBS
from pokervod_pipelines.defs.sensors import OpenEngine
from pokervod_pipelines.defs.stages import CORRELATION_TAG
from pokervod_pipelines.defs.workflow_ends import describe_failure, is_started_again
from pokervod_pipelines.monitoring.run_failures import EndedRun, record_ended_runs
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.text.cursors import read_cursor

INTERVAL_SECONDS = 30
ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]
"""A run that a person cancelled neither failed nor made anything good."""

FIRST_LOOK = timedelta(days=1)
"""The first tick looks so far back."""

OVERLAP = timedelta(seconds=30)
"""Each look goes back so far, since the end of a run may be stored late."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Remember up to when ended runs were looked at, and which of the last of them."""

    until: datetime
    runs: frozenset[str] = frozenset()

    @classmethod
    def read(cls, cursor: str | None) -> "Seen":
        """Return what the cursor of a sensor says; a day ago without one, or for one that says nothing."""
        return read_cursor(_SEEN, cursor, "run_failures") or cls(until=datetime.now(UTC) - FIRST_LOOK)

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
        records = _find_ended(context.instance, seen)
        runs = [*_describe_runs(context.instance, records)]
        done = record_ended_runs(open_engine(), settings, runs) if runs else []
        for sentence in done:
            context.log.info(sentence)
        if records or not context.cursor:
            context.update_cursor(_advance(seen, records).write())
        return dg.SkipReason("; ".join(done) or "no run has failed or made a failure good since the last look")

    return run_failures


def _find_ended(instance: dg.DagsterInstance, seen: Seen) -> list[dg.RunRecord]:
    """Return the runs that ended and were not looked at, the earliest first."""
    since = dg.RunsFilter(statuses=ENDED, updated_after=seen.until - OVERLAP)
    found = instance.get_run_records(since, order_by="update_timestamp", ascending=True)
    return [each for each in found if each.dagster_run.run_id not in seen.runs]


def _advance(seen: Seen, records: list[dg.RunRecord]) -> Seen:
    """Return what was seen together with these runs; those that no later look can find are forgotten."""
    until = max([seen.until, *(each.update_timestamp for each in records)])
    names = {each.dagster_run.run_id for each in records if each.update_timestamp > until - OVERLAP}
    return Seen(until=until, runs=frozenset(names | (seen.runs if until - seen.until < OVERLAP else frozenset())))


def _describe_runs(instance: dg.DagsterInstance, records: list[dg.RunRecord]) -> Iterator[EndedRun]:
    """Yield the runs; one that Dagster starts again since its process died has not ended yet."""
    for record in records:
        run = record.dagster_run
        if is_started_again(run):
            continue
        for job, error in _list_ends(instance, run):
            yield EndedRun(
                run_id=run.run_id,
                job=job,
                partition=run.tags.get("dagster/partition", ""),
                correlation_id=run.tags.get(CORRELATION_TAG, run.run_id),
                error=error,
            )


def _list_ends(instance: dg.DagsterInstance, run: dg.DagsterRun) -> Iterator[tuple[str, str | None]]:
    """Yield the job with its error, or for the job of all assets each asset that succeeded, and what ended it."""
    error = describe_failure(instance, run.run_id) if run.status is dg.DagsterRunStatus.FAILURE else None
    if run.job_name != ASSET_JOB:
        yield run.job_name, error
        return
    ends = {each.step_key: each.status for each in instance.get_run_step_stats(run.run_id)}
    for step, status in ends.items():
        if status is StepEventStatus.SUCCESS:
            yield f"{SHOWN_JOBS[ASSET_JOB]} {step}", None
    if error is not None:
        failed = [step for step, status in ends.items() if status is StepEventStatus.FAILURE]
        begun = [step for step, status in ends.items() if status is not StepEventStatus.SUCCESS]
        yield " ".join([SHOWN_JOBS[ASSET_JOB], *(failed or begun)[:1]]), error
