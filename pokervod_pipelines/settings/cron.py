"""Read a cron line as Dagster does, for the settings' check and for the next time of a schedule.

Whatever is read here means the same to Dagster, which a property holds; of what else Dagster knows (``L``, ``5#2``,
``@daily``) nothing is read, so that the settings refuse it.
"""

import calendar
from dataclasses import dataclass
from datetime import time

MONTHS = [each.lower() for each in calendar.month_abbr][1:]
WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
MINUTES, HOURS = 60, 24
MONDAY = WEEKDAYS.index("mon")


@dataclass(frozen=True, slots=True, kw_only=True)
class CronField:
    """Describe a field of a cron line: the numbers that it may have, from ``names`` where it has names for them."""

    title: str
    low: int
    high: int
    names: tuple[str, ...] = ()


FIELDS = (
    CronField(title="minute", low=0, high=59),
    CronField(title="hour", low=0, high=23),
    CronField(title="day", low=1, high=31),
    CronField(title="month", low=1, high=12, names=tuple(MONTHS)),
    CronField(title="weekday", low=0, high=6, names=tuple(WEEKDAYS)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CronTimes:
    """Hold the times that a cron line names; of ``days`` and ``weekdays`` one that is None allows every day.

    Where both are given, one of them is enough.
    """

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int] | None
    months: frozenset[int]
    weekdays: frozenset[int] | None

    @property
    def only_weekday(self) -> int | None:
        """Return the one weekday on which it is, 0 for Sunday; None where there are several."""
        is_one = self.weekdays is not None and self.days is None and len(self.weekdays) == 1
        return min(self.weekdays) if self.weekdays and is_one else None

    @property
    def latest(self) -> time:
        """Return the latest time of a day."""
        return time(max(self.hours), max(self.minutes))

    @property
    def is_hourly(self) -> bool:
        """Return whether it names every hour."""
        return len(self.hours) == HOURS


def read_cron(text: str) -> CronTimes:
    """Return the times of a cron line. Raises ``ValueError`` with what is wrong where it has none.

    >>> sorted(read_cron("0 22-2 * * *").hours)
    [0, 1, 2, 22, 23]
    """
    parts = text.lower().split()
    if len(parts) != len(FIELDS):
        raise ValueError("it has to have five fields: minute hour day month weekday")
    minutes, hours, days, months, weekdays = (_read_field(*each) for each in zip(parts, FIELDS, strict=True))
    if min(days) > max(calendar.monthrange(2024, month)[1] for month in months):
        raise ValueError("no month of it has its day")
    return CronTimes(
        minutes=minutes,
        hours=hours,
        days=None if _is_any(parts[2], days, FIELDS[2], other=parts[4]) else days,
        months=months,
        weekdays=None if _is_any(parts[4], weekdays, FIELDS[4], other=parts[2]) else weekdays,
    )


def _is_any(part: str, numbers: frozenset[int], field: CronField, *, other: str) -> bool:
    """Return whether the field says nothing: it is ``*``, or names every day beside a field that has a ``*``."""
    return part == "*" or (len(numbers) > field.high - field.low and "*" in other)


def _read_field(part: str, field: CronField) -> frozenset[int]:
    """Return the numbers of a field: ``*``, ``5``, ``1-5``, ``22-2``, ``*/15``, ``5/15``, ``mon,wed``."""
    try:
        if part == "*":
            return frozenset(range(field.low, field.high + 1))
        return frozenset(number for each in part.split(",") for number in _read_range(each, field))
    except ValueError as error:
        message = f"{error} in its {field.title} {part!r}"
        raise ValueError(message) from None


def _read_range(part: str, field: CronField) -> list[int]:
    span, has_step, step_text = part.partition("/")
    first, has_end, last = span.partition("-")
    step = _read_step(step_text) if has_step else 1
    if first == "*":
        if not has_step or has_end:
            raise ValueError("`*` has to stand alone or before a step")
        return list(range(field.low, field.high + 1, step))
    start = _read_number(first, field)
    if not has_end and not has_step:
        return [start]
    end = _read_number(last, field) if has_end else field.high
    if start == end:  # to Dagster everything, and not this number alone
        raise ValueError("a range has to end elsewhere than it begins; write one number or `*`")
    if start < end:
        return list(range(start, end + 1, step))
    if step > 1:
        raise ValueError("a range past the end takes no step")
    return [*range(start, field.high + 1), *range(field.low, end + 1)]


def _read_step(text: str) -> int:
    if not text.isdecimal() or not text.isascii() or int(text) < 1:
        raise ValueError("a step has to be a number from 1")
    return int(text)


def _read_number(text: str, field: CronField) -> int:
    if text in field.names:
        return field.low + field.names.index(text)
    number = int(text) if text.isdecimal() and text.isascii() else -1
    if field.title == "weekday" and number == len(WEEKDAYS):
        return 0
    if not field.low <= number <= field.high:
        names = f" or {field.names[0]} to {field.names[-1]}" if field.names else ""
        message = f"expected {field.low} to {field.high}{names}, got {text!r}"
        raise ValueError(message)
    return number
