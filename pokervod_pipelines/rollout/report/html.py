"""Write the report as a page: one HTML file without scripts, fonts, pictures or anything from elsewhere.

The template engine escapes all text, because what a criterion reports comes from outside.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cache, partial

from jinja2 import Environment, PackageLoader, StrictUndefined

from pokervod_pipelines.rollout.plan import RolloutPlan
from pokervod_pipelines.rollout.record import AttemptRecord, ResultRecord, RolloutRecord
from pokervod_pipelines.rollout.report import wording
from pokervod_pipelines.rollout.report.figures import (
    RolloutReport,
    WeekReport,
    find_latest_results,
    find_overrides,
    make_report,
)
from pokervod_pipelines.rollout.report.forecast import DAY, find_end_of_day

MAX_TEXT = 4_000
"""Characters that the page shows of a text from a criterion."""

MAX_TICKS = 7


def write_page(plan: RolloutPlan, record: RolloutRecord, now: datetime, link: str | None = None) -> str:
    """Return the page; of a completed rollout it is the final report. Only a ``link`` of http or https is shown."""
    report = make_report(plan, record, now)
    return (
        _prepare_templates()
        .get_template("page.html.j2")
        .render(
            report=report,
            record=record,
            overrides={week.number: find_overrides(record, week.number) for week in plan.weeks},
            latest={week.number: find_latest_results(record, week.number) for week in plan.weeks},
            timeline=lay_out_chart(report),
            now=now,
            commands=partial(wording.find_commands, plan.name),
            link=link if link and link.startswith(("https://", "http://")) else None,
        )
    )


@cache
def _prepare_templates() -> Environment:
    """Return the templates of this package; they escape every value, and a missing name is an error."""
    templates = Environment(
        loader=PackageLoader("pokervod_pipelines.rollout.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {
        "duration": wording.format_duration,
        "moment": wording.format_time,
        "day": wording.format_day,
        "delay": wording.format_delay,
        "share": wording.format_share,
        "pace": wording.format_pace,
        "style": wording.find_style,
        "trimmed": wording.trim_text,
        "cut": cut_text,
        "failed": find_failed,
        "seconds_until": lambda start, end: (end - start).total_seconds(),
    }
    return templates


def find_failed(attempt: AttemptRecord) -> list[ResultRecord]:
    """Return the failed results of the attempt, overridden ones too."""
    return [each for each in attempt.results if not each.passed]


def cut_text(text: str) -> str:
    """Return the text with its lines, cut at ``MAX_TEXT``."""
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}…"


@dataclass(frozen=True, slots=True)
class ChartBar:
    """Place a bar on the time axis, in percent of its width."""

    left: float
    width: float


@dataclass(frozen=True, slots=True)
class ChartRow:
    """Draw one week: its planned bar and, once started, its actual one."""

    week: WeekReport
    planned: ChartBar
    actual: ChartBar | None


@dataclass(frozen=True, slots=True)
class ChartTick:
    """Write a date at the axis."""

    left: float
    day: datetime


@dataclass(frozen=True, slots=True)
class TimelineChart:
    """Draw all weeks on one axis; ``now`` and ``estimate`` are in percent, None where there is no such line."""

    rows: tuple[ChartRow, ...]
    ticks: tuple[ChartTick, ...]
    now: float | None
    estimate: float | None


def lay_out_chart(report: RolloutReport) -> TimelineChart:
    """Return the chart from the first planned or actual moment to the last one, the estimate included."""
    estimate, finished = report.forecast.estimated_end, report.finished_at
    last_shown = finished or report.measured_at
    moments = [report.started_at, last_shown, *([estimate] if estimate else [])]
    moments += [moment for week in report.weeks for moment in _find_planned(week)]
    first, last = min(moments), max(moments)

    def place(moment: datetime) -> float:
        return round(100 * (moment - first) / (last - first), 3)

    def draw_bar(start: datetime, end: datetime) -> ChartBar:
        return ChartBar(place(start), round(place(end) - place(start), 3))

    rows = []
    for week in report.weeks:
        start, end = week.started_at, week.finished_at or last_shown
        rows.append(ChartRow(week, draw_bar(*_find_planned(week)), draw_bar(start, max(start, end)) if start else None))
    ticks = tuple(ChartTick(place(day), day) for day in _list_ticks(first, last))
    now = None if estimate is None else place(report.measured_at)
    return TimelineChart(tuple(rows), ticks, now, None if estimate is None else place(estimate))


def _find_planned(week: WeekReport) -> tuple[datetime, datetime]:
    return datetime.combine(week.plan.starts, time(), tzinfo=UTC), find_end_of_day(week.plan.ends)


def _list_ticks(first: datetime, last: datetime) -> Iterator[datetime]:
    """Yield midnights at even steps of whole weeks, or of days where the axis is short."""
    unit = timedelta(days=7) if last - first > MAX_TICKS * DAY else DAY
    step = unit * max(1, -(-(last - first) // (unit * MAX_TICKS)))
    day = datetime.combine(first.date(), time(), tzinfo=UTC)
    if day < first:
        day += DAY
    while day < last:
        yield day
        day += step
