"""Measure how old data are, and say whether that is young enough."""

import time
from pathlib import Path

from sqlalchemy import Connection, text

from pokervod_pipelines.rollout.context import RolloutContext
from pokervod_pipelines.rollout.criteria.fields import quote_table
from pokervod_pipelines.rollout.criteria.result import CriterionFailed, ErrorClass, expect

CLOCK_DIFFERENCE_HOURS = 5 / 60
"""How far clocks may differ. Anything further in the future would be fresh for too long."""

TIME_ZONE_HOURS = 14
"""How far the first time zone is ahead of UTC."""


def check_age(context: RolloutContext, age: float | None, limit: float, what: str) -> str:
    """Return how old ``what`` is; age and limit are in hours. Raises ``CriterionFailed`` unless it is young enough."""
    if age is None:
        raise CriterionFailed(ErrorClass.DATA, f"the {what} is missing")
    context.figures["age_hours"] = round(age, 2)
    problem = f"the {what} is {_format_hours(-age)} in the future: correct the clock or the data"
    expect(age >= -CLOCK_DIFFERENCE_HOURS, ErrorClass.DATA, problem)
    found = f"the {what} is {_format_hours(max(age, 0.0))} old"
    expect(age <= limit, ErrorClass.DATA, f"{found}, allowed are {_format_hours(limit)}")
    return found


def _format_hours(hours: float) -> str:
    return f"{hours:.1f} h".replace(".0 h", " h") if hours >= 1 else f"{hours * 60:.0f} min"


def measure_file(path: Path) -> float:
    """Return how many hours ago the file was written."""
    return (time.time() - path.stat().st_mtime) / 3600


def measure_table(connection: Connection, table: str, column: str) -> float | None:
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
