"""A programme in figures: every number that a report shows is counted here, once, from the record alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pokervod_pipelines.rollout.record import ProgrammeRecord, ProgrammeState, WeekRecord, WeekState
from pokervod_pipelines.rollout.report.forecast import Forecast, Milestone, find_milestones, make_forecast
from pokervod_pipelines.rollout.report.planned import PlannedProgramme, PlannedWeek
from pokervod_pipelines.rollout.report.recoveries import Recoveries, count_recoveries
from pokervod_pipelines.rollout.report.results import count_held
from pokervod_pipelines.rollout.report.times import TimeSpent, measure_time


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekFigures:
    """One week in figures. ``retries`` are attempts after the first of a round; ``fixes_failed`` could not be done."""

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
    criteria_held: int

    @property
    def number(self) -> int:
        """The number of the week."""
        return self.plan.number

    @property
    def planned_days(self) -> int:
        """The days from its first to its last, both counted."""
        return (self.plan.ends - self.plan.starts).days + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """A programme in figures, as it stood at ``measured_at``."""

    name: str
    title: str
    state: ProgrammeState
    reason: str
    measured_at: datetime
    started_at: datetime
    finished_at: datetime | None
    weeks: tuple[WeekFigures, ...]
    milestones: tuple[Milestone, ...]
    forecast: Forecast
    recoveries: Recoveries
    current: int | None
    """The first week that has not passed, or None when all have."""

    @property
    def done(self) -> tuple[int, ...]:
        """The numbers of the weeks that have passed."""
        return tuple(week.number for week in self.weeks if week.state is WeekState.PASSED)

    @property
    def next(self) -> int | None:
        """The first week after the current one that has not passed."""
        waiting = (week.number for week in self.weeks if week.state is not WeekState.PASSED)
        return next((number for number in waiting if number != self.current), None)

    @property
    def percent(self) -> int:
        """Passed weeks in whole percent of all, rounded down: 100 is said only when every week has passed."""
        return 100 * len(self.done) // len(self.weeks)

    @property
    def criteria_held(self) -> int:
        """The criteria that hold: all of a passed week; elsewhere those whose latest result passed or is overridden."""
        return sum(week.criteria_held for week in self.weeks)

    @property
    def criteria_total(self) -> int:
        """All criteria of the plan."""
        return sum(len(week.plan.criteria) for week in self.weeks)

    @property
    def totals(self) -> Mapping[str, int]:
        """Attempts, retries, fixes, escalations and overrides of all weeks together."""
        names = ("attempts", "retries", "fixes_done", "fixes_failed", "escalations", "overrides")
        return {name: sum(getattr(week, name) for week in self.weeks) for name in names}

    def week(self, number: int) -> WeekFigures:
        """The week of that number. Raises ``KeyError`` for one that the plan has not."""
        return {week.number: week for week in self.weeks}[number]


def measure_programme(planned: PlannedProgramme, record: ProgrammeRecord, now: datetime) -> Figures:
    """Return the programme in figures at the moment ``now``; what goes on is counted up to then."""
    kept = {week.number: week for week in record.weeks}
    weeks = tuple(
        _measure_week(week, kept.get(week.number, _unbegun(week.number)), record, now) for week in planned.weeks
    )
    return Figures(
        name=planned.name,
        title=planned.title,
        state=record.state,
        reason=record.reason,
        measured_at=now,
        started_at=record.started_at,
        finished_at=record.finished_at,
        weeks=weeks,
        milestones=find_milestones(planned, kept, now),
        forecast=make_forecast(planned, kept, {week.number: week.time for week in weeks}, now),
        recoveries=count_recoveries(record),
        current=next((week.number for week in weeks if week.state is not WeekState.PASSED), None),
    )


def _measure_week(plan: PlannedWeek, week: WeekRecord, record: ProgrammeRecord, now: datetime) -> WeekFigures:
    attempts = record.attempts_of(plan.number)
    fixes = [fix.done for attempt in attempts for fix in attempt.fixes]
    escalations = [each for each in record.escalations if each.week == plan.number]
    return WeekFigures(
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
        criteria_held=count_held(plan, week.state, record),
    )


def _unbegun(number: int) -> WeekRecord:
    """A week that the plan has and the record has not: the plan grew after the programme began."""
    return WeekRecord(
        number=number,
        state=WeekState.PENDING,
        round=1,
        attempts=0,
        next_try_at=None,
        started_at=None,
        finished_at=None,
    )
