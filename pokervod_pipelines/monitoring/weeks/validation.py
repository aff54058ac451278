"""Validate the data of ISO weeks of broadcast days, stage by stage, against what ought to be there.

A stage is one query for all weeks asked for, see ``weeks.stages``; nothing of it is stored. ``weeks.closures`` freezes
the figures of a week that is over, and each stage tells what it was then.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from pokervod_pipelines.checks import CheckResult, Severity
from pokervod_pipelines.hands.times import BroadcastDays
from pokervod_pipelines.monitoring.weeks.shape import (
    ClosedStage,
    StageState,
    Week,
    WeekStage,
    WeekValidation,
    list_weeks,
)
from pokervod_pipelines.monitoring.weeks.stages import STAGES, StageRule
from pokervod_pipelines.nas.store.scope import list_scopes
from pokervod_pipelines.render.triggers import DayRule
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.sheets.own_rows import BY_HAND

CASES_SHOWN = 20

CLOCK_CHANGE = timedelta(hours=3)
"""An index finds the moments of some days so much wider; the day of each is decided by the clock."""


MARKS = {StageState.COMPLETE: "✓", StageState.INCOMPLETE: "✗", StageState.NOTHING: "–"}
"""How a stage is, in one character; a stage that looked at nothing has no tick."""


@dataclass(frozen=True, slots=True)
class StageCount:
    """Hold how many of a unit have a kind of problem, or none, with the first cases."""

    week: Week
    unit: str
    kind: str | None
    count: int
    cases: tuple[str, ...]


def find_days(settings: Settings) -> BroadcastDays:
    """Return when the broadcast days of the settings begin."""
    return BroadcastDays(settings.zone, settings.hands.day_starts_at)


def find_current_week(settings: Settings, now: datetime | None = None) -> Week:
    """Return the week of the present broadcast day."""
    return Week.of(find_days(settings).find_day(now or datetime.now(UTC)))


def validate_weeks(
    connection: Connection, settings: Settings, first: Week, last: Week, *, now: datetime | None = None
) -> list[WeekValidation]:
    """Return how each week from the first to the last is, oldest first."""
    now, days = now or datetime.now(UTC), find_days(settings)
    values = list_values(settings, first, last, days, now)
    counts = {stage.name: count_stage(connection, stage, values) for stage in STAGES}
    closed = _read_closed(connection, first, last)
    return [
        WeekValidation(
            week=week,
            is_over=week.is_over(now, days),
            stages=tuple(
                _judge_stage(stage, counts[stage.name][week], closed.get((week.name, stage.name))) for stage in STAGES
            ),
        )
        for week in list_weeks(first, last)
    ]


def validate_week(
    connection: Connection, settings: Settings, week: Week, *, now: datetime | None = None
) -> WeekValidation:
    """Return how the week is."""
    (validation,) = validate_weeks(connection, settings, week, week, now=now)
    return validation


def check_stage(week: Week, stage: WeekStage) -> CheckResult:
    """Return the stage as a check: only what was looked at and is all good passes."""
    is_wrong = stage.state is StageState.INCOMPLETE
    changed = f" ({stage.change})" if stage.change else ""
    return CheckResult(
        name=stage.stage,
        passed=stage.state is StageState.COMPLETE,
        summary=f"{week.name}: {stage.sentence}{changed}.",
        severity=Severity.ERROR if is_wrong else Severity.WARNING,
        looked_at=stage.looked_at,
        evidence=stage.cases,
        evidence_count=stage.case_count,
        next_step=stage.next_step if is_wrong else "",
    )


def describe_week(validation: WeekValidation) -> str:
    """Return the stages of the week as a list in Markdown, with what changed since it was closed."""
    return "\n".join(
        f"- {MARKS[each.state]} {each.title}: {each.sentence}{f' ({each.change})' if each.change else ''}"
        for each in validation.stages
    )


def list_values(settings: Settings, first: Week, last: Week, days: BroadcastDays, now: datetime) -> dict[str, Any]:
    """Return the parameters of the queries of all stages."""
    (since, _), (_, until) = first.find_bounds(days), last.find_bounds(days)
    return {
        "first_day": first.monday,
        "last_day": last.sunday,
        "since": since - CLOCK_CHANGE,
        "until": until + CLOCK_CHANGE,
        "today": days.find_day(now),
        "now": now,
        "sheets": [*(each.name for each in settings.sheets), BY_HAND],
        **DayRule.of(settings).as_parameters(),
        **list_scopes(settings),
    }


def count_stage(connection: Connection, stage: StageRule, values: dict[str, Any]) -> dict[Week, list[StageCount]]:
    """Return the counts of the stage by week."""
    query = text(f"""
        with items as materialized ({stage.items}),
        counted as (
            select cast(date_trunc('week', cast(day as timestamp)) as date) as monday, * from items
            where day between :first_day and :last_day)
        select monday, unit, null as kind, count(*) as number, cast(null as text[]) as cases
        from counted where problem is null group by 1, 2
        union all
        select monday, unit, kind, count(*), (array_agg(problem order by day, problem))[1:{CASES_SHOWN}]
        from counted where problem is not null group by 1, 2, 3
        order by 1, 2, 3
    """)  # noqa: S608 - stages are constants
    found: dict[Week, list[StageCount]] = defaultdict(list)
    for row in connection.execute(query, values):
        week = Week(row.monday)
        found[week].append(StageCount(week, row.unit, row.kind, row.number, tuple(row.cases or ())))
    return found


def _judge_stage(stage: StageRule, counts: list[StageCount], closed: ClosedStage | None) -> WeekStage:
    bad = [each for each in counts if each.kind is not None]
    share = CASES_SHOWN // (len(bad) or 1)  # one kind must not hide another
    return WeekStage(
        stage=stage.name,
        title=stage.title,
        looked_at=sum(each.count for each in counts),
        good=sum(each.count for each in counts if each.kind is None),
        sentence=_describe_counts(counts) or f"nothing to look at: {stage.nothing}",
        cases=tuple(case for each in bad for case in each.cases[:share]),
        next_step=stage.next_step,
        closed=closed,
    )


def _describe_counts(counts: Iterable[StageCount]) -> str:
    """Return the counts of each unit in words: "all 5 days", "2 of 38 graphics failed, 1 not finished"."""
    by_unit: dict[str, list[StageCount]] = defaultdict(list)
    for each in counts:
        by_unit[each.unit].append(each)
    return "; ".join(_describe_unit(unit, found) for unit, found in by_unit.items())


def _describe_unit(unit: str, counts: list[StageCount]) -> str:
    owner, colon, noun = unit.rpartition(": ")
    total = sum(each.count for each in counts)
    told = f"{total:,} {noun}" if total == 1 else f"{total:,} {noun}s"
    bad = [each for each in counts if each.kind is not None]
    if not bad:
        return f"{owner}{colon}all {told}"
    first, *rest = bad
    others = (f", {each.count:,} {each.kind}" for each in rest)
    return f"{owner}{colon}{first.count:,} of {told} {first.kind}{''.join(others)}"


def _read_closed(connection: Connection, first: Week, last: Week) -> dict[tuple[str, str], ClosedStage]:
    """Return what was frozen of these weeks, by week and stage."""
    rows = connection.execute(_CLOSED, {"weeks": [week.name for week in list_weeks(first, last)]})
    return {
        (row.week, row.stage): ClosedStage(
            looked_at=row.looked_at,
            good=row.good,
            sentence=row.sentence,
            closed_at=row.closed_at,
            correlation_id=row.correlation_id,
        )
        for row in rows
    }


_CLOSED = text("select * from week_closures where week = any(:weeks)")
