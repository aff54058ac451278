"""Read from our database what the status needs besides runs.

That is failed stages, scans and readings by command, progress, and the watcher.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, text

from pokervod_pipelines.db.locks import find_locked
from pokervod_pipelines.events.types import EventType
from pokervod_pipelines.monitoring.status_runs import Run, RunFacts, RunState, StageAttempt
from pokervod_pipelines.monitoring.status_shape import WatcherStatus
from pokervod_pipelines.processes.liveness import lives_since
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.context import PROGRESS
from pokervod_pipelines.workflows.watch.sources import Source, list_watches

RECENT_ERRORS = 500
"""Failed stages that are looked at, the newest: more than a sync of every library and sheet can have."""

QUIET_SECONDS = 10.0
"""After its newest entry a run whose log names a process has its lock, or none is to come."""

START_SECONDS = 45.0
"""A run without such an entry that began just now need not have its lock yet."""


def read_failures(connection: Connection) -> list[StageAttempt]:
    """Return the newest failure of each stage of a run, as its event tells it."""
    values = {"type": EventType.SYSTEM_ERROR, "limit": RECENT_ERRORS}
    return [
        StageAttempt(
            stage=row.stage,
            name=row.name,
            state=RunState.SKIPPED if row.skipped else RunState.FAILED,
            at=row.at,
            run_id=row.run_id or "",
            error=row.error,
        )
        for row in connection.execute(_FAILURES, values)
    ]


def read_scans(connection: Connection, settings: Settings) -> Iterator[StageAttempt]:
    """Yield the last scan of each library, also of a command that was no run; a run tells itself what goes on."""
    for row in connection.execute(_SCANS, {"libraries": [each.name for each in settings.libraries]}):
        state = RunState.SUCCEEDED if row.status == "completed" else RunState.FAILED
        counts = {"files": row.counts.get("seen", 0)} if row.status == "completed" else {}
        yield StageAttempt(
            stage="nas",
            name=row.library,
            state=state,
            at=row.finished_at,
            started_at=row.started_at,
            error=row.error,
            counts=counts,
        )


def read_readings(connection: Connection, settings: Settings) -> Iterator[StageAttempt]:
    """Yield the last complete reading of each sheet, also of a command that was no run."""
    for row in connection.execute(_READINGS, {"sheets": [each.name for each in settings.sheets]}):
        yield StageAttempt(
            stage="sheets",
            name=row.sheet,
            state=RunState.SUCCEEDED,
            at=row.read_at,
            counts={"rows": row.counts.get("rows", 0)},
        )


def read_progress(connection: Connection, runs: Sequence[Run]) -> dict[tuple[str, str, str], int]:
    """Return how many entries the stages of these runs have done, by run, stage and name."""
    by_correlation = {run.correlation_id: run.run_id for run in runs}
    rows = connection.execute(_PROGRESS, {"ids": [*by_correlation], "prefix": f"{PROGRESS}%"})
    found = {}
    for row in rows:
        _, stage, name = row.key.split("/", 2)
        found[by_correlation[row.correlation_id], stage, name] = int(row.value["done"])
    return found


def read_watcher(connection: Connection) -> WatcherStatus | None:
    """Return the watcher that leads, None where none lives or it has not looked for a while."""
    watches = list_watches(connection)
    if not watches:
        return None
    newest = max(watches, key=lambda each: each.seen_at)
    seen = {each.source for each in watches}
    left_out = tuple(source.value for source in Source if source not in seen)
    return WatcherStatus(name=newest.watcher, doing=newest.doing, left_out=left_out)


def find_orphans(connection: Connection, facts: RunFacts, now: datetime) -> set[str]:
    """Return the runs whose process has ended before they did.

    A run is alive while a process holds its lock, or lives here by its log: a database that restarts frees the locks.
    """
    silent = {run.run_id for run in facts.in_progress if run.state is RunState.RUNNING and _is_silent(run, facts, now)}
    locks = {f"run {run_id}": run_id for run_id in silent if not _has_process(facts.processes.get(run_id, {}))}
    return {*locks.values()} - {locks[name] for name in find_locked(connection, locks)} if locks else set()


def _is_silent(run: Run, facts: RunFacts, now: datetime) -> bool:
    """Return whether the run, if it lives, has had the time to have its lock."""
    seen = facts.processes.get(run.run_id, {})
    limit = QUIET_SECONDS if seen else START_SECONDS
    return (now - max([run.at, *seen.values()])).total_seconds() > limit


def _has_process(seen: Mapping[int, datetime]) -> bool:
    return any(lives_since(pid, at.timestamp()) for pid, at in seen.items())


_FAILURES = text("""
    select distinct on (stage, name) stage, name, at, run_id, error, skipped
    from (
        select payload ->> 'stage' as stage, payload ->> 'name' as name, id, at, payload ->> 'run_id' as run_id,
            payload ->> 'error' as error, coalesce(cast(payload ->> 'skipped' as boolean), false) as skipped
        from events where type = :type order by id desc limit :limit
    ) as latest
    order by stage, name, id desc
""")

_SCANS = text("""
    select s.* from unnest(cast(:libraries as text[])) as l (name)
    cross join lateral (
        select library, status, started_at, finished_at, error, counts from nas_scans
        where library = l.name and status <> 'running' order by id desc limit 1
    ) as s
""")

_READINGS = text("select sheet, read_at, counts from sheet_states where sheet = any(:sheets) and read_at is not null")

_PROGRESS = text("""
    select distinct on (correlation_id, key) correlation_id, key, value from context_changes
    where correlation_id = any(:ids) and key like :prefix order by correlation_id, key, version desc
""")
