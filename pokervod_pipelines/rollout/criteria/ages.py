"""Measure how old data are, and say what is wrong with an age."""

from datetime import timedelta

from sqlalchemy import Connection, text

from pokervod_pipelines.rollout.criteria.fields import quote_table

CLOCK_DIFFERENCE_HOURS = 5 / 60
"""How far clocks may differ. Anything further in the future would be fresh for too long."""

TIME_ZONE_HOURS = 14
"""How far the first time zone is ahead of UTC."""


def find_age_problem(age: float, limit: float) -> str | None:
    """Return what is wrong with the age, both in hours, or None if it is young enough.

    >>> find_age_problem(3, 2), find_age_problem(-0.5, 2), find_age_problem(-0.05, 2)
    ('is 3 h old, allowed are 2 h', 'is 30 min in the future: correct the clock or the data', None)
    """
    if age < -CLOCK_DIFFERENCE_HOURS:
        return f"is {format_hours(-age)} in the future: correct the clock or the data"
    return None if age <= limit else f"is {format_hours(age)} old, allowed are {format_hours(limit)}"


def format_hours(hours: float) -> str:
    """Return hours for people to read.

    >>> format_hours(0.5), format_hours(30.26)
    ('30 min', '30.3 h')
    """
    if hours < 1:
        return f"{timedelta(hours=hours).total_seconds() / 60:.0f} min"
    return f"{hours:.1f} h".replace(".0 h", " h")


def measure_age(connection: Connection, table: str, column: str) -> float | None:
    """Return how many hours ago the newest time in the column is, by the database's clock; None without any.

    A day begins earlier in other time zones, so the age of a date that may have begun somewhere is 0.
    """
    query = f"""
        select extract(epoch from clock_timestamp() - newest::timestamptz) / 3600, pg_typeof(newest) = 'date'::regtype
        from (select max("{column}") as newest from {quote_table(table)}) as found
    """  # noqa: S608 - quoted
    age, is_day = connection.execute(text(query)).one()
    if age is None:
        return None
    return 0.0 if is_day and -TIME_ZONE_HOURS <= age < 0 else float(age)
