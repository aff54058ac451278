"""Split a window into whole days, hours and minutes that were rolled up, and the rest, which is counted from its rows.

Hours are those of UTC; a day is a broadcast day, so it may have 23 or 25 hours. Pure.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from pokervod_pipelines.hands.times import BroadcastDays
from pokervod_pipelines.monitoring.measures.shape import Window
from pokervod_pipelines.settings import Settings


class Resolution(StrEnum):
    """Name how long the steps of a rollup are."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"


KEPT = {Resolution.MINUTE: timedelta(days=2), Resolution.HOUR: timedelta(days=100)}
"""How long rollups are kept; those of days for ever. A day is summed from its minutes, so these outlast one."""

LONGEST = {Resolution.MINUTE: timedelta(hours=3), Resolution.HOUR: timedelta(days=3)}
"""The longest window whose series has such steps."""

UNITS = {Resolution.MINUTE: timedelta(minutes=1), Resolution.HOUR: timedelta(hours=1)}

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class WindowPiece:
    """Hold a part of a window that rollups of a resolution cover; None is one that is counted from its rows."""

    resolution: Resolution | None
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Calendar:
    """Know when minutes, hours and broadcast days begin."""

    days: BroadcastDays

    def floor(self, at: datetime, resolution: Resolution) -> datetime:
        """Return the beginning of the step that contains the moment."""
        if resolution in UNITS:
            return at - (at - EPOCH) % UNITS[resolution]
        day = self.days.find_day(at)
        ahead = (1, 0, -1)  # clocks that change may be between
        return next(start for each in ahead if (start := _find_start(self.days, day + timedelta(days=each))) <= at)

    def follow(self, start: datetime, resolution: Resolution) -> datetime:
        """Return the end of the step that begins at ``start``."""
        if resolution in UNITS:
            return start + UNITS[resolution]
        day = self.days.find_day(start)
        ends = (_find_start(self.days, day + timedelta(days=ahead)) for ahead in (0, 1, 2))
        return next(end for end in ends if end > start)

    def ceil(self, at: datetime, resolution: Resolution) -> datetime:
        """Return the first beginning of a step that is not before the moment."""
        start = self.floor(at, resolution)
        return at if start == at else self.follow(start, resolution)

    def list_steps(self, window: Window, resolution: Resolution) -> Iterator[datetime]:
        """Yield the beginnings of the steps of the window, the first of which may have begun before it."""
        start = self.floor(window.since, resolution)
        while start < window.until:
            yield start
            start = self.follow(start, resolution)


@lru_cache(maxsize=2_000)
def _find_start(days: BroadcastDays, day: date) -> datetime:
    """Return when the day begins; a long window asks of each day many times."""
    return datetime.combine(day, days.starts_at, days.zone).astimezone(UTC)


def make_calendar(settings: Settings) -> Calendar:
    """Return the calendar of the settings."""
    return Calendar(BroadcastDays(settings.zone, settings.hands.day_starts_at))


def choose_step(length: timedelta) -> Resolution:
    """Return the steps of the series of a window of that length.

    >>> choose_step(timedelta(hours=1)), choose_step(timedelta(days=1)), choose_step(timedelta(days=7))
    (<Resolution.MINUTE: 'minute'>, <Resolution.HOUR: 'hour'>, <Resolution.DAY: 'day'>)
    """
    return next((each for each, longest in LONGEST.items() if length <= longest), Resolution.DAY)


def split_window(window: Window, rolled_until: datetime | None, calendar: Calendar, now: datetime) -> list[WindowPiece]:
    """Return the pieces of the window in their order: no rollup after ``rolled_until``, none that was deleted."""
    end = window.since if rolled_until is None else max(window.since, min(window.until, rolled_until))
    step = choose_step(window.length)
    units = [each for each in (Resolution.DAY, Resolution.HOUR, Resolution.MINUTE) if not _is_longer(each, step)]
    kept = {each: now - length for each, length in KEPT.items()}
    pieces = [*_split(window.since, end, units, lambda unit: kept.get(unit, window.since), calendar)]
    return pieces + [WindowPiece(None, end, window.until)] * (end < window.until)


def _is_longer(unit: Resolution, other: Resolution) -> bool:
    order = [*Resolution]
    return order.index(unit) > order.index(other)


def _split(
    since: datetime,
    until: datetime,
    units: Sequence[Resolution],
    find_oldest: Callable[[Resolution], datetime],
    calendar: Calendar,
) -> Iterator[WindowPiece]:
    if since >= until:
        return
    if not units:
        yield WindowPiece(None, since, until)
        return
    unit, *finer = units
    first, last = calendar.ceil(max(since, find_oldest(unit)), unit), calendar.floor(until, unit)
    if first >= last:
        yield from _split(since, until, finer, find_oldest, calendar)
        return
    yield from _split(since, first, finer, find_oldest, calendar)
    yield WindowPiece(unit, first, last)
    yield from _split(last, until, finer, find_oldest, calendar)
