"""Give the tests of the console the whole site, with users of each role."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.console.app import build_site
from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.access.people import make_people
from pokervod_pipelines_tests.api.serving import Served, serve_app
from pokervod_pipelines_tests.console.browsing import Browser


@pytest.fixture
def site_settings(settings_factory: Callable[..., Settings], database_url: str) -> Settings:
    """Return settings with the database of the test."""
    return settings_factory(database_url=database_url)


@pytest.fixture
def unused_site(engine: Engine, site_settings: Settings) -> Iterator[Served]:
    """Serve the site without any user."""
    with serve_app(site_settings, engine, build_site) as served:
        yield served


@pytest.fixture
def site(unused_site: Served) -> Served:
    """Serve the site with anna, who is an administrator, and ben, who only looks."""
    people = make_people(unused_site.engine)
    people.add("anna")
    people.add("ben", Role.VIEWER)
    return unused_site


@pytest.fixture
def browser(site: Served) -> Browser:
    """Return a browser that nobody has used."""
    return Browser(served=site)
