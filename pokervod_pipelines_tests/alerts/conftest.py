"""One database for all tests of this room in a process, emptied for each; and servers that channels speak to."""

import uuid
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine, text

from pokervod_pipelines.db.embedded import EmbeddedServer
from pokervod_pipelines.db.engine import OUR_DRIVER, make_engine
from pokervod_pipelines_tests.alerts.desk import Desk
from pokervod_pipelines_tests.alerts.servers import HookServer, MailServer


@pytest.fixture(scope="session")
def alerts_url(server: EmbeddedServer, template: str) -> Iterator[str]:
    """A migrated database that the tests of this room share."""
    name = f"test_alerts_{uuid.uuid4().hex[:12]}"
    admin = create_engine(server.url("postgres", OUR_DRIVER), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"create database {name} template {template}"))
    yield server.url(name, OUR_DRIVER)
    with admin.connect() as connection:
        connection.execute(text(f"drop database {name} with (force)"))
    admin.dispose()


@pytest.fixture(scope="session")
def alerts_engine(alerts_url: str) -> Iterator[Engine]:
    """An engine on it."""
    engine = make_engine(alerts_url)
    yield engine
    engine.dispose()


@pytest.fixture
def desk(alerts_engine: Engine) -> Desk:
    """A desk at an empty database, without channels."""
    desk = Desk(engine=alerts_engine)
    desk.clear()
    return desk


@pytest.fixture
def hook() -> Iterator[HookServer]:
    """A web server that takes messages."""
    with HookServer() as server:
        yield server


@pytest.fixture
def mail() -> Iterator[MailServer]:
    """A mail server."""
    with MailServer() as server:
        yield server
