"""Register workers: which ones exist, which are alive, and which are quarantined because they fail too often.

A worker is known by its name, so its strikes outlive its process.
"""

import os
import platform
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Engine, text

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.db.engine import begin_or_join
from pokervod_pipelines.errors import BadInput, Conflict
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.render.queue_store import wake_workers
from pokervod_pipelines.render.states import Transition

MAX_STRIKES = 3
"""A worker with so many failures of its own, and no completed job between them, is quarantined."""

MAX_WORKERS = 1_000

ALIVE_SECONDS = 30
"""A worker without a heartbeat for so long does not count as alive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredWorker:
    """Hold a worker; ``quarantine_reason`` is why it gets no jobs.

    ``held_until`` is until when a person lets it claim none. ``jobs`` are the instructions that it renders, ``holding``
    is their number. ``has_stopped`` tells one that ended in
    good order from one that died. It renders ``day`` only, or all days where that is None.
    """

    name: str
    host: str
    pid: int
    renderers: list[str]
    day: date | None
    started_at: datetime
    seen_at: datetime
    is_alive: bool
    has_stopped: bool
    strikes: int
    quarantine_reason: str | None
    held_until: datetime | None
    holding: int
    jobs: list[int]


def register(engine: Engine, name: str | None, renderers: Collection[str], *, day: date | None = None) -> str:
    """Register this process as a worker, for the day or for all, and return its name; strikes of the name are kept.

    Without a name it gets the first of this machine's that no living worker has. Raises ``Conflict`` for the name of
    a living worker.
    """
    names = [name] if name else (f"{platform.node()}-{number}" for number in range(1, MAX_WORKERS))
    process: dict[str, Any] = {
        "host": platform.node(),
        "pid": os.getpid(),
        "renderers": sorted(renderers),
        "day": day,
        "alive": ALIVE_SECONDS,
    }
    with engine.begin() as connection:
        _deregister_dead(connection, process["host"])
        for each in names:
            if connection.execute(_REGISTER, {"name": each, **process}).one_or_none():
                return each
    raise Conflict(
        f"a worker named {name or platform.node()!r} is running; give this one another --name, or stop that one"
    )


def _deregister_dead(connection: Connection, host: str) -> None:
    """Deregister the workers of this machine whose process has ended; a supervisor starts the next at once."""
    rows = connection.execute(
        text("select name, pid from render_workers where host = :host and stopped_at is null order by name for update"),
        {"host": host},
    )
    dead = [row.name for row in rows if not _is_process(row.pid)]
    connection.execute(text("update render_workers set stopped_at = now() where name = any(:names)"), {"names": dead})


def _is_process(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


_REGISTER = text("""
    insert into render_workers as w (name, host, pid, renderers, day) values (:name, :host, :pid, :renderers, :day)
    on conflict (name) do update set host = excluded.host, pid = excluded.pid, renderers = excluded.renderers,
        day = excluded.day, started_at = now(), seen_at = now(), stopped_at = null
    where w.stopped_at is not null or w.seen_at < now() - :alive * interval '1 second'
       or (w.host, w.pid) = (excluded.host, excluded.pid)
    returning name
""")


def record_heartbeat(engine: Engine, name: str) -> str | None:
    """Record that the worker is alive now; return the quarantine reason, or None."""
    with engine.begin() as connection:
        reason = connection.scalar(
            text("update render_workers set seen_at = now() where name = :name returning quarantine_reason"),
            {"name": name},
        )
    return None if reason is None else str(reason)


def deregister(engine: Engine, name: str) -> None:
    """Record that the worker has stopped in good order."""
    with engine.begin() as connection:
        connection.execute(text("update render_workers set stopped_at = now() where name = :name"), {"name": name})


def list_workers(connection: Connection) -> list[RegisteredWorker]:
    """Return every worker that was ever registered; living ones first."""
    rows = connection.execute(_LIST, {"alive": ALIVE_SECONDS})
    return [RegisteredWorker(**row._mapping) for row in rows]


_LIST = text("""
    select name, host, pid, renderers, day, started_at, seen_at, strikes, quarantine_reason, held_until,
           stopped_at is null and seen_at > now() - :alive * interval '1 second' as is_alive,
           stopped_at is not null as has_stopped, cardinality(running.ids) as holding, running.ids as jobs
    from render_workers w, lateral (
        select array(select id from render_instructions r
                     where r.state = 'processing' and r.claimed_by = w.name order by id) as ids) running
    order by is_alive desc, name
""")


IS_AVAILABLE = f"""
    w.stopped_at is null and w.quarantine_reason is null and w.seen_at > now() - interval '{ALIVE_SECONDS} seconds'
    and (w.held_until is null or w.held_until <= now())
"""
"""SQL: the worker ``w`` is alive, not quarantined and not held."""

HAS_WORKER = f"""
    exists (select from render_workers w where {IS_AVAILABLE}
        and r.renderer = any(w.renderers) and (w.day is null or w.day = r.broadcast_day))
"""
"""SQL: an available worker claims what is like the instruction ``r``."""


def count_available(connection: Connection, renderer: str | None = None) -> int:
    """Count the workers that are alive, not quarantined and not held, of the renderer or all; those of a day too."""
    count = connection.scalar(
        text(f"""
            select count(*) from render_workers w
            where {IS_AVAILABLE} and (cast(:renderer as text) is null or :renderer = any(renderers))
        """),  # noqa: S608 - constants
        {"renderer": renderer},
    )
    return int(count or 0)


def reinstate(database: Engine | Connection, name: str, actor: Actor) -> None:
    """Let a quarantined worker claim jobs again. Raises ``BadInput`` for an unknown name."""
    with begin_or_join(database) as connection:
        found = connection.execute(
            text("update render_workers set quarantine_reason = null, strikes = 0 where name = :name returning name"),
            {"name": name},
        ).one_or_none()
        if found is None:
            raise BadInput(f"unknown worker {name!r}; `pokervod render workers` lists the workers")
        payload = {"worker": name, "reason": actor.reason, "by": actor.who}
        event = NewEvent(EventType.RENDER_WORKER_REINSTATED, payload)
        append_events(connection, "render", actor.correlation_id, [event])
        wake_workers(connection)


def update_strikes(connection: Connection, transitions: Sequence[Transition]) -> None:
    """Clear the strikes of workers that completed a job; add one for each failure of their own.

    A failure counts as the worker's own where its machine was at fault, or where another worker completed the job.
    """
    completed = [each.job for each in transitions if each.outcome == "completed"]
    successful = {job.worker for job in completed}
    strikes = [each.job.worker for each in transitions if each.kind == "bad_worker"]
    if retried := [job.id for job in completed if job.retry_count]:
        parameters = {"ids": retried, "successful": sorted(successful)}
        strikes += [row[0] for row in connection.execute(_FAILED_BEFORE, parameters)]
    # In one order, as every transaction locks workers.
    connection.execute(_LOCK, {"names": sorted({*successful, *strikes})})
    if successful:
        connection.execute(_CLEAR, {"names": sorted(successful)})
    if strikes:
        _add_strikes(connection, strikes)


_LOCK = text("select from render_workers where name = any(:names) order by name for update")

_CLEAR = text("update render_workers set strikes = 0 where name = any(:names) and strikes > 0")

_FAILED_BEFORE = text("""
    select worker from render_attempts
    where instruction_id = any(:ids) and outcome = 'failed' and kind = 'unknown' and worker <> all(:successful)
""")


def _add_strikes(connection: Connection, workers: Sequence[str]) -> None:
    rows = connection.execute(_STRIKE, {"names": [*workers], "limit": MAX_STRIKES})
    events = [
        NewEvent(EventType.RENDER_WORKER_QUARANTINED, {"worker": row.name, "reason": row.quarantine_reason})
        for row in rows
        if row.strikes >= MAX_STRIKES and not row.was_quarantined
    ]
    append_events(connection, "render", "", events)


_STRIKE = text("""
    update render_workers w
    set strikes = w.strikes + s.count,
        quarantine_reason = coalesce(w.quarantine_reason, case when w.strikes + s.count >= :limit then
            w.strikes + s.count || ' failures of this machine, or of jobs that another worker completed' end)
    from (select name, count(*) from unnest(cast(:names as text[])) as name group by name) s,
         (select name, quarantine_reason is not null as was_quarantined
          from render_workers where name = any(:names)) b
    where w.name = s.name and b.name = w.name
    returning w.name, w.strikes, w.quarantine_reason, b.was_quarantined
""")
