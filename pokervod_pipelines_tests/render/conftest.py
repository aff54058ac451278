"""Put desks at the empty database."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.render.desk import Desk
from pokervod_pipelines_tests.render.queue_desk import QueueDesk


@pytest.fixture
def desk(engine: Engine, settings_factory: Callable[..., Settings]) -> Desk:
    """A desk at an empty database."""
    return Desk(engine=engine, settings=settings_factory())


@pytest.fixture
def queue_desk(desk: Desk) -> QueueDesk:
    """A queue in an empty database."""
    return QueueDesk(engine=desk.engine)
