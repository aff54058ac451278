"""Fail the runs whose process has ended, and free what ended runs still hold of pools.

Dagster notices neither: after a power loss a run stays started, with its slots, and blocks the runs after it. A run is
alive while its process holds the run's lock in the database, or while the process that its log names lives here.
"""

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

import dagster as dg
import psutil
from dagster._utils.concurrency import ConcurrencyKeyInfo
from sqlalchemy import Connection, Engine

from pokervod_pipelines.db.locks import hold_lock, is_locked
from pokervod_pipelines.processes.liveness import lives_since
from pokervod_pipelines.processes.process_tags import VARIABLE

IN_PROGRESS = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
"""Statuses of runs that should have a process; a queued one has none yet."""

QUIET = timedelta(seconds=10)
"""After its newest event a run with a process on another machine has its lock, or none is to come."""

QUIET_BEFORE_START = timedelta(seconds=45)
"""Give a busy machine so long from a run's record to its process; less is certain after a restart."""

INTERVAL_SECONDS = 20

_log = logging.getLogger(__name__)


def hold_run(engine: Engine, run_id: str) -> AbstractContextManager[None]:
    """Show that the run is alive, until the context or the process ends."""
    return hold_lock(engine, _name_lock(run_id))


def define_run_sensors(open_engine: Callable[[], Engine]) -> list[dg.SensorDefinition]:
    """Define ``dead_runs``, which fails what a power loss left and frees the pools."""

    @dg.sensor(
        minimum_interval_seconds=INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Fails runs whose process has ended, and frees what ended runs still hold of pools.",
    )
    def dead_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        done = fail_dead_runs(context.instance, open_engine(), restarted_at=find_restart())
        for sentence in done:
            _log.warning("%s", sentence)
        return dg.SkipReason("; ".join(done) or "every run in progress has its process")

    return [dead_runs]


def find_restart() -> datetime | None:
    """Return when the ``pokervod dev`` started that this process belongs to, None outside of one."""
    return datetime.fromtimestamp(psutil.Process(os.getppid()).create_time(), UTC) if VARIABLE in os.environ else None


def fail_dead_runs(
    instance: dg.DagsterInstance, engine: Engine, *, now: datetime | None = None, restarted_at: datetime | None = None
) -> list[str]:
    """Fail every run in progress whose process has ended, free the pools, and return what was done as sentences.

    A run that nobody had started before ``restarted_at`` is not going to be, where one machine has the database.
    """
    records = instance.get_run_records(dg.RunsFilter(statuses=IN_PROGRESS))
    is_alone = str(engine.url.query.get("host", "")).startswith("/")
    since = restarted_at if is_alone else None
    with engine.connect() as connection:
        dead = [each for each in records if not _is_alive(instance, connection, each, now or datetime.now(UTC), since)]
    done = [_end_run(instance, each.dagster_run) for each in dead]
    return done + [_free_pools(instance, run_id) for run_id in sorted(_find_ended_holders(instance))]


def describe_waits(instance: dg.DagsterInstance, run_id: str) -> list[str]:
    """Return which pools the run waits for, each with the runs that hold it."""
    waits = []
    for pool, info in _read_pools(instance).items():
        if run_id in info.pending_run_ids:
            holders = sorted(info.active_run_ids - {run_id})
            held = f", held by {' and '.join(_describe_run(instance, each) for each in holders)}" if holders else ""
            waits.append(f"waits for pool {pool}{held}")
    return waits


def _is_alive(
    instance: dg.DagsterInstance,
    connection: Connection,
    record: dg.RunRecord,
    now: datetime,
    restarted_at: datetime | None,
) -> bool:
    run_id = record.dagster_run.run_id
    if is_locked(connection, _name_lock(run_id)):
        return True
    starts = dict(_list_processes(instance, run_id))
    if any(lives_since(pid, seen_at) for pid, seen_at in starts.items()):
        return True
    newest = max([record.update_timestamp, *(datetime.fromtimestamp(each, UTC) for each in starts.values())])
    is_left = restarted_at is not None and newest < restarted_at
    return now - newest < (QUIET if starts or is_left else QUIET_BEFORE_START)


def _list_processes(instance: dg.DagsterInstance, run_id: str) -> Iterator[tuple[int, float]]:
    """Yield each process that the run's log names, with the time of the entry."""
    for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.ENGINE_EVENT):
        event = entry.dagster_event
        pid = event.engine_event_data.metadata.get("pid") if event else None
        if pid is not None:
            yield int(str(pid.value)), entry.timestamp


def _end_run(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str:
    """Free the run's slots before its end is recorded: a kill in between then leaves a run that is found again."""
    instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
    reason = "its process ended before it did (a kill, a crash or a power loss); what it had committed is kept"
    if run.status is dg.DagsterRunStatus.CANCELING:
        instance.report_run_canceled(run, f"Canceled: {reason}.")
    else:
        instance.report_run_failed(run, f"Failed: {reason}. The next run completes the work.")
    return f"run {run.run_id[:8]} ({run.job_name}): {reason}"


def _find_ended_holders(instance: dg.DagsterInstance) -> set[str]:
    """Return the runs that hold a slot or have a pending step though they have ended or were deleted."""
    holders = {
        run_id
        for info in _read_pools(instance).values()
        for run_id in (*info.active_run_ids, *(step.run_id for step in info.pending_steps))
    }
    if not holders:
        return set()
    runs = instance.get_runs(dg.RunsFilter(run_ids=sorted(holders)))
    return holders - {run.run_id for run in runs if not run.is_finished}


def _free_pools(instance: dg.DagsterInstance, run_id: str) -> str:
    instance.event_log_storage.free_concurrency_slots_for_run(run_id)
    return f"run {run_id[:8]}: had ended and still held a pool, which is free now"


def _read_pools(instance: dg.DagsterInstance) -> Mapping[str, ConcurrencyKeyInfo]:
    storage = instance.event_log_storage
    return storage.get_concurrency_infos(sorted(storage.get_concurrency_keys()))


def _describe_run(instance: dg.DagsterInstance, run_id: str) -> str:
    run = instance.get_run_by_id(run_id)
    return f"run {run_id[:8]} ({run.job_name})" if run else f"the deleted run {run_id[:8]}"


def _name_lock(run_id: str) -> str:
    return f"run {run_id}"
