"""Locks between processes, held by a database connection: a process that dies lets go at once."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, text


@contextmanager
def hold_lock(engine: Engine, name: str) -> Iterator[None]:
    """Nobody else holds the lock of that name while the context lasts; waits for as long as somebody does."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("select pg_advisory_lock(hashtextextended(:name, 0))"), {"name": name})
        try:
            yield
        finally:
            # The connection goes back to the pool, and a session's lock would go with it.
            connection.execute(text("select pg_advisory_unlock(hashtextextended(:name, 0))"), {"name": name})
