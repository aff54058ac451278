"""Find when a schedule runs next, as Dagster does, without the second that its import takes."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from pokervod_pipelines.settings.cron import CronTimes, read_cron


def find_next_tick(cron: str, zone: ZoneInfo, after: datetime) -> datetime:
    """Return the first moment after this one that the cron line names on the clocks of the zone.

    A time that clocks skip is the next full hour, and of one that they show twice it is the second; each hour is each
    hour that passes.

    >>> find_next_tick("0 3 * * *", ZoneInfo("Europe/London"), datetime(2026, 7, 1, 12, tzinfo=UTC)).isoformat()
    '2026-07-02T03:00:00+01:00'
    """
    times = read_cron(cron)
    clocks = [time(hour, minute) for hour in times.hours for minute in times.minutes]
    first = after.astimezone(zone).date()
    days = (day for each in count() if _is_on(day := first + timedelta(days=each), times))
    moments = (each for day in days for each in sorted(_show_all(day, clocks, zone, is_hourly=times.is_hourly)))
    return next(each for each in moments if each > after).astimezone(zone)


def _is_on(day: date, times: CronTimes) -> bool:
    """Return whether the day fits; of a day of the month and a weekday one is enough, where both are given."""
    fits = [
        times.days is None or day.day in times.days,
        times.weekdays is None or day.isoweekday() % 7 in times.weekdays,
    ]
    return day.month in times.months and (all(fits) if None in {times.days, times.weekdays} else any(fits))


def _show_all(day: date, clocks: list[time], zone: ZoneInfo, *, is_hourly: bool) -> list[datetime]:
    return [moment for clock in clocks for moment in _show(day, clock, zone, is_hourly=is_hourly)]


def _show(day: date, clock: time, zone: ZoneInfo, *, is_hourly: bool) -> Iterator[datetime]:
    """Yield when clocks of the zone show this time on this day, in UTC."""
    shown = datetime.combine(day, clock, zone)
    first, second = (shown.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    if second < first:  # clocks skip it
        if not is_hourly:
            yield first.astimezone(zone).replace(minute=0, second=0).astimezone(UTC)
        return
    if is_hourly:
        yield first
    yield second
