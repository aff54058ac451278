"""Read the day a name starts or ends with: ``250507_``, ``20231113``, and ``1213_`` with the year elsewhere."""

import re
from datetime import date
from functools import lru_cache

from pokervod_pipelines.catalog.names.facts.year import set_year
from pokervod_pipelines.catalog.names.name_fields import NameFields

_FIRST = re.compile(r"(?:20)?([0-4]\d)([01]\d)([0-3]\d)(?= )", re.ASCII)
_MONTH_AND_DAY = re.compile(r"([01]\d)([0-3]\d)(?= )", re.ASCII)


@lru_cache(maxsize=1024)
def iso_date(year: int, month: int, day: int) -> str | None:
    """Return the day in ISO form; None if the calendar lacks it.

    >>> iso_date(2024, 2, 30)
    """
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def read_leading_date(fields: NameFields) -> None:
    """Set the recording day, and with it the year, of a name that starts with ``YYMMDD`` or ``YYYYMMDD``."""
    match = _FIRST.match(fields.name.text) if fields.name.text[:6].isdecimal() else None
    if match is None:
        return
    year = 2000 + int(match[1])
    if day := iso_date(year, int(match[2]), int(match[3])):
        fields.set("date", day, "leading_date", match[0])
        set_year(fields, year, "leading_date", match[0])


def read_month_and_day(fields: NameFields) -> None:
    """Set the recording day of a name that starts with ``MMDD``, once the year is known from elsewhere."""
    match = _MONTH_AND_DAY.match(fields.name.text) if fields.name.text[:4].isdecimal() else None
    year = fields.value("year")
    if match and isinstance(year, int) and (day := iso_date(year, int(match[1]), int(match[2]))):
        fields.set("date", day, "month_and_day", match[0])
