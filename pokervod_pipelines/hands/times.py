"""Times and durations as .NET writes them: ``2025-10-15T12:03:20.9005907Z``, ``PT35M37.2477537S``.

Seven fractional digits are cut to six, never rounded: a hand's identity must not move to the next microsecond.
"""

import re
from datetime import UTC, datetime, timedelta, timezone

from pokervod_pipelines.errors import BadInput

TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,12}))?\s*(Z|[+-]\d\d:?\d\d)?", re.IGNORECASE | re.ASCII
)
DURATION = re.compile(
    r"(-?)P(?:(\d{1,9})D)?(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9}(?:\.\d{1,12})?)S)?)?", re.IGNORECASE | re.ASCII
)
LONGEST_SHOWN = 40


class BadTime(BadInput):
    """A text is no time or no duration; it says which and what is expected."""


def parse_time(text: str) -> datetime:
    """Return the moment in UTC, to the microsecond; a time without a zone is UTC, as the field's name says.

    Raises:
        BadTime: the text is no time, or no such moment exists.

    >>> parse_time("2025-10-15T12:03:20.9005907Z").isoformat()
    '2025-10-15T12:03:20.900590+00:00'

    """
    found = TIME.fullmatch(text.strip())
    if not found:
        message = f"{text[:LONGEST_SHOWN]!r} is no time; expected one such as 2025-10-15T12:03:20.9005907Z"
        raise BadTime(message)
    micros = int((found[7] or "")[:6].ljust(6, "0"))
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    try:
        return datetime(year, month, day, hour, minute, second, micros, tzinfo=_zone(found[8])).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        message = f"{text[:LONGEST_SHOWN]!r} is no moment that exists: {error}"
        raise BadTime(message) from error


def _zone(text: str | None) -> timezone:
    if not text or text in "Zz":
        return UTC
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[-2:]))
    return timezone(-offset if text[0] == "-" else offset)


def parse_duration(text: str) -> float:
    """Return the seconds of an ISO 8601 duration of days and smaller units.

    Raises:
        BadTime: the text is no such duration, or it is negative.

    >>> parse_duration("PT35M37.2477537S"), parse_duration("PT1H"), parse_duration("PT0S")
    (2137.2477537, 3600.0, 0.0)

    """
    found = DURATION.fullmatch(text.strip())
    if not found or not any(found.groups()[1:]) or found[1]:
        message = f"{text[:LONGEST_SHOWN]!r} is no duration; expected one such as PT1M2.5S"
        raise BadTime(message)
    days, hours, minutes = (int(part or 0) for part in found.groups()[1:4])
    return days * 86_400 + hours * 3_600 + minutes * 60 + float(found[5] or 0)
