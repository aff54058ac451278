"""A database that is away for a while: who is connected is cut off, and nobody else gets in."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, create_engine, text

CUT_OFF = "select pg_terminate_backend(pid) from pg_stat_activity where datname = :name"


@contextmanager
def cut_off(engine: Engine) -> Iterator[None]:
    """The engine's database answers nobody within."""
    name = engine.url.database
    admin = create_engine(engine.url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"alter database {name} allow_connections false"))
        connection.execute(text(CUT_OFF), {"name": name})
        try:
            yield
        finally:
            connection.execute(text(f"alter database {name} allow_connections true"))
    admin.dispose()
