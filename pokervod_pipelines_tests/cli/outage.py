"""Make a database unavailable for a while: end all connections and allow no new ones."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, create_engine, text

CUT_OFF = "select pg_terminate_backend(pid) from pg_stat_activity where datname = :name"


@contextmanager
def cut_off(engine: Engine) -> Iterator[None]:
    """Make the engine's database unavailable within the context."""
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
