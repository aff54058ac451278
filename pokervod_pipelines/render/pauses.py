"""Pauses: while one holds, nothing of its scope is given to a worker; what is in work goes on.

A person pauses and resumes. A renderer without licence or place pauses itself, each time for longer, and goes on by
itself; the first graphic it completes ends the row of pauses.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, text

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.render.backoff import LONGEST_SECONDS
from pokervod_pipelines.render.queue_store import wake_workers
from pokervod_pipelines.render.states import Settlement, State
from pokervod_pipelines.settings.render import RenderQueueSettings

BY_ITSELF = "the queue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A pause that holds; ``until`` is None where only a person ends it."""

    scope: str
    reason: str
    by: str
    since: datetime
    until: datetime | None


def name_scope(*, renderer: str | None = None, template: str | None = None) -> str:
    """Return what a pause is of: a renderer, a template, or all.

    >>> name_scope(), name_scope(template="payouts")
    ('all', 'template:payouts')
    """
    if renderer and template:
        raise BadInput("a pause is of a renderer or of a template; give one of them, or neither for all")
    if renderer:
        return f"renderer:{renderer}"
    return f"template:{template}" if template else "all"


def pause(engine: Engine, scope: str, *, reason: str, by: str, correlation_id: str) -> None:
    """Nothing of the scope is taken until somebody resumes it."""
    with engine.begin() as connection:
        _write_pause(connection, scope, reason=reason, by=by, wait=None, correlation_id=correlation_id)


def resume(engine: Engine, scope: str, *, reason: str, by: str, correlation_id: str) -> bool:
    """The scope is not paused any more; whether it was."""
    with engine.begin() as connection:
        gone = connection.execute(
            text("delete from render_pauses where scope = :scope and (until is null or until > now())"),
            {"scope": scope},
        ).rowcount
        if gone:
            payload = {"scope": scope, "reason": reason, "by": by}
            append_events(connection, "render", correlation_id, [NewEvent(EventType.RENDER_RESUMED, payload)])
            wake_workers(connection)
    return bool(gone)


def list_pauses(connection: Connection) -> list[Pause]:
    """The pauses that hold now."""
    rows = connection.execute(
        text("""
            select scope, reason, by, since, until from render_pauses
            where until is null or until > now() order by scope
        """)
    )
    return [Pause(**row._mapping) for row in rows]


def count_held(connection: Connection, scope: str) -> int:
    """How many graphics of the scope are in work."""
    count = connection.scalar(
        text("""
            select count(*) from render_instructions where state = 'processing'
              and :scope in ('all', 'renderer:' || renderer, 'template:' || template)
        """),
        {"scope": scope},
    )
    return int(count or 0)


def follow_capacity(connection: Connection, limits: RenderQueueSettings, settlements: Sequence[Settlement]) -> None:
    """A renderer that had no capacity is paused; one that completed something has its capacity back."""
    short = [each for each in settlements if each.kind == "capacity" and each.state is State.PENDING]
    if short:
        for renderer in _read_renderers(connection, [each.held.id for each in short]):
            _pause_for_capacity(connection, limits, renderer, short[0])
    done = [each.held.id for each in settlements if each.state is State.COMPLETED]
    if done and not short:
        connection.execute(_FORGET, {"by": BY_ITSELF, "ids": done})


_FORGET = text("""
    delete from render_pauses where by = :by and until < now()
      and scope in (select 'renderer:' || renderer from render_instructions where id = any(:ids))
""")


def _read_renderers(connection: Connection, ids: list[int]) -> list[str]:
    rows = connection.execute(
        text("select distinct renderer from render_instructions where id = any(:ids) order by 1"), {"ids": ids}
    )
    return [row[0] for row in rows]


def _pause_for_capacity(connection: Connection, limits: RenderQueueSettings, renderer: str, short: Settlement) -> None:
    scope = name_scope(renderer=renderer)
    times = connection.scalar(
        text("select times from render_pauses where scope = :scope and until < now() for update"), {"scope": scope}
    )
    wait = min(LONGEST_SECONDS, limits.pause_seconds * 2 ** min(times or 0, 20))
    _write_pause(
        connection,
        scope,
        reason=short.reason,
        by=BY_ITSELF,
        wait=timedelta(seconds=wait),
        correlation_id=short.held.correlation_id,
    )


def _write_pause(
    connection: Connection, scope: str, *, reason: str, by: str, wait: timedelta | None, correlation_id: str
) -> None:
    """A pause that holds is kept, unless a person pauses what paused itself."""
    row = connection.execute(
        _PAUSE, {"scope": scope, "reason": reason, "by": by, "wait": wait, "itself": BY_ITSELF}
    ).one_or_none()
    if row is not None:
        payload = {"scope": scope, "reason": reason, "by": by, "until": row.until and row.until.isoformat()}
        append_events(connection, "render", correlation_id, [NewEvent(EventType.RENDER_PAUSED, payload)])


_PAUSE = text("""
    insert into render_pauses as p (scope, reason, by, until)
    values (:scope, :reason, :by, now() + cast(:wait as interval))
    on conflict (scope) do update set reason = excluded.reason, by = excluded.by, until = excluded.until, since = now(),
        times = case when p.until < now() then p.times + 1 else 1 end
    where p.until < now() or (p.until is not null and excluded.by <> :itself)
    returning until
""")
