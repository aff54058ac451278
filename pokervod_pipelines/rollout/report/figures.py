"""Compute every figure of a report, once, from the plan and the record."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from pokervod_pipelines.rollout.alignment import is_of_week
from pokervod_pipelines.rollout.plan import PlannedWeek, RolloutPlan
from pokervod_pipelines.rollout.record import (
    AttemptRecord,
    OverrideRecord,
    ResultRecord,
    RolloutRecord,
    WeekRecord,
    WeekState,
)
from pokervod_pipelines.rollout.report.forecast import Forecast, Milestone, find_milestones, make_forecast
from pokervod_pipelines.rollout.report.times import TimeSpent, measure_time


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekReport:
    """Hold the figures of a week."""

    plan: PlannedWeek
    record: WeekRecord
    is_escalated: bool
    time: TimeSpent
    counts: Mapping[str, int]
    """Attempts, retries (those after the first of a cycle), fixes_done, fixes_failed, escalations, overrides."""

    results: Mapping[str, ResultRecord]
    """The newest result of each criterion that the plan has now, also of a running attempt."""

    overridden: Mapping[str, OverrideRecord]

    @property
    def criteria_held(self) -> int:
        """Return how many criteria passed when they were last evaluated, or are overridden."""
        return len({name for name, result in self.results.items() if result.passed} | {*self.overridden})


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutReport:
    """Hold the figures of a rollout at ``measured_at``."""

    plan: RolloutPlan
    record: RolloutRecord
    measured_at: datetime
    weeks: tuple[WeekReport, ...]
    milestones: tuple[Milestone, ...]
    forecast: Forecast
    recoveries: Mapping[str, int]

    @property
    def open(self) -> tuple[PlannedWeek, ...]:
        """Return the weeks that have not passed: the current one, the next one and so on."""
        return tuple(week.plan for week in self.weeks if week.record.state is not WeekState.PASSED)

    @property
    def done(self) -> tuple[int, ...]:
        """Return the numbers of the weeks that have passed."""
        return tuple(week.plan.number for week in self.weeks if week.record.state is WeekState.PASSED)

    @property
    def percent(self) -> int:
        """Return the passed weeks in whole percent, rounded down: 100 only when every week has passed."""
        return 100 * len(self.done) // len(self.weeks)

    @property
    def criteria_held(self) -> int:
        """Return how many criteria of all weeks passed when they were last evaluated, or are overridden."""
        return sum(week.criteria_held for week in self.weeks)

    @property
    def criteria_total(self) -> int:
        """Return the number of all criteria of the plan."""
        return sum(len(week.criteria) for week in self.plan.weeks)

    @property
    def totals(self) -> Mapping[str, int]:
        """Return the counts of all weeks together."""
        return {name: sum(week.counts[name] for week in self.weeks) for name in self.weeks[0].counts}

    @property
    def automation_rate(self) -> float | None:
        """Return the share, 0 to 1, of decided failed attempts that needed no person; None without any."""
        automatic = self.recoveries["by_fixer"] + self.recoveries["by_retry"]
        decided = automatic + self.recoveries["by_person"]
        return automatic / decided if decided else None


def make_report(plan: RolloutPlan, record: RolloutRecord, now: datetime) -> RolloutReport:
    """Return the figures of the rollout at ``now``, since its start or reset; what has not ended counts up to then."""
    record = replace(
        record,
        attempts=tuple(each for each in record.attempts if each.started_at >= record.started_at),
        escalations=tuple(each for each in record.escalations if each.at >= record.started_at),
    )
    weeks = tuple(_report_week(week, record, now) for week in plan.weeks)
    forecast = make_forecast(plan, record, [week.time for week in weeks], now)
    return RolloutReport(
        plan=plan,
        record=record,
        measured_at=now,
        weeks=weeks,
        milestones=find_milestones(plan, record, forecast, now),
        forecast=forecast,
        recoveries=count_recoveries(record),
    )


def _report_week(plan: PlannedWeek, record: RolloutRecord, now: datetime) -> WeekReport:
    week, attempts = record.weeks[plan.number - 1], record.attempts_of(plan.number)
    fixes = [fix.done for attempt in attempts for fix in attempt.fixes]
    escalations = [each for each in record.escalations if each.week == plan.number]
    overridden = {each.criterion: each for each in record.overrides if each.week == plan.number}
    results = (result for attempt in attempts for result in attempt.results)
    return WeekReport(
        plan=plan,
        record=week,
        is_escalated=week.state is not WeekState.PASSED and any(each.ended_at is None for each in escalations),
        time=measure_time(week, record, now),
        counts={
            "attempts": len(attempts),
            "retries": sum(attempt.number > 1 for attempt in attempts),
            "fixes_done": sum(fixes),
            "fixes_failed": len(fixes) - sum(fixes),
            "escalations": len(escalations),
            "overrides": len(overridden),
        },
        results={each.criterion: each for each in results if is_of_week(each, plan)},
        overridden=overridden,
    )


def count_recoveries(record: RolloutRecord) -> dict[str, int]:
    """Count the failed attempts by what the rollout recovered by.

    By a fixer: one did something after it, and a later attempt of the same cycle passed; by a retry: none did. By a
    person: what had failed was overridden, or the cycle ended in an escalation or a resumption. Open: it has not ended.
    """
    found = Counter(_find_recovery(record, attempt) for attempt in record.attempts if attempt.passed is False)
    return {name: found[name] for name in ("by_fixer", "by_retry", "by_person", "open")}


def _find_recovery(record: RolloutRecord, failed: AttemptRecord) -> str:
    of_week = record.attempts_of(failed.week)
    later = [each for each in of_week if each.cycle == failed.cycle and each.number > failed.number]
    passing = next((each for each in later if each.passed), None)
    if passing is not None:
        blocking = {each.criterion for each in failed.results if each.blocks}
        if blocking & {each.criterion for each in passing.results if each.is_overridden}:
            return "by_person"
        tried = [failed, *(each for each in later if each.number < passing.number)]
        return "by_fixer" if any(fix.done for each in tried for fix in each.fixes) else "by_retry"
    escalated = any(each.week == failed.week and each.cycle == failed.cycle for each in record.escalations)
    return "by_person" if escalated or any(each.cycle > failed.cycle for each in of_week) else "open"
