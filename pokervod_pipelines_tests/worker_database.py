"""Keep one migrated database for all tests of a process, and empty it for each of them."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import psycopg
from sqlalchemy import Connection, Engine, create_engine, event, text

from pokervod_pipelines.db.embedded import EmbeddedServer
from pokervod_pipelines.db.engine import OUR_DRIVER, make_engine
from pokervod_pipelines.db.migrate import VERSION_TABLE

VACUUM_BYTES = 256 * 1024
"""A table that grew above this is vacuumed once it is empty, so that later tests do not read its dead pages."""

END_OTHERS = """
    select pg_terminate_backend(pid, 5000) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
        and pid <> all(%s)
"""
RESET_SESSION = "select pg_advisory_unlock_all(); unlisten *; reset all"
FIND_WRITTEN = f"""
    select oid::regclass::text, pg_relation_size(oid) from pg_class
    where relkind = 'r' and relnamespace = 'public'::regnamespace and pg_relation_size(oid) > 0
        and relname not in ('{VERSION_TABLE}', 'alembic_version', 'instance_info', 'secondary_indexes')
"""
"""All but what a new database has, too: the version of its schema, and what Dagster notes when it makes its tables."""

FORGET_STATISTICS = """
    with known as (
        select oid, relname from pg_class
        where relkind = 'r' and relnamespace = 'public'::regnamespace and reltuples >= 0
    ), forgotten as (delete from pg_statistic using known where starelid = oid)
    select pg_clear_relation_stats('public', relname) from known
"""
"""A table that an earlier test analyzed or vacuumed would be planned as an empty one; a new one is not."""

RESTART_SEQUENCES = """
    select setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false) from pg_sequences
"""
DESCRIBE_SCHEMA = """
    select
        (select count(*) || ' ' || sum(oid::bigint) from pg_class where oid >= 16384),
        (select sum(hashtext(attname || atttypid || attnotnull)) from pg_attribute where attrelid >= 16384),
        (select count(*) || ' ' || sum(oid::bigint) || ' ' || string_agg(distinct tgenabled::text, '') from pg_trigger),
        (select count(*) || ' ' || sum(oid::bigint) from pg_constraint),
        (select count(*) || ' ' || sum(oid::bigint) from pg_proc where oid >= 16384),
        (select string_agg(version_num, ' ') from %s)
"""


@contextmanager
def connect_admin(server: EmbeddedServer) -> Iterator[Connection]:
    """Yield a connection to the server's own database whose statements each commit at once."""
    engine = create_engine(server.url("postgres", OUR_DRIVER), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def drop_database(connection: Connection, name: str) -> None:
    """Drop the database and the one of Dagster beside it, if they exist."""
    connection.execute(text(f"drop database if exists {name} with (force)"))
    connection.execute(text(f"drop database if exists {name}_dagster with (force)"))


@dataclass
class WorkerDatabase:
    """Clone the template once, give it away empty any number of times."""

    server: EmbeddedServer
    template: str
    name: str
    _schema: object = None
    _connection: psycopg.Connection | None = None
    _engine: Engine | None = None
    _pids: list[int] = field(default_factory=list)
    _dagster: "DagsterDatabase | None" = None

    @property
    def url(self) -> str:
        """Return the URL with our driver."""
        return self.server.url(self.name, OUR_DRIVER)

    @property
    def engine(self) -> Engine:
        """Return the engine that tests share: a connection costs 10 ms, and its server process knows the schema."""
        if self._engine is None:
            self._engine = make_engine(self.url)
            event.listen(self._engine, "connect", lambda made, _: self._pids.append(made.info.backend_pid))
        return self._engine

    def reset_engine(self) -> None:
        """Bring the idle connections into their first state; close all if a test left one in use."""
        pool = self.engine.pool
        if pool.checkedout():
            self.engine.dispose()
            self._pids.clear()
            return
        with ExitStack() as idle:
            for _ in range(pool.checkedin()):
                idle.enter_context(self.engine.connect()).exec_driver_sql(RESET_SESSION)

    def empty(self) -> None:
        """End connections, delete rows, restart sequences; clone anew if a test changed the schema."""
        connection = self._connection or self._clone()
        try:
            connection.execute(END_OTHERS, [self._pids])
            schema = connection.execute(DESCRIBE_SCHEMA % VERSION_TABLE).fetchone()
        except (psycopg.OperationalError, psycopg.errors.UndefinedTable):  # a test ended this connection or the schema
            schema = None
        if schema != self._schema:
            connection = self._clone()
        _delete_rows(connection)
        self._dagster = self._dagster or DagsterDatabase(server=self.server, name=f"{self.name}_dagster")
        self._dagster.empty(connection)

    def drop(self) -> None:
        """Drop the database."""
        self._close()
        if self._engine is not None:
            self._engine.dispose()
        with connect_admin(self.server) as connection:
            drop_database(connection, self.name)

    def _clone(self) -> psycopg.Connection:
        self.drop()
        with connect_admin(self.server) as connection:
            connection.execute(text(f"create database {self.name} template {self.template}"))
        self._connection = psycopg.connect(self.server.url(self.name, "postgresql"), autocommit=True)
        self._connection.execute("set session_replication_role = replica")  # deletes pass triggers and foreign keys
        self._schema = self._connection.execute(DESCRIBE_SCHEMA % VERSION_TABLE).fetchone()
        return self._connection

    def _close(self) -> None:
        if self._dagster is not None:
            self._dagster.close()
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@dataclass
class DagsterDatabase:
    """Empty the database that Dagster has made beside ours, once a test used it: its tables take half a second."""

    server: EmbeddedServer
    name: str
    _schema: object = None
    _connection: psycopg.Connection | None = None

    def empty(self, admin: psycopg.Connection) -> None:
        """End connections and delete rows; drop the database if it is not as it was when it was first seen."""
        if not admin.execute("select 1 from pg_database where datname = %s", [self.name]).fetchone():
            self.close()
            return
        schema = self._describe()
        self._schema = self._schema or schema
        if self._connection is not None and schema is not None and schema == self._schema:
            _delete_rows(self._connection)
            return
        self.close()
        admin.execute(f"drop database {self.name} with (force)")

    def close(self) -> None:
        """Close the connection, and forget what the database was like."""
        if self._connection is not None:
            self._connection.close()
        self._connection = self._schema = None

    def _describe(self) -> object:
        """Return what the schema is like; None if Dagster has not made its tables, or a test ended the connection."""
        try:
            if self._connection is None:
                self._connection = psycopg.connect(self.server.url(self.name, "postgresql"), autocommit=True)
                self._connection.execute("set session_replication_role = replica")
            self._connection.execute(END_OTHERS, [[]])
            return self._connection.execute(DESCRIBE_SCHEMA % "alembic_version").fetchone()
        except (psycopg.OperationalError, psycopg.errors.UndefinedTable):
            return None


def _delete_rows(connection: psycopg.Connection) -> None:
    """Delete, not truncate: truncating the 57 tables takes 70 ms, deleting from the few written ones takes 2 ms."""
    written = connection.execute(FIND_WRITTEN).fetchall()
    for table, size in written:
        connection.execute(f"delete from {table}")
        if size > VACUUM_BYTES:
            connection.execute(f"vacuum {table}")
    connection.execute(FORGET_STATISTICS)
    connection.execute(RESTART_SEQUENCES)
