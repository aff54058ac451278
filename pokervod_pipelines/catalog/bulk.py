"""How the room writes many rows at once, and how it counts what that changed."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection


class Changes(NamedTuple):
    """Rows of one table that a build made, altered and took away."""

    created: int
    changed: int
    removed: int


def copy_rows(connection: Connection, target: str, rows: Iterable[Sequence[Any]]) -> int:
    """The rows are in the target, given as ``table (column, …)``; returns how many."""
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101 - narrows the type
    count = 0
    with driver.cursor() as cursor, cursor.copy(f"copy {target} from stdin") as copy:
        for row in rows:
            copy.write_row(row)
            count += 1
    return count
