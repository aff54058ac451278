"""A real PostgreSQL for every test: one server a test run, one migrated template, one clone a test that asks."""

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from sqlalchemy import Engine, create_engine, text

from pokervod_pipelines.db.embedded import EmbeddedServer
from pokervod_pipelines.db.engine import OUR_DRIVER, make_engine
from pokervod_pipelines.db.migrate import upgrade_database
from pokervod_pipelines.errors import Conflict
from pokervod_pipelines.settings import Settings

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

# A busy machine is slow; a slow example is no failure.
hypothesis_settings.register_profile(
    "pokervod", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
hypothesis_settings.load_profile("pokervod")

os.environ.pop("DAGSTER_HOME", None)
for variable in [name for name in os.environ if name.startswith("POKERVOD_") and not name.startswith("POKERVOD_TEST_")]:
    del os.environ[variable]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """The run's PostgreSQL server, shared by all workers through its folder."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    running = EmbeddedServer(shared / "postgres", settings={"fsync": "off"})
    with running:
        yield running
    with suppress(Conflict):  # other workers still use it; the last one erases it
        running.erase()


@pytest.fixture(scope="session")
def template(server: EmbeddedServer) -> str:
    """A database with the newest schema, to be cloned."""
    admin = create_engine(server.url("postgres", OUR_DRIVER), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("select pg_advisory_lock(1)"))
        if not connection.scalar(text("select 1 from pg_database where datname = 'template_pokervod'")):
            server.create_database("making_template")
            making = make_engine(server.url("making_template", OUR_DRIVER))
            upgrade_database(making)
            making.dispose()
            connection.execute(text("alter database making_template rename to template_pokervod"))
        connection.execute(text("select pg_advisory_unlock(1)"))
    admin.dispose()
    return "template_pokervod"


@pytest.fixture
def make_database(server: EmbeddedServer, template: str) -> Iterator[Callable[[bool], str]]:
    """A function that makes a database of the test's own (migrated or empty) and returns its URL."""
    admin = create_engine(server.url("postgres", OUR_DRIVER), isolation_level="AUTOCOMMIT")
    made: list[str] = []

    def make(migrated: bool = True) -> str:
        name = f"test_{uuid.uuid4().hex[:12]}"
        source = template if migrated else "template0"
        with admin.connect() as connection:
            connection.execute(text(f"create database {name} template {source}"))
        made.append(name)
        return server.url(name, OUR_DRIVER)

    yield make
    with admin.connect() as connection:
        for name in made:
            connection.execute(text(f"drop database if exists {name} with (force)"))
            connection.execute(text(f"drop database if exists {name}_dagster with (force)"))
    admin.dispose()


@pytest.fixture
def engine(make_database: Callable[[bool], str]) -> Iterator[Engine]:
    """A fresh, migrated database."""
    made = make_engine(make_database(True))
    yield made
    made.dispose()


@pytest.fixture
def settings_factory(tmp_path: Path) -> Callable[..., Settings]:
    """``settings_factory(**overrides)``: valid settings whose home is the test's own folder."""

    def make(**overrides: object) -> Settings:
        return Settings.model_validate({"home": tmp_path / "home", **overrides})

    return make


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data, where it exists; the test is skipped where it does not."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the real data are not beside this checkout")
    return SHARED_DATA
