"""Let a database live at another time: whatever asks it for the time gets the one that the test sets.

A schema before ``pg_catalog`` in the search path has functions of the same names, so the real queries are run as they
are; defaults of columns, which know their function since they were made, are made anew.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, text

_MAKE = (
    "create schema emulated",
    "create table emulated.clock (at timestamptz not null)",
    "insert into emulated.clock values (pg_catalog.now())",
    *(
        f"create function emulated.{name}() returns timestamptz language sql stable as 'select at from emulated.clock'"
        for name in ("now", "clock_timestamp", "statement_timestamp", "transaction_timestamp")
    ),
    """
    do $$ declare c record; begin
        for c in select table_name, column_name from information_schema.columns
            where table_schema = 'public' and column_default = 'now()'
        loop
            execute format('alter table public.%I alter %I set default emulated.now()', c.table_name, c.column_name);
        end loop;
        execute format('alter database %I set search_path = emulated, public, pg_catalog', current_database());
    end $$
    """,
)


@dataclass(kw_only=True)
class EmulatedClock:
    """Hold the time of a database that has an emulated clock."""

    engine: Engine
    now: datetime

    @classmethod
    def install(cls, engine: Engine, now: datetime) -> "EmulatedClock":
        """Give the database the clock; connections that are open keep the real one, so they are closed."""
        with engine.begin() as connection:
            for statement in _MAKE:
                connection.execute(text(statement))
        engine.dispose()
        clock = cls(engine=engine, now=now)
        clock.advance(0)
        return clock

    def advance(self, seconds: float) -> datetime:
        """Let so much time pass, and return the time."""
        self.now += timedelta(seconds=seconds)
        with self.engine.begin() as connection:
            connection.execute(text("update emulated.clock set at = :now"), {"now": self.now})
        return self.now
