"""One database for all tests of this room in a process, emptied for each: a clone for each would cost more than it."""

import uuid
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine, create_engine, text

from pokervod_pipelines.db.embedded import EmbeddedServer
from pokervod_pipelines.db.engine import OUR_DRIVER, make_engine
from pokervod_pipelines.db.tables import Base
from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.render.desk import Desk
from pokervod_pipelines_tests.render.queue_desk import QueueDesk


@pytest.fixture(scope="session")
def render_engine(server: EmbeddedServer, template: str) -> Iterator[Engine]:
    """A migrated database that the tests of this room share."""
    name = f"test_render_{uuid.uuid4().hex[:12]}"
    admin = create_engine(server.url("postgres", OUR_DRIVER), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"create database {name} template {template}"))
    engine = make_engine(server.url(name, OUR_DRIVER))
    Base.metadata.create_all(engine, checkfirst=True)
    yield engine
    engine.dispose()
    with admin.connect() as connection:
        connection.execute(text(f"drop database {name} with (force)"))
    admin.dispose()


@pytest.fixture
def desk(render_engine: Engine, settings_factory: Callable[..., Settings]) -> Desk:
    """A desk at an empty database."""
    desk = Desk(engine=render_engine, settings=settings_factory())
    desk.clear()
    return desk


@pytest.fixture
def queue_desk(desk: Desk) -> QueueDesk:
    """A queue in an empty database."""
    return QueueDesk(engine=desk.engine)
