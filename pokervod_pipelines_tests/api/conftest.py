"""Give the tests of the API a running server on an empty or a filled database."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine

from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.api.serving import Served, fill, serve_app


@pytest.fixture
def api_settings(settings_factory: Callable[..., Settings], database_url: str) -> Settings:
    """Return settings with the database of the test."""
    return settings_factory(database_url=database_url)


@pytest.fixture
def opened(engine: Engine, api_settings: Settings) -> Iterator[Served]:
    """Serve without any user."""
    with serve_app(api_settings, engine) as served:
        yield served


@pytest.fixture
def api(opened: Served) -> Served:
    """Serve with users and keys of each role, and something to read."""
    fill(opened.engine, opened.settings)
    opened.add_keys()
    return opened
