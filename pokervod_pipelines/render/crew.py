"""The workers: who is there, who is alive, and who is set aside because others finish what it fails.

A worker is known by its name, so what is held against it outlives its process.
"""

import os
import platform
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Engine, text

from pokervod_pipelines.errors import BadInput, Conflict
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.render.queue_store import wake_workers
from pokervod_pipelines.render.states import Settlement

MOST_STRIKES = 3
"""So many failures that are the worker's own, without a graphic of its own between, set it aside."""

MOST_WORKERS = 1_000

ALIVE_SECONDS = 30
"""A worker that was not seen for so long does not count as alive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrewMember:
    """A worker; ``holding`` counts what it holds, ``set_aside`` is why it is given nothing.

    It works for ``day`` only, or for all days where that is None.
    """

    name: str
    host: str
    pid: int
    renderers: list[str]
    day: date | None
    started_at: datetime
    seen_at: datetime
    is_alive: bool
    strikes: int
    set_aside: str | None
    holding: int


def sign_on(engine: Engine, name: str | None, renderers: Collection[str], *, day: date | None = None) -> str:
    """The worker is known, by this process, for the day or for all; returns its name.

    What was held against the name still is.

    Without a name it gets the first of this machine's that no living worker has. Raises ``Conflict`` for a name that
    a living one has.
    """
    names = [name] if name else (f"{platform.node()}-{number}" for number in range(1, MOST_WORKERS))
    who: dict[str, Any] = {
        "host": platform.node(),
        "pid": os.getpid(),
        "renderers": sorted(renderers),
        "day": day,
        "alive": ALIVE_SECONDS,
    }
    with engine.begin() as connection:
        _sign_off_dead(connection, who["host"])
        for each in names:
            if connection.execute(_SIGN_ON, {"name": each, **who}).one_or_none():
                return each
    raise Conflict(f"a worker named {name or platform.node()!r} lives; give this one another --name, or stop that one")


def _sign_off_dead(connection: Connection, host: str) -> None:
    """The workers of this machine whose process is gone do not count as alive; a supervisor starts the next at once."""
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


_SIGN_ON = text("""
    insert into render_workers as w (name, host, pid, renderers, day) values (:name, :host, :pid, :renderers, :day)
    on conflict (name) do update set host = excluded.host, pid = excluded.pid, renderers = excluded.renderers,
        day = excluded.day, started_at = now(), seen_at = now(), stopped_at = null
    where w.stopped_at is not null or w.seen_at < now() - :alive * interval '1 second'
       or (w.host, w.pid) = (excluded.host, excluded.pid)
    returning name
""")


def show_presence(engine: Engine, name: str) -> str | None:
    """The worker was seen just now; returns why it is set aside, or None."""
    with engine.begin() as connection:
        aside = connection.scalar(
            text("update render_workers set seen_at = now() where name = :name returning set_aside"), {"name": name}
        )
    return None if aside is None else str(aside)


def sign_off(engine: Engine, name: str) -> None:
    """The worker stopped in good order."""
    with engine.begin() as connection:
        connection.execute(text("update render_workers set stopped_at = now() where name = :name"), {"name": name})


def list_crew(connection: Connection) -> list[CrewMember]:
    """Every worker that was ever there; the living first."""
    rows = connection.execute(_CREW, {"alive": ALIVE_SECONDS})
    return [CrewMember(**row._mapping) for row in rows]


_CREW = text("""
    select name, host, pid, renderers, day, started_at, seen_at, strikes, set_aside,
           stopped_at is null and seen_at > now() - :alive * interval '1 second' as is_alive,
           (select count(*) from render_instructions r
            where r.state = 'processing' and r.claimed_by = w.name) as holding
    from render_workers w order by is_alive desc, name
""")


IS_AT_WORK = f"""
    w.stopped_at is null and w.set_aside is null and w.seen_at > now() - interval '{ALIVE_SECONDS} seconds'
"""
"""In SQL: the worker ``w`` lives and is given work."""

IS_SERVED = f"""
    exists (select from render_workers w where {IS_AT_WORK}
        and r.renderer = any(w.renderers) and (w.day is null or w.day = r.broadcast_day))
"""
"""In SQL: a worker lives that takes what is like the instruction ``r``."""


def count_alive(connection: Connection, renderer: str | None = None) -> int:
    """How many workers live that are given work, of the renderer or at all; those of a single day are among them."""
    count = connection.scalar(
        text(f"""
            select count(*) from render_workers w
            where {IS_AT_WORK} and (cast(:renderer as text) is null or :renderer = any(renderers))
        """),  # noqa: S608 - constants
        {"renderer": renderer},
    )
    return int(count or 0)


def take_back(engine: Engine, name: str, *, reason: str, by: str, correlation_id: str) -> None:
    """The worker is given work again. Raises ``BadInput`` for a name that no worker has."""
    with engine.begin() as connection:
        found = connection.execute(
            text("update render_workers set set_aside = null, strikes = 0 where name = :name returning name"),
            {"name": name},
        ).one_or_none()
        if found is None:
            raise BadInput(f"there is no worker {name!r}; `pokervod render workers` shows those there are")
        payload = {"worker": name, "reason": reason, "by": by}
        append_events(connection, "render", correlation_id, [NewEvent(EventType.RENDER_WORKER_RETURNED, payload)])
        wake_workers(connection)


def keep_score(connection: Connection, settlements: Sequence[Settlement]) -> None:
    """A worker that finished something has no strikes; one that was at fault, or outdone by another, has one more."""
    finished = {each.held.worker for each in settlements if each.outcome == "completed"}
    strikes = [each.held.worker for each in settlements if each.kind == "bad_worker"]
    tried_before = [each.held.id for each in settlements if each.outcome == "completed" and each.held.retry_count]
    if tried_before:
        strikes += [row[0] for row in connection.execute(_OUTDONE, {"ids": tried_before, "finished": sorted(finished)})]
    # In one order, as everybody locks workers.
    connection.execute(_LOCK, {"names": sorted({*finished, *strikes})})
    if finished:
        connection.execute(_CLEAR, {"names": sorted(finished)})
    if strikes:
        _strike(connection, strikes)


_LOCK = text("select from render_workers where name = any(:names) order by name for update")

_CLEAR = text("update render_workers set strikes = 0 where name = any(:names) and strikes > 0")

_OUTDONE = text("""
    select worker from render_attempts
    where instruction_id = any(:ids) and outcome = 'failed' and kind = 'unknown' and worker <> all(:finished)
""")


def _strike(connection: Connection, workers: Sequence[str]) -> None:
    rows = connection.execute(_STRIKE, {"names": [*workers], "most": MOST_STRIKES})
    told = [
        NewEvent(EventType.RENDER_WORKER_SET_ASIDE, {"worker": row.name, "reason": row.set_aside})
        for row in rows
        if row.strikes >= MOST_STRIKES and not row.was_aside
    ]
    append_events(connection, "render", "", told)


_STRIKE = text("""
    update render_workers w
    set strikes = w.strikes + s.count,
        set_aside = coalesce(w.set_aside, case when w.strikes + s.count >= :most then
            w.strikes + s.count || ' failures that were its own or that another worker finished' end)
    from (select name, count(*) from unnest(cast(:names as text[])) as name group by name) s,
         (select name, set_aside is not null as was_aside from render_workers where name = any(:names)) b
    where w.name = s.name and b.name = w.name
    returning w.name, w.strikes, w.set_aside, b.was_aside
""")
