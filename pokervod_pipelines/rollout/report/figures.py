"""Compute every figure of a report, once, from the plan and the record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from pokervod_pipelines.rollout.plan import PlannedWeek, RolloutPlan
from pokervod_pipelines.rollout.record import (
    AttemptRecord,
    EscalationRecord,
    InterventionRecord,
    OverrideRecord,
    ResultRecord,
    RolloutRecord,
    RolloutState,
    WeekRecord,
    WeekState,
)
from pokervod_pipelines.rollout.report.forecast import Forecast, Milestone, find_milestones, make_forecast
from pokervod_pipelines.rollout.report.times import TimeSpent, measure_time


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekReport:
    """Hold the figures of a week. ``retries`` are attempts after the first of a cycle, ``fixes_failed`` did nothing."""

    plan: PlannedWeek
    state: WeekState
    is_escalated: bool
    started_at: datetime | None
    finished_at: datetime | None
    next_try_at: datetime | None
    time: TimeSpent
    attempts: int
    retries: int
    fixes_done: int
    fixes_failed: int
    escalations: int
    overrides: int
    results: Mapping[str, ResultRecord]
    """The newest result of each criterion that the plan has now, also of a running attempt."""

    overridden: Mapping[str, OverrideRecord]

    @property
    def criteria_held(self) -> int:
        """Return how many criteria passed when they were last evaluated, or are overridden."""
        passed = {name for name, result in self.results.items() if result.passed}
        return len(passed | {*self.overridden})

    @property
    def number(self) -> int:
        """Return the number of the week."""
        return self.plan.number

    @property
    def planned_days(self) -> int:
        """Return the days from its first to its last, both included."""
        return (self.plan.ends - self.plan.starts).days + 1


class Recovery(Enum):
    """Name what a rollout recovered by from a failed attempt."""

    FIXER = auto()
    """A fixer did something after it, and a later attempt of the same cycle passed."""

    RETRY = auto()
    """No fixer did anything, and a later attempt of the same cycle passed."""

    PERSON = auto()
    """A person overrode what had failed, or the cycle ended in an escalation or a resumption."""

    OPEN = auto()
    """Not known yet: its cycle has not ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recoveries:
    """Count the failed attempts of a rollout by what it recovered by."""

    by_fixer: int
    by_retry: int
    by_person: int
    open: int

    @property
    def failed_attempts(self) -> int:
        """Return the number of all failed attempts."""
        return self.by_fixer + self.by_retry + self.by_person + self.open

    @property
    def automation_rate(self) -> float | None:
        """Return the share, 0 to 1, of decided failed attempts that needed no person; None without any.

        A failed attempt is decided when its cycle has passed, was escalated, or was followed by another cycle, which
        only a person starts. It needed no person when a later attempt of its cycle passed and none of the criteria
        that had failed in it was overridden there.
        """
        decided = self.by_fixer + self.by_retry + self.by_person
        return (self.by_fixer + self.by_retry) / decided if decided else None


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutReport:
    """Hold the figures of a rollout at ``measured_at``."""

    name: str
    title: str
    state: RolloutState
    reason: str
    measured_at: datetime
    started_at: datetime
    finished_at: datetime | None
    weeks: tuple[WeekReport, ...]
    milestones: tuple[Milestone, ...]
    forecast: Forecast
    recoveries: Recoveries
    attempts: tuple[AttemptRecord, ...]
    escalations: tuple[EscalationRecord, ...]
    overrides: tuple[OverrideRecord, ...]
    interventions: tuple[InterventionRecord, ...]
    current: int | None
    """The first week that has not passed, or None when all have."""

    @property
    def done(self) -> tuple[int, ...]:
        """Return the numbers of the weeks that have passed."""
        return tuple(week.number for week in self.weeks if week.state is WeekState.PASSED)

    @property
    def next(self) -> int | None:
        """Return the first week after the current one that has not passed."""
        open_weeks = (week.number for week in self.weeks if week.state is not WeekState.PASSED)
        return next((number for number in open_weeks if number != self.current), None)

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
        return sum(len(week.plan.criteria) for week in self.weeks)

    @property
    def totals(self) -> Mapping[str, int]:
        """Return attempts, retries, fixes, escalations and overrides of all weeks together."""
        names = ("attempts", "retries", "fixes_done", "fixes_failed", "escalations", "overrides")
        return {name: sum(getattr(week, name) for week in self.weeks) for name in names}

    def week(self, number: int) -> WeekReport:
        """Return the week of that number. Raises ``KeyError`` if the plan does not have it."""
        return {week.number: week for week in self.weeks}[number]

    def last_escalation(self, week: int) -> EscalationRecord | None:
        """Return the newest escalation of the week, or None without any."""
        return next((each for each in reversed(self.escalations) if each.week == week), None)

    def attempts_of(self, week: int, escalation: EscalationRecord | None) -> list[AttemptRecord]:
        """Return the attempts at the week, only those of the escalated cycle where an escalation is given."""
        own = (each for each in self.attempts if each.week == week)
        return [each for each in own if escalation is None or each.cycle == escalation.cycle]


def make_report(plan: RolloutPlan, record: RolloutRecord, now: datetime) -> RolloutReport:
    """Return the figures of the rollout at ``now``; what has not ended counts up to then."""
    # A week that was added to the plan after the start has no record yet.
    records = {week.number: WeekRecord(number=week.number) for week in plan.weeks}
    records |= {week.number: week for week in record.weeks}
    weeks = tuple(_report_week(week, records[week.number], record, now) for week in plan.weeks)
    forecast = make_forecast(plan, records, {week.number: week.time for week in weeks}, now)
    return RolloutReport(
        name=plan.name,
        title=plan.title,
        state=record.state,
        reason=record.reason,
        measured_at=now,
        started_at=record.started_at,
        finished_at=record.finished_at,
        weeks=weeks,
        milestones=find_milestones(plan, records, forecast),
        forecast=forecast,
        recoveries=count_recoveries(record),
        attempts=record.attempts,
        escalations=record.escalations,
        overrides=record.overrides,
        interventions=record.interventions,
        current=next((week.number for week in weeks if week.state is not WeekState.PASSED), None),
    )


def _report_week(plan: PlannedWeek, week: WeekRecord, record: RolloutRecord, now: datetime) -> WeekReport:
    attempts = record.attempts_of(plan.number)
    fixes = [fix.done for attempt in attempts for fix in attempt.fixes]
    escalations = [each for each in record.escalations if each.week == plan.number]
    return WeekReport(
        plan=plan,
        state=week.state,
        is_escalated=week.state is not WeekState.PASSED and any(each.ended_at is None for each in escalations),
        started_at=week.started_at,
        finished_at=week.finished_at,
        next_try_at=week.next_try_at,
        time=measure_time(week, record, now),
        attempts=len(attempts),
        retries=sum(attempt.number > 1 for attempt in attempts),
        fixes_done=sum(fixes),
        fixes_failed=len(fixes) - sum(fixes),
        escalations=len(escalations),
        overrides=sum(each.week == plan.number for each in record.overrides),
        results=_find_results(plan, attempts),
        overridden={each.criterion: each for each in record.overrides if each.week == plan.number},
    )


def _find_results(plan: PlannedWeek, attempts: Sequence[AttemptRecord]) -> Mapping[str, ResultRecord]:
    """Return the newest result of each criterion; a result of a criterion that was changed since is not one of it."""
    digests = {criterion.name: criterion.digest for criterion in plan.criteria}
    results = (result for attempt in attempts for result in attempt.results)
    return {each.criterion: each for each in results if each.is_of(digests.get(each.criterion))}


def count_recoveries(record: RolloutRecord) -> Recoveries:
    """Count the failed attempts by what the rollout recovered by."""
    found = [find_recovery(record, attempt) for attempt in record.attempts if attempt.passed is False]
    return Recoveries(
        by_fixer=found.count(Recovery.FIXER),
        by_retry=found.count(Recovery.RETRY),
        by_person=found.count(Recovery.PERSON),
        open=found.count(Recovery.OPEN),
    )


def find_recovery(record: RolloutRecord, failed: AttemptRecord) -> Recovery:
    """Return what the rollout recovered by from one failed attempt."""
    of_week = record.attempts_of(failed.week)
    later = [each for each in of_week if each.cycle == failed.cycle and each.number > failed.number]
    passing = next((each for each in later if each.passed), None)
    if passing is not None:
        blocking = {each.criterion for each in failed.results if each.blocks}
        if blocking & {each.criterion for each in passing.results if each.is_overridden}:
            return Recovery.PERSON
        tried = [failed, *(each for each in later if each.number < passing.number)]
        return Recovery.FIXER if any(fix.done for each in tried for fix in each.fixes) else Recovery.RETRY
    escalated = any(each.week == failed.week and each.cycle == failed.cycle for each in record.escalations)
    followed = any(each.cycle > failed.cycle for each in of_week)
    return Recovery.PERSON if escalated or followed else Recovery.OPEN
