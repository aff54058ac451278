"""Pause dispatching: workers claim nothing of a paused scope; running jobs finish.

A person pauses and resumes. A renderer without capacity pauses itself, each time for longer, and resumes by itself;
the first job it completes resets that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, text

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.db.engine import begin_or_join
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.policies.backoff import Backoff
from pokervod_pipelines.render.queue_store import wake_workers
from pokervod_pipelines.render.states import State, Transition
from pokervod_pipelines.settings.render import RenderQueueSettings

QUEUE = "the queue"
"""Who paused a renderer that has no capacity."""

MAX_SECONDS = 600.0
"""No pause for capacity, and no wait before a retry, is longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Hold a pause in force; ``until`` is None where a person has to end it."""

    scope: str
    reason: str
    by: str
    since: datetime
    until: datetime | None


def name_scope(*, renderer: str | None = None, template: str | None = None) -> str:
    """Return the scope of a pause: a renderer, a template, or all.

    >>> name_scope(), name_scope(template="payouts")
    ('all', 'template:payouts')
    """
    if renderer and template:
        raise BadInput("expected a renderer or a template, got both; give one of them, or neither to pause all")
    if renderer:
        return f"renderer:{renderer}"
    return f"template:{template}" if template else "all"


def pause(database: Engine | Connection, scope: str, actor: Actor) -> None:
    """Pause the scope until a person resumes it."""
    with begin_or_join(database) as connection:
        _write_pause(connection, scope, actor, wait=None)


def resume(database: Engine | Connection, scope: str, actor: Actor) -> bool:
    """Resume the scope; return whether it was paused."""
    with begin_or_join(database) as connection:
        deleted = connection.execute(
            text("delete from render_pauses where scope = :scope and (until is null or until > now())"),
            {"scope": scope},
        ).rowcount
        if deleted:
            payload = {"scope": scope, "reason": actor.reason, "by": actor.who}
            append_events(connection, "render", actor.correlation_id, [NewEvent(EventType.RENDER_RESUMED, payload)])
            wake_workers(connection)
    return bool(deleted)


def list_pauses(connection: Connection) -> list[Pause]:
    """Return the pauses in force."""
    rows = connection.execute(
        text("""
            select scope, reason, by, since, until from render_pauses
            where until is null or until > now() order by scope
        """)
    )
    return [Pause(**row._mapping) for row in rows]


def count_running(connection: Connection, scope: str) -> int:
    """Count the running jobs of the scope."""
    count = connection.scalar(
        text("""
            select count(*) from render_instructions where state = 'processing'
              and :scope in ('all', 'renderer:' || renderer, 'template:' || template)
        """),
        {"scope": scope},
    )
    return int(count or 0)


def follow_capacity(connection: Connection, limits: RenderQueueSettings, transitions: Sequence[Transition]) -> None:
    """Pause a renderer that had no capacity; forget the past pauses of one that completed a job."""
    refused = [each for each in transitions if each.kind == "capacity" and each.state is State.PENDING]
    if refused:
        for renderer in _read_renderers(connection, [each.job.id for each in refused]):
            _pause_for_capacity(connection, limits, renderer, refused[0])
    completed = [each.job.id for each in transitions if each.state is State.COMPLETED]
    if completed and not refused:
        connection.execute(_FORGET, {"by": QUEUE, "ids": completed})


_FORGET = text("""
    delete from render_pauses where by = :by and until < now()
      and scope in (select 'renderer:' || renderer from render_instructions where id = any(:ids))
""")


def _read_renderers(connection: Connection, ids: list[int]) -> list[str]:
    rows = connection.execute(
        text("select distinct renderer from render_instructions where id = any(:ids) order by 1"), {"ids": ids}
    )
    return [row[0] for row in rows]


def _pause_for_capacity(
    connection: Connection, limits: RenderQueueSettings, renderer: str, refused: Transition
) -> None:
    scope = name_scope(renderer=renderer)
    times = connection.scalar(
        text("select times from render_pauses where scope = :scope and until < now() for update"), {"scope": scope}
    )
    backoff = Backoff(first_seconds=limits.pause_seconds, limit_seconds=MAX_SECONDS)
    actor = Actor(who=QUEUE, reason=refused.reason, correlation_id=refused.job.correlation_id)
    _write_pause(connection, scope, actor, wait=timedelta(seconds=backoff.find_wait((times or 0) + 1)))


def _write_pause(connection: Connection, scope: str, actor: Actor, *, wait: timedelta | None) -> None:
    """Write the pause; one in force is replaced only where a person pauses what the queue had paused."""
    parameters = {"scope": scope, "reason": actor.reason, "by": actor.who, "wait": wait, "queue": QUEUE}
    row = connection.execute(_PAUSE, parameters).one_or_none()
    if row is not None:
        until = row.until and row.until.isoformat()
        payload = {"scope": scope, "reason": actor.reason, "by": actor.who, "until": until}
        append_events(connection, "render", actor.correlation_id, [NewEvent(EventType.RENDER_PAUSED, payload)])


_PAUSE = text("""
    insert into render_pauses as p (scope, reason, by, until)
    values (:scope, :reason, :by, now() + cast(:wait as interval))
    on conflict (scope) do update set reason = excluded.reason, by = excluded.by, until = excluded.until, since = now(),
        times = case when p.until < now() then p.times + 1 else 1 end
    where p.until < now() or (p.until is not null and excluded.by <> :queue)
    returning until
""")
