"""Format the measures for ``pokervod metrics``: rows for a person, no printing."""

from collections.abc import Iterable, Iterator, Sequence

from pokervod_pipelines.cli.output import count_nouns, human_size, show_time
from pokervod_pipelines.monitoring.measures.shape import (
    DiskSpace,
    Group,
    Measures,
    Point,
    QueueDepth,
    RenderFigures,
    SyncLag,
)

NOTHING = "–"
"""A figure with nothing to measure."""

FOLDERS = ("drop folder", "export folder")
"""They are looked at all the time; a file comes when somebody brings one."""

BARS = "▁▂▃▄▅▆▇█"
WIDEST = 30
"""A series is drawn with so many bars at most."""

UNITS = ((172_800, 86_400, "days"), (7_200, 3_600, "h"), (120, 60, "min"))


def format_seconds(seconds: float | None) -> str:
    """Return a duration in the largest unit of which there are at least two.

    >>> format_seconds(None), format_seconds(4.25), format_seconds(95), format_seconds(7_920), format_seconds(200_000)
    ('–', '4.2 s', '95 s', '2.2 h', '2.3 days')
    """
    if seconds is None:
        return NOTHING
    for least, size, unit in UNITS:
        if seconds >= least:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"


def format_share(share: float | None) -> str:
    """Return a share in percent; what is not all is never shown as all, nor a little as nothing.

    >>> format_share(None), format_share(0.9999), format_share(1), format_share(0.0004)
    ('–', '99.9 %', '100 %', '0.1 %')
    """
    if share is None:
        return NOTHING
    if share in {0, 1}:
        return f"{share:.0%}".replace("%", " %")
    return f"{min(99.9, max(0.1, 100 * share)):.1f} %"


def format_number(value: float | None) -> str:
    """Return a number, with decimals where it is small: a little is never nothing.

    >>> format_number(None), format_number(0), format_number(0.042), format_number(2.5), format_number(1204.3)
    ('–', '0', '0.04', '2.5', '1,204')
    """
    if value is None:
        return NOTHING
    if 0 < value < 0.1:
        return f"{value:.1g}"
    return f"{value:.1f}" if 0 < value < 10 and value != int(value) else f"{value:,.0f}"


def draw_series(series: Sequence[Point]) -> str:
    """Return the series as bars, each of one or several steps; "" where all are 0.

    >>> from datetime import UTC, datetime
    >>> draw_series([Point(at=datetime(2026, 5, 4, tzinfo=UTC), value=each) for each in (0, 1, 2, 8)])
    '▁▂▃█'
    """
    if not any(each.value for each in series):
        return ""
    size = -(-len(series) // WIDEST)
    sums = [sum(each.value for each in series[start : start + size]) for start in range(0, len(series), size)]
    return "".join(BARS[min(len(BARS) - 1, int(len(BARS) * each / max(sums)))] for each in sums)


def list_figures(measured: Measures) -> Iterator[tuple[str, str, str]]:
    """Yield the figures of graphics and hands, each with what it is made of."""
    yield from _list_renders(measured.renders)
    flow = measured.data_flow_health
    today = measured.hands_today
    last = f", the last at {show_time(today.last_at, '%H:%M')}" if today.last_at else ""
    yield "hands today", format_number(today.hands), f"broadcast day {today.day}{last}"
    parts = f"{flow.with_instruction:,} of {count_nouns(flow.premium_hands, 'premium hand')} with an instruction"
    yield "completion", format_share(flow.completion_rate), parts if flow.premium_hands else "no premium hand arrived"
    yield "orphans now", format_number(flow.orphan_hands), "premium hands without an instruction"
    yield "delayed now", format_number(flow.delayed_instructions), "instructions that wait for half an hour"


def _list_renders(figures: RenderFigures) -> Iterator[tuple[str, str, str]]:
    completed = f"{count_nouns(figures.throughput.completed, 'graphic')} completed"
    made_of = f"{completed} {draw_series(figures.throughput.series)}".strip()
    yield "throughput", _add_unit(format_number(figures.throughput.figure), "an hour"), made_of
    yield "requested", format_number(figures.requested), f"{figures.cancelled:,} cancelled"
    latency = figures.latency
    of = "request to completion" + (", p50 and p95 estimated" if latency.is_estimated else "")
    yield "latency, average", format_seconds(latency.average), of
    yield "latency, p50", format_seconds(latency.p50), ""
    yield "latency, p95", format_seconds(latency.p95), ""
    errors = figures.error_rate
    parts = f"{errors.failed:,} failed, {errors.timed_out:,} timed out of {errors.ended:,} that ended"
    yield "error rate", format_share(errors.figure), parts if errors.ended else "nothing ended"
    yield "queue now", _format_depth(figures.queue_depth), _describe_depth(figures.queue_depth)


def _add_unit(figure: str, unit: str) -> str:
    return figure if figure == NOTHING else f"{figure} {unit}"


def _format_depth(depth: QueueDepth) -> str:
    return format_number(depth.pending + depth.processing)


def _describe_depth(depth: QueueDepth) -> str:
    return f"{depth.pending:,} pending, {depth.held:,} of them paused; {depth.processing:,} processing"


def list_readings(measured: Measures) -> Iterator[tuple[str, str, str]]:
    """Yield how long ago each library and sheet was read, those that never were first, then the oldest."""
    return _list_lags((each for each in measured.sync_lags if each.kind not in FOLDERS), "never")


def list_folders(measured: Measures) -> Iterator[tuple[str, str, str]]:
    """Yield how long ago the newest file of each folder was read, in the same order."""
    return _list_lags((each for each in measured.sync_lags if each.kind in FOLDERS), "no file so far")


def _list_lags(lags: Iterable[SyncLag], nothing: str) -> Iterator[tuple[str, str, str]]:
    for lag in sorted(lags, key=lambda each: (each.seconds is not None, -(each.seconds or 0))):
        at = nothing if lag.at is None else show_time(lag.at)
        yield f"{lag.kind} {lag.name}", format_seconds(lag.seconds), at


def list_freshness(measured: Measures) -> Iterator[tuple[str, str, str]]:
    """Yield how long ago the data of each source changed, those without any first, then the oldest."""
    for each in sorted(measured.freshness, key=lambda each: (each.seconds is not None, -(each.seconds or 0))):
        at = "no data so far" if each.at is None else show_time(each.at)
        yield f"{each.kind} {each.name}".rstrip(), format_seconds(each.seconds), at


def list_groups(measured: Measures, by: Group) -> Iterator[tuple[str, ...]]:
    """Yield the figures of graphics of each renderer or template."""
    for each in measured.groups:
        yield (
            str(getattr(each, by)),
            format_number(each.throughput.completed),
            format_number(each.throughput.figure),
            format_seconds(each.latency.average),
            format_seconds(each.latency.p50),
            format_seconds(each.latency.p95),
            format_share(each.error_rate.figure),
            _format_depth(each.queue_depth),
        )


def list_jobs(measured: Measures) -> Iterator[tuple[str, ...]]:
    """Yield how the runs of each job went, and how long they took."""
    for each in measured.jobs:
        stopped = f", {each.stopped:,} stopped" if each.stopped else ""
        share = f"{each.succeeded:,} of {each.succeeded + each.failed:,}{stopped}"
        yield each.job, share, *(format_seconds(value) for value in (each.average, each.p50, each.p95))


def list_places(measured: Measures) -> Iterator[tuple[str, str, str]]:
    """Yield how much memory and disk there is, and what our processes take."""
    machine = measured.machine
    memory = machine.memory
    yield "memory", human_size(memory.available_bytes), f"available of {human_size(memory.total_bytes)}"
    for each in machine.processes:
        yield each.process, human_size(each.bytes), f"{each.count:,} process{'' if each.count == 1 else 'es'}"
    for disk in machine.disks:
        name = disk.kind if disk.kind == disk.name else f"{disk.kind} {disk.name}"
        yield name, *_describe_disk(disk)


def _describe_disk(disk: DiskSpace) -> tuple[str, str]:
    if disk.free_bytes is None or disk.total_bytes is None:
        return NOTHING, f"{disk.path}: {disk.problem}"
    return human_size(disk.free_bytes), f"free of {human_size(disk.total_bytes)} at {disk.path}"
