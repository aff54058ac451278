"""Forecast a rollout against its plan: pace, estimated completion, delay, milestones.

The slot of a week is the time from its planned start to that of the next week (for the last one: to the end of its last
day), because a rollout continues as soon as a week has passed. The slots together are the whole plan: a rollout at pace
1 is expected on its planned end.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from pokervod_pipelines.rollout.plan import PlannedWeek, RolloutPlan
from pokervod_pipelines.rollout.record import RolloutRecord, WeekRecord, WeekState
from pokervod_pipelines.rollout.report.times import TimeSpent

DAY = timedelta(days=1)
MAX_REMAINING = timedelta(days=3650)
"""Limit of an estimate, whatever the pace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Estimate the end. ``pace`` is actual ÷ planned time of the passed weeks (above 1 is slower), None before them."""

    pace: float | None
    planned_day: date
    expected: Mapping[int, datetime]
    """When each week that has not passed is expected to pass, one after the other; never before the present."""

    last_day: date
    """The day on which it is expected to end, or ended."""

    @property
    def delay_days(self) -> int:
        """Return the calendar days from the planned last day to the estimated or actual one; below 0 is ahead."""
        return (self.last_day - self.planned_day).days

    @property
    def estimated_end(self) -> datetime | None:
        """Return when the last week is expected to pass."""
        return max(self.expected.values(), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    """Compare a milestone with its plan; ``due`` is its week's last planned day.

    ``expected`` is by the same estimate as the end of the rollout, None once it is reached. ``days_late`` counts
    calendar days from ``due`` until it was reached or is expected; below 0 it is early.
    """

    week: int
    name: str
    due: date
    reached_at: datetime | None
    expected: date | None
    days_late: int


def make_forecast(plan: RolloutPlan, record: RolloutRecord, times: Sequence[TimeSpent], now: datetime) -> Forecast:
    """Return the forecast at ``now``: the slots of the remaining weeks, at the pace of those that passed.

    The current week counts less the time it already worked and waited. Time blocked or paused is no progress, so it
    delays the estimate, and it counts in the pace once the week has passed. Before the first one has, the pace is that
    of the plan. ``times`` are those of the weeks.
    """
    whole = list(zip(plan.weeks, record.weeks, find_slots(plan), times, strict=True))
    passed = [(slot, time) for _, week, slot, time in whole if week.state is WeekState.PASSED]
    planned = sum(slot.total_seconds() for slot, _ in passed)
    pace = sum(time.total for _, time in passed) / planned if passed else None
    rate, total, expected = 1.0 if pace is None else pace, 0.0, {}
    for week, stored, slot, time in whole:
        if stored.state is not WeekState.PASSED:
            total += max(0.0, slot.total_seconds() * rate - time.working - time.waiting)
            gap = week.starts + slot - week.ends - DAY  # at the slot's end, after the week's last day
            seconds = max(0.0, total - gap.total_seconds() * rate)
            expected[week.number] = now + timedelta(seconds=min(seconds, MAX_REMAINING.total_seconds()))
    finished = max((week.finished_at for week in record.weeks if week.finished_at), default=now)
    last_day = _find_expected_day(max(expected.values()), now) if expected else _find_day(finished)
    return Forecast(pace=pace, planned_day=max(week.ends for week in plan.weeks), expected=expected, last_day=last_day)


def find_slots(plan: RolloutPlan) -> list[timedelta]:
    """Return the slot of each week; at least a day, because weeks may be planned side by side."""
    starts = [*(week.starts for week in plan.weeks), plan.weeks[-1].ends + DAY]
    return [max(DAY, end - start) for start, end in pairwise(starts)]


def find_milestones(
    plan: RolloutPlan, record: RolloutRecord, forecast: Forecast, now: datetime
) -> tuple[Milestone, ...]:
    """Return the milestones of the plan in its order; one is reached when its week has passed."""
    weeks = zip(plan.weeks, record.weeks, strict=True)
    return tuple(_make_milestone(week, stored, forecast, now) for week, stored in weeks if week.milestone)


def _make_milestone(week: PlannedWeek, stored: WeekRecord, forecast: Forecast, now: datetime) -> Milestone:
    end = forecast.expected.get(week.number)
    expected = None if end is None else _find_expected_day(end, now)
    reached = None if expected else stored.finished_at or now
    day = expected or _find_day(reached or now)
    return Milestone(
        week=week.number,
        name=str(week.milestone),
        due=week.ends,
        reached_at=reached,
        expected=expected,
        days_late=(day - week.ends).days,
    )


def _find_expected_day(end: datetime, now: datetime) -> date:
    """Return the day of an expected end, today at the earliest."""
    return max(_find_day(end), now.astimezone(UTC).date())


def _find_day(end: datetime) -> date:
    """Return the day, in UTC, on which something ended; an end at midnight belongs to the day before."""
    return (end.astimezone(UTC) - timedelta(microseconds=1)).date()
