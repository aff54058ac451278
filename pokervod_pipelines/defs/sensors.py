"""Define the sensors: each observes, lets a plain function decide, and requests a run or gives the reason for none."""

import atexit
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import cache

import dagster as dg
from sqlalchemy import Engine

from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.defs.dead_runs import fail_dead_runs
from pokervod_pipelines.defs.logs import log_requests
from pokervod_pipelines.defs.partitions import broadcast_days
from pokervod_pipelines.defs.stages import REVISION_TAG
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.sheets.polling import (
    dump_memory,
    load_memory,
)
from pokervod_pipelines.sheets.rotation import poll_sheets
from pokervod_pipelines.workflows.arrivals import REPEAT_SECONDS, Arrivals, find_arrivals, list_day_runs
from pokervod_pipelines.workflows.held import find_workflow_hold
from pokervod_pipelines.workflows.pending_events import PendingEvents, read_pending_events
from pokervod_pipelines.workflows.programs import read_written
from pokervod_pipelines.workflows.watch.sources import Source, find_watch

INTERVAL_SECONDS = 5
"""Dagster's sensor loop is no faster; one call per tick is a fraction of what Drive allows."""

WATCH_SECONDS, POLL_SECONDS = 4.5, 0.5
"""A tick polls the folders nearly until the next one, so that a file is seen at once."""

PAUSE_FACTOR = 4
"""A pause lasts this many times the poll before it: a slow share is polled for a fifth of the time at most."""

ALIVE = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]

RUN_KEY_TAG = "dagster/run_key"
"""Dagster gives it to the runs that sensors request, a watcher to its own."""

KEYS_AT_ONCE = 500
"""Run keys that one query of Dagster's runs names."""

OpenEngine = Callable[[], Engine]


def keep_engine(settings: Settings) -> OpenEngine:
    """Return a function that opens the database when first called, for as long as this process lives.

    A sensor ticks every few seconds; opening the database each time would cost more than the tick.
    """

    @cache
    def open_engine() -> Engine:
        stack = ExitStack()
        atexit.register(stack.close)
        return stack.enter_context(open_database(settings))

    return open_engine


def define_sensors(settings: Settings, open_engine: OpenEngine) -> list[dg.SensorDefinition]:
    """Define ``sheet_changes`` and ``rfid_drop``, which read an edited sheet and a new hand within seconds."""
    return [_define_sheet_changes(settings, open_engine), _define_rfid_drop(settings, open_engine)]


def _define_sheet_changes(settings: Settings, open_engine: OpenEngine) -> dg.SensorDefinition:
    @dg.sensor(
        job_name="sheets_sync",
        minimum_interval_seconds=INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Reads a sheet once nobody has edited it for a moment, and compares unchanged ones in rotation.",
    )
    def sheet_changes(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        if watch := read_watch(open_engine(), Source.SHEETS):
            return watch
        decision = poll_sheets(open_engine(), settings, load_memory(context.cursor))
        if decision.quiet_seconds and not decision.due:
            time.sleep(decision.quiet_seconds)
            decision = poll_sheets(open_engine(), settings, decision.memory)
        requests = [
            dg.RunRequest(run_key=key, partition_key=name, tags={REVISION_TAG: revision})
            for name, revision, key in decision.due
        ]
        requests = drop_launched(context.instance, requests)
        log_requests("sheet_changes", requests)
        reasons = "; ".join(f"{name}: {reason}" for name, reason in decision.reasons.items())
        return dg.SensorResult(
            run_requests=requests,
            skip_reason=None if requests else dg.SkipReason(reasons or "no sheet is configured"),
            cursor=dump_memory(decision.memory),
        )

    return sheet_changes


def _define_rfid_drop(settings: Settings, open_engine: OpenEngine) -> dg.SensorDefinition:
    partitions = broadcast_days(settings)

    @dg.sensor(
        job_name="hands_to_renders",
        minimum_interval_seconds=INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Reads new files of the tables and the tournament system, once they stop changing.",
    )
    def rfid_drop(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        if not (settings.hands.drop_folders or settings.tournaments.export_folders or _has_written(open_engine())):
            return dg.SkipReason("no drop folder and no export folder is configured")
        if watch := read_watch(open_engine(), Source.FOLDERS):
            return watch
        if hold := find_workflow_hold(open_engine(), "hands_to_renders"):
            return dg.SkipReason(f"hands_to_renders is {hold.describe(settings.zone)}")
        if is_running(context.instance, open_engine(), "hands_to_renders"):
            return dg.SkipReason("hands_to_renders is running; what is left is requested after it")
        arrivals, pending = _poll_folders(settings, open_engine())
        if not arrivals.is_due and pending.is_empty:
            return dg.SkipReason(arrivals.describe())
        due = list_day_runs(settings, arrivals, pending, lambda day: partitions.has_partition_key(str(day)))
        requests = [dg.RunRequest(run_key=each.run_key, partition_key=str(each.day)) for each in due]
        requests = drop_launched(context.instance, requests)
        log_requests("rfid_drop", requests)
        return dg.SensorResult(
            run_requests=requests,
            skip_reason=None if requests else dg.SkipReason("what is due has had its run; it is requested again later"),
        )

    return rfid_drop


def _has_written(engine: Engine) -> bool:
    """Return whether programs wrote something into the database that nobody has taken up yet."""
    with engine.connect() as connection:
        return bool(read_written(connection))


def read_watch(engine: Engine, source: Source) -> dg.SkipReason | None:
    """Return that a watcher looks at the source, None where none does: then the sensor has to."""
    with engine.connect() as connection:
        watch = find_watch(connection, source)
    return dg.SkipReason(f"`pokervod watch` does this: {watch.watcher}") if watch else None


def drop_launched(instance: dg.DagsterInstance, requests: list[dg.RunRequest]) -> list[dg.RunRequest]:
    """Return the requests whose key has no run, or one that failed: Dagster compares with runs of this sensor only."""
    keys = [str(each.run_key) for each in requests]
    launched = find_run_keys(instance, keys, statuses=[*ALIVE, dg.DagsterRunStatus.SUCCESS])
    return [each for each in requests if each.run_key not in launched]


def find_run_keys(
    instance: dg.DagsterInstance, keys: Sequence[str], *, statuses: Sequence[dg.DagsterRunStatus] = ()
) -> set[str]:
    """Return those of the keys that have a run of these statuses, of any without; whoever launched it."""
    found: set[str] = set()
    for start in range(0, len(keys), KEYS_AT_ONCE):
        tags = {RUN_KEY_TAG: keys[start : start + KEYS_AT_ONCE]}
        found |= {run.tags[RUN_KEY_TAG] for run in instance.get_runs(dg.RunsFilter(tags=tags, statuses=[*statuses]))}
    return found


def is_running(instance: dg.DagsterInstance, engine: Engine, job: str) -> bool:
    """Return whether a run of the job is pending or running; one whose process has ended is failed, and does not count.

    One that began long ago died with its machine.
    """
    recently = datetime.now(UTC) - timedelta(seconds=REPEAT_SECONDS)
    alive = dg.RunsFilter(job_name=job, statuses=ALIVE, created_after=recently)
    if not instance.get_run_records(alive, limit=1):
        return False
    fail_dead_runs(instance, engine)
    return bool(instance.get_run_records(alive, limit=1))


def _poll_folders(settings: Settings, engine: Engine) -> tuple[Arrivals, PendingEvents]:
    """Poll until something is due or the time is over, and return what was found."""
    until = time.monotonic() + WATCH_SECONDS
    arrivals: Arrivals | None = None
    while True:
        began = time.monotonic()
        arrivals = find_arrivals(engine, settings, arrivals)
        with engine.connect() as connection:
            pending = read_pending_events(connection)
        if arrivals.is_due or not pending.is_empty or time.monotonic() >= until:
            return arrivals, pending
        time.sleep(max(POLL_SECONDS, PAUSE_FACTOR * (time.monotonic() - began)))
