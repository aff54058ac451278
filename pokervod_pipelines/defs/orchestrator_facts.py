"""Read from Dagster's database what health needs, in plain SQL on its indexes.

It imports no Dagster, so that ``pokervod health`` answers at once. ``SENSORS`` names what the definitions define.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, text
from sqlalchemy.exc import OperationalError

from pokervod_pipelines.defs.run_history import SHOWN_JOBS
from pokervod_pipelines.defs.run_measures import DagsterRunMeasures
from pokervod_pipelines.defs.step_errors import WRAPPERS, describe_error
from pokervod_pipelines.monitoring.detectors.facts import RunFacts
from pokervod_pipelines.monitoring.health.orchestrator import SensorFacts
from pokervod_pipelines.monitoring.health.shape import RunFigures
from pokervod_pipelines.monitoring.measures.shape import Window

SENSORS = (
    "dead_runs",
    "sheet_changes",
    "rfid_drop",
    "event_router",
    "render_queue",
    "stale_instructions",
    "alert_delivery",
    "run_failures",
    "measures",
    "health",
    "anomalies",
)
"""The sensors that every version of the settings has; the clock of a rollout is there while its plan is."""

CLOCK_SUFFIX = "_clock"

CLOCK_DAYS = timedelta(days=1)
"""The clock of a rollout that has not ticked for so long belongs to a plan that left the settings."""

LONG = timedelta(minutes=1)
"""Of runs that have lasted for less nobody asks how long they usually take."""

TYPICAL = timedelta(days=14)
"""Successes of so long tell how long a job takes."""

TABLES = ("runs", "daemon_heartbeats", "instigators", "job_ticks")
"""What is read; Dagster's first start makes one after the other."""


class OrchestratorFacts:
    """Read an instance from its database: a ``monitoring.health.orchestrator.Orchestrator``."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def read_heartbeats(self) -> Mapping[str, datetime]:
        """Return when each part of the daemon told last that it lives; none where it has never run."""
        with self._connect() as connection:
            return {row.part: row.at for row in connection.execute(_HEARTBEATS)} if connection else {}

    def read_sensors(self) -> Sequence[SensorFacts]:
        """Return the sensors that this version has."""
        with self._connect() as connection:
            read = [_make_sensor(row) for row in connection.execute(_SENSORS)] if connection else []
        newest: dict[str, SensorFacts] = {}
        for each in sorted(read, key=lambda each: each.ticked_at or datetime.min.replace(tzinfo=UTC)):
            newest[each.name] = each
        known = [newest.get(name, SensorFacts(name=name)) for name in SENSORS]
        limit = datetime.now(UTC) - CLOCK_DAYS
        clocks = (each for name, each in sorted(newest.items()) if name.endswith(CLOCK_SUFFIX))
        return [*known, *(each for each in clocks if each.ticked_at and each.ticked_at > limit)]

    def read_runs(self, since: datetime, until: datetime) -> Mapping[str, RunFigures]:
        """Return the figures of each job whose runs ended in this time; none of it is what a person stopped."""
        figures = DagsterRunMeasures(self.engine).measure_jobs(Window(since=since, until=until))
        return {
            each.job: RunFigures(
                ended=each.succeeded + each.failed,
                succeeded=each.succeeded,
                seconds=each.average,
                failed_last=each.failed_last,
            )
            for each in figures
            if each.succeeded + each.failed
        }

    def read_in_progress(self, now: datetime) -> tuple[RunFacts, ...]:
        """Return the runs in progress, those of long ago with how long successes of their jobs took."""
        with self._connect() as connection:
            rows = connection.execute(_IN_PROGRESS).all() if connection else []
        runs = [_make_run(row) for row in rows]
        if not any(now - each.since > LONG for each in runs):
            return tuple(runs)
        figures = DagsterRunMeasures(self.engine).measure_jobs(Window(since=now - TYPICAL, until=now))
        typical = {each.job: each.p95 for each in figures}
        return tuple(replace(each, typical_seconds=typical.get(each.job)) for each in runs)

    @contextmanager
    def _connect(self) -> Iterator[Connection | None]:
        """Yield a connection, None where Dagster has made no database or no tables yet."""
        try:
            opened = self.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        except OperationalError as error:
            if f'database "{self.engine.url.database}" does not exist' in str(error):
                yield None
                return
            raise
        with opened as connection:
            yield connection if connection.scalar(_HAS_TABLES, {"tables": [*TABLES]}) else None


def _make_run(row: Row[Any]) -> RunFacts:
    return RunFacts(
        run_id=row.run_id,
        job=SHOWN_JOBS.get(row.job, row.job),
        state="queued" if row.start_time is None else "running",
        since=row.created_at if row.start_time is None else datetime.fromtimestamp(row.start_time, UTC),
        partition=row.partition or "",
    )


def _make_sensor(row: Row[Any]) -> SensorFacts:
    state = json.loads(row.instigator_body)
    data = state.get("job_specific_data") or {}
    ticks = [data.get(f"last_tick_{key}timestamp") for key in ("", "start_", "success_")]
    ticked = max((each for each in ticks if each), default=None)
    return SensorFacts(
        name=state["origin"].get("instigator_name") or state["origin"]["job_name"],
        interval_seconds=float(data.get("min_interval") or 0.0),
        ticked_at=None if ticked is None else datetime.fromtimestamp(ticked, UTC),
        error=_read_error(json.loads(row.failed_body)) if row.failed_body else "",
        is_stopped=row.status == "STOPPED",
    )


def _read_error(tick: dict[str, Any]) -> str:
    """Return why a tick failed in the words of the room, which are below those that Dagster puts around them."""
    error = tick.get("error") or {"message": ""}
    while error.get("cause") and str(error["cls_name"]).startswith((*WRAPPERS, "SensorExecutionError")):
        error = error["cause"]
    return describe_error(str(error["message"]))


_HAS_TABLES = text("""
    select bool_and(to_regclass(each.name) is not null) from unnest(cast(:tables as text[])) as each (name)
""")

_HEARTBEATS = text("select daemon_type as part, timestamp at time zone 'UTC' as at from daemon_heartbeats")

_IN_PROGRESS = text("""
    select run_id, pipeline_name as job, partition, start_time, create_timestamp at time zone 'UTC' as created_at
    from runs where status in ('QUEUED', 'NOT_STARTED', 'STARTING', 'STARTED', 'CANCELING')
    order by id desc limit 500
""")

_SENSORS = text("""
    select i.status, i.instigator_body, case when t.status = 'FAILURE' then t.tick_body end as failed_body
    from instigators i left join lateral (
        select status, tick_body from job_ticks
        where selector_id = i.selector_id and status <> 'STARTED' order by timestamp desc limit 1
    ) as t on true
    where i.instigator_type = 'SENSOR'
""")
