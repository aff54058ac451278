"""Provide the empty database with the helpers of this room."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.render.queue_database import QueueDatabase
from pokervod_pipelines_tests.render.render_database import RenderDatabase


@pytest.fixture
def database(engine: Engine, settings_factory: Callable[..., Settings]) -> RenderDatabase:
    """Return the empty database with hands and tournaments to fill in."""
    return RenderDatabase(engine=engine, settings=settings_factory())


@pytest.fixture
def queue_database(database: RenderDatabase) -> QueueDatabase:
    """Return the empty database with a queue to fill in."""
    return QueueDatabase(engine=database.engine)
