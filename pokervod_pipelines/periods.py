"""Filter by time: one shape for ``--since`` and ``--until`` of every command and route."""

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pokervod_pipelines.errors import BadInput

LENGTHS = "30m, 1h, 24h, 7d or 4w"
COMING = "2h, 30m, 3d (from now), 18:00 (the next one), tomorrow, 2026-05-04 or 2026-05-04 10:00"
FORMS = "2h, 30m, 3d, 10:00, today, yesterday, 2026-05-04 or 2026-05-04 10:00"

OPTIONS = ("--since", "--until")
PARAMETERS = ("since", "until")

_AGO = re.compile(r"(\d{1,5}) ?(m|h|d|w)")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DAYS = {"today": 0, "yesterday": 1}
_CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2})?")


@dataclass(frozen=True, slots=True)
class Period:
    """Hold the first moment and the moment after the last; None is unlimited. Both have a time zone."""

    since: datetime | None = None
    until: datetime | None = None

    def contains(self, moment: datetime) -> bool:
        """Return whether the moment is in the period."""
        return (self.since is None or moment >= self.since) and (self.until is None or moment < self.until)


ALWAYS = Period()


def filter_period(column: str) -> str:
    """Return the SQL condition that the column is in the period of the parameters ``since`` and ``until``."""
    return (
        f"(cast(:since as timestamptz) is null or {column} >= :since) "
        f"and (cast(:until as timestamptz) is null or {column} < :until)"
    )


def read_period(since: str, until: str, zone: ZoneInfo, *, names: tuple[str, str] = OPTIONS) -> Period:
    """Return the period that a person wrote, in the zone; "" is unlimited. A day as the end includes that day.

    Messages have the names of what was given.
    """
    now = datetime.now(zone)
    first = _read_time(names[0], since, now)[0] if since else None
    last = _read_time(names[1], until, now)[1] if until else None
    if first and last and first >= last:
        raise BadInput(f"{names[0]} {since!r} must be before {names[1]} {until!r}; exchange them, or leave one out")
    return Period(first, last)


def read_moment(option: str, text: str, zone: ZoneInfo) -> datetime:
    """Return the first moment that the text of the option names, in the zone."""
    return _read_time(option, text, datetime.now(zone))[0]


def read_length(option: str, text: str) -> timedelta:
    """Return the length of time that a person wrote.

    >>> read_length("--window", "90m")
    datetime.timedelta(seconds=5400)
    """
    found = _AGO.fullmatch(text.strip().lower())
    if found is None or int(found[1]) == 0:
        raise BadInput(f"{option}: expected a length such as {LENGTHS}, got {text!r}")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def read_coming(option: str, text: str, zone: ZoneInfo) -> datetime:
    """Return the moment to come that the text of the option names, in the zone: a time of day is the next one."""
    now, written = datetime.now(zone), text.strip().lower()
    midnight = datetime.combine(now, time(), zone)
    if ahead := _AGO.fullmatch(written):
        return now.astimezone(UTC) + timedelta(**{_UNITS[ahead[2]]: int(ahead[1])})
    if written == "tomorrow":
        return (midnight + timedelta(days=1)).astimezone(UTC)
    try:
        found = _read_time(option, text, now)[0]
    except BadInput:
        raise BadInput(f"{option}: expected a time to come such as {COMING}, got {text!r}") from None
    if found <= now and _CLOCK.fullmatch(written):
        clock = found.astimezone(zone).time()
        days = (midnight, midnight + timedelta(days=1))
        return next(at for day in days if (at := datetime.combine(day, clock, zone).astimezone(UTC)) > now)
    if found <= now:
        raise BadInput(f"{option}: expected a time to come such as {COMING}, got {text!r}, which has passed")
    return found


def _read_time(option: str, text: str, now: datetime) -> tuple[datetime, datetime]:
    """Return the first and the last moment that the text names: a day has two, a time of day is the most recent.

    Sums and comparisons are of moments of UTC: within one zone Python adds and compares what clocks show.
    """
    written = text.strip().lower()
    midnight = datetime.combine(now, time(), now.tzinfo)
    try:
        if ago := _AGO.fullmatch(written):
            moment = now.astimezone(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
            return moment, moment
        if written in _DAYS:
            return _span_day(midnight - timedelta(days=_DAYS[written]))
        if _CLOCK.fullmatch(written):
            moment = _find_last(time.fromisoformat(written if written[2] == ":" else f"0{written}"), midnight, now)
            return moment, moment
        with suppress(ValueError):
            return _span_day(datetime.combine(date.fromisoformat(text.strip()), time(), now.tzinfo))
        moment = datetime.fromisoformat(text.strip())
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=now.tzinfo)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadInput(f"{option}: expected a time such as {FORMS}, got {text!r}") from None
    return moment, moment


def _find_last(clock: time, midnight: datetime, now: datetime) -> datetime:
    """Return when clocks last showed this time, which they do twice on the day on which they are put back."""
    days = (midnight - timedelta(days=1), midnight)
    shown = [datetime.combine(day, clock, now.tzinfo).replace(fold=fold) for day in days for fold in (0, 1)]
    return max(moment for each in shown if (moment := each.astimezone(UTC)) <= now)


def _span_day(start: datetime) -> tuple[datetime, datetime]:
    """Return the start of the day and of the next, which is not always 24 hours later."""
    return start.astimezone(UTC), (start + timedelta(days=1)).astimezone(UTC)
