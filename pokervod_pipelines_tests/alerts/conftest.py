"""Start servers that channels speak to, and an outbox without channels."""

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from sqlalchemy import Engine

from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.alerts.outbox import Outbox, WarmSenders
from pokervod_pipelines_tests.alerts.servers import HookServer, MailServer


@pytest.fixture(scope="session")
def senders() -> Iterator[WarmSenders]:
    """Return a way to open channels whose child processes serve all tests."""
    with closing(WarmSenders()) as warm:
        yield warm


@pytest.fixture
def outbox(engine: Engine, senders: WarmSenders, settings_factory: Callable[..., Settings]) -> Outbox:
    """Return an outbox with an empty database, without channels."""
    return Outbox(engine=engine, base=settings_factory(), open_channel=senders)


@pytest.fixture
def hook() -> Iterator[HookServer]:
    """Run a web server that accepts messages."""
    with HookServer() as server:
        yield server


@pytest.fixture
def mail() -> Iterator[MailServer]:
    """Run a mail server."""
    with MailServer() as server:
        yield server
