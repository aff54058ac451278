"""Where the weeks lie on the page's time axis: shares of its width, planned beside actual."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from pokervod_pipelines.rollout.report.figures import Figures, WeekFigures
from pokervod_pipelines.rollout.report.forecast import DAY, end_of

MOST_TICKS = 7


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar on the axis, in percent of its width."""

    left: float
    width: float


@dataclass(frozen=True, slots=True)
class Row:
    """One week: its planned bar and, once begun, its actual one."""

    week: WeekFigures
    planned: Bar
    actual: Bar | None


@dataclass(frozen=True, slots=True)
class Tick:
    """A date written at the axis."""

    left: float
    day: datetime


@dataclass(frozen=True, slots=True)
class Timeline:
    """All weeks on one axis; ``now`` and ``estimate`` are places in percent, None where there is no such line."""

    rows: tuple[Row, ...]
    ticks: tuple[Tick, ...]
    now: float | None
    estimate: float | None


def lay_out(figures: Figures) -> Timeline:
    """Return the timeline from the first planned or actual moment to the last one, the estimate included."""
    estimate, finished = figures.forecast.estimated_end, figures.finished_at
    last_shown = finished or figures.measured_at
    moments = [figures.started_at, last_shown, *([estimate] if estimate else [])]
    moments += [moment for week in figures.weeks for moment in _planned(week)]
    first, last = min(moments), max(moments)

    def place(moment: datetime) -> float:
        return round(100 * (moment - first) / (last - first), 3)

    def bar(start: datetime, end: datetime) -> Bar:
        return Bar(place(start), round(place(end) - place(start), 3))

    rows = tuple(
        Row(
            week,
            bar(*_planned(week)),
            bar(week.started_at, max(week.started_at, week.finished_at or last_shown)) if week.started_at else None,
        )
        for week in figures.weeks
    )
    ticks = tuple(Tick(place(day), day) for day in _ticks(first, last))
    now = None if estimate is None else place(figures.measured_at)
    return Timeline(rows, ticks, now, None if estimate is None else place(estimate))


def _planned(week: WeekFigures) -> tuple[datetime, datetime]:
    return datetime.combine(week.plan.starts, time(), tzinfo=UTC), end_of(week.plan.ends)


def _ticks(first: datetime, last: datetime) -> Iterator[datetime]:
    """Midnights at even steps of whole weeks, or of days where the axis is short."""
    unit = timedelta(days=7) if last - first > MOST_TICKS * DAY else DAY
    step = unit * max(1, -(-(last - first) // (unit * MOST_TICKS)))
    day = datetime.combine(first.date(), time(), tzinfo=UTC)
    if day < first:
        day += DAY
    while day < last:
        yield day
        day += step
