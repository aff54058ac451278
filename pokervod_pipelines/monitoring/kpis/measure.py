"""Measure every promised figure over a window.

Where nobody stores samples the figure is None and says which benchmark measures it: nothing is made up.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection, Engine, Row, text

from pokervod_pipelines.monitoring.incidents.scoreboard import score_detectors, total_scores
from pokervod_pipelines.monitoring.kpis.shape import Kpi, KpiUnit
from pokervod_pipelines.monitoring.measures.flow import measure_data_flow
from pokervod_pipelines.monitoring.measures.runs import RunMeasures
from pokervod_pipelines.monitoring.measures.shape import JobFigures, Window

NEEDS_API = "not measured yet: it needs the API, which this version does not have"

RESCUE_MINUTES = 10
"""A claimed job whose lease has expired for so long was rescued by nobody."""

FLOW_GRACE = timedelta(minutes=30)
"""A premium hand has so long until its graphics ought to be there."""

SHARE, SECONDS, COUNT = KpiUnit.SHARE, KpiUnit.SECONDS, KpiUnit.COUNT


def measure_kpis(engine: Engine, runs: RunMeasures, window: Window, *, now: datetime | None = None) -> list[Kpi]:
    """Return the promised figures. Raises a database error where one cannot be read."""
    now = now or datetime.now(UTC)
    jobs = {each.job: each for each in runs.measure_jobs(window)}
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        return [
            _measure_flow(connection, window, now),
            Kpi(
                name="page_availability",
                title="availability of the monitoring pages",
                unit=SHARE,
                target=0.999,
                is_least=True,
                is_strict=False,
                figure=None,
                of=NEEDS_API,
            ),
            *_measure_detection(connection, window),
            *_measure_recovery(connection, window, now),
            Kpi(name="api", title="monitoring API, average", unit=SECONDS, target=0.05, figure=None, of=NEEDS_API),
            _measure_dispatch(connection, window),
            _measure_sync("full_sync", "full sync, p95", 600, jobs.get("full_sync")),
            _measure_sync("incremental_sync", "incremental sync, p95", 60, jobs.get("incremental_sync")),
            *_list_unstored(),
        ]


def _measure_flow(connection: Connection, window: Window, now: datetime) -> Kpi:
    """Return which share of the hands that arrived in the window, and have had the time for it, are complete."""
    make = partial(
        Kpi,
        name="flow",
        title="flow completeness",
        unit=SHARE,
        target=1.0,
        is_least=True,
        is_strict=False,
    )
    until = min(window.until, now - FLOW_GRACE)
    if window.since >= until:
        return make(figure=None, of="no premium hand had half an hour for its graphics")
    flow = measure_data_flow(connection, Window(since=window.since, until=until), now=now)
    of = f"premium hands with all their graphics, of {flow.premium_hands:,} of half an hour ago or longer"
    return make(figure=flow.completion_rate, of=of if flow.premium_hands else "no premium hand arrived")


def _measure_detection(connection: Connection, window: Window) -> Iterator[Kpi]:
    total = total_scores(score_detectors(connection, window))
    judged = total.real + total.expected + total.noise
    yield Kpi(
        name="detection",
        title="detection",
        unit=SHARE,
        target=0.95,
        is_least=True,
        figure=total.recall,
        of=f"{total.real:,} found, {total.missed:,} missed"
        if total.recall is not None
        else _say_unjudged(total.alarms),
    )
    yield Kpi(
        name="false_alarms",
        title="false alarms",
        unit=SHARE,
        target=0.05,
        figure=total.noise / judged if judged else None,
        of=f"noise of {judged:,} judged; {total.unjudged:,} not judged" if judged else _say_unjudged(total.alarms),
    )


def _say_unjudged(alarms: int) -> str:
    return f"nobody has judged any of {alarms:,} alarms: `pokervod incidents verdict`" if alarms else "no alarm"


def _measure_recovery(connection: Connection, window: Window, now: datetime) -> Iterator[Kpi]:
    late = now - timedelta(minutes=RESCUE_MINUTES)
    row = connection.execute(_RECOVERY, {"since": window.since, "until": window.until, "late": late}).one()
    retries = row.retried + row.remedied
    yield Kpi(
        name="retries",
        title="success of automatic retries",
        unit=SHARE,
        target=0.85,
        is_least=True,
        figure=(row.retried_well + row.helped) / retries if retries else None,
        of=f"{retries:,} retried by themselves that ended" if retries else "no graphic was retried by itself",
    )
    yield Kpi(
        name="stuck_jobs",
        title="recovery of stuck jobs",
        unit=SHARE,
        target=0.85,
        is_least=True,
        figure=row.recovered / row.stuck if row.stuck else None,
        of=f"{row.stuck:,} were stuck and ended" if row.stuck else "no job was stuck",
    )
    yield _make_lost(row)


def _make_lost(row: Row[Any]) -> Kpi:
    """Count what nobody knows of, what is completed without a file, and what nobody rescued."""
    looked_at = row.created + row.completed + row.processing
    parts = f"{row.unknown:,} unknown, {row.without_file:,} without a file, {row.unrescued:,} not rescued"
    return Kpi(
        name="lost_jobs",
        title="lost jobs",
        unit=COUNT,
        target=0,
        is_strict=False,
        figure=row.unknown + row.without_file + row.unrescued if looked_at else None,
        of=f"{parts}; {row.created:,} made, {row.completed:,} completed" if looked_at else "no job was made",
    )


def _measure_dispatch(connection: Connection, window: Window) -> Kpi:
    row = connection.execute(_DISPATCH, {"since": window.since, "until": window.until}).one()
    return Kpi(
        name="dispatch",
        title="dispatch, median",
        unit=SECONDS,
        target=1.0,
        figure=row.median,
        of=f"due until claimed, of {row.count_:,} whose worker was free" if row.count_ else "no free worker got a job",
    )


def _measure_sync(name: str, title: str, target: float, job: JobFigures | None) -> Kpi:
    figure = job.p95 if job else None
    of = f"successful runs: {job.succeeded:,}" if job and figure is not None else "no run of it succeeded"
    return Kpi(name=name, title=title, unit=SECONDS, target=target, figure=figure, of=of)


def _list_unstored() -> Iterator[Kpi]:
    """Yield what nobody stores samples of: that would cost an entry for each event and each call."""
    for name, title, target, bench in (
        ("event_handling", "event handling", 0.1, "measured by `make bench ARGS=events`"),
        ("block_call", "overhead of a block's call", 0.01, "no benchmark measures it by itself yet"),
    ):
        yield Kpi(
            name=name, title=title, unit=SECONDS, target=target, figure=None, of=f"nobody stores samples; {bench}"
        )


_RECOVERY = text("""
    with ended as materialized (
        select instruction_id, bool_or(outcome = 'lost') as was_stuck, bool_or(outcome = 'completed') as was_completed
        from render_attempts where ended_at >= :since and ended_at < :until group by instruction_id
    ), jobs as materialized (
        select e.*, i.id, i.state, i.retry_count, i.superseded_by from ended e cross join lateral (
            select id, state, retry_count, superseded_by from render_instructions where id = e.instruction_id offset 0
        ) as i
    ), made as (
        select count(*) as created, count(*) filter (where i.id is null) as unknown
        from events e left join lateral (
            select id from render_instructions where id = cast(e.payload ->> 'instruction_id' as bigint) offset 0
        ) as i on true
        where e.type = 'render.instruction.created' and e.at >= :since and e.at < :until
    ), now_processing as (
        select count(*) as processing, count(*) filter (where lease_until < :late) as unrescued
        from render_instructions where state = 'processing'
    ), remedies as (
        select count(*) filter (where outcome in ('helped', 'in vain', 'harmed')) as remedied,
            count(*) filter (where outcome = 'helped') as helped
        from remediations where kind = 'retry' and state = 'done' and done_at >= :since and done_at < :until
    )
    select made.*, now_processing.*, remedies.*, per_job.* from made, now_processing, remedies, (
        select count(*) filter (where is_retried) as retried,
            count(*) filter (where is_retried and state = 'completed') as retried_well,
            count(*) filter (where was_stuck and is_over) as stuck,
            count(*) filter (where was_stuck and is_over and state = 'completed') as recovered,
            count(*) filter (where was_completed) as completed,
            count(*) filter (where was_completed and state = 'completed' and superseded_by is null and not exists (
                select from render_outputs o where o.instruction_id = id)) as without_file
        from (
            select *, state in ('completed', 'failed', 'timed_out') as is_over,
                retry_count > 0 and state in ('completed', 'failed', 'timed_out') as is_retried from jobs
        ) as judged
    ) as per_job
""")
"""A retry by a person gives all retries back, so an instruction with some spent was retried by itself."""

_DISPATCH = text("""
    with jobs as (
        select instruction_id, worker, started_at, max(ended_at) over (
            partition by worker order by started_at, claim_id rows between unbounded preceding and 1 preceding
        ) as free_at
        from render_attempts where ended_at >= :since and ended_at < :until
    )
    select count(*) as count_, percentile_cont(0.5) within group (
        order by cast(extract(epoch from a.started_at - i.due_at) as float)) as median
    from jobs a
    cross join lateral (
        select greatest(created_at, due_at) as due_at from render_instructions where id = a.instruction_id offset 0
    ) as i
    join render_workers w on w.name = a.worker and w.started_at <= i.due_at
    where a.started_at >= i.due_at and coalesce(a.free_at <= i.due_at, true)
""")
"""The claims whose worker lived when the job was due, and had ended all that it did before.

A free worker takes a job at once; of a busy one the wait tells of the queue. A pause is not known afterwards: hence the
median.
"""
