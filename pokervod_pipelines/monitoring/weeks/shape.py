"""Define a week, and what each stage of it was found to be."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Self

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.hands.times import BroadcastDays

DAYS = 7

FIRST_YEAR, LAST_YEAR = 1900, 2999
"""Weeks of these years may be asked for; at the ends of the calendar a week has none before or after it."""


@dataclass(frozen=True, slots=True, order=True)
class Week:
    """Name an ISO week of broadcast days by its Monday; it ends when the broadcast day of the next Monday begins."""

    monday: date

    @classmethod
    def of(cls, day: date) -> Self:
        """Return the week of the day.

        >>> Week.of(date(2027, 1, 3)).name
        '2026-W53'
        """
        return cls(day - timedelta(days=day.weekday()))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the week that a person wrote. Raises ``BadInput`` for a text that names none.

        >>> Week.parse("2026-W48").monday
        datetime.date(2026, 11, 23)
        """
        try:
            day = date.fromisoformat(text.strip().upper())
        except ValueError:
            raise BadInput(f"expected a week such as 2026-W48, or a day of it, got {text!r}") from None
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise BadInput(f"expected a week of the years {FIRST_YEAR} to {LAST_YEAR}, got {text!r}")
        return cls.of(day)

    @property
    def name(self) -> str:
        """Return the name as ISO 8601 has it."""
        year, number, _ = self.monday.isocalendar()
        return f"{year}-W{number:02}"

    @property
    def sunday(self) -> date:
        """Return the last broadcast day."""
        return self.monday + timedelta(days=DAYS - 1)

    def shift(self, weeks: int) -> "Week":
        """Return the week so many weeks later, or earlier."""
        return Week(self.monday + timedelta(days=DAYS * weeks))

    def find_bounds(self, days: BroadcastDays) -> tuple[datetime, datetime]:
        """Return the moments between which it is; with a change of the clocks that is 167 or 169 hours."""
        after = self.shift(1).monday
        start, end = (datetime.combine(day, days.starts_at, days.zone) for day in (self.monday, after))
        return start, end

    def is_over(self, now: datetime, days: BroadcastDays) -> bool:
        """Return whether its last broadcast day has ended."""
        return days.find_day(now) > self.sunday


def list_weeks(first: Week, last: Week) -> Iterator[Week]:
    """Yield the weeks from the first to the last."""
    while first <= last:
        yield first
        first = first.shift(1)


class StageState(StrEnum):
    """Tell how a stage of a week is."""

    COMPLETE = "complete"
    """Something was looked at, and all of it is good."""

    INCOMPLETE = "incomplete"
    """Something that ought to be there is missing or wrong."""

    NOTHING = "nothing"
    """There was nothing to look at, so nobody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageFigures:
    """Hold how much of a stage ought to be there, how much of it is good, and both in a sentence."""

    looked_at: int
    good: int
    sentence: str

    @property
    def state(self) -> StageState:
        """Return how the stage is; one that looked at nothing is never complete."""
        if not self.looked_at:
            return StageState.NOTHING
        return StageState.COMPLETE if self.good == self.looked_at else StageState.INCOMPLETE


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedStage(StageFigures):
    """Hold what a stage was when its week was closed."""

    closed_at: datetime
    correlation_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekStage(StageFigures):
    """Tell how a stage of a week is now; ``cases`` are the first ones against it, ``closed`` what was frozen."""

    stage: str
    title: str
    cases: tuple[str, ...] = ()
    next_step: str
    closed: ClosedStage | None = None

    @property
    def case_count(self) -> int:
        """Return how many cases are against it."""
        return self.looked_at - self.good

    @property
    def change(self) -> str:
        """Return what has changed since the week was closed, or ""; equal counts may be of other things."""
        if self.closed is None or not (self.closed.looked_at or self.looked_at):
            return ""
        if (self.closed.looked_at, self.closed.good) != (self.looked_at, self.good):
            then, now = (f"{each.good:,} of {each.looked_at:,}" for each in (self.closed, self))
            return f"closed {then}, now {now}"
        return "" if self.closed.sentence == self.sentence else f"closed: {self.closed.sentence}; now: {self.sentence}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekValidation:
    """Tell how the stages of a week are, in their order."""

    week: Week
    is_over: bool
    stages: tuple[WeekStage, ...]

    @property
    def is_complete(self) -> bool:
        """Return whether every stage looked at something and found all of it good."""
        return all(each.state is StageState.COMPLETE for each in self.stages)

    @property
    def closed_at(self) -> datetime | None:
        """Return when the week was closed, None while it is open."""
        return next((each.closed.closed_at for each in self.stages if each.closed), None)

    @property
    def standing(self) -> str:
        """Return whether its figures may still change: "running", "open" where it is over, "" once it is closed."""
        return "" if self.closed_at else "open" if self.is_over else "running"

    @property
    def summary(self) -> str:
        """Return how many stages are how: "6 complete, 1 incomplete, 1 with nothing to look at, of 8 stages"."""
        counts = {state: sum(each.state is state for each in self.stages) for state in StageState}
        told = (
            (counts[StageState.COMPLETE], "complete"),
            (counts[StageState.INCOMPLETE], "incomplete"),
            (counts[StageState.NOTHING], "with nothing to look at"),
        )
        listed = [f"{count} {word}" for count, word in told if count]
        return f"{', '.join(listed)}, of {len(self.stages)} stages"
