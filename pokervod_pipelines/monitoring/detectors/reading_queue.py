"""Read the facts of the render queue, in sets and on its indexes."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from pokervod_pipelines.monitoring.detectors.facts import (
    EndedGroup,
    FailedGroup,
    HourFacts,
    LateJob,
    Overtaken,
    ProcessingFacts,
    QueueFacts,
    WaitingGroup,
)
from pokervod_pipelines.monitoring.measures.counted import OF_INSTRUCTION
from pokervod_pipelines.monitoring.measures.renders import read_queue_series
from pokervod_pipelines.monitoring.measures.shape import Window
from pokervod_pipelines.monitoring.remediation.spared import HEALS_PERHAPS
from pokervod_pipelines.settings import Settings

HOUR = timedelta(hours=1)

CLAIMS = timedelta(minutes=15)
"""Claims of so long are compared with what waits."""

MOST_CLAIMS = 1_000
MOST_COMPARED = 100
"""Of each renderer the first of the queue are compared with the claims: what overtakes a later one overtakes these."""

FAILED = timedelta(days=30)
"""What failed before is nobody's work any more; the weeks show it."""

MOST_LATE = 200
MOST_OVERTAKEN = 50
MOST_NAMED = 20
"""Of a failed group so many instructions are named."""


def read_queue(connection: Connection, settings: Settings, now: datetime) -> QueueFacts:
    """Return what waits by renderer and template, and what was overtaken by later ranks."""
    claims, overtaken = read_overtaken(connection, settings, now)
    return QueueFacts(groups=read_waiting(connection, settings, now), claims=claims, overtaken=overtaken)


def read_waiting(connection: Connection, settings: Settings, now: datetime) -> tuple[WaitingGroup, ...]:
    """Return what waits, by renderer and template."""
    late = now - timedelta(minutes=settings.monitoring.detectors.pending_too_long.minutes)
    return tuple(WaitingGroup(**row._mapping) for row in connection.execute(_WAITING, {"now": now, "late": late}))


def read_overtaken(connection: Connection, settings: Settings, now: datetime) -> tuple[int, tuple[Overtaken, ...]]:
    """Return how many claims of the last minutes were compared, and what they overtook."""
    values = {
        "since": now - CLAIMS,
        "now": now,
        "limited": [*settings.render.queue.max_running],
        "claims": MOST_CLAIMS,
        "compared": MOST_COMPARED,
        "limit": MOST_OVERTAKEN,
    }
    rows = connection.execute(_OVERTAKEN, values).all()
    found = (dict(row._mapping) for row in rows if row.id is not None)
    overtaken = [Overtaken(**{key: value for key, value in each.items() if key != "claims"}) for each in found]
    return (rows[0].claims if rows else 0), tuple(overtaken)


def read_processing(
    connection: Connection, settings: Settings, limits: Mapping[str, float], now: datetime
) -> ProcessingFacts:
    """Return how many jobs are claimed, and those past their limit or lease; ``limits`` are seconds by template."""
    names = [*limits]
    values = {
        "now": now,
        "limit": settings.render.queue.timeout_minutes * 60,
        "templates": names,
        "seconds": [limits[name] for name in names],
        "most": MOST_LATE,
    }
    rows = connection.execute(_PROCESSING, values).all()
    late = [
        LateJob(**{key: value for key, value in row._mapping.items() if key != "processing"}) for row in rows if row.id
    ]
    return ProcessingFacts(processing=rows[0].processing if rows else 0, late=tuple(late))


def read_hours(connection: Connection, settings: Settings, now: datetime) -> HourFacts:
    """Return what ended in the last hour and in the one before, and in how many minutes work waited."""
    groups: dict[bool, list[EndedGroup]] = defaultdict(list)
    for row in connection.execute(_ENDED, {"since": now - 2 * HOUR, "middle": now - HOUR, "until": now}):
        groups[row.is_last].append(
            EndedGroup(
                renderer=row.renderer,
                template=row.template,
                completed=row.completed,
                failed=row.failed,
                timed_out=row.timed_out,
            )
        )
    series = read_queue_series(connection, settings, Window(since=now - HOUR, until=now), now=now)
    depths = [*zip((each.value for each in series["pending"]), (each.value for each in series["held"]), strict=True)]
    return HourFacts(
        last=tuple(groups[True]),
        before=tuple(groups[False]),
        looked_minutes=len(depths),
        waiting_minutes=sum(pending > held for pending, held in depths),
        paused_minutes=sum(held > 0 for _, held in depths),
    )


def read_failed(connection: Connection, now: datetime) -> tuple[FailedGroup, ...]:
    """Return the instructions in force that failed for good in the last weeks, by template and renderer."""
    rows = connection.execute(_FAILED, {"most": MOST_NAMED, "now": now, "since": now - FAILED})
    return tuple(FailedGroup(**{**row._mapping, "ids": tuple(row.ids)}) for row in rows)


_PAUSED = """
    exists (select from render_pauses p where (p.until is null or p.until > :now)
        and p.scope in ('all', 'renderer:' || {0}.renderer, 'template:' || {0}.template))
"""

_FREED = """
    freed as materialized (
        select scope, max(at) as at from (
            select payload ->> 'scope' as scope, at from (
                select payload, at from events where type = 'render.resumed' order by id desc limit 200) as latest
            union all
            select scope, until from render_pauses where until <= :now
        ) as each group by scope
    )
"""
"""Since when a scope is dispatched again: what waited before then could not have been claimed."""

_FREED_AT = """
    (select max(f.at) from freed f where f.at <= :now
        and f.scope in ('all', 'renderer:' || {0}.renderer, 'template:' || {0}.template))
"""

_WAITING = text(f"""
    with {_FREED}, pending as materialized (
        select renderer, template, due_at, held_until from render_instructions
        where state = 'pending' and due_at <= :now
    ), groups as materialized (
        select g.*, {_PAUSED.format("g")} as is_paused, {_FREED_AT.format("g")} as freed_at
        from (select distinct renderer, template from pending) as g
    ), each as (
        select renderer, template, is_paused or coalesce(held_until > :now, false) as is_kept,
            greatest(due_at, held_until, freed_at) as since
        from pending join groups using (renderer, template)
    )
    select renderer, template, count(*) filter (where not is_kept) as waiting,
        min(since) filter (where not is_kept) as since,
        count(*) filter (where not is_kept and since < :late) as delayed, count(*) filter (where is_kept) as paused
    from each group by renderer, template order by renderer, template
""")  # noqa: S608 - constants

# What was claimed before an instruction got its present rank has not overtaken it.
# By a range of one type the planner takes its index; by the type it reads the newest events of all types.
_OVERTAKEN = text(f"""
    with {_FREED}, claims as materialized (
        select i.renderer, i.rank, e.at, w.day from (
            select at, payload from (
                select at, payload from events where type >= 'render.started' and type <= 'render.started'
                order by type desc, id desc limit :claims) as latest
            where at >= :since and at <= :now
        ) as e
        cross join lateral (
            select renderer, rank from render_instructions
            where id = cast(e.payload ->> 'instruction_id' as bigint) offset 0) as i
        left join render_workers w on w.name = e.payload ->> 'worker'
    ), worst as materialized (select renderer, max(rank) as rank from claims group by renderer
    ), waiting as materialized (
        select w.*, greatest(w.due_at, w.held_until, {_FREED_AT.format("w")}) as since
        from worst, lateral (
            select id, renderer, template, priority, rank, due_at, held_until, changed_at, broadcast_day
            from render_instructions
            where state = 'pending' and renderer = worst.renderer and rank < worst.rank
            order by rank, id limit :compared
        ) as w
        where w.due_at <= :now and coalesce(w.held_until <= :now, true) and w.template <> all(:limited)
            and w.renderer <> all(:limited) and not {_PAUSED.format("w")}
    ), overtaken as (
        select w.id, w.renderer, w.template, w.priority, w.since, count(*) as by, max(c.at) as last_at
        from waiting w join claims c on c.renderer = w.renderer and c.rank > w.rank
            and c.at > greatest(w.since, w.changed_at) and (c.day is null or c.day = w.broadcast_day)
        group by 1, 2, 3, 4, 5 order by by desc, w.id limit :limit
    )
    select (select count(*) from claims) as claims, o.* from (select) as one left join overtaken o on true
""")  # noqa: S608 - constants

_PROCESSING = text("""
    with jobs as materialized (
        select id, renderer, template, claimed_by as worker, started_at, lease_until,
            coalesce(own.seconds, :limit)::float as limit_seconds
        from render_instructions r
        left join unnest(cast(:templates as text[]), cast(:seconds as float[])) as own (name, seconds)
            on own.name = r.template
        where r.state = 'processing'
    ), late as (
        select * from jobs where lease_until < :now or started_at + limit_seconds * interval '1 second' < :now
        order by started_at limit :most
    )
    select (select count(*) from jobs) as processing, late.* from (select) as one left join late on true
""")

_ENDED = text(f"""
    select i.renderer, i.template, e.at >= :middle as is_last,
        count(*) filter (where e.type = 'render.completed') as completed,
        count(*) filter (where e.type = 'render.failed') as failed,
        count(*) filter (where e.type = 'render.timed_out') as timed_out
    from (
        select at, type, payload from events where at >= :since and at < :until
            and type in ('render.completed', 'render.failed', 'render.timed_out') offset 0
    ) as e {OF_INSTRUCTION}
    group by 1, 2, 3 order by 1, 2
""")  # noqa: S608 - constants

_FAILED = text(f"""
    select template, renderer, count(*) as count, (array_agg(id order by finished_at desc))[1 : :most] as ids,
        min(finished_at) as first_at, max(finished_at) as last_at,
        (array_agg(reason order by finished_at desc))[1] as reason
    from render_instructions r
    where state in ('failed', 'timed_out') and finished_at > :since and superseded_by is null and withdrawn_at is null
        and coalesce(held_until <= now(), true) and not {HEALS_PERHAPS}
    group by template, renderer order by template, renderer
""")  # noqa: S608 - constants
