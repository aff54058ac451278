"""The SQL of the queue: who holds what, and moving it on. No decisions, no events."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, text

from pokervod_pipelines.render.states import Held, Settlement
from pokervod_pipelines.render.templates import Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """An instruction that a worker has just been given, with all it takes to make it."""

    held: Held
    layers: Mapping[str, Any]
    output: Mapping[str, Any]
    renderer: str
    trigger_kind: str
    trigger_key: str
    version: int
    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputFacts:
    """The file of a made graphic, as ``db.tables.render.RenderOutput`` keeps it."""

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
class Expired:
    """A held instruction that its worker may not keep: silent for ``seconds``, or in work for so long."""

    held: Held
    is_silent: bool
    seconds: float
    most_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """A sign of life for what is held; ``progress`` is from 0 to 1, or None for no news.

    One that ``has_waited`` for its turn since the last sign is in work only from now on.
    """

    held: Held
    progress: float | None
    has_waited: bool = False


_HELD = """
    r.id, r.claim_id, r.claimed_by as worker, r.started_at, r.template, r.retry_count, r.max_retries,
    r.cancel_requested as unwanted, r.correlation_id
"""


def count_held(connection: Connection, renderer: str) -> Mapping[str, int]:
    """How many of the renderer are held now, by template; until the transaction ends nobody else claims with limits."""
    connection.execute(text("select pg_advisory_xact_lock(hashtextextended('render limits', 0))"))
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
    most: int,
    lease: timedelta,
    full: Collection[str] = (),
    day: date | None = None,
) -> list[Claim]:
    """The best of those due are held by the worker, at most so many; none of the ``full`` templates, none paused."""
    rows = connection.execute(
        _CLAIM,
        {"worker": worker, "renderer": renderer, "most": most, "lease": lease, "full": [*full], "day": day},
    ).all()
    return [_make_claim(row) for row in sorted(rows, key=lambda row: (row.rank, row.id))]


# An array makes the planner take the index of what waits, however many rows it believes to find.
_CLAIM = text(f"""
    update render_instructions r
    set state = 'processing', claim_id = gen_random_uuid(), claimed_by = :worker, lease_until = now() + :lease,
        heartbeat_at = now(), started_at = now(), finished_at = null, progress = 0, changed_at = now(),
        reason = 'taken by ' || cast(:worker as text), failure_kind = null
    where r.id = any(array(
        select w.id from render_instructions w
        where w.state = 'pending' and w.renderer = :renderer and w.due_at <= now() and w.template <> all(:full)
          and (cast(:day as date) is null or w.broadcast_day = :day)
          and not exists (select from render_pauses p where (p.until is null or p.until > now())
              and p.scope in ('all', 'renderer:' || w.renderer, 'template:' || w.template))
          and not exists (select from render_workers a where a.name = :worker and a.set_aside is not null)
        order by w.rank, w.id limit :most for update skip locked))
    returning {_HELD}, r.layers, r.output, r.renderer, r.trigger_kind, r.trigger_key, r.version,
        r.broadcast_day as day, r.rank
""")  # noqa: S608 - constants


def find_next_moment(
    connection: Connection, renderers: Collection[str], since: timedelta, day: date | None = None
) -> timedelta | None:
    """How long until the next graphic that was put off is due or a pause ends; None where neither is to come.

    What came due less than ``since`` ago counts, as of now or before: who looked then may have missed it.
    """
    moment: timedelta | None = connection.scalar(_NEXT_MOMENT, {"renderers": [*renderers], "since": since, "day": day})
    return moment


_NEXT_MOMENT = text("""
    select min(moment) - now() from (
        select min(due_at) from render_instructions
        where state = 'pending' and failure_kind is not null and renderer = any(:renderers)
          and due_at > now() - :since and (cast(:day as date) is null or broadcast_day = :day)
        union all
        select min(until) from render_pauses where until > now() - :since
    ) as moments (moment)
""")


def lock_held(connection: Connection, held: Collection[Held]) -> dict[UUID, Held]:
    """Those that their claims still hold, by claim; until the transaction ends nobody takes them away."""
    rows = connection.execute(
        text(f"""
            select {_HELD} from render_instructions r
            where r.id = any(:ids) and r.claim_id = any(:claims) and r.state = 'processing' order by r.id for update
        """),  # noqa: S608 - constants
        {"ids": [each.id for each in held], "claims": [each.claim_id for each in held]},
    )
    return {row.claim_id: _make_held(row) for row in rows}


def lock_instructions(connection: Connection, ids: Collection[int]) -> None:
    """Until the transaction ends nobody moves these on, whoever holds them."""
    connection.execute(
        text("select from render_instructions where id = any(:ids) order by id for update"), {"ids": [*ids]}
    )


def lock_expired(connection: Connection, most: timedelta, template_limits: Mapping[str, float]) -> list[Expired]:
    """The held instructions whose lease is over, or that are in work for longer than they may.

    ``template_limits`` are seconds by template, for those that have a limit of their own. What somebody else is
    moving on this moment is left to them.
    """
    rows = connection.execute(_EXPIRED, {"most": most.total_seconds(), "limits": json.dumps(dict(template_limits))})
    return [
        Expired(held=_make_held(row), is_silent=row.is_silent, seconds=row.seconds, most_seconds=row.most_seconds)
        for row in rows
    ]


_MOST_SECONDS = "coalesce(cast(cast(:limits as jsonb) ->> r.template as float), :most)"
_EXPIRED = text(f"""
    select {_HELD}, r.lease_until < now() as is_silent, {_MOST_SECONDS} as most_seconds,
           extract(epoch from now() - case when r.lease_until < now() then r.heartbeat_at else r.started_at end)::float
               as seconds
    from render_instructions r
    where r.state = 'processing'
      and (r.lease_until < now() or r.started_at + {_MOST_SECONDS} * interval '1 second' < now())
    order by r.id for update skip locked
""")  # noqa: S608 - constants


def settle(connection: Connection, settlements: Sequence[Settlement]) -> None:
    """Each held instruction is as its settlement says, and its attempt is kept; their rows are locked."""
    if settlements:
        records = [
            {
                "id": each.held.id,
                "claim_id": str(each.held.claim_id),
                "worker": each.held.worker,
                "started_at": each.held.started_at.isoformat(),
                "state": each.state,
                "outcome": each.outcome,
                "kind": each.kind,
                "reason": each.reason,
                "spent": int(each.spends_retry),
                "wait": each.wait_seconds,
            }
            for each in settlements
        ]
        connection.execute(_SETTLE, {"settlements": json.dumps(records, ensure_ascii=False)})


_SETTLE = text("""
    with s as (
        select * from jsonb_to_recordset(cast(:settlements as jsonb)) as s(
            id bigint, claim_id uuid, worker text, started_at timestamptz, state text, outcome text, kind text,
            reason text, spent int, wait float)
    ), kept as (
        insert into render_attempts (claim_id, instruction_id, worker, started_at, outcome, kind, reason)
        select claim_id, id, worker, started_at, outcome, kind, reason from s
    )
    update render_instructions r
    set state = s.state, reason = s.reason, failure_kind = s.kind, retry_count = r.retry_count + s.spent,
        claim_id = null, lease_until = null, changed_at = now(),
        due_at = case when s.state = 'pending' then now() + s.wait * interval '1 second' else r.due_at end,
        finished_at = case when s.state = 'pending' then null else now() end,
        progress = case s.state when 'completed' then 1 when 'pending' then null else r.progress end
    from s where r.id = s.id and r.claim_id = s.claim_id
""")


def wake_workers(connection: Connection) -> None:
    """Once this transaction is committed, workers look for work."""
    connection.execute(text("select pg_notify('pokervod_render', 'pending')"))


def beat(connection: Connection, beats: Collection[Beat], lease: timedelta) -> dict[UUID, str | None]:
    """The claims' leases are as long again; returns those that still hold, with why to stop or None."""
    rows = connection.execute(
        _BEAT,
        {
            "ids": [each.held.id for each in beats],
            "claims": [each.held.claim_id for each in beats],
            "progress": [each.progress for each in beats],
            "waited": [each.has_waited for each in beats],
            "lease": lease,
        },
    )
    return {row.claim_id: row.cancel_requested for row in rows}


# Locked in order, as everybody does who moves several on.
_BEAT = text("""
    with held as (
        select r.id, b.progress, b.has_waited
        from unnest(cast(:ids as bigint[]), cast(:claims as uuid[]), cast(:progress as real[]),
                    cast(:waited as boolean[])) as b(id, claim_id, progress, has_waited)
        join render_instructions r on r.id = b.id and r.claim_id = b.claim_id and r.state = 'processing'
        order by r.id for update of r
    )
    update render_instructions r
    set heartbeat_at = now(), lease_until = now() + :lease, progress = coalesce(held.progress, r.progress),
        started_at = case when held.has_waited then now() else r.started_at end
    from held where r.id = held.id
    returning r.claim_id, r.cancel_requested
""")


def let_go_when_idle(connection: Connection, seconds: float) -> None:
    """The database ends this transaction, and frees its rows, once it has heard nothing of it for so long."""
    timeout = {"milliseconds": str(round(seconds * 1000))}
    connection.execute(text("select set_config('idle_in_transaction_session_timeout', :milliseconds, true)"), timeout)


def read_done(connection: Connection, claims: Collection[UUID]) -> set[UUID]:
    """Those of the claims whose output is stored already."""
    rows = connection.execute(
        text("select claim_id from render_outputs where claim_id = any(:claims)"), {"claims": [*claims]}
    )
    return {row[0] for row in rows}


def insert_outputs(connection: Connection, outputs: Mapping[Held, OutputFacts]) -> None:
    """Each instruction has its output. Raises ``IntegrityError`` for one that has one already."""
    records = [
        {**asdict(facts), "instruction_id": held.id, "claim_id": held.claim_id, "made_by": held.worker}
        for held, facts in outputs.items()
    ]
    if records:
        connection.execute(_INSERT_OUTPUT, records)


_INSERT_OUTPUT = text("""
    insert into render_outputs (instruction_id, claim_id, path, sha256, size_bytes, mtime_ns, frames, width, height,
        fps, seconds, pixel_format, picture_hash, preview, content_hash, made_by)
    values (:instruction_id, :claim_id, :path, :sha256, :size_bytes, :mtime_ns, :frames, :width, :height,
        :fps, :seconds, :pixel_format, :picture_hash, :preview, :content_hash, :made_by)
""")


def find_owners(connection: Connection, paths: Collection[str]) -> dict[str, int]:
    """The instructions whose files lie at these paths, by path."""
    rows = connection.execute(
        text("select path, instruction_id from render_outputs where path = any(:paths)"), {"paths": [*paths]}
    )
    return {row.path: row.instruction_id for row in rows}


def find_same_picture(connection: Connection, held: Held, facts: OutputFacts) -> int | None:
    """Another instruction of the template that ought to show something else and shows exactly this picture.

    Other versions of the same trigger do not count: they may differ in what hardly shows.
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
        {"id": held.id, "picture_hash": facts.picture_hash, "content_hash": facts.content_hash},
    )
    return None if found is None else int(found)


def read_template_limits(templates: Mapping[str, Template]) -> dict[str, float]:
    """The seconds that a template says a render of it may last."""
    return {name: each.most_seconds for name, each in templates.items() if each.most_seconds is not None}


def _make_held(row: Row[Any]) -> Held:
    return Held(**{name: getattr(row, name) for name in Held.__dataclass_fields__})


def _make_claim(row: Row[Any]) -> Claim:
    own = Claim.__dataclass_fields__.keys() - {"held"}
    return Claim(held=_make_held(row), **{name: getattr(row, name) for name in own})
