"""Measure how latency and error rate of graphics went on over a window; a step without any has no point."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection

from pokervod_pipelines.monitoring.measures.counted import ENDED
from pokervod_pipelines.monitoring.measures.rollup import read_counted
from pokervod_pipelines.monitoring.measures.shape import Point, Window
from pokervod_pipelines.monitoring.measures.windows import make_calendar
from pokervod_pipelines.settings import Settings

ENDS = ("completed", "failed", "timed_out")


def measure_latency_series(
    connection: Connection, settings: Settings, window: Window, *, now: datetime | None = None
) -> tuple[Point, ...]:
    """Return the average seconds from request to completion in each step."""
    return _measure(connection, settings, window, ("ms", "completed"), _average, now)


def measure_error_series(
    connection: Connection, settings: Settings, window: Window, *, now: datetime | None = None
) -> tuple[Point, ...]:
    """Return the share of the graphics that ended in each step that failed or timed out."""
    return _measure(connection, settings, window, ENDS, _share, now)


def _average(sums: Mapping[str, int]) -> float | None:
    return sums["ms"] / sums["completed"] / 1000 if sums["completed"] else None


def _share(sums: Mapping[str, int]) -> float | None:
    ended = sum(sums.values())
    return (ended - sums["completed"]) / ended if ended else None


def _measure(
    connection: Connection,
    settings: Settings,
    window: Window,
    keys: Sequence[str],
    judge: Callable[[Mapping[str, int]], float | None],
    now: datetime | None,
) -> tuple[Point, ...]:
    calendar, now = make_calendar(settings), now or datetime.now(UTC)
    counted: dict[str, Mapping[datetime, int]] = {
        key: read_counted(connection, (ENDED,), window, calendar, now, step_key=key, keys=keys).steps.get("", {})
        for key in keys
    }
    steps = sorted({at for found in counted.values() for at in found})
    judged = ((at, judge({key: found.get(at, 0) for key, found in counted.items()})) for at in steps)
    return tuple(Point(at=at, value=value) for at, value in judged if value is not None)
