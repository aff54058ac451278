"""Follow one run in Dagster's database, in plain SQL on its indexes, and list the newest; it imports no Dagster."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from pokervod_pipelines.defs.launch_child import HEARTBEAT_SECONDS, QUEUE_DAEMON
from pokervod_pipelines.defs.run_history import follow_steps, has_ended, make_run
from pokervod_pipelines.defs.step_errors import FROM_OUTSIDE, NO_REASON
from pokervod_pipelines.events import EventType
from pokervod_pipelines.monitoring.status_facts import read_progress
from pokervod_pipelines.monitoring.status_runs import Run, RunState, StageAttempt
from pokervod_pipelines.monitoring.status_stages import STAGES
from pokervod_pipelines.paging import Page
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.subjects import SubjectKind
from pokervod_pipelines.workflows.declared.full_sync import ASSETS

SYNCS = frozenset({"full_sync", "incremental_sync"})

HELD_BY = {
    "nas": SubjectKind.LIBRARY,
    "media": SubjectKind.LIBRARY,
    "sheets": SubjectKind.SHEET,
    "statuses": SubjectKind.SHEET,
}
"""What a person holds so that the stage does nothing, as ``workflows.held.skip_held`` says."""

FAILED = frozenset({RunState.FAILED, RunState.STOPPED, RunState.SKIPPED})


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRun:
    """Hold a run, and the number by which lists are paged."""

    id: int
    run: Run
    started_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStage:
    """Tell how far a stage of a run has come for one library, sheet or day; ``entries`` are done while it runs.

    ``held_by`` is who held its library or sheet when it began, so that it did nothing.
    """

    block: str
    stage: str
    name: str
    state: RunState
    started_at: datetime | None
    at: datetime
    entries: int | None
    error: str | None
    held_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockProgress:
    """Count the stages of a block that the run has begun, and that ended well or failed."""

    running: int
    done: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunProgress:
    """Tell how far a run has come.

    ``total`` is how many stages the settings make of a sync, null for others before their end. ``done`` counts those
    that ended, well or not. ``started_again_as`` is the run that Dagster started anew where this one's process died.
    """

    run: Run
    started_by: str | None
    done: int
    total: int | None
    stages: Sequence[RunStage]
    blocks: Mapping[str, BlockProgress]
    errors: Sequence[str]
    started_again_as: str | None = None


def list_runs(dagster: Connection, page: Page, workflow: str | None = None) -> list[ListedRun]:
    """Return the runs, the newest first, of one workflow or all."""
    values = {"limit": page.limit, "after": page.after, "job": workflow, "run": None}
    return [_make_listed(row) for row in dagster.execute(_RUNS, values)]


def find_run(dagster: Connection, run_id: str) -> ListedRun | None:
    """Return the run, None where there is none."""
    row = dagster.execute(_RUNS, {"limit": 1, "after": None, "job": None, "run": run_id}).one_or_none()
    return None if row is None else _make_listed(row)


def has_daemon(dagster: Connection) -> bool:
    """Return whether a daemon that takes runs from the queue has given a sign of life lately."""
    return bool(dagster.scalar(_HAS_DAEMON, {"daemon": QUEUE_DAEMON, "seconds": HEARTBEAT_SECONDS}))


def follow_run(dagster: Connection, connection: Connection, listed: ListedRun, settings: Settings) -> RunProgress:
    """Return how far the run has come: its steps by Dagster, their failures and entries by our own database."""
    run = listed.run
    steps = follow_steps(run, dagster.execute(_STEPS, {"run": run.run_id}), settings)
    attempts = [name_end(run, each) for each in steps]
    failures = _read_failures(connection, run)
    entries = read_progress(connection, [run])
    holds = read_holders(connection, attempts)
    stages = [
        replace(
            _make_stage(each, failures.get((each.stage, each.name)), entries.get((run.run_id, each.stage, each.name))),
            held_by=holds.get((each.stage, each.name)),
        )
        for each in attempts
    ]
    end = None if run.state is not RunState.FAILED or any(each.error for each in stages) else "the run failed"
    return RunProgress(
        run=run,
        started_by=listed.started_by,
        done=sum(each.state is not RunState.RUNNING for each in stages),
        total=_count_total(run, len(stages), settings),
        stages=stages,
        blocks=_count_blocks(stages),
        errors=[*(f"{each.stage} {each.name}: {each.error}" for each in stages if each.error), *([end] if end else [])],
        started_again_as=dagster.scalar(_STARTED_AGAIN, {"run": run.run_id}),
    )


def _count_total(run: Run, begun: int, settings: Settings) -> int | None:
    if has_ended(run):
        return begun
    return max(_count_expected(settings), begun) if run.job in SYNCS else None


def _make_listed(row: Row[Any]) -> ListedRun:
    return ListedRun(id=row.id, run=make_run(row), started_by=row.started_by)


def _make_stage(attempt: StageAttempt, failure: StageAttempt | None, entries: int | None) -> RunStage:
    """Return the stage; one whose step succeeded failed all the same where its event says so."""
    if failure is not None:
        attempt = replace(attempt, state=failure.state, error=failure.error)
    return RunStage(
        block=next(each.block for each in STAGES if each.name == attempt.stage),
        stage=attempt.stage,
        name=attempt.name,
        state=attempt.state,
        started_at=attempt.started_at,
        at=attempt.at,
        entries=entries if attempt.state is RunState.RUNNING else None,
        error=attempt.error,
    )


def name_end(run: Run, attempt: StageAttempt) -> StageAttempt:
    """Return the attempt with a reason where Dagster has none: its run was cancelled, or its process died."""
    if run.state is RunState.STOPPED and attempt.state is RunState.FAILED and attempt.error == NO_REASON:
        return replace(attempt, state=RunState.STOPPED, error="the run was cancelled")
    if attempt.error == FROM_OUTSIDE:
        return replace(attempt, error="the process of the run died")
    return attempt


def _read_failures(connection: Connection, run: Run) -> dict[tuple[str, str], StageAttempt]:
    values = {"type": EventType.SYSTEM_ERROR, "run": run.run_id, "correlation_id": run.correlation_id}
    return {
        (row.stage, row.name): StageAttempt(
            stage=row.stage,
            name=row.name,
            state=RunState.SKIPPED if row.skipped else RunState.FAILED,
            at=row.at,
            error=row.error,
        )
        for row in connection.execute(_FAILURES, values)
    }


def read_holders(connection: Connection, attempts: Sequence[StageAttempt]) -> dict[tuple[str, str], str]:
    """Return who held the library or sheet of a stage when it began; a stage asks nobody else."""
    begun = [each for each in attempts if each.stage in HELD_BY and each.started_at]
    values = {
        "stages": [each.stage for each in begun],
        "kinds": [HELD_BY[each.stage] for each in begun],
        "names": [each.name for each in begun],
        "times": [each.started_at for each in begun],
    }
    return {(row.stage, row.name): row.by for row in connection.execute(_HOLDS, values)} if begun else {}


def _count_expected(settings: Settings) -> int:
    """Return how many stages a sync of these settings begins; that of clips of no sheet is one more."""
    counts = {"library": len(settings.libraries), "sheet": len(settings.sheets)}
    return sum(counts.get(each.scope, 1) for each in STAGES if each.asset in ASSETS) + 1


def _count_blocks(stages: Iterable[RunStage]) -> dict[str, BlockProgress]:
    by_block: dict[str, list[RunState]] = defaultdict(list)
    for each in stages:
        by_block[each.block].append(each.state)
    return {
        block: BlockProgress(
            running=sum(each is RunState.RUNNING for each in states),
            done=sum(each is RunState.SUCCEEDED for each in states),
            failed=sum(each in FAILED for each in states),
        )
        for block, states in sorted(by_block.items())
    }


_HAS_DAEMON = text("""
    select exists (select from daemon_heartbeats where daemon_type = :daemon
        and timestamp at time zone 'UTC' > now() - make_interval(secs => :seconds))
""")

_STARTED_AGAIN = text("""
    select run_id from run_tags where key = 'dagster/parent_run_id' and value = :run order by id desc limit 1
""")

_RUNS = text("""
    select r.id, r.run_id, r.pipeline_name as job, r.status, r.start_time, r.end_time,
        coalesce(r.update_timestamp, r.create_timestamp) at time zone 'UTC' as changed_at,
        p.value as partition, c.value as correlation_id, s.value as started_by
    from runs r
    left join run_tags p on p.run_id = r.run_id and p.key = 'dagster/partition'
    left join run_tags c on c.run_id = r.run_id and c.key = 'pokervod/correlation_id'
    left join run_tags s on s.run_id = r.run_id and s.key = 'pokervod/started_by'
    where (cast(:job as text) is null or r.pipeline_name = :job) and (cast(:after as bigint) is null or r.id < :after)
        and (cast(:run as text) is null or r.run_id = :run)
    order by r.id desc limit :limit
""")

_STEPS = text("""
    select run_id, step_key, dagster_event_type as kind, timestamp at time zone 'UTC' as at,
        case when dagster_event_type not in ('STEP_START', 'STEP_SUCCESS') then event end as event
    from event_logs where run_id = :run and dagster_event_type in
        ('STEP_START', 'STEP_SUCCESS', 'STEP_FAILURE', 'PIPELINE_FAILURE', 'PIPELINE_CANCELED')
    order by id
""")

_HOLDS = text("""
    select distinct on (a.stage, a.name) a.stage, a.name, h.by
    from unnest(cast(:stages as text[]), cast(:kinds as text[]), cast(:names as text[]), cast(:times as timestamptz[]))
        as a (stage, kind, name, at)
    join holds h on h.subject_kind = a.kind and h.subject = a.name and h.placed_at <= a.at
        and coalesce(least(h.until, h.ended_at), 'infinity') > a.at
    order by a.stage, a.name, coalesce(h.until, 'infinity') desc, h.id
""")

_FAILURES = text("""
    select payload ->> 'stage' as stage, payload ->> 'name' as name, at, payload ->> 'error' as error,
        coalesce(cast(payload ->> 'skipped' as boolean), false) as skipped
    from events where correlation_id = :correlation_id and type = :type and payload ->> 'run_id' = :run order by id
""")
