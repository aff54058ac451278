"""Answer the figures of a window: throughput, latency, error rate and the queue."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.api.context import ContextOf, Reading
from pokervod_pipelines.api.examples import read_examples
from pokervod_pipelines.api.routing import ReadRoute, needs
from pokervod_pipelines.monitoring.measures.renders import (
    EMPTY_QUEUE,
    measure_renders,
    read_queue_depth,
    read_queue_series,
)
from pokervod_pipelines.monitoring.measures.series import measure_error_series, measure_latency_series
from pokervod_pipelines.monitoring.measures.shape import (
    ErrorRate,
    Latency,
    Point,
    QueueDepth,
    Throughput,
    Window,
    make_window,
)
from pokervod_pipelines.periods import LENGTHS, read_length

router = APIRouter(prefix="/api/metrics", tags=["metrics"], route_class=ReadRoute)

EXAMPLES = read_examples("metrics")


async def read_window(
    window: Annotated[str, Query(description=f"The last {LENGTHS}.", max_length=20)] = "1h",
) -> Window:
    """Return the window that is asked for."""
    return make_window(read_length("window", window))


WindowOf = Annotated[Window, Depends(read_window)]


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowEnds:
    """Tell of what time a figure is."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowThroughput(Throughput):
    """Tell how many graphics were completed an hour; null where there was none to complete."""

    window: WindowEnds


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowLatency(Latency):
    """Tell how long graphics took from their request to their completion, in seconds."""

    figure: float | None
    window: WindowEnds
    series: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowErrorRate(ErrorRate):
    """Tell which share of the graphics that ended failed or timed out."""

    window: WindowEnds
    series: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueSeries:
    """Hold the means of each step of the window."""

    pending: tuple[Point, ...]
    processing: tuple[Point, ...]
    held: tuple[Point, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowQueue(QueueDepth):
    """Count the instructions in the queue now, and on average in each step of the window."""

    figure: int
    unit: str = "instructions"
    window: WindowEnds
    series: QueueSeries


@router.get("/throughput", **needs(Role.VIEWER, example=EXAMPLES["throughput"]))
def read_throughput(connection: Reading, context: ContextOf, window: WindowOf) -> WindowThroughput:
    """Return how many graphics were completed an hour."""
    found = measure_renders(connection, context.settings, window, now=window.until).throughput
    return WindowThroughput(**_list_fields(found), window=_name_ends(window))


@router.get("/latency", **needs(Role.VIEWER, example=EXAMPLES["latency"]))
def read_latency(connection: Reading, context: ContextOf, window: WindowOf) -> WindowLatency:
    """Return how long graphics took from their request to their completion: average, p50 and p95."""
    found = measure_renders(connection, context.settings, window, now=window.until).latency
    series = measure_latency_series(connection, context.settings, window, now=window.until)
    return WindowLatency(**_list_fields(found), figure=found.average, window=_name_ends(window), series=series)


@router.get("/error-rate", **needs(Role.VIEWER, example=EXAMPLES["error_rate"]))
def read_error_rate(connection: Reading, context: ContextOf, window: WindowOf) -> WindowErrorRate:
    """Return which share of the graphics that ended failed or timed out."""
    found = measure_renders(connection, context.settings, window, now=window.until).error_rate
    series = measure_error_series(connection, context.settings, window, now=window.until)
    return WindowErrorRate(**_list_fields(found), window=_name_ends(window), series=series)


@router.get("/queue-depth", **needs(Role.VIEWER, example=EXAMPLES["queue_depth"]))
def read_queue(connection: Reading, context: ContextOf, window: WindowOf) -> WindowQueue:
    """Return how many instructions are pending, processing and held now, and were on average in each step."""
    depth = read_queue_depth(connection).get("", EMPTY_QUEUE)
    series = read_queue_series(connection, context.settings, window, now=window.until)
    return WindowQueue(
        **_list_fields(depth),
        figure=depth.pending + depth.processing,
        window=_name_ends(window),
        series=QueueSeries(**series),
    )


def _name_ends(window: Window) -> WindowEnds:
    return WindowEnds(since=window.since, until=window.until)


def _list_fields(found: Throughput | Latency | ErrorRate | QueueDepth) -> dict[str, Any]:
    """Return the fields of the figure; those of its points stay what they are."""
    return {each.name: getattr(found, each.name) for each in fields(found)}
