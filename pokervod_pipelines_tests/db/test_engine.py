"""Check that the database is where the settings say, or embedded; a wrong URL is named without its secrets."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from pokervod_pipelines.db.embedded import EmbeddedServer
from pokervod_pipelines.db.engine import OUR_DRIVER, create_missing_database, open_database, serve_database
from pokervod_pipelines.db.migrate import current_revision, newest_revision
from pokervod_pipelines.errors import BadSettings, Unavailable
from pokervod_pipelines.settings import Settings

DEBIAN = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


@pytest.fixture
def system_server() -> Iterator[str]:
    """Start a server of the operating system's own PostgreSQL, over TCP; yield its URL."""
    if not DEBIAN:
        pytest.skip("no PostgreSQL of the operating system is installed")
    programs = DEBIAN[-1].parent
    folder = Path(tempfile.gettempdir()) / f"pokervod-system-{os.getpid()}"
    folder.mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    account = {"user": "nobody", "group": "nogroup"} if os.geteuid() == 0 else {}
    if account:
        shutil.chown(folder, "nobody", "nogroup")
    data = folder / "data"

    def run(*command: object) -> None:
        subprocess.run([str(each) for each in command], check=True, stdout=subprocess.DEVNULL, cwd=folder, **account)

    try:
        run(programs / "initdb", "-D", data, "-U", "owner", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1"
        run(programs / "pg_ctl", "-D", data, "-o", options, "-l", folder / "log", "-w", "start")
        yield f"postgresql://owner:hunter2@127.0.0.1:{port}/pokervod"
        run(programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_a_server_of_the_operating_system_serves_both_databases(
    system_server: str, settings_factory: Callable[..., Settings]
) -> None:
    settings = settings_factory(database_url=system_server)

    with open_database(settings) as engine, serve_database(settings) as urls:
        create_missing_database(urls.dagster)
        revision = current_revision(engine)
        with engine.connect() as connection:
            names = connection.scalars(text("select datname from pg_database where not datistemplate")).all()
            noticed = [connection.scalar(text(f"show {each}")) for each in ("tcp_keepalives_idle", "tcp_user_timeout")]
            zone = connection.scalar(text("show timezone"))

    assert revision == newest_revision()
    assert {"pokervod", "pokervod_dagster"} <= set(names)
    assert zone == "UTC"
    assert noticed == ["10", "25000"]
    assert urls.pokervod.drivername == "postgresql+psycopg"
    assert urls.dagster.drivername == "postgresql+psycopg2"


def test_concurrent_starters_create_databases_once(
    database_url: str, settings_factory: Callable[..., Settings]
) -> None:
    settings = settings_factory(database_url=database_url.replace("/test_", "/test_late_"))

    def start(_: int) -> str | None:
        with serve_database(settings) as urls:
            create_missing_database(urls.dagster)
            return urls.dagster.database

    with ThreadPoolExecutor(6) as pool:
        names = set(pool.map(start, range(6)))
    _drop_both(settings)

    assert len(names) == 1


def _drop_both(settings: Settings) -> None:
    assert settings.database_url is not None
    url = make_url(settings.database_url.get_secret_value())
    admin = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        for name in (url.database, f"{url.database}_dagster"):
            connection.execute(text(f"drop database {name} with (force)"))
    admin.dispose()


def test_a_server_that_does_not_answer_is_named_without_its_password(
    settings_factory: Callable[..., Settings],
) -> None:
    settings = settings_factory(database_url="postgresql://me:hunter2@127.0.0.1:1/pokervod")

    with pytest.raises(Unavailable) as refusal, open_database(settings):
        raise AssertionError

    assert "127.0.0.1:1" in str(refusal.value)
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize("url", ["nonsense", "mysql://me@host/db", "postgresql://me@host"])
def test_an_invalid_url_is_refused(url: str, settings_factory: Callable[..., Settings]) -> None:
    with pytest.raises(BadSettings, match="POKERVOD_DATABASE_URL"), open_database(settings_factory(database_url=url)):
        raise AssertionError


@pytest.mark.parametrize("option", ["password=hunter2", "sslmode=require&sslpassword=hunter2", "passfile=hunter2"])
def test_a_secret_behind_the_address_is_refused_unseen(option: str, settings_factory: Callable[..., Settings]) -> None:
    settings = settings_factory(database_url=f"postgresql://me@127.0.0.1:1/pokervod?{option}")

    with pytest.raises(BadSettings, match="expected the password before the @") as refusal, open_database(settings):
        raise AssertionError

    assert "hunter2" not in str(refusal.value)


def test_an_unknown_option_is_named(settings_factory: Callable[..., Settings]) -> None:
    settings = settings_factory(database_url="postgresql://me@127.0.0.1:1/pokervod?foo=bar")

    with pytest.raises(BadSettings, match=r'"foo".*correct POKERVOD_DATABASE_URL'), open_database(settings):
        raise AssertionError


def test_a_server_that_answers_but_not_to_this_user_is_not_called_down(
    server: EmbeddedServer, settings_factory: Callable[..., Settings]
) -> None:
    url = make_url(server.url("postgres", OUR_DRIVER)).set(username="stranger")
    settings = settings_factory(database_url=url.render_as_string(hide_password=False))

    with pytest.raises(Unavailable, match=r"refuses its user.*correct POKERVOD_DATABASE_URL") as refusal:  # noqa: SIM117
        with open_database(settings):
            raise AssertionError

    assert "start it" not in str(refusal.value)


def test_without_a_url_the_embedded_server_serves_both(settings_factory: Callable[..., Settings]) -> None:
    settings = settings_factory()

    with open_database(settings) as engine, serve_database(settings) as urls:
        with engine.connect() as connection:
            version = int(connection.scalar(text("show server_version_num")) or 0)
        names = (urls.pokervod.database, urls.dagster.database)

    assert version >= 160_000
    assert names == ("pokervod", "dagster")
