"""Read from Dagster's database what the status needs of runs, in plain SQL on its indexes.

It imports no Dagster, so that ``pokervod status`` answers at once; Dagster's own instance would take a second more, and
a query for every run. ``STEPS`` and ``JOBS`` name what the definitions define.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, text
from sqlalchemy.exc import OperationalError

from pokervod_pipelines.checks import Severity
from pokervod_pipelines.db.engine import make_engine, serve_database
from pokervod_pipelines.defs.step_errors import WRAPPERS, describe_error
from pokervod_pipelines.monitoring.data_checks import DATA_CHECKS
from pokervod_pipelines.monitoring.status_runs import RecordedCheck, Run, RunFacts, RunState, StageAttempt
from pokervod_pipelines.monitoring.status_stages import STAGES
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.sheets.own_rows import BY_HAND

FULL = "full_sync"
SCHEDULE = "nightly_full_sync"
ASSET_JOB = "__ASSET_JOB"
"""Dagster's own job, by which *Materialize* runs any assets."""

JOBS = (
    FULL,
    "incremental_sync",
    "nas_sync",
    "media_sync",
    "catalog_update",
    "sheets_sync",
    "clips_update",
    "hands_to_renders",
    "renders",
    ASSET_JOB,
)
"""The jobs whose steps are stages."""

SHOWN_JOBS = {ASSET_JOB: "materialize"}
"""How a job is called where its name says nothing to a person."""

STEPS = {stage.asset: stage.name for stage in STAGES} | {
    "catalog": "catalog",
    "scan_library": "nas",
    "probe_library": "media",
    "build_catalog": "catalog",
    "sync_sheet": "sheets",
    "build_clips": "clips",
    "build_own_clips": "clips",
    "write_statuses": "statuses",
    "import_hands": "hands",
    "import_tournaments": "tournaments",
    "make_instructions": "instructions",
}
"""The stage of each step: of assets by their name, of a sync by its op."""

OWN_PARTS = {"build_own_clips": BY_HAND}
"""What a step that is run for no library, sheet or day makes a part of its stage."""

TABLES = ("runs", "run_tags", "event_logs", "asset_check_executions", "daemon_heartbeats", "instigators")
"""What is read; Dagster's first start makes one after the other."""

RECENT = 50
"""Runs of a job that are looked at; materializations are found however old they are."""

RECENT_CHECKS = 300
"""Check results that are looked at first: those of the last syncs. A check without one is looked up by its name."""

STATES = {
    "QUEUED": RunState.QUEUED,
    "NOT_STARTED": RunState.QUEUED,
    "STARTING": RunState.RUNNING,
    "STARTED": RunState.RUNNING,
    "CANCELING": RunState.RUNNING,
    "SUCCESS": RunState.SUCCEEDED,
    "FAILURE": RunState.FAILED,
    "CANCELED": RunState.STOPPED,
}
ENDS = {"STEP_SUCCESS": RunState.SUCCEEDED, "STEP_FAILURE": RunState.FAILED}


@contextmanager
def open_history(settings: Settings) -> Iterator["DagsterHistory"]:
    """Yield the history of the runs of this installation."""
    with serve_database(settings) as urls:
        engine = make_engine(urls.dagster)
        try:
            yield DagsterHistory(engine)
        finally:
            engine.dispose()


class DagsterHistory:
    """Read the runs of an instance from its database: a ``monitoring.status_runs.RunHistory``."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def read(self, settings: Settings) -> RunFacts:
        """Return the facts of now; none where Dagster has made no database or no tables yet."""
        with connect_dagster(self.engine) as connection:
            if connection is None:
                return RunFacts()
            runs = [make_run(row) for row in connection.execute(_RUNS, {"jobs": [*JOBS], "limit": RECENT})]
            unfinished = [*_pick_unfinished(runs)]
            attempts = [*_read_steps(connection, unfinished, settings), *_read_materializations(connection, settings)]
            scheduler = connection.execute(_SCHEDULER, {"schedule": f'%"{SCHEDULE}"%'}).one()
            return RunFacts(
                in_progress=tuple(each for each in runs if not has_ended(each)),
                processes=_read_processes(connection, [each for each in runs if each.state is RunState.RUNNING]),
                attempts=tuple(attempts),
                last_full=next((each for each in runs if each.job == FULL and has_ended(each)), None),
                checks=tuple(_read_checks(connection)),
                scheduler_seen_at=scheduler.seen_at,
                is_scheduled=not scheduler.is_stopped,
            )


@contextmanager
def connect_dagster(engine: Engine) -> Iterator[Connection | None]:
    """Yield a connection that reads, None where Dagster has made no database or no tables yet."""
    try:
        opened = engine.connect().execution_options(isolation_level="AUTOCOMMIT")  # fewer ways to the server
    except OperationalError as error:
        if f'database "{engine.url.database}" does not exist' not in str(error):
            raise
        yield None
        return
    with opened as connection:
        yield connection if connection.scalar(_HAS_TABLES, {"tables": [*TABLES]}) else None


def has_ended(run: Run) -> bool:
    """Return whether the run is over, well or not."""
    return run.state not in {RunState.QUEUED, RunState.RUNNING}


def _read_processes(connection: Connection, runs: Sequence[Run]) -> dict[str, dict[int, datetime]]:
    """Return the processes that the logs of these runs name, each with its newest entry."""
    found: dict[str, dict[int, datetime]] = {run.run_id: {} for run in runs}
    for row in connection.execute(_PROCESSES, {"runs": [*found]}) if runs else ():
        data = json.loads(row.event)["dagster_event"]["event_specific_data"]
        for entry in data["metadata_entries"]:
            if entry["label"] == "pid":
                found[row.run_id][int(entry["entry_data"]["text"])] = row.at
    return found


def make_run(row: Row[Any]) -> Run:
    """Return the run of a row."""
    moments = [None if each is None else datetime.fromtimestamp(each, UTC) for each in (row.end_time, row.start_time)]
    return Run(
        run_id=row.run_id,
        job=SHOWN_JOBS.get(row.job, row.job),
        state=STATES.get(row.status, RunState.QUEUED),
        at=moments[0] or moments[1] or row.changed_at,
        started_at=moments[1],
        partition=row.partition or "",
        correlation_id=row.correlation_id or row.run_id,
    )


def _pick_unfinished(runs: Iterable[Run]) -> Iterator[Run]:
    """Yield the runs in progress, and of each job and partition those that failed or were stopped since a success.

    A run that began no stage hides none that failed before it; of the job of all assets a success tells only its own.
    """
    healed: set[tuple[str, str]] = set()
    for run in runs:
        if run.state is RunState.RUNNING:
            yield run
        elif has_ended(run) and (run.job, run.partition) not in healed:
            if run.state is not RunState.SUCCEEDED:
                yield run
            elif run.job != SHOWN_JOBS[ASSET_JOB]:
                healed.add((run.job, run.partition))


def _read_steps(connection: Connection, runs: Sequence[Run], settings: Settings) -> Iterator[StageAttempt]:
    """Yield the attempts of stages in these runs that did not succeed, of each stage of a job the newest that ended."""
    rows: dict[str, list[Row[Any]]] = defaultdict(list)
    series = [f"{run.job} {run.partition}" if has_ended(run) else run.run_id for run in runs]
    for row in connection.execute(_STEPS, {"runs": [each.run_id for each in runs], "series": series}):
        rows[row.run_id].append(row)
    for run in runs:
        attempts = follow_steps(run, rows[run.run_id], settings)
        yield from (each for each in attempts if each.state is not RunState.SUCCEEDED)


def follow_steps(run: Run, rows: Iterable[Row[Any]], settings: Settings) -> Iterator[StageAttempt]:
    """Yield how far each stage of the run has come; one that a run left without an end ended with the run.

    In a sync a step succeeds although its stage failed: that is told by an event of our own, or by a materialization.
    """
    found: dict[str, StageAttempt] = {}
    end: Row[Any] | None = None
    for row in rows:
        if row.step_key is None:
            end = row
        elif (attempt := found.get(row.step_key)) is None:
            if (made := _begin(run, row, settings)) is not None:
                found[row.step_key] = made
        elif row.kind in ENDS:
            error = read_step_error(row.event) if row.kind == "STEP_FAILURE" else None
            found[row.step_key] = replace(attempt, state=ENDS[row.kind], at=row.at, error=error)
    for attempt in found.values():
        if attempt.state is RunState.RUNNING and has_ended(run):
            reason = json.loads(end.event)["dagster_event"]["message"] if end else "its run ended before it"
            yield replace(attempt, state=run.state, at=run.at, error=reason)
        else:
            yield attempt


def _begin(run: Run, row: Row[Any], settings: Settings) -> StageAttempt | None:
    """Return the attempt that the first event of a step begins, None for a step that is no stage."""
    step, _, key = row.step_key.partition("[")
    name = STEPS.get(step)
    stage = next((each for each in STAGES if each.name == name), None)
    if stage is None:
        return None
    names = {each.replace("-", "_"): each for each in stage.list_names(settings)}
    partition = "" if stage.scope == "whole" else run.partition
    part = names.get(key.rstrip("]"), key.rstrip("]")) or OWN_PARTS.get(step) or partition or stage.name
    return StageAttempt(
        stage=stage.name, name=part, state=RunState.RUNNING, at=row.at, started_at=row.at, run_id=run.run_id
    )


def read_step_error(event: str) -> str:
    """Return why a step failed in the words of the room, which are below those that Dagster puts around them."""
    data = json.loads(event)["dagster_event"]["event_specific_data"]
    if told := (data.get("user_failure_data") or {}).get("description"):
        return str(told)
    error = data["error"] or {"message": ""}
    while error.get("cause") and str(error["cls_name"]).startswith(WRAPPERS):
        error = error["cause"]
    return describe_error(str(error["message"]))


def _read_materializations(connection: Connection, settings: Settings) -> Iterator[StageAttempt]:
    """Yield the last success of each stage for each library and sheet, for clips of no sheet, and for the last days."""
    parts = [(stage, name) for stage in STAGES for name in stage.list_names(settings) if stage.scope != "whole"]
    parts += [(stage, BY_HAND) for stage in STAGES if stage.name == "clips"]
    wanted = {"assets": [_write_key(stage.asset) for stage, _ in parts], "names": [name for _, name in parts]}
    others = {"assets": [_write_key(each.asset) for each in STAGES if each.scope in {"whole", "day"}]}
    by_asset = {_write_key(stage.asset): stage for stage in STAGES}
    for query, values in ((_PARTITIONED, wanted), (_LATEST, others)):
        for row in connection.execute(query, values):
            stage = by_asset[row.asset_key]
            yield StageAttempt(
                stage=stage.name,
                name=row.partition or stage.name,
                state=RunState.SUCCEEDED,
                at=row.at,
                run_id=row.run_id,
                counts=_read_counts(row.event),
            )


def _write_key(asset: str) -> str:
    return json.dumps([asset])


def _read_counts(event: str) -> Mapping[str, float]:
    entries = json.loads(event)["dagster_event"]["event_specific_data"]["materialization"]["metadata_entries"]
    values = {each["label"]: each["entry_data"].get("value") for each in entries}
    return {label: value for label, value in values.items() if isinstance(value, int | float)}


def _read_checks(connection: Connection) -> Iterator[RecordedCheck]:
    """Yield the newest result of each check that there is, however old it is."""
    wanted = {(_write_key(each.asset), each.name) for each in DATA_CHECKS}
    rows = [*connection.execute(_RECENT_CHECKS, {"limit": RECENT_CHECKS})]
    if missing := wanted - {(row.asset_key, row.check_name) for row in rows}:
        assets, names = zip(*sorted(missing), strict=True)
        rows += connection.execute(_OLDER_CHECKS, {"assets": [*assets], "names": [*names]})
    for row in rows:
        if (row.asset_key, row.check_name) in wanted:
            yield _make_check(row)


def _make_check(row: Row[Any]) -> RecordedCheck:
    data = json.loads(row.evaluation_event)["dagster_event"]["event_specific_data"]
    is_error = data["severity"]["__enum__"].endswith("ERROR")
    return RecordedCheck(
        name=row.check_name,
        asset=json.loads(row.asset_key)[-1],
        passed=data["success"],
        severity=Severity.ERROR if is_error else Severity.WARNING,
        summary=data["description"] or "",
        at=row.at,
    )


_HAS_TABLES = text("""
    select bool_and(to_regclass(each.name) is not null) from unnest(cast(:tables as text[])) as each (name)
""")

_RUNS = text("""
    with recent as (
        select r.* from unnest(cast(:jobs as text[])) as job (name)
        cross join lateral (select * from runs where pipeline_name = job.name order by id desc limit :limit) as r
    )
    select r.run_id, r.pipeline_name as job, r.status, r.start_time, r.end_time,
        coalesce(r.update_timestamp, r.create_timestamp) at time zone 'UTC' as changed_at,
        p.value as partition, c.value as correlation_id
    from recent r
    left join run_tags p on p.run_id = r.run_id and p.key = 'dagster/partition'
    left join run_tags c on c.run_id = r.run_id and c.key = 'pokervod/correlation_id'
    order by r.id desc
""")

_STEPS = text("""
    with entries as (
        select e.*, rank() over (partition by r.series, coalesce(e.step_key, e.run_id) order by r.number) as age
        from unnest(cast(:runs as text[]), cast(:series as text[])) with ordinality as r (run_id, series, number)
        cross join lateral (
            select id, run_id, step_key, dagster_event_type as kind from event_logs
            where run_id = r.run_id and dagster_event_type in
                ('STEP_START', 'STEP_SUCCESS', 'STEP_FAILURE', 'PIPELINE_FAILURE', 'PIPELINE_CANCELED')
        ) as e
    )
    select entries.run_id, entries.step_key, kind, l.timestamp at time zone 'UTC' as at,
        case when kind not in ('STEP_START', 'STEP_SUCCESS') then l.event end as event
    from entries join event_logs l using (id) where age = 1 order by id
""")
"""The steps of each run, without those that a newer run of the same series began."""

_PROCESSES = text("""
    select run_id, event, timestamp at time zone 'UTC' as at from event_logs
    where run_id = any(:runs) and dagster_event_type = 'ENGINE_EVENT' order by id
""")

_PARTITIONED = text("""
    select part.asset_key, part.name as partition, e.run_id, e.event, e.timestamp at time zone 'UTC' as at
    from unnest(cast(:assets as text[]), cast(:names as text[])) as part (asset_key, name)
    cross join lateral (
        select run_id, event, timestamp from event_logs
        where asset_key = part.asset_key and dagster_event_type = 'ASSET_MATERIALIZATION' and partition = part.name
        order by id desc limit 1
    ) as e
""")

_LATEST = text("""
    select asset.key as asset_key, e.partition, e.run_id, e.event, e.timestamp at time zone 'UTC' as at
    from unnest(cast(:assets as text[])) as asset (key)
    cross join lateral (
        select run_id, event, timestamp, partition from event_logs
        where asset_key = asset.key and dagster_event_type = 'ASSET_MATERIALIZATION' order by id desc limit 1
    ) as e
""")

_RECENT_CHECKS = text("""
    select distinct on (asset_key, check_name) asset_key, check_name, evaluation_event,
        evaluation_event_timestamp at time zone 'UTC' as at
    from (select * from asset_check_executions order by id desc limit :limit) as latest
    where evaluation_event is not null and execution_status in ('SUCCEEDED', 'FAILED')
    order by asset_key, check_name, id desc
""")

_OLDER_CHECKS = text("""
    select wanted.asset_key, wanted.name as check_name, e.evaluation_event,
        e.evaluation_event_timestamp at time zone 'UTC' as at
    from (
        select * from unnest(cast(:assets as text[]), cast(:names as text[])) as each (asset_key, name)
        where exists (select from asset_check_executions where asset_key = each.asset_key and check_name = each.name)
        offset 0  -- one that was never run is left out here: the search below would read every row for it
    ) as wanted
    cross join lateral (
        select * from asset_check_executions
        where asset_key = wanted.asset_key and check_name = wanted.name
            and evaluation_event is not null and execution_status in ('SUCCEEDED', 'FAILED')
        order by id desc limit 1
    ) as e
""")

_SCHEDULER = text("""
    select (select max(timestamp) at time zone 'UTC' from daemon_heartbeats where daemon_type = 'SCHEDULER') as seen_at,
        exists (select from instigators where status = 'STOPPED' and instigator_type = 'SCHEDULE'
            and instigator_body like :schedule) as is_stopped
""")
