"""Give every test a real PostgreSQL: one server a run, one migrated database a process, emptied for each test."""

import gc
import os
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from sqlalchemy import Engine, text

from pokervod_pipelines.access import passwords
from pokervod_pipelines.db.embedded import EmbeddedServer
from pokervod_pipelines.db.engine import OUR_DRIVER, make_engine
from pokervod_pipelines.db.migrate import upgrade_database
from pokervod_pipelines.errors import Conflict
from pokervod_pipelines.logs.start import end_log
from pokervod_pipelines.rollout.criteria.documents import BACKEND
from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.worker_database import WorkerDatabase, connect_admin, drop_database

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

QUICK = {"autovacuum": "off", "fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
"""Nothing has to outlive the machine; and a plan depends on what its test does, not on when the server tidies up."""

CAREFUL = passwords._HASHER
"""What the product hashes passwords with, which is what ``test_passwords.py`` checks; it takes 40 ms."""

passwords._HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

os.environ.setdefault(*BACKEND)  # also where a test validates a document before the product does

gc.disable()  # until all tests are collected: nothing of them is garbage

# A busy machine is slow; a slow example is no failure.
hypothesis_settings.register_profile(
    "pokervod", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
hypothesis_settings.load_profile("pokervod")

# Hundreds of processes start below; without compiled modules each of them would compile the whole package again.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # nothing multiplies matrices, and each thread costs 0.1 s at the start
os.environ.pop("DAGSTER_HOME", None)
for variable in [name for name in os.environ if name.startswith("POKERVOD_") and not name.startswith("POKERVOD_TEST_")]:
    del os.environ[variable]


def pytest_collection_finish() -> None:
    """Never look through what is loaded now for garbage again: it is most of what there is."""
    gc.freeze()
    gc.enable()


@pytest.fixture(autouse=True)
def _end_log() -> Iterator[None]:
    """End the log that a command or an instance of Dagster started in this process."""
    yield
    end_log()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """Run the PostgreSQL server that all workers share through its folder."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    running = EmbeddedServer(shared / "postgres", settings=QUICK)
    with running:
        yield running
    with suppress(Conflict):  # other workers still use it; the last one erases it
        running.erase()


@pytest.fixture(scope="session")
def template(server: EmbeddedServer) -> str:
    """Return the name of a database with the newest schema, to be cloned."""
    with connect_admin(server) as connection:
        connection.execute(text("select pg_advisory_lock(1)"))
        if not connection.scalar(text("select 1 from pg_database where datname = 'template_pokervod'")):
            server.create_database("making_template")
            making = make_engine(server.url("making_template", OUR_DRIVER))
            upgrade_database(making)
            making.dispose()
            connection.execute(text("alter database making_template rename to template_pokervod"))
    return "template_pokervod"


@pytest.fixture(scope="session")
def worker_database(server: EmbeddedServer, template: str) -> Iterator[WorkerDatabase]:
    """Keep the database of this process."""
    database = WorkerDatabase(server=server, template=template, name=f"test_{uuid.uuid4().hex[:12]}")
    yield database
    database.drop()


@pytest.fixture
def database_url(worker_database: WorkerDatabase) -> str:
    """Return the URL of a migrated, empty database."""
    worker_database.empty()
    return worker_database.url


@pytest.fixture
def engine(database_url: str, worker_database: WorkerDatabase) -> Iterator[Engine]:
    """Yield an engine on a migrated, empty database; its one idle connection is used by the next test again."""
    yield worker_database.engine
    worker_database.reset_engine()


@pytest.fixture
def make_database(server: EmbeddedServer, template: str) -> Iterator[Callable[[bool], str]]:
    """Return a function that makes one more database (migrated or without tables) and returns its URL.

    It costs half a second: for tests that need two databases, one to drop, or one without our schema.
    """
    made: list[str] = []

    def make(migrated: bool = True) -> str:
        name = f"test_{uuid.uuid4().hex[:12]}"
        with connect_admin(server) as connection:
            connection.execute(text(f"create database {name} template {template if migrated else 'template0'}"))
        made.append(name)
        return server.url(name, OUR_DRIVER)

    yield make
    with connect_admin(server) as connection:
        for name in made:
            drop_database(connection, name)


@pytest.fixture
def settings_factory(tmp_path: Path) -> Callable[..., Settings]:
    """Return ``make(**overrides)``, which makes valid settings whose home is the test's own folder."""

    def make(**overrides: object) -> Settings:
        return Settings.model_validate({"home": tmp_path / "home", **overrides})

    return make


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real data; skip the test where it does not exist."""
    if not SHARED_DATA.is_dir():
        pytest.skip("no real data beside this checkout")
    return SHARED_DATA
