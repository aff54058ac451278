"""Hold named advisory locks: between processes, by a database connection, so a process that dies releases them."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, text


def lock_until_commit(connection: Connection, name: str) -> None:
    """Wait for the lock of that name and hold it until the transaction ends."""
    connection.execute(text("select pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})


@contextmanager
def hold_lock(engine: Engine, name: str) -> Iterator[None]:
    """Wait for the lock of that name and hold it while the context lasts, over any number of transactions."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("select pg_advisory_lock(hashtextextended(:name, 0))"), {"name": name})
        try:
            yield
        finally:
            _unlock(connection, name)


@contextmanager
def try_lock(engine: Engine, name: str) -> Iterator[bool]:
    """Hold the lock of that name while the context lasts, or yield False at once when another process has it."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        has_lock = take_lock(connection, name)
        try:
            yield has_lock
        finally:
            if has_lock:
                _unlock(connection, name)


def take_lock(connection: Connection, name: str) -> bool:
    """Return at once whether this connection has the lock of that name from now on, until it is closed for good."""
    return bool(connection.scalar(text("select pg_try_advisory_lock(hashtextextended(:name, 0))"), {"name": name}))


def is_locked(connection: Connection, name: str) -> bool:
    """Return whether any connection to this database has the lock of that name, without waiting for it."""
    return name in find_locked(connection, [name])


def find_locked(connection: Connection, names: Collection[str]) -> set[str]:
    """Return those of the names whose lock any connection to this database has, without waiting for one."""
    query = """
        select name from unnest(cast(:names as text[])) as each (name) where exists (
            select from pg_locks l join pg_database d on d.oid = l.database
            where l.locktype = 'advisory' and l.objsubid = 1 and d.datname = current_database()
              and ((l.classid::bigint << 32) | l.objid::bigint) = hashtextextended(name, 0))
    """
    return set(connection.scalars(text(query), {"names": [*names]}))


def _unlock(connection: Connection, name: str) -> None:
    """Release the lock: the connection goes back to the pool, and a session's lock would go with it."""
    connection.execute(text("select pg_advisory_unlock(hashtextextended(:name, 0))"), {"name": name})
