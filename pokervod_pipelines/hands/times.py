"""Parse times and durations as .NET writes them, and find the broadcast day of a time.

``2025-10-15T12:03:20.9005907Z``, ``PT35M37.2477537S``: seven fractional digits are cut to six, never rounded, because
a hand's identity must not move to the next microsecond.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from pokervod_pipelines.errors import BadInput

TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,12}))?\s*(Z|[+-]\d\d:?\d\d)?", re.IGNORECASE | re.ASCII
)
DURATION = re.compile(
    r"(-?)P(?:(\d{1,9})D)?(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9}(?:\.\d{1,12})?)S)?)?", re.IGNORECASE | re.ASCII
)
MAX_SHOWN = 40


class BadTime(BadInput):
    """Raised for a text that is not a time or a duration; it says which and what is expected."""


def parse_time(text: str) -> datetime:
    """Return the time in UTC, to the microsecond; a time without a zone is UTC, as the field's name says.

    Raises:
        BadTime: the text is not a time, or no such time exists.

    >>> parse_time("2025-10-15T12:03:20.9005907Z").isoformat()
    '2025-10-15T12:03:20.900590+00:00'

    """
    found = TIME.fullmatch(text.strip())
    if not found:
        message = f"{text[:MAX_SHOWN]!r} is not a time; expected for example 2025-10-15T12:03:20.9005907Z"
        raise BadTime(message)
    micros = int((found[7] or "")[:6].ljust(6, "0"))
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    try:
        return datetime(year, month, day, hour, minute, second, micros, tzinfo=_zone(found[8])).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        message = f"{text[:MAX_SHOWN]!r} is not a valid time: {error}"
        raise BadTime(message) from error


def _zone(text: str | None) -> timezone:
    if not text or text in "Zz":
        return UTC
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[-2:]))
    return timezone(-offset if text[0] == "-" else offset)


def parse_duration(text: str) -> float:
    """Return the seconds of an ISO 8601 duration of days and smaller units.

    Raises:
        BadTime: the text is not such a duration, or it is negative.

    >>> parse_duration("PT35M37.2477537S"), parse_duration("PT1H"), parse_duration("PT0S")
    (2137.2477537, 3600.0, 0.0)

    """
    found = DURATION.fullmatch(text.strip())
    if not found or not any(found.groups()[1:]) or found[1]:
        message = f"{text[:MAX_SHOWN]!r} is not a duration; expected for example PT1M2.5S"
        raise BadTime(message)
    days, hours, minutes = (int(part or 0) for part in found.groups()[1:4])
    return days * 86_400 + hours * 3_600 + minutes * 60 + float(found[5] or 0)


@dataclass(frozen=True, slots=True)
class BroadcastDays:
    """Define days that begin at ``starts_at`` on the clocks of ``zone``: a show after midnight is of the day before."""

    zone: ZoneInfo
    starts_at: time

    def find_day(self, at: datetime) -> date:
        """Return the broadcast day of an aware time.

        >>> days = BroadcastDays(ZoneInfo("Europe/London"), time(6))
        >>> str(days.find_day(datetime(2031, 5, 5, 4, 59, tzinfo=UTC)))
        '2031-05-04'
        """
        try:
            clock = at.astimezone(self.zone).replace(tzinfo=None)
            return (clock - timedelta(hours=self.starts_at.hour, minutes=self.starts_at.minute)).date()
        except OverflowError:  # at either end of the calendar
            return at.date()
