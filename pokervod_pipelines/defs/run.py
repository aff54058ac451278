"""Run a sync as a Dagster run in this process: the same job that the schedule starts, visible in the UI afterwards."""

import logging
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
from dagster._core.events import JobFailureData
from dagster._core.execution.plan.objects import StepFailureData
from sqlalchemy import Engine

from pokervod_pipelines.db.locks import hold_lock, is_locked
from pokervod_pipelines.defs.assembly import build_defs
from pokervod_pipelines.defs.dead_runs import IN_PROGRESS, describe_waits, fail_dead_runs, hold_run
from pokervod_pipelines.defs.ended_runs import find_own_error
from pokervod_pipelines.defs.resources import SyncListener
from pokervod_pipelines.defs.stages import CORRELATION_TAG
from pokervod_pipelines.defs.step_errors import describe_error
from pokervod_pipelines.defs.sync import conclude
from pokervod_pipelines.defs.workflows import EXCLUSIVE_TAG
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.failures import name_failure
from pokervod_pipelines.workflows.first_day import record_first_day
from pokervod_pipelines.workflows.held import require_free_workflow
from pokervod_pipelines.workflows.stage_result import StageResult

STARTED_BY_TAG = "pokervod/started_by"
SYNC_LOCK = "sync by command"
WATCH_SECONDS = 2.0
"""Between two looks at what a sync waits for."""

SYSTEM_ERROR = re.compile(r"\w*Error: \[Errno (?P<number>\d+)\] (?P<text>[^:\n]+)(?:: '(?P<file>[^'\n]+)')?")

_log = logging.getLogger(__name__)

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncResult:
    """Describe how the run ended, with the result of every stage in the order they ended.

    ``problems`` has what failed outside the stages.
    """

    job: str
    run_id: str
    correlation_id: str
    succeeded: bool
    seconds: float
    stages: tuple[StageResult, ...]
    problems: tuple[str, ...] = ()


@dataclass(slots=True)
class _Collector:
    """Collect the results of stages and pass everything on to another listener."""

    other: SyncListener
    stages: list[StageResult] = field(default_factory=list)

    def started(self, stage: str, name: str) -> None:
        self.other.started(stage, name)

    def advanced(self, stage: str, name: str, done: int) -> None:
        self.other.advanced(stage, name, done)

    def waiting(self, reason: str) -> None:
        self.other.waiting(reason)

    def finished(self, result: StageResult) -> None:
        self.stages.append(result)
        self.other.finished(result)


def run_sync(
    settings: Settings,
    engine: Engine,
    *,
    home: Path,
    full: bool,
    run_id: str,
    correlation_id: str,
    listener: SyncListener,
) -> SyncResult:
    """Run the sync to its end, also where stages fail.

    One sync by command runs at a time; a second one waits and then finds its work done. The listener is told of every
    wait. Runs without a process are failed first, which frees their pool slots. Raises ``Conflict`` for a held one.
    """
    job = "full_sync" if full else "incremental_sync"
    require_free_workflow(engine, job, settings)
    collector = _Collector(listener)
    record_first_day(engine, settings)
    defs = build_defs(settings=settings, engine=engine, listener=collector)
    with dg.DagsterInstance.from_config(str(home)) as instance, _take_turn(engine, listener):
        for sentence in fail_dead_runs(instance, engine):
            listener.waiting(sentence)
        _wait_for_other_sync(instance, engine, listener)
        started = time.monotonic()
        with hold_run(engine, run_id), tell_waits(instance, engine, run_id, listener):
            result = defs.resolve_job_def(job).execute_in_process(
                instance=instance,
                run_config=QUIET,
                raise_on_error=False,
                run_id=run_id,
                tags={CORRELATION_TAG: correlation_id, STARTED_BY_TAG: "command"},
            )
        seconds = time.monotonic() - started
    done = SyncResult(
        job=job,
        run_id=result.run_id,
        correlation_id=correlation_id,
        succeeded=result.success,
        seconds=seconds,
        stages=tuple(collector.stages),
        problems=tuple(_list_problems(result, settings)),
    )
    _log_end(done)
    return done


def _log_end(done: SyncResult) -> None:
    """Log how the sync ended, with what failed outside the stages, whose own lines are above."""
    text = f"{done.job} {'completed' if done.succeeded else 'failed'} after {done.seconds:.1f} s"
    level = logging.INFO if done.succeeded else logging.ERROR
    ids = {"run_id": done.run_id, "correlation_id": done.correlation_id, "is_shown": True}
    _log.log(level, "%s", ": ".join((text, *done.problems)), extra=ids)


def cancel_sync(home: Path, run_id: str) -> None:
    """Record that a person or the system stopped the sync, and free its pool slots."""
    with dg.DagsterInstance.from_config(str(home)) as instance:
        instance.event_log_storage.free_concurrency_slots_for_run(run_id)
        run = instance.get_run_by_id(run_id)
        if run is not None and not run.is_finished:
            instance.report_run_canceled(run, "Stopped by a signal. The next sync completes the work.")


def _list_problems(result: dg.ExecuteInProcessResult, settings: Settings) -> list[str]:
    """Return what failed outside the stages; the last step only repeats what stages said."""
    problems: dict[str, str] = {}
    for event in result.all_events:
        failure = event.event_specific_data
        if not isinstance(failure, StepFailureData | JobFailureData) or failure.error is None:
            continue
        error = find_own_error(failure.error)
        if event.step_key not in {None, conclude.name} or error.cls_name != dg.Failure.__name__:
            problems.setdefault(error.message, f"{event.step_key or 'the run'}: {_describe(error.message, settings)}")
    return list(problems.values())


def _describe(message: str, settings: Settings) -> str:
    """Return what an error says, with the next step where it is one of the system: a full disk, say."""
    found = SYSTEM_ERROR.match(message)
    if found is None:
        return describe_error(message)
    return str(name_failure(OSError(int(found["number"]), found["text"], found["file"]), settings))


@contextmanager
def _take_turn(engine: Engine, listener: SyncListener) -> Iterator[None]:
    with engine.connect() as connection:
        if is_locked(connection, SYNC_LOCK):
            listener.waiting("waits for another `pokervod sync` of this installation to end")
    with hold_lock(engine, SYNC_LOCK):
        yield


def _wait_for_other_sync(instance: dg.DagsterInstance, engine: Engine, listener: SyncListener) -> None:
    """Wait until no sync that a schedule or a person launched is in progress, and tell the listener once."""
    in_progress = dg.RunsFilter(tags=EXCLUSIVE_TAG, statuses=IN_PROGRESS)
    told = False
    while running := instance.get_runs(in_progress, limit=1):
        if not told:
            listener.waiting(f"waits for {running[0].job_name} (run {running[0].run_id[:8]}) to end")
            told = True
        time.sleep(WATCH_SECONDS)
        fail_dead_runs(instance, engine)


@contextmanager
def tell_waits(instance: dg.DagsterInstance, engine: Engine, run_id: str, listener: SyncListener) -> Iterator[None]:
    """Tell the listener what the run waits for while the context lasts, and end the dead runs that it waits for."""
    ended = threading.Event()
    thread = threading.Thread(target=_watch_waits, args=(instance, engine, run_id, listener, ended), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _watch_waits(
    instance: dg.DagsterInstance, engine: Engine, run_id: str, listener: SyncListener, ended: threading.Event
) -> None:
    told: set[str] = set()
    while not ended.wait(WATCH_SECONDS):
        with suppress(Exception):  # the database is away: the sync itself says so
            waits = describe_waits(instance, run_id)
            for sentence in waits and [*waits, *fail_dead_runs(instance, engine)]:
                if sentence not in told:
                    listener.waiting(sentence)
            told = set(waits)
