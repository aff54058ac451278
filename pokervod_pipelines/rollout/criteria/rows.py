"""How many rows a table has and how old its newest is; in an open read-only transaction."""

from sqlalchemy import Connection, text

from pokervod_pipelines.rollout.criteria.fields import quote_table


def count_rows(connection: Connection, table: str, most: int) -> int:
    """Return how many rows the table has, counting no further than ``most``."""
    query = f"select count(*) from (select from {quote_table(table)} limit :most) counted"  # noqa: S608 - quoted
    return int(connection.scalar(text(query), {"most": most}) or 0)


def measure_age(connection: Connection, table: str, column: str) -> float | None:
    """Return how many hours ago the newest time in the column is, by the database's clock; None without any."""
    query = f"""
        select extract(epoch from clock_timestamp() - max("{column}")::timestamptz) / 3600 from {quote_table(table)}
    """  # noqa: S608 - quoted
    age = connection.scalar(text(query))
    return None if age is None else float(age)
