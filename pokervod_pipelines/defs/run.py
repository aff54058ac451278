"""Run a sync as a Dagster run in this process: the same job that the schedule starts, visible in the UI afterwards."""

import time
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
from sqlalchemy import Engine

from pokervod_pipelines.db.locks import hold_lock
from pokervod_pipelines.defs.assembly import build_defs
from pokervod_pipelines.defs.resources import SyncListener
from pokervod_pipelines.defs.stages import CORRELATION_TAG
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.stage_result import StageResult

STARTED_BY_TAG = "pokervod/started_by"
SYNC_LOCK = "sync by command"
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncResult:
    """Describe how the run ended, with the result of every stage in the order they ended."""

    job: str
    run_id: str
    correlation_id: str
    succeeded: bool
    seconds: float
    stages: tuple[StageResult, ...]


@dataclass(slots=True)
class _Collector:
    """Collect the results of stages and pass everything on to another listener."""

    other: SyncListener
    stages: list[StageResult] = field(default_factory=list)

    def started(self, stage: str, name: str) -> None:
        self.other.started(stage, name)

    def advanced(self, stage: str, name: str, done: int) -> None:
        self.other.advanced(stage, name, done)

    def finished(self, result: StageResult) -> None:
        self.stages.append(result)
        self.other.finished(result)


def run_sync(
    settings: Settings, engine: Engine, *, home: Path, full: bool, correlation_id: str, listener: SyncListener
) -> SyncResult:
    """Run the sync to its end, also where stages fail.

    One sync by command runs at a time; a second one waits and then finds its work done. A run that a killed command
    left as started is marked failed, which frees its pool slots.
    """
    job = "full_sync" if full else "incremental_sync"
    collector = _Collector(listener)
    defs = build_defs(settings=settings, engine=engine, listener=collector)
    with dg.DagsterInstance.from_config(str(home)) as instance, hold_lock(engine, SYNC_LOCK):
        fail_dead_runs(instance)
        started = time.monotonic()
        result = defs.resolve_job_def(job).execute_in_process(
            instance=instance,
            run_config=QUIET,
            raise_on_error=False,
            tags={CORRELATION_TAG: correlation_id, STARTED_BY_TAG: "command"},
        )
        seconds = time.monotonic() - started
    return SyncResult(
        job=job,
        run_id=result.run_id,
        correlation_id=correlation_id,
        succeeded=result.success,
        seconds=seconds,
        stages=tuple(collector.stages),
    )


def fail_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """Mark the runs failed that a command started and left; the caller has the lock that a running one would have."""
    alive = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.NOT_STARTED]
    runs = instance.get_runs(dg.RunsFilter(statuses=alive, tags={STARTED_BY_TAG: "command"}))
    for run in runs:
        instance.report_run_failed(
            run, "the process of this sync ended before the sync did; the next sync completes it"
        )
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
    return [run.run_id for run in runs]
