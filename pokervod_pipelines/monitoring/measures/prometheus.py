"""Write the measures in Prometheus' text format: base units, ``_total`` for what only grows, nothing for no figure."""

from collections.abc import Iterable, Iterator, Sequence

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric, SummaryMetricFamily
from prometheus_client.registry import Collector

from pokervod_pipelines.monitoring.measures.shape import Measures, RenderFigures

PREFIX = "pokervod_"
ENDS = ("completed", "failed", "timed_out", "cancelled")


def write_prometheus(measures: Measures, totals: Sequence[RenderFigures]) -> str:
    """Return the text of the measures; ``totals`` are the figures of each template since the first graphic."""
    registry = CollectorRegistry()
    registry.register(_Snapshot([*_list_renders(measures, totals), *_list_flow(measures), *_list_machine(measures)]))
    return generate_latest(registry).decode("utf-8")


class _Snapshot(Collector):
    """Collect figures that were measured before, so that a scrape reads the database once."""

    def __init__(self, families: Sequence[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        """Return the figures."""
        return self._families


def _list_renders(measures: Measures, totals: Sequence[RenderFigures]) -> Iterator[Metric]:
    figures = measures.renders
    yield _gauge(
        "window_seconds", "Length of the window of the figures that have one.", measures.window.length.total_seconds()
    )
    ended = CounterMetricFamily(f"{PREFIX}render_ended", "Graphics that ended.", labels=("template", "state"))
    requested = CounterMetricFamily(f"{PREFIX}render_requested", "Graphics that were requested.", labels=("template",))
    for each in totals:
        requested.add_metric([str(each.template)], each.requested)
        counts = (each.throughput.completed, each.error_rate.failed, each.error_rate.timed_out, each.cancelled)
        for state, count in zip(ENDS, counts, strict=True):
            ended.add_metric([str(each.template), state], count)
    yield from (ended, requested, _make_latency(figures, totals))
    yield _gauge(
        "render_error_ratio", "Share of the ended graphics of the window that failed.", figures.error_rate.figure
    )
    depth = figures.queue_depth
    yield _family(
        "render_queue_instructions",
        "Instructions in the queue; held ones are pending, too.",
        ("state",),
        {("pending",): depth.pending, ("processing",): depth.processing, ("held",): depth.held}.items(),
    )


def _make_latency(figures: RenderFigures, totals: Sequence[RenderFigures]) -> Metric:
    """Return the seconds from request to completion: the quantiles of the window, count and sum of all time."""
    name = f"{PREFIX}render_latency_seconds"
    family = SummaryMetricFamily(name, "From the request of a graphic to its completion; quantiles of the window.")
    for quantile, value in (("0.5", figures.latency.p50), ("0.95", figures.latency.p95)):
        if value is not None:
            family.add_sample(name, {"quantile": quantile}, value)
    count = sum(each.throughput.completed for each in totals)
    seconds = sum(each.throughput.completed * (each.latency.average or 0) for each in totals)
    family.add_metric([], count_value=count, sum_value=seconds)
    return family


def _list_flow(measures: Measures) -> Iterator[Metric]:
    flow = measures.data_flow_health
    yield _gauge("hands_today", "Hands of the broadcast day.", measures.hands_today.hands)
    yield _gauge("orphan_hands", "Shown premium hands without an instruction.", flow.orphan_hands)
    yield _gauge("delayed_instructions", "Instructions that wait for half an hour.", flow.delayed_instructions)
    yield _gauge("flow_completion_ratio", "Share of the premium hands with all their graphics.", flow.completion_rate)
    yield _family(
        "sync_age_seconds",
        "Time since a source was read without an error.",
        ("kind", "name"),
        {(each.kind, each.name): each.seconds for each in measures.sync_lags}.items(),
    )
    yield _family(
        "data_age_seconds",
        "Time since the data of a source changed.",
        ("kind", "name"),
        {(each.kind, each.name): each.seconds for each in measures.freshness}.items(),
    )
    results = {
        (each.job, result): count
        for each in measures.jobs
        for result, count in (("succeeded", each.succeeded), ("failed", each.failed), ("stopped", each.stopped))
    }
    yield _family("job_runs", "Runs that ended in the window.", ("job", "result"), results.items())
    durations = {
        (each.job, quantile): value
        for each in measures.jobs
        for quantile, value in (("0.5", each.p50), ("0.95", each.p95))
    }
    yield _family(
        "job_duration_seconds",
        "Durations of the runs of the window that succeeded.",
        ("job", "quantile"),
        durations.items(),
    )


def _list_machine(measures: Measures) -> Iterator[Metric]:
    machine = measures.machine
    yield _gauge("machine_memory_bytes", "Memory of the machine.", machine.memory.total_bytes)
    yield _gauge("machine_memory_available_bytes", "Memory that a program can get.", machine.memory.available_bytes)
    memory = {(each.process,): each.bytes for each in machine.processes}
    yield _family(
        "process_memory_bytes", "Memory of our processes, shared parts divided.", ("process",), memory.items()
    )
    places = {(each.kind, each.name): each for each in machine.disks}
    free = {place: each.free_bytes for place, each in places.items()}
    total = {place: each.total_bytes for place, each in places.items()}
    yield _family(
        "disk_free_bytes", "Free space; none of a place that does not answer.", ("kind", "name"), free.items()
    )
    yield _family("disk_bytes", "Space of the disk.", ("kind", "name"), total.items())


def _gauge(name: str, documentation: str, value: float | None) -> Metric:
    return _family(name, documentation, (), [((), value)])


def _family(
    name: str, documentation: str, labels: Sequence[str], values: Iterable[tuple[Sequence[str], float | None]]
) -> Metric:
    family = GaugeMetricFamily(f"{PREFIX}{name}", documentation, labels=labels)
    for each, value in values:
        if value is not None:
            family.add_metric([*each], value)
    return family
