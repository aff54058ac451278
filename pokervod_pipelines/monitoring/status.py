"""Derive how each block is, and the whole, from runs, events and checks; nothing of it is stored.

The newest attempt of a stage for a library, sheet or day counts, whoever made it: a sync, a run of one asset, a
command. Overall it is

- **failed** where a block is: the last attempts of its first stage failed or were stopped for every library, sheet or
  day,
- **degraded** where a block is partial: some of its last attempts failed or were stopped; or where a check failed that
  says that a result is wrong or missing; or where the process of a run has ended before it did,
- **in progress** where neither holds and a run goes on,
- **idle** where nothing was ever run, and otherwise **ok**.

A stage that a run was at when its process ended has failed, also before Dagster's record of the run says so.

What a person holds has not failed: of a held library or sheet the last success counts, and the hold is listed.

What cannot be read is never idle: the error of the database is raised.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from pokervod_pipelines.checks import Severity
from pokervod_pipelines.events.types import BLOCKS
from pokervod_pipelines.holds.listing import Hold, list_holds
from pokervod_pipelines.monitoring.status_checks import ask_again
from pokervod_pipelines.monitoring.status_facts import (
    find_orphans,
    read_failures,
    read_progress,
    read_readings,
    read_scans,
    read_watcher,
)
from pokervod_pipelines.monitoring.status_runs import (
    RecordedCheck,
    Run,
    RunFacts,
    RunHistory,
    RunState,
    StageAttempt,
)
from pokervod_pipelines.monitoring.status_schedule import find_next_tick
from pokervod_pipelines.monitoring.status_shape import BlockState, BlockStatus, Overall, PartStatus, SystemStatus
from pokervod_pipelines.monitoring.status_stages import STAGES, Stage, list_stages
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.sheets.own_rows import BY_HAND, has_own_rows
from pokervod_pipelines.workflows.blocks import list_rooms
from pokervod_pipelines.workflows.run_requests import count_requests

SYNC_JOBS = frozenset({"full_sync", "incremental_sync"})
"""The jobs that run every stage of libraries and sheets."""

SCHEDULER_SECONDS = 120.0
"""A scheduler without a heartbeat for so long has stopped; it sends one every half a minute."""

PROCESS_ENDED = "its process ended before it did (a kill, a crash or a power loss)"

BAD = frozenset({RunState.FAILED, RunState.STOPPED, RunState.SKIPPED})

Progress = Mapping[tuple[str, str, str], int]
"""The entries done by run, stage and name."""


def read_status(
    engine: Engine, history: RunHistory, settings: Settings, *, now: datetime | None = None
) -> SystemStatus:
    """Return the status of now. Raises a database error where a part of it cannot be read."""
    now = now or datetime.now(UTC)
    facts = history.read(settings)
    running = [each for each in facts.in_progress if each.state is RunState.RUNNING]
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        attempts = [
            *facts.attempts,
            *read_failures(connection),
            *read_scans(connection, settings),
            *read_readings(connection, settings),
        ]
        progress = read_progress(connection, running) if running else {}
        orphans = find_orphans(connection, facts, now)
        checks = ask_again(connection, facts.checks, attempts, settings)
        watcher, requests = read_watcher(connection), count_requests(connection)
        holds = list_holds(connection)
        if not has_own_rows(connection):
            attempts = [each for each in attempts if each.name != BY_HAND]
    attempts = leave_held(attempts, holds)
    attempts = [_end_orphan(each) if each.run_id in orphans else each for each in attempts]
    alive = [each for each in facts.in_progress if each.run_id not in orphans]
    rooms = set(list_rooms())
    blocks = {}
    for block, names in BLOCKS.items():
        exists = not rooms.isdisjoint(names)
        blocks[block] = _derive_block(block, attempts, checks, alive, progress, settings, exists=exists)
    next_sync, note = _find_next_sync(facts, settings, now)
    return SystemStatus(
        overall=judge_overall(
            blocks.values(),
            is_running=any(each.state is RunState.RUNNING for each in alive),
            has_orphans=bool(orphans),
        ),
        blocks=blocks,
        last_sync=facts.last_full.at if facts.last_full else None,
        last_sync_status=facts.last_full.state if facts.last_full else None,
        next_scheduled_sync=next_sync,
        schedule_note=note,
        in_progress=facts.in_progress,
        orphans=tuple(sorted(orphans)),
        watcher=watcher,
        has_sensors=_has_daemon(facts, now),
        requests=requests,
        holds=tuple(holds),
    )


def leave_held(attempts: Iterable[StageAttempt], holds: Iterable[Hold]) -> list[StageAttempt]:
    """Return the attempts without the failures of what a person holds: nothing of it is to be done now."""
    held = {(each.subject.kind.value, each.subject.name) for each in holds}
    scopes = {stage.name: stage.scope for stage in STAGES}
    return [each for each in attempts if each.state not in BAD or (scopes[each.stage], each.name) not in held]


def _end_orphan(attempt: StageAttempt) -> StageAttempt:
    """Return the attempt as failed where it was at work when the process of its run ended."""
    if attempt.state is not RunState.RUNNING:
        return attempt
    return replace(attempt, state=RunState.FAILED, error=PROCESS_ENDED)


def judge_overall(blocks: Iterable[BlockStatus], *, is_running: bool, has_orphans: bool = False) -> Overall:
    """Return how the whole is, by the rule above."""
    states = {each.status for each in blocks}
    is_wrong = any(check.severity is Severity.ERROR for each in blocks for check in each.failed_checks)
    for applies, overall in (
        (BlockState.FAILED in states, Overall.FAILED),
        (BlockState.PARTIAL in states or is_wrong or has_orphans, Overall.DEGRADED),
        (is_running or BlockState.IN_PROGRESS in states, Overall.IN_PROGRESS),
        (states == {BlockState.IDLE}, Overall.IDLE),
    ):
        if applies:
            return overall
    return Overall.OK


def _derive_block(
    block: str,
    attempts: Sequence[StageAttempt],
    checks: Iterable[RecordedCheck],
    runs: Sequence[Run],
    progress: Progress,
    settings: Settings,
    *,
    exists: bool,
) -> BlockStatus:
    stages = list_stages(block)
    own = [each for each in attempts if each.stage in {stage.name for stage in stages}]
    parts = [part for stage in stages for part in _derive_parts(stage, own, progress, settings)]
    items = [each for each in parts if each.stage == stages[0].name and each.state is not None]
    totals = [each.total for each in items if each.total is not None]
    error = max((each for each in own if each.state is RunState.FAILED), key=lambda each: each.at, default=None)
    assets = {stage.asset for stage in stages}
    return BlockStatus(
        block_id=block,
        rooms=BLOCKS[block],
        status=judge_block(parts, is_unfinished=_is_unfinished(parts, runs)),
        exists=exists,
        note="" if parts else _explain_idle(block, exists=exists, has_stages=bool(stages)),
        last_attempt_at=max((each.started_at or each.at for each in own), default=None),
        last_sync_at=_find_last_success(stages, own),
        last_error=error.error if error else None,
        last_error_at=error.at if error else None,
        items_processed=sum(each.done or 0 for each in items) if items else None,
        items_total=sum(totals) if totals and len(totals) == len(items) else None,
        items_at=min((each.counted_at for each in items if each.counted_at and each.state in BAD), default=None),
        items_unit=stages[0].count.replace("_", " ") if stages else "",
        parts=tuple(parts),
        failed_checks=tuple(_list_failed(checks, assets)),
    )


def _find_last_success(stages: Sequence[Stage], attempts: Iterable[StageAttempt]) -> datetime | None:
    """Return when the block succeeded last; what only follows the first stage for the same library does not count."""
    deciding = {stage.name for stage in stages if stage is stages[0] or stage.scope != stages[0].scope}
    times = (each.at for each in attempts if each.state is RunState.SUCCEEDED and each.stage in deciding)
    return max(times, default=None)


def judge_block(parts: Sequence[PartStatus], *, is_unfinished: bool) -> BlockState:
    """Return how a block is by the last attempts of its parts, those of its first stage first.

    Parts without an attempt do not count. What follows the first stage for the same library may succeed without it.
    """
    tried = [each for each in parts if each.state is not None]
    states = {each.state for each in tried}
    if is_unfinished or RunState.RUNNING in states:
        return BlockState.IN_PROGRESS
    if not states:
        return BlockState.IDLE
    if not states & BAD:
        return BlockState.COMPLETED
    first = {each.state for each in tried if each.stage == tried[0].stage}
    return BlockState.FAILED if first <= BAD else BlockState.PARTIAL


def _explain_idle(block: str, *, exists: bool, has_stages: bool) -> str:
    if not exists:
        return f"not running: this version has no {' and '.join(BLOCKS[block])}"
    return "nothing has run yet" if has_stages else "has no stages of its own"


def _derive_parts(
    stage: Stage, attempts: Sequence[StageAttempt], progress: Progress, settings: Settings
) -> list[PartStatus]:
    """Return how the stage is for each library and sheet of the settings and for clips of no sheet, or for its days."""
    by_name: dict[str, list[StageAttempt]] = defaultdict(list)
    for attempt in attempts:
        if attempt.stage == stage.name:
            by_name[attempt.name].append(attempt)
    if stage.scope == "day":
        by_name = _pick_days(by_name)
    else:
        own = [BY_HAND] if BY_HAND in by_name else []
        by_name = {name: by_name[name] for name in (*stage.list_names(settings), *own)}
    return [_derive_part(stage, name, found, progress) for name, found in by_name.items()]


def _derive_part(stage: Stage, name: str, attempts: Sequence[StageAttempt], progress: Progress) -> PartStatus:
    last = max(attempts, key=_rank, default=None)
    if last is None:
        return PartStatus(stage=stage.name, name=name, state=None, at=None)
    counted = (each for each in attempts if stage.count in each.counts)
    success = max(counted, key=lambda each: each.at, default=None)
    known = int(success.counts[stage.count]) if success else None
    done = known if last.state is RunState.SUCCEEDED else 0
    if last.state is RunState.RUNNING:
        done = progress.get((last.run_id, stage.name, name), 0)
    return PartStatus(
        stage=stage.name,
        name=name,
        state=last.state,
        at=last.at,
        done=done,
        counted_at=success.at if success else None,
        total=None if known is None else max(known, done or 0),
        error=last.error,
        run_id=last.run_id,
    )


def _rank(attempt: StageAttempt) -> tuple[bool, datetime]:
    """Return what is greatest for the attempt that counts: one that runs, then the newest."""
    return attempt.state is RunState.RUNNING, attempt.at


def _pick_days(by_day: Mapping[str, list[StageAttempt]]) -> dict[str, list[StageAttempt]]:
    """Return the newest day that was attempted, and earlier failures that nothing has made good.

    A stage of a day reads whatever is due, so a success that began after a failure of another day has made it good.
    """
    last = {day: max(attempts, key=_rank) for day, attempts in by_day.items()}
    if not last:
        return {}
    newest = max(last, key=lambda day: _rank(last[day]))
    healed = max(
        (each.started_at or each.at for each in last.values() if each.state is RunState.SUCCEEDED), default=None
    )
    open_ = {day for day, each in last.items() if each.state in BAD and (healed is None or each.at > healed)}
    running = {day for day, each in last.items() if each.state is RunState.RUNNING}
    return {day: by_day[day] for day in sorted({newest, *open_, *running})}


def _is_unfinished(parts: Sequence[PartStatus], runs: Sequence[Run]) -> bool:
    """Return whether a sync that goes on has ended some of these parts, and others not."""
    for run in runs:
        if run.job in SYNC_JOBS and run.started_at is not None:
            ended = [each for each in parts if each.at is not None and each.at >= run.started_at]
            if ended and len(ended) < len(_list_planned(parts)):
                return True
    return False


def _list_planned(parts: Sequence[PartStatus]) -> list[PartStatus]:
    """Return the parts that a sync runs: all but those of days."""
    of_days = {stage.name for stage in STAGES if stage.scope == "day"}
    return [each for each in parts if each.stage not in of_days]


def _list_failed(checks: Iterable[RecordedCheck], assets: set[str]) -> list[RecordedCheck]:
    return [each for each in checks if each.asset in assets and not each.passed]


def _find_next_sync(facts: RunFacts, settings: Settings, now: datetime) -> tuple[datetime | None, str]:
    """Return when the full sync is due next, or why nothing starts it."""
    if not facts.is_scheduled:
        return None, "its schedule is stopped; start nightly_full_sync under Automation in `pokervod dev`"
    due = find_next_tick(settings.schedules.full_sync, settings.zone, now)
    if not _has_daemon(facts, now):
        return due, "no scheduler runs, so nothing will start it; keep `pokervod dev` running"
    return due, ""


def _has_daemon(facts: RunFacts, now: datetime) -> bool:
    """Return whether Dagster's daemon runs, which has the scheduler and the sensors."""
    seen = facts.scheduler_seen_at
    return seen is not None and now - seen <= timedelta(seconds=SCHEDULER_SECONDS)
