"""How many rows a table has and how old its newest is; in an open read-only transaction."""

from sqlalchemy import Connection, text

from pokervod_pipelines.rollout.criteria.fields import quote_table

HOURS_OF_ZONES = 14
"""So far the first time zone is ahead of UTC."""


def count_rows(connection: Connection, table: str, most: int) -> int:
    """Return how many rows the table has, counting no further than ``most``."""
    query = f"select count(*) from (select from {quote_table(table)} limit :most) counted"  # noqa: S608 - quoted
    return int(connection.scalar(text(query), {"most": most}) or 0)


def measure_age(connection: Connection, table: str, column: str) -> float | None:
    """Return how many hours ago the newest time in the column is, by the database's clock; None without any.

    A day begins at another hour elsewhere, so the age of one that may have begun somewhere is 0.
    """
    query = f"""
        select extract(epoch from clock_timestamp() - newest::timestamptz) / 3600, pg_typeof(newest) = 'date'::regtype
        from (select max("{column}") as newest from {quote_table(table)}) as found
    """  # noqa: S608 - quoted
    age, is_day = connection.execute(text(query)).one()
    if age is None:
        return None
    return 0.0 if is_day and -HOURS_OF_ZONES <= age < 0 else float(age)
