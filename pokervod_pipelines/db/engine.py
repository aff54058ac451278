"""Connect to PokerVOD's database, wherever it runs, with its schema up to date.

``open_database`` is the only entry. Queries are in each room's ``store``.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import URL, Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, IntegrityError, OperationalError, ProgrammingError

from pokervod_pipelines.db.embedded import EmbeddedServer
from pokervod_pipelines.db.failures import read_first_line
from pokervod_pipelines.db.migrate import upgrade_database
from pokervod_pipelines.errors import BadSettings, Unavailable
from pokervod_pipelines.settings import Settings

OUR_DRIVER = "postgresql+psycopg"
DAGSTER_DRIVER = "postgresql+psycopg2"
"""dagster-postgres fails every run on psycopg 3, which SQLAlchemy 2.1 uses for a bare ``postgresql://``."""

CONNECT_ARGUMENTS: dict[str, Any] = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
    "options": "-c timezone=UTC -c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"
    " -c tcp_user_timeout=25000",
}
"""Options of every connection: UTC, and both ends notice within 25 s that the other has vanished.

Without them a pulled cable keeps a worker waiting, and its rows locked, for a quarter of an hour or indefinitely.
"""

REFUSALS = ("authentication failed", "no password supplied", "pg_hba.conf", 'role "')
"""What a server says that answers, but not to this user."""

SECRET_OPTIONS = frozenset({"passfile", "password", "sslpassword"})

CREATED_MEANWHILE = frozenset({"42P04", "23505"})
"""SQLSTATEs of a database that another process has created, or is creating, at the same time."""


@dataclass(frozen=True, slots=True)
class DatabaseUrls:
    """Locate PokerVOD's own database and that of Dagster: two databases of one server."""

    pokervod: URL
    dagster: URL


@contextmanager
def serve_database(settings: Settings) -> Iterator[DatabaseUrls]:
    """Yield the URLs of both databases, ours created if missing; run the embedded server if the settings name no other.

    Raises ``BadSettings`` for an invalid URL, ``Unavailable`` when the server does not answer.
    """
    if settings.database_url is not None:
        urls = _configured_urls(settings)
        create_missing_database(urls.pokervod)
        yield urls
        return
    server = EmbeddedServer(embedded_folder(settings))
    with server:
        server.create_database("pokervod")
        yield DatabaseUrls(
            pokervod=make_url(server.url("pokervod", OUR_DRIVER)),
            dagster=make_url(server.url("dagster", DAGSTER_DRIVER)),
        )


@contextmanager
def open_database(settings: Settings) -> Iterator[Engine]:
    """Yield an engine on PokerVOD's database, migrated to the newest schema; close it, and its server, at the end."""
    with open_unmigrated(settings) as engine:
        upgrade_database(engine)
        yield engine


@contextmanager
def open_unmigrated(settings: Settings) -> Iterator[Engine]:
    """Yield an engine on PokerVOD's database as it is; close it, and its server, at the end."""
    with serve_database(settings) as urls:
        engine = make_engine(urls.pokervod)
        try:
            yield engine
        finally:
            engine.dispose()


@contextmanager
def begin_or_join(database: Engine | Connection) -> Iterator[Connection]:
    """Begin a transaction, or be a part of the caller's where it gives a connection."""
    if isinstance(database, Connection):
        yield database
        return
    with database.begin() as connection:
        yield connection


def make_engine(url: URL | str, *, connections: int = 4, more: int = 10, wait_seconds: float = 30.0) -> Engine:
    """Return an engine with our driver, ``CONNECT_ARGUMENTS`` and a pool that keeps so many connections open.

    It opens some more for a while; whoever finds all of them lent waits so long at most.
    """
    return create_engine(
        make_url(url).set(drivername=OUR_DRIVER),
        pool_size=connections,
        max_overflow=more,
        pool_timeout=wait_seconds,
        pool_pre_ping=True,
        connect_args=CONNECT_ARGUMENTS,
    )


def create_missing_database(url: URL) -> None:
    """Create the database of the URL if its server has none of that name.

    Raises ``BadSettings`` when the user may not create it, ``Unavailable`` when the server does not answer.
    """
    where = url.set(drivername="postgresql").render_as_string(hide_password=True)
    address = make_engine(url).dialect.create_connect_args(url)[1]
    try:
        psycopg.connect(**{**address, **CONNECT_ARGUMENTS}).close()  # an engine would ask four questions more
    except psycopg.ProgrammingError as error:  # an option that the driver does not know
        raise BadSettings(f"{where}: {read_first_line(error)}; correct POKERVOD_DATABASE_URL") from None
    except psycopg.OperationalError as error:
        said = read_first_line(error)
        if f'database "{url.database}" does not exist' in str(error):
            _create_database(url, where)
        elif any(reason in said for reason in REFUSALS):
            raise Unavailable(f"{where} refuses its user: {said}; correct POKERVOD_DATABASE_URL") from None
        else:
            message = f"{where} does not answer: {said}; start it, or correct POKERVOD_DATABASE_URL"
            raise Unavailable(message) from None


def embedded_folder(settings: Settings) -> Path:
    """Return the folder of the embedded server of this installation."""
    return settings.home / "postgres"


def _configured_urls(settings: Settings) -> DatabaseUrls:
    assert settings.database_url is not None  # noqa: S101 - narrows the type
    ours = _parse_url("POKERVOD_DATABASE_URL", settings.database_url.get_secret_value())
    if settings.dagster_database_url is not None:
        dagster = _parse_url("POKERVOD_DAGSTER_DATABASE_URL", settings.dagster_database_url.get_secret_value())
    else:
        dagster = ours.set(database=f"{ours.database}_dagster")
    return DatabaseUrls(pokervod=ours.set(drivername=OUR_DRIVER), dagster=dagster.set(drivername=DAGSTER_DRIVER))


def _parse_url(variable: str, value: str) -> URL:
    try:
        url = make_url(value)
    except (ArgumentError, ValueError):  # the latter for a port that is not a number
        raise BadSettings(f"{variable} must be a URL such as postgresql://user:password@host:5432/pokervod") from None
    if url.get_backend_name() not in {"postgresql", "postgres"} or not url.database:
        raise BadSettings(f"{variable} must name a PostgreSQL database: postgresql://user:password@host:5432/pokervod")
    if secret := SECRET_OPTIONS & url.query.keys():  # they would be printed with the address
        raise BadSettings(f"{variable}: expected the password before the @, not as {', '.join(sorted(secret))}=…")
    return url


def _create_database(url: URL, where: str) -> None:
    maintenance = make_engine(url.set(database="postgres")).execution_options(isolation_level="AUTOCOMMIT")
    try:
        with maintenance.connect() as connection:
            quoted = maintenance.dialect.identifier_preparer.quote_identifier(str(url.database))
            connection.execute(text(f"create database {quoted} encoding 'UTF8' template template0"))
    except (ProgrammingError, IntegrityError) as error:
        if getattr(error.orig, "sqlstate", "") not in CREATED_MEANWHILE:
            raise BadSettings(
                f"{where} does not exist and this user may not create it: "
                f"ask the administrator to run CREATE DATABASE {url.database}"
            ) from None
    except OperationalError as error:
        raise Unavailable(f"{where} does not exist and cannot be created: {read_first_line(error)}") from None
    finally:
        maintenance.dispose()
