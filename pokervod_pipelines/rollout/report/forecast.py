"""Forecast a rollout against its plan: pace, estimated completion, delay, milestones.

The slot of a week is the time from its planned start to that of the next week (for the last one: to the end of its last
day), because a rollout continues as soon as a week has passed. The slots together are the whole plan: a rollout at pace
1 is expected on its planned end.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from pokervod_pipelines.rollout.plan import RolloutPlan
from pokervod_pipelines.rollout.record import WeekRecord, WeekState
from pokervod_pipelines.rollout.report.times import TimeSpent

DAY = timedelta(days=1)
MAX_REMAINING = timedelta(days=3650)
"""Limit of an estimate, whatever the pace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Estimate the end. ``pace`` is actual ÷ planned time of the passed weeks (above 1 is slower), None before them.

    Nothing is expected before ``measured_at``. ``delay_days`` counts calendar days from the planned last day to the
    estimated (or actual) one; below 0 is ahead.
    """

    pace: float | None
    measured_at: datetime
    planned_day: date
    expected: Mapping[int, datetime]
    """When each week that has not passed is expected to pass, one after the other."""

    delay_days: int

    @property
    def estimated_end(self) -> datetime | None:
        """Return when the last week is expected to pass."""
        return max(self.expected.values(), default=None)

    @property
    def estimated_day(self) -> date | None:
        """Return the day on which it is expected to end."""
        return None if self.estimated_end is None else self.find_expected_day(max(self.expected))

    def find_expected_day(self, week: int) -> date:
        """Return the day on which the week is expected to pass, today at the earliest."""
        return max(find_day(self.expected[week]), self.measured_at.astimezone(UTC).date())


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

    @property
    def is_late(self) -> bool:
        """Return whether it was, or will be, late."""
        return self.days_late > 0


def make_forecast(
    plan: RolloutPlan, weeks: Mapping[int, WeekRecord], times: Mapping[int, TimeSpent], now: datetime
) -> Forecast:
    """Return the forecast at ``now``: the slots of the remaining weeks, at the pace of those that passed.

    The current week counts less the time it already worked and waited. Time blocked or paused is no progress, so it
    delays the estimate, and it counts in the pace once the week has passed. Before the first one has, the pace is that
    of the plan.
    """
    slots = find_slots(plan)
    passed = {number for number in slots if _has_passed(weeks.get(number))}
    spent = sum(times[number].total for number in passed)
    pace = spent / sum(slots[number].total_seconds() for number in passed) if passed else None
    planned_day = max(week.ends for week in plan.weeks)
    remaining = {number: slot for number, slot in slots.items() if number not in passed}
    gaps = {week.number: find_end_of_slot(plan, at) - week.ends - DAY for at, week in enumerate(plan.weeks)}
    expected = dict(_expect_weeks(remaining, gaps, times, now, 1.0 if pace is None else pace))
    forecast = Forecast(pace=pace, measured_at=now, planned_day=planned_day, expected=expected, delay_days=0)
    last_day = forecast.estimated_day or find_day(_find_last_finish(weeks) or now)
    return replace(forecast, delay_days=(last_day - planned_day).days)


def find_slots(plan: RolloutPlan) -> Mapping[int, timedelta]:
    """Return the slot of each week; at least a day, because weeks may be planned side by side."""
    return {week.number: max(DAY, find_end_of_slot(plan, at) - week.starts) for at, week in enumerate(plan.weeks)}


def find_end_of_slot(plan: RolloutPlan, at: int) -> date:
    """Return the day on which the next week begins, or the day after the last one."""
    return plan.weeks[at + 1].starts if at + 1 < len(plan.weeks) else plan.weeks[at].ends + DAY


def find_milestones(plan: RolloutPlan, weeks: Mapping[int, WeekRecord], forecast: Forecast) -> tuple[Milestone, ...]:
    """Return the milestones of the plan in its order; one is reached when its week has passed."""
    found = []
    for week in plan.weeks:
        if week.milestone:
            is_open = week.number in forecast.expected
            reached = None if is_open else weeks[week.number].finished_at or forecast.measured_at
            expected = forecast.find_expected_day(week.number) if is_open else None
            late = ((find_day(reached) if reached else expected or week.ends) - week.ends).days
            found.append(
                Milestone(
                    week=week.number,
                    name=week.milestone,
                    due=week.ends,
                    reached_at=reached,
                    expected=expected,
                    days_late=late,
                )
            )
    return tuple(found)


def find_day(end: datetime) -> date:
    """Return the day, in UTC, on which something ended; an end at midnight belongs to the day before."""
    return (end.astimezone(UTC) - timedelta(microseconds=1)).date()


def _expect_weeks(
    slots: Mapping[int, timedelta],
    gaps: Mapping[int, timedelta],
    times: Mapping[int, TimeSpent],
    now: datetime,
    rate: float,
) -> Iterator[tuple[int, datetime]]:
    """Yield when each week of these slots will have passed, one after the other: before the gap at the slot's end."""
    total = 0.0
    for number, slot in slots.items():
        total += max(0.0, slot.total_seconds() * rate - times[number].working - times[number].waiting)
        seconds = max(0.0, total - gaps[number].total_seconds() * rate)
        yield number, now + timedelta(seconds=min(seconds, MAX_REMAINING.total_seconds()))


def _has_passed(week: WeekRecord | None) -> bool:
    return week is not None and week.state is WeekState.PASSED


def _find_last_finish(weeks: Mapping[int, WeekRecord]) -> datetime | None:
    return max((week.finished_at for week in weeks.values() if week.finished_at), default=None)
