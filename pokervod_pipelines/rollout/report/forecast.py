"""Forecast a rollout against its plan: pace, estimated completion, delay, milestones.

The slot of a week is the time from its planned start to that of the next week (for the last one: to the end of its last
day), because a rollout continues as soon as a week has passed. The slots together are the whole plan: a rollout at pace
1 is expected on its planned end.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from pokervod_pipelines.rollout.plan import RolloutPlan
from pokervod_pipelines.rollout.record import WeekRecord, WeekState
from pokervod_pipelines.rollout.report.times import TimeSpent

DAY = timedelta(days=1)
MAX_REMAINING = timedelta(days=3650)
"""Limit of an estimate, whatever the pace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Estimate the end. ``pace`` is actual ÷ planned time of the passed weeks (above 1 is slower), None before them.

    ``estimated_end`` is None once all weeks have passed and never before the time of the estimate.
    ``delay_days`` counts calendar days from the planned last day to the estimated (or actual) one; below 0 is ahead.
    """

    pace: float | None
    planned_day: date
    estimated_end: datetime | None
    delay_days: int

    @property
    def estimated_day(self) -> date | None:
        """Return the day on which it is expected to end."""
        return None if self.estimated_end is None else find_day(self.estimated_end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    """Compare a milestone with its plan; ``due`` is its week's last planned day.

    ``days_late`` counts calendar days after it, until it was reached or until now; below 0 there is time left.
    """

    week: int
    name: str
    due: date
    reached_at: datetime | None
    days_late: int

    @property
    def is_late(self) -> bool:
        """Return whether it was, or is, late."""
        return self.days_late > 0


def make_forecast(
    plan: RolloutPlan, weeks: Mapping[int, WeekRecord], times: Mapping[int, TimeSpent], now: datetime
) -> Forecast:
    """Return the forecast at ``now``: the slots of the remaining weeks, at the pace of those that passed.

    The current week counts less the time it already worked and waited. Time blocked or paused is no progress, so it
    delays the estimate. Before the first week has passed, the pace is that of the plan.
    """
    slots = find_slots(plan)
    passed = {number for number in slots if _has_passed(weeks.get(number))}
    spent = sum(times[number].total for number in passed)
    pace = spent / sum(slots[number].total_seconds() for number in passed) if passed else None
    planned_day = max(week.ends for week in plan.weeks)
    remaining = _find_remaining({number: slot for number, slot in slots.items() if number not in passed}, times, pace)
    estimate = None if remaining is None else now + remaining
    finish = estimate or _find_last_finish(weeks) or now
    delay = (find_day(finish) - planned_day).days
    return Forecast(pace=pace, planned_day=planned_day, estimated_end=estimate, delay_days=delay)


def find_slots(plan: RolloutPlan) -> Mapping[int, timedelta]:
    """Return the slot of each week; at least a day, because weeks may be planned side by side."""
    starts = [*(week.starts for week in plan.weeks[1:]), plan.weeks[-1].ends + DAY]
    return {week.number: max(DAY, after - week.starts) for week, after in zip(plan.weeks, starts, strict=True)}


def find_milestones(plan: RolloutPlan, weeks: Mapping[int, WeekRecord], now: datetime) -> tuple[Milestone, ...]:
    """Return the milestones of the plan in its order; one is reached when its week has passed."""
    found = []
    for week in plan.weeks:
        if week.milestone:
            record = weeks.get(week.number)
            reached = record.finished_at if record is not None and _has_passed(record) else None
            late = (find_day(reached or now) - week.ends).days
            found.append(
                Milestone(week=week.number, name=week.milestone, due=week.ends, reached_at=reached, days_late=late)
            )
    return tuple(found)


def find_end_of_day(day: date) -> datetime:
    """Return the moment at which the day is over, in UTC."""
    return datetime.combine(day, time(), tzinfo=UTC) + DAY


def find_day(end: datetime) -> date:
    """Return the day, in UTC, on which something ended; an end at midnight belongs to the day before."""
    return (end.astimezone(UTC) - timedelta(microseconds=1)).date()


def _find_remaining(
    slots: Mapping[int, timedelta], times: Mapping[int, TimeSpent], pace: float | None
) -> timedelta | None:
    """Return how long the weeks of these slots will take, or None without any."""
    if not slots:
        return None
    rate = 1.0 if pace is None else pace
    seconds = (
        max(0.0, slot.total_seconds() * rate - times[number].working - times[number].waiting)
        for number, slot in slots.items()
    )
    return min(MAX_REMAINING, timedelta(seconds=min(sum(seconds), MAX_REMAINING.total_seconds())))


def _has_passed(week: WeekRecord | None) -> bool:
    return week is not None and week.state is WeekState.PASSED


def _find_last_finish(weeks: Mapping[int, WeekRecord]) -> datetime | None:
    return max((week.finished_at for week in weeks.values() if week.finished_at), default=None)
