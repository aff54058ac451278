"""Start servers that channels speak to, and a desk without channels."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from pokervod_pipelines_tests.alerts.desk import Desk
from pokervod_pipelines_tests.alerts.servers import HookServer, MailServer


@pytest.fixture
def desk(engine: Engine) -> Desk:
    """A desk at an empty database, without channels."""
    return Desk(engine=engine)


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
