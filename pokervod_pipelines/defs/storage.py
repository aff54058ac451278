"""Store Dagster's own data with dagster-postgres on the server that PokerVOD uses, in a database of its own.

``dagster.yaml`` names this class. A plain ``postgres_url`` there would need the server running and its address known
before Dagster starts; this class starts the embedded server on first use.
"""

import atexit
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

from dagster._core.scheduler.instigation import TickStatus
from dagster._core.storage.event_log.schema import ConcurrencyLimitsTable
from dagster._serdes import ConfigurableClassData
from dagster_postgres import DagsterPostgresStorage, PostgresEventLogStorage, PostgresScheduleStorage
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import InternalError

from pokervod_pipelines.db.engine import create_missing_database, make_engine, serve_database
from pokervod_pipelines.db.locks import hold_lock
from pokervod_pipelines.defs.logs import start_dagster_log
from pokervod_pipelines.settings import load_settings

POOL_SIZE = 2
"""Connections that a process keeps; it opens and closes more when it needs them."""

SKIPPED_SECONDS = 180.0
"""Ticks of sensors that had nothing to do are kept for so long."""


class RecentTicks(PostgresScheduleStorage):
    """Store schedules and ticks, and forget skipped ticks after minutes.

    Dagster's own setting counts days: sensors that look every few seconds fill the database with 3 MB an hour. It also
    asks eight times a second whether a table of 2022 exists, which is a third of the daemon's work at rest.
    """

    def has_instigators_table(self) -> bool:
        """Return that the table exists: it is created with all others."""
        return True

    def _has_instigators_table(self, conn: Connection) -> bool:
        return True

    def purge_ticks(
        self, origin_id: str, selector_id: str, before: float, tick_statuses: Sequence[TickStatus] | None = None
    ) -> None:
        """Delete the ticks of a sensor before a time; skipped ones where Dagster deletes those of days ago."""
        if tick_statuses == [TickStatus.SKIPPED]:
            before = time.time() - SKIPPED_SECONDS
        super().purge_ticks(origin_id, selector_id, before, tick_statuses)


class KnownPools(PostgresEventLogStorage):
    """Store events and pools, and let two runs be the first to use a pool at once.

    Dagster goes on in the transaction in which it found the pool known, which PostgreSQL refuses, and the run fails. It
    does the same where the default limit was changed.
    """

    def initialize_concurrency_limit_to_default(self, concurrency_key: str) -> bool:
        """Give the pool the default limit; where it is known, in a transaction that has not failed."""
        try:
            return super().initialize_concurrency_limit_to_default(concurrency_key)
        except InternalError:
            pass
        limit = self._instance.global_op_concurrency_default_limit or 0
        pool = ConcurrencyLimitsTable.c
        has_another = pool.using_default_limit & (pool.limit != limit)
        change = ConcurrencyLimitsTable.update().where((pool.concurrency_key == concurrency_key) & has_another)
        with self.index_transaction() as connection:
            if connection.execute(change.values(limit=limit)).rowcount:
                self._allocate_concurrency_slots(connection, concurrency_key, limit)
        return True


class PokervodStorage(DagsterPostgresStorage):
    """Store runs, events and schedules in the PostgreSQL that the settings of the current folder name."""

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """Return no fields: the settings have everything."""
        return {}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "PokervodStorage":
        """Open the storage on the connections that this process keeps.

        Dagster opens a storage for every tick of a sensor, and a connection for every query of it: twenty a second, at
        half of what everything else costs at rest.
        """
        start_dagster_log()
        engine = _open_engine(Path.cwd())
        url = engine.url.render_as_string(hide_password=False)
        storage = cls(postgres_url=url, should_autocreate_tables=False, inst_data=inst_data)
        storage._schedule_storage = RecentTicks(url, should_autocreate_tables=False)
        storage._event_log_storage = KnownPools(url, should_autocreate_tables=False)
        for part in (storage._run_storage, storage._event_log_storage, storage._schedule_storage):
            part._engine = engine
        return storage


@cache
def _open_engine(folder: Path) -> Engine:
    """Return an engine on Dagster's database, with its tables; the server runs until this process ends.

    Dagster creates the tables without a lock, so two first starts at once would break one of them.
    """
    served = ExitStack()
    urls = served.enter_context(serve_database(load_settings(folder=folder)))
    atexit.register(served.close)
    ours = make_engine(urls.pokervod)
    try:
        with hold_lock(ours, "creation of Dagster's tables"):
            create_missing_database(urls.dagster)
            DagsterPostgresStorage(postgres_url=urls.dagster.render_as_string(hide_password=False))
            engine = create_engine(
                urls.dagster, isolation_level="AUTOCOMMIT", pool_size=POOL_SIZE, max_overflow=-1, pool_pre_ping=True
            )
            with engine.connect() as connection:
                for table in connection.scalars(text(_FULL_TABLES)).all():
                    connection.execute(text(f"alter table {table} set (fillfactor = 40)"))
    finally:
        ours.dispose()
    return engine


_FULL_TABLES = """
    select cast(cast(oid as regclass) as text) from pg_class
    where relname in ('jobs', 'instigators') and relkind = 'r' and reloptions is null
        and relnamespace = cast(current_schema() as regnamespace) and pg_has_role(relowner, 'usage')
"""
"""Tables of a few long rows that every tick updates: without room in its page, a new version lengthens the table."""
