"""Provide an emulated Google with an emulated clock, an account, and clients that call it over HTTP."""

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text

from pokervod_pipelines.db.embedded import EmbeddedServer
from pokervod_pipelines.db.engine import OUR_DRIVER, make_engine
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.sheets.google.client import GoogleClient
from pokervod_pipelines_tests.google.clock import VirtualClock
from pokervod_pipelines_tests.google.emulator import Emulator
from pokervod_pipelines_tests.google.model import Spreadsheet

ROWS = [["File No.", "파일명", "In"], ["1", "a.mp4", "0:01"], ["2", "b.mp4", "0:02"]]


@pytest.fixture(scope="session")
def shared_engine(server: EmbeddedServer, template: str) -> Iterator[Engine]:
    """Yield a database for all tests of this folder: they use two small tables."""
    name = f"test_google_{uuid.uuid4().hex[:12]}"
    admin = create_engine(server.url("postgres", OUR_DRIVER), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"create database {name} template {template}"))
    made = make_engine(server.url(name, OUR_DRIVER))
    yield made
    made.dispose()
    with admin.connect() as connection:
        connection.execute(text(f"drop database {name} with (force)"))
    admin.dispose()


@pytest.fixture
def engine(shared_engine: Engine) -> Engine:
    """Return the database with every budget full and every breaker closed."""
    with shared_engine.begin() as connection:
        connection.execute(text("delete from api_budgets"))
        connection.execute(text("delete from breakers"))
    return shared_engine


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def google(clock: VirtualClock) -> Iterator[Emulator]:
    with Emulator.start(clock=clock) as emulator:
        yield emulator


@pytest.fixture
def account(google: Emulator) -> dict[str, str]:
    return google.make_service_account()


@pytest.fixture
def make_client(
    engine: Engine,
    settings_factory: Callable[..., Settings],
    google: Emulator,
    account: dict[str, str],
    clock: VirtualClock,
) -> Iterator[Callable[..., GoogleClient]]:
    """``make_client(**google_settings)``: a client that lives in the emulator's time."""
    made: list[GoogleClient] = []

    def make(sheets: list[dict[str, Any]] | None = None, **options: object) -> GoogleClient:
        settings = settings_factory(
            google={"endpoint": google.root, "seconds_per_call": 5, **options},
            google_credentials=json.dumps(account),
            sheets=sheets or [],
        )
        made.append(GoogleClient(engine, settings, clock=clock))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(make_client: Callable[..., GoogleClient]) -> GoogleClient:
    return make_client()


@pytest.fixture
def sheet(google: Emulator, account: dict[str, str]) -> Spreadsheet:
    """Return a sheet with one tab, shared with the account for editing."""
    made = google.add_workbook({"Hands": ROWS}, title="Tracker")
    made.share(account["client_email"], "writer")
    return made
