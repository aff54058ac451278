"""Run the SQL of the queue: claims, leases, transitions, outputs. No decisions, no events."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, text

from pokervod_pipelines.db.locks import lock_until_commit
from pokervod_pipelines.render.states import Job, Transition


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedJob(Job):
    """Hold a job that a worker has just claimed, with all it takes to render it."""

    layers: Mapping[str, Any]
    output: Mapping[str, Any]
    renderer: str
    trigger_kind: str
    trigger_key: str
    version: int
    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputFacts:
    """Describe the file of a rendered job, as a row of ``render_outputs`` keeps it."""

    path: str
    sha256: str
    size_bytes: int
    mtime_ns: int
    frames: int
    width: int
    height: int
    fps: float
    seconds: float
    pixel_format: str
    picture_hash: str | None
    preview: bytes | None
    content_hash: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LostJob:
    """Hold a job that its worker may not keep: without a heartbeat for ``seconds``, or running for so long."""

    job: Job
    is_lease_expired: bool
    seconds: float
    max_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """Report that a job is alive; ``progress`` is from 0 to 1, or None where it has not changed.

    The time of one that ``was_queued`` at its renderer since the last heartbeat starts anew.
    """

    job: Job
    progress: float | None
    was_queued: bool = False


_JOB_COLUMNS = """
    r.id, r.claim_id, r.claimed_by as worker, r.started_at, r.template, r.retry_count, r.max_retries,
    r.cancel_requested as cancel_reason, r.correlation_id
"""


def lock_and_count_running(connection: Connection, renderer: str) -> Mapping[str, int]:
    """Lock claims with limits until commit; return how many jobs of the renderer are running, by template."""
    lock_until_commit(connection, "render limits")
    rows = connection.execute(
        text("""
            select template, count(*) from render_instructions where state = 'processing' and renderer = :renderer
            group by template
        """),
        {"renderer": renderer},
    )
    return {row[0]: row[1] for row in rows}


def claim_best(
    connection: Connection,
    *,
    worker: str,
    renderer: str,
    limit: int,
    lease: timedelta,
    full: Collection[str] = (),
    day: date | None = None,
) -> list[ClaimedJob]:
    """Claim the best of the due instructions; none of a ``full`` template, none that is paused or held.

    What a person holds while this runs was changed by that, so PostgreSQL reads it again before it is claimed.
    """
    rows = connection.execute(
        _CLAIM,
        {"worker": worker, "renderer": renderer, "limit": limit, "lease": lease, "full": [*full], "day": day},
    ).all()
    return [_make_claimed_job(row) for row in sorted(rows, key=lambda row: (row.rank, row.id))]


# An array makes the planner take the index of pending rows, however many it expects to find.
_CLAIM = text(f"""
    update render_instructions r
    set state = 'processing', claim_id = gen_random_uuid(), claimed_by = :worker, lease_until = now() + :lease,
        heartbeat_at = now(), started_at = now(), finished_at = null, progress = 0, changed_at = now(),
        reason = 'taken by ' || cast(:worker as text), failure_kind = null
    where r.id = any(array(
        select w.id from render_instructions w
        where w.state = 'pending' and w.renderer = :renderer and w.due_at <= now() and w.template <> all(:full)
          and (w.held_until is null or w.held_until <= now())
          and (cast(:day as date) is null or w.broadcast_day = :day)
          and not exists (select from render_pauses p where (p.until is null or p.until > now())
              and p.scope in ('all', 'renderer:' || w.renderer, 'template:' || w.template))
          and not exists (select from render_workers a where a.name = :worker
              and (a.quarantine_reason is not null or a.held_until > now()))
        order by w.rank, w.id limit :limit for update skip locked))
    returning {_JOB_COLUMNS}, r.layers, r.output, r.renderer, r.trigger_kind, r.trigger_key, r.version,
        r.broadcast_day as day, r.rank
""")  # noqa: S608 - constants


def find_next_due(
    connection: Connection, renderers: Collection[str], since: timedelta, day: date | None = None
) -> timedelta | None:
    """Return how long until a retry is due, or a pause or a hold ends; None where none of these is to come.

    What came due less than ``since`` ago counts too: a worker that searched then may have missed it.
    """
    due: timedelta | None = connection.scalar(_NEXT_DUE, {"renderers": [*renderers], "since": since, "day": day})
    return due


_NEXT_DUE = text("""
    select min(moment) - now() from (
        select min(due_at) from render_instructions
        where state = 'pending' and failure_kind is not null and renderer = any(:renderers)
          and due_at > now() - :since and (cast(:day as date) is null or broadcast_day = :day)
        union all
        select min(until) from render_pauses where until > now() - :since
        union all
        select min(until) from holds
        where subject_kind in ('instruction', 'worker') and until > now() - :since and (
            ended_at is null or ended_at = until)
    ) as moments (moment)
""")


def lock_jobs(connection: Connection, jobs: Collection[Job]) -> dict[UUID, Job]:
    """Lock until commit those jobs whose claims are still valid, and return them by claim."""
    rows = connection.execute(
        text(f"""
            select {_JOB_COLUMNS} from render_instructions r
            where r.id = any(:ids) and r.claim_id = any(:claims) and r.state = 'processing' order by r.id for update
        """),  # noqa: S608 - constants
        {"ids": [each.id for each in jobs], "claims": [each.claim_id for each in jobs]},
    )
    return {row.claim_id: _make_job(row) for row in rows}


def lock_instructions(connection: Connection, ids: Collection[int]) -> None:
    """Lock these instructions until commit, whoever has claimed them."""
    connection.execute(
        text("select from render_instructions where id = any(:ids) order by id for update"), {"ids": [*ids]}
    )


def lock_lost_jobs(
    connection: Connection, time_limit: timedelta, template_limits: Mapping[str, float]
) -> list[LostJob]:
    """Lock until commit the jobs whose lease has expired, or that run for longer than they may.

    ``template_limits`` are seconds by template, for those that have a limit of their own. Rows that another
    transaction is changing are skipped.
    """
    limits = {"time_limit": time_limit.total_seconds(), "template_limits": json.dumps(dict(template_limits))}
    return [
        LostJob(
            job=_make_job(row),
            is_lease_expired=row.is_lease_expired,
            seconds=row.seconds,
            max_seconds=row.max_seconds,
        )
        for row in connection.execute(_LOST, limits)
    ]


_MAX_SECONDS = "coalesce(cast(cast(:template_limits as jsonb) ->> r.template as float), :time_limit)"
_LOST = text(f"""
    select {_JOB_COLUMNS}, r.lease_until < now() as is_lease_expired, {_MAX_SECONDS} as max_seconds,
           extract(epoch from now() - case when r.lease_until < now() then r.heartbeat_at else r.started_at end)::float
               as seconds
    from render_instructions r
    where r.state = 'processing'
      and (r.lease_until < now() or r.started_at + {_MAX_SECONDS} * interval '1 second' < now())
    order by r.id for update skip locked
""")  # noqa: S608 - constants


def write_transitions(connection: Connection, transitions: Sequence[Transition]) -> None:
    """Write the new states and the attempts of these jobs, whose rows are locked."""
    if transitions:
        records = [
            {
                "id": each.job.id,
                "claim_id": str(each.job.claim_id),
                "worker": each.job.worker,
                "started_at": each.job.started_at.isoformat(),
                "state": each.state,
                "outcome": each.outcome,
                "kind": each.kind,
                "reason": each.reason,
                "spent": int(each.spends_retry),
                "wait": each.wait_seconds,
            }
            for each in transitions
        ]
        connection.execute(_TRANSITION, {"transitions": json.dumps(records, ensure_ascii=False)})


_TRANSITION = text("""
    with t as (
        select * from jsonb_to_recordset(cast(:transitions as jsonb)) as t(
            id bigint, claim_id uuid, worker text, started_at timestamptz, state text, outcome text, kind text,
            reason text, spent int, wait float)
    ), kept as (
        insert into render_attempts (claim_id, instruction_id, worker, started_at, outcome, kind, reason)
        select claim_id, id, worker, started_at, outcome, kind, reason from t
    )
    update render_instructions r
    set state = t.state, reason = t.reason, failure_kind = t.kind, retry_count = r.retry_count + t.spent,
        claim_id = null, lease_until = null, changed_at = now(),
        due_at = case when t.state = 'pending' then now() + t.wait * interval '1 second' else r.due_at end,
        finished_at = case when t.state = 'pending' then null else now() end,
        progress = case t.state when 'completed' then 1 when 'pending' then null else r.progress end
    from t where r.id = t.id and r.claim_id = t.claim_id
""")


def wake_workers(connection: Connection) -> None:
    """Wake all workers once this transaction is committed."""
    connection.execute(text("select pg_notify('pokervod_render', 'pending')"))


def renew_leases(connection: Connection, heartbeats: Collection[Heartbeat], lease: timedelta) -> dict[UUID, str | None]:
    """Extend the leases; return the claims that are still valid, with why to stop or None."""
    rows = connection.execute(
        _RENEW,
        {
            "ids": [each.job.id for each in heartbeats],
            "claims": [each.job.claim_id for each in heartbeats],
            "progress": [each.progress for each in heartbeats],
            "queued": [each.was_queued for each in heartbeats],
            "lease": lease,
        },
    )
    return {row.claim_id: row.cancel_requested for row in rows}


# Locked in order, as every transaction over several rows does.
_RENEW = text("""
    with alive as (
        select r.id, b.progress, b.was_queued
        from unnest(cast(:ids as bigint[]), cast(:claims as uuid[]), cast(:progress as real[]),
                    cast(:queued as boolean[])) as b(id, claim_id, progress, was_queued)
        join render_instructions r on r.id = b.id and r.claim_id = b.claim_id and r.state = 'processing'
        order by r.id for update of r
    )
    update render_instructions r
    set heartbeat_at = now(), lease_until = now() + :lease, progress = coalesce(alive.progress, r.progress),
        started_at = case when alive.was_queued then now() else r.started_at end
    from alive where r.id = alive.id
    returning r.claim_id, r.cancel_requested
""")


def limit_idle_time(connection: Connection, seconds: float) -> None:
    """Let the database end this transaction, and unlock its rows, once it was idle for so long."""
    timeout = {"milliseconds": str(round(seconds * 1000))}
    connection.execute(text("select set_config('idle_in_transaction_session_timeout', :milliseconds, true)"), timeout)


def read_completed_claims(connection: Connection, claims: Collection[UUID]) -> set[UUID]:
    """Return those of the claims whose output is stored already."""
    rows = connection.execute(
        text("select claim_id from render_outputs where claim_id = any(:claims)"), {"claims": [*claims]}
    )
    return {row[0] for row in rows}


def insert_outputs(connection: Connection, outputs: Mapping[Job, OutputFacts]) -> None:
    """Insert the outputs of these jobs. Raises ``IntegrityError`` for an instruction that has one already."""
    records = [
        {**asdict(facts), "instruction_id": job.id, "claim_id": job.claim_id, "made_by": job.worker}
        for job, facts in outputs.items()
    ]
    if records:
        connection.execute(_INSERT_OUTPUT, records)


_INSERT_OUTPUT = text("""
    insert into render_outputs (instruction_id, claim_id, path, sha256, size_bytes, mtime_ns, frames, width, height,
        fps, seconds, pixel_format, picture_hash, preview, content_hash, made_by)
    values (:instruction_id, :claim_id, :path, :sha256, :size_bytes, :mtime_ns, :frames, :width, :height,
        :fps, :seconds, :pixel_format, :picture_hash, :preview, :content_hash, :made_by)
""")


def find_output_owners(connection: Connection, paths: Collection[str]) -> dict[str, int]:
    """Return the instructions whose files were published at these paths, by path."""
    rows = connection.execute(
        text("select path, instruction_id from render_outputs where path = any(:paths)"), {"paths": [*paths]}
    )
    return {row.path: row.instruction_id for row in rows}


def find_same_picture(connection: Connection, job: Job, facts: OutputFacts) -> int | None:
    """Return another instruction of the template with other content whose output shows exactly this picture.

    Other versions of the same trigger do not count: they may differ in what is hardly visible.
    """
    found = connection.scalar(
        text("""
            select o.instruction_id from render_outputs o
            join render_instructions other on other.id = o.instruction_id
            join render_instructions mine on mine.id = :id
            where o.picture_hash = :picture_hash and o.content_hash <> :content_hash
              and other.template = mine.template
              and (other.trigger_kind, other.trigger_key) <> (mine.trigger_kind, mine.trigger_key)
            order by 1 limit 1
        """),
        {"id": job.id, "picture_hash": facts.picture_hash, "content_hash": facts.content_hash},
    )
    return None if found is None else int(found)


def _make_job(row: Row[Any]) -> Job:
    return Job(**{name: getattr(row, name) for name in Job.__dataclass_fields__})


def _make_claimed_job(row: Row[Any]) -> ClaimedJob:
    return ClaimedJob(**{name: getattr(row, name) for name in ClaimedJob.__dataclass_fields__})
