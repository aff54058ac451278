"""Measure graphics in a window: throughput, latency, error rate and the queue, of all, by renderer or by template."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache, partial

from sqlalchemy import Connection, text

from pokervod_pipelines.monitoring.measures.counted import ENDED, OF_INSTRUCTION, REQUESTED, estimate_percentile
from pokervod_pipelines.monitoring.measures.rollup import QUEUE_DEPTH, Counted, CountedWindow, read_counted, read_queue
from pokervod_pipelines.monitoring.measures.shape import (
    DashboardMetrics,
    ErrorRate,
    Group,
    Latency,
    Point,
    QueueDepth,
    RenderFigures,
    Throughput,
    Window,
    make_window,
)
from pokervod_pipelines.monitoring.measures.windows import EPOCH, Calendar, choose_step, make_calendar
from pokervod_pipelines.settings import Settings

TOTALS = ("requested", "completed", "failed", "timed_out", "cancelled", "ms")
"""What is counted, without the classes of the latencies."""

MOST_EXACT = 1_000
"""So many latencies are sorted; of more, percentiles are estimated."""

NOW_SECONDS = 60.0
"""A window that ended no longer ago than this ends now, so the queue of now is that of its end."""

EMPTY_QUEUE = QueueDepth(pending=0, processing=0, held=0)


def measure_renders(
    connection: Connection, settings: Settings, window: Window, *, now: datetime | None = None
) -> RenderFigures:
    """Return the figures of all graphics."""
    (figures,) = _measure(connection, settings, window, None, now or datetime.now(UTC))
    return figures


def measure_groups(
    connection: Connection, settings: Settings, window: Window, by: Group, *, now: datetime | None = None
) -> list[RenderFigures]:
    """Return the figures of each renderer or template that had something to do in the window, by name."""
    return _measure(connection, settings, window, by, now or datetime.now(UTC))


def measure_totals(connection: Connection, settings: Settings, *, now: datetime | None = None) -> list[RenderFigures]:
    """Return the figures of each template since the first graphic, without series."""
    now = now or datetime.now(UTC)
    return _measure(connection, settings, Window(since=EPOCH, until=now), "template", now, has_series=False)


def measure_dashboard(connection: Connection, settings: Settings, *, now: datetime | None = None) -> DashboardMetrics:
    """Return the figures of the last hour that the dashboard shows."""
    figures = measure_renders(connection, settings, make_window(timedelta(hours=1), now), now=now)
    return DashboardMetrics(
        throughput_1h=figures.throughput.figure,
        avg_latency_1h=figures.latency.average,
        error_rate_1h=figures.error_rate.figure,
        queue_depth=figures.queue_depth,
    )


def read_queue_depth(connection: Connection, by: Group | None = None) -> dict[str, QueueDepth]:
    """Return the queue of now: under "" that of all, or by renderer or template."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for row in connection.execute(_QUEUE_DEPTH):
        counts = {"pending": int(row.pending), "processing": int(row.processing), "held": int(row.held)}
        found[getattr(row, by) if by else ""].update(counts)
    return {name: _make_depth(counts) for name, counts in found.items()}


def read_queue_series(
    connection: Connection, settings: Settings, window: Window, *, now: datetime | None = None
) -> dict[str, tuple[Point, ...]]:
    """Return how many instructions were pending, processing and held on average in each step that was looked at."""
    calendar = make_calendar(settings)
    states = ("pending", "processing", "held")
    looks = read_queue(connection, window, calendar, now or datetime.now(UTC))
    steps = sorted(_add_up(looks, window, calendar, ["samples", *states]).items())
    return {state: tuple(Point(at=at, value=sums[state] / sums["samples"]) for at, sums in steps) for state in states}


def _measure(
    connection: Connection,
    settings: Settings,
    window: Window,
    by: Group | None,
    now: datetime,
    *,
    has_series: bool = True,
) -> list[RenderFigures]:
    calendar = make_calendar(settings)
    counted = read_counted(
        connection,
        (ENDED, REQUESTED),
        window,
        calendar,
        now,
        by=by,
        step_key="completed" if has_series else None,
        keys=None if has_series else TOTALS,
    )
    starts = [*calendar.list_steps(window, choose_step(window.length))] if has_series else []
    is_now = (now - window.until).total_seconds() <= NOW_SECONDS
    depths = read_queue_depth(connection, by)
    names = sorted({*counted.sums, *(depths if is_now else ())}) if by else [""]
    latencies = _sort_latencies(connection, window, by, counted)
    return [
        _make_figures(
            counted.sums.get(name, {}),
            _make_series(counted.steps.get(name, {}), starts) if has_series else (),
            depths.get(name, EMPTY_QUEUE),
            latencies.get(name),
            window,
            name={by: name} if by else {},
            is_now=is_now,
        )
        for name in names
    ]


def _make_figures(
    sums: Mapping[str, int],
    series: tuple[Point, ...],
    depth: QueueDepth,
    exact: tuple[float, float] | None,
    window: Window,
    *,
    name: Mapping[str, str],
    is_now: bool,
) -> RenderFigures:
    completed, failed, timed_out = (sums.get(state, 0) for state in ("completed", "failed", "timed_out"))
    requested, total = sums.get("requested", 0), completed + failed + timed_out
    has_work = bool(requested or total or (is_now and (depth.pending or depth.processing)))
    return RenderFigures(
        **name,
        requested=requested,
        cancelled=sums.get("cancelled", 0),
        throughput=Throughput(
            figure=completed / window.hours if has_work else None,
            completed=completed,
            series=series if has_work else (),
        ),
        latency=_make_latency(sums, exact),
        error_rate=ErrorRate(
            figure=(failed + timed_out) / total if total else None, failed=failed, timed_out=timed_out, ended=total
        ),
        queue_depth=depth,
    )


def _make_latency(sums: Mapping[str, int], exact: tuple[float, float] | None) -> Latency:
    if not sums.get("completed"):
        return Latency()
    p50, p95 = exact or (estimate_percentile(sums, 0.5), estimate_percentile(sums, 0.95))
    return Latency(average=sums["ms"] / sums["completed"] / 1000, p50=p50, p95=p95, is_estimated=exact is None)


def _make_series(counts: Mapping[datetime, int], starts: Sequence[datetime]) -> tuple[Point, ...]:
    """Return how many were counted in each step that begins so, also in those without any."""
    sums = [0] * len(starts)
    for at, count in counts.items():
        sums[bisect_right(starts, at) - 1] += count
    return tuple(Point(at=at, value=count) for at, count in zip(starts, sums, strict=True))


def _add_up(
    counted: Iterable[Counted], window: Window, calendar: Calendar, keys: Sequence[str]
) -> dict[datetime, Counter[str]]:
    """Return the sums of these keys by the steps of the window's series."""
    floor = cache(partial(calendar.floor, resolution=choose_step(window.length)))
    steps: dict[datetime, Counter[str]] = defaultdict(Counter)
    for each in counted:
        step = steps[floor(each.at)]
        for key in keys:
            step[key] += each.sums.get(key, 0)
    return steps


def _sort_latencies(
    connection: Connection, window: Window, by: Group | None, counted: CountedWindow
) -> dict[str, tuple[float, float]]:
    """Return the exact median and 95th percentile by name; nothing where there are too many to sort."""
    count = sum(each.get("completed", 0) for each in counted.sums.values())
    if not 0 < count <= MOST_EXACT:
        return {}
    rows = connection.execute(_LATENCIES, {"by": by, "since": window.since, "until": window.until})
    return {row.name: tuple(row.found) for row in rows}


def _make_depth(counts: Mapping[str, int]) -> QueueDepth:
    return QueueDepth(pending=counts["pending"], processing=counts["processing"], held=counts["held"])


_QUEUE_DEPTH = text(QUEUE_DEPTH)

_LATENCIES = text(f"""
    select case :by when 'renderer' then i.renderer when 'template' then i.template else '' end as name,
        percentile_cont(array[0.5, 0.95]) within group (order by cast(extract(epoch from e.at - i.created_at) as float))
            as found
    from events e {OF_INSTRUCTION}
    where e.type = 'render.completed' and e.at >= :since and e.at < :until group by 1
""")  # noqa: S608 - a constant
