"""How a programme stands against its plan: pace, estimated completion, delay, milestones.

A week's slot is the time from its planned start to that of the week after it (of the last one: to the end of its last
day), for a programme goes on as soon as a week has passed. The slots together are the whole plan: a programme at pace 1
is expected on its planned end.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from pokervod_pipelines.rollout.record import WeekRecord, WeekState
from pokervod_pipelines.rollout.report.planned import PlannedProgramme
from pokervod_pipelines.rollout.report.times import TimeSpent

DAY = timedelta(days=1)
LONGEST = timedelta(days=3650)
"""No estimate lies further off than ten years, whatever the pace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What to expect. ``pace`` is actual ÷ planned time of the passed weeks (above 1 is slower), None before the first.

    ``estimated_end`` is None once all weeks have passed and never before the moment of the estimate.
    ``delay_days`` counts calendar days from the planned last day to the estimated (or actual) one; below 0 is ahead.
    """

    pace: float | None
    planned_day: date
    estimated_end: datetime | None
    delay_days: int

    @property
    def estimated_day(self) -> date | None:
        """The day on which it is expected to end."""
        return None if self.estimated_end is None else day_of(self.estimated_end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    """A milestone; ``due`` is its week's last planned day.

    ``days_late`` counts calendar days after it, until it was reached or until now; below 0 there is time left.
    """

    week: int
    name: str
    due: date
    reached_at: datetime | None
    days_late: int

    @property
    def is_late(self) -> bool:
        """Whether it was, or is, late."""
        return self.days_late > 0


def make_forecast(
    planned: PlannedProgramme, weeks: Mapping[int, WeekRecord], times: Mapping[int, TimeSpent], now: datetime
) -> Forecast:
    """Return what to expect at ``now``: the slots of the weeks to come, at the pace of those that passed.

    The current week counts less the time it already worked and waited. Time blocked or paused is no progress, so the
    estimate moves on with it. Before a first week has passed the pace is taken to be that of the plan.
    """
    slots = find_slots(planned)
    passed = {number for number in slots if _has_passed(weeks.get(number))}
    spent = sum(times[number].total for number in passed)
    pace = spent / sum(slots[number].total_seconds() for number in passed) if passed else None
    planned_day = max(week.ends for week in planned.weeks)
    left = _left({number: slot for number, slot in slots.items() if number not in passed}, times, pace)
    estimate = None if left is None else now + left
    finish = estimate or _last_finish(weeks) or now
    delay = (day_of(finish) - planned_day).days
    return Forecast(pace=pace, planned_day=planned_day, estimated_end=estimate, delay_days=delay)


def find_slots(planned: PlannedProgramme) -> Mapping[int, timedelta]:
    """Return the slot of each week; at least a day, for weeks may be planned side by side."""
    starts = [*(week.starts for week in planned.weeks[1:]), planned.weeks[-1].ends + DAY]
    return {week.number: max(DAY, after - week.starts) for week, after in zip(planned.weeks, starts, strict=True)}


def find_milestones(planned: PlannedProgramme, weeks: Mapping[int, WeekRecord], now: datetime) -> tuple[Milestone, ...]:
    """Return the milestones of the plan in its order; one is reached when its week has passed."""
    found = []
    for week in planned.weeks:
        if week.milestone:
            kept = weeks.get(week.number)
            reached = kept.finished_at if kept is not None and _has_passed(kept) else None
            late = (day_of(reached or now) - week.ends).days
            found.append(
                Milestone(week=week.number, name=week.milestone, due=week.ends, reached_at=reached, days_late=late)
            )
    return tuple(found)


def end_of(day: date) -> datetime:
    """Return the moment at which the day is over, in UTC."""
    return datetime.combine(day, time(), tzinfo=UTC) + DAY


def day_of(end: datetime) -> date:
    """Return the day, in UTC, on which something ended; what ended at midnight ended with the day before."""
    return (end.astimezone(UTC) - timedelta(microseconds=1)).date()


def _left(slots: Mapping[int, timedelta], times: Mapping[int, TimeSpent], pace: float | None) -> timedelta | None:
    """What the weeks to come will take, or None when there is none."""
    if not slots:
        return None
    rate = 1.0 if pace is None else pace
    seconds = (
        max(0.0, slot.total_seconds() * rate - times[number].working - times[number].waiting)
        for number, slot in slots.items()
    )
    return min(LONGEST, timedelta(seconds=min(sum(seconds), LONGEST.total_seconds())))


def _has_passed(week: WeekRecord | None) -> bool:
    return week is not None and week.state is WeekState.PASSED


def _last_finish(weeks: Mapping[int, WeekRecord]) -> datetime | None:
    return max((week.finished_at for week in weeks.values() if week.finished_at), default=None)
