"""Find when a schedule runs next, as Dagster does, without the second that its import takes."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MOST_DAYS = 8 * 366
"""A cron line without a day in so long, such as February 30, never runs; the 29th may be eight years away."""

MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]


def find_next_tick(cron: str, zone: ZoneInfo, after: datetime) -> datetime | None:
    """Return the first moment after this one that the cron line names on the clocks of the zone, None without any.

    A time that clocks skip is the next full hour, and of one that they show twice it is the second; each hour is each
    hour that passes.

    >>> find_next_tick("0 3 * * *", ZoneInfo("Europe/London"), datetime(2026, 7, 1, 12, tzinfo=UTC)).isoformat()
    '2026-07-02T03:00:00+01:00'
    """
    minutes, hours, *days = cron.split()
    clocks = [time(hour, minute) for hour in _read(hours, 0, 23) for minute in _read(minutes, 0, 59)]
    first = after.astimezone(zone).date()
    for day in (first + timedelta(days=each) for each in range(MOST_DAYS)):
        if _is_on(day, *days):
            moments = (each for clock in clocks for each in _show(day, clock, zone, is_hourly=hours == "*"))
            if found := min((each for each in moments if each > after), default=None):
                return found.astimezone(zone)
    return None


def _is_on(day: date, days: str, months: str, weekdays: str) -> bool:
    """Return whether the day fits; of a day of the month and a weekday one is enough, where both are given."""
    if day.month not in _read(months, 1, 12, MONTHS):
        return False
    fits = [
        day.day in _read(days, 1, 31),
        day.isoweekday() % 7 in {each % 7 for each in _read(weekdays, 0, 7, WEEKDAYS)},
    ]
    return all(fits) if "*" in {days[0], weekdays[0]} else any(fits)


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


def _read(field: str, low: int, high: int, names: list[str] | None = None) -> set[int]:
    """Return the numbers of a field of a cron line: ``*``, ``5``, ``1-5``, ``*/15``, ``mon,wed``."""
    numbers: set[int] = set()
    for part in field.lower().split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        start = low if first == "*" else _read_number(first, low, names)
        end = high if first == "*" or (step and not last) else _read_number(last or first, low, names)
        numbers.update(range(start, end + 1, int(step or 1)))
    return numbers


def _read_number(text: str, low: int, names: list[str] | None) -> int:
    return low + names.index(text) if names and text in names else int(text)
