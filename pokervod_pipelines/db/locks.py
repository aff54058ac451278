"""Locks between processes, held by a database connection: a process that dies lets go at once."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, text


@contextmanager
def hold_lock(engine: Engine, name: str) -> Iterator[None]:
    """Nobody else holds the lock of that name while the context lasts; waits for as long as somebody does."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("select pg_advisory_lock(hashtextextended(:name, 0))"), {"name": name})
        yield


def is_locked(engine: Engine, name: str) -> bool:
    """Whether somebody holds the lock of that name just now."""
    with engine.begin() as connection:
        free: bool = connection.scalar(
            text("select pg_try_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name}
        )
        return not free
