"""An office that exports, beside a database with the room's tables; one database serves all tests of a process."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text

from pokervod_pipelines.db.embedded import EmbeddedServer
from pokervod_pipelines.db.engine import OUR_DRIVER, make_engine
from pokervod_pipelines.db.tables import Base
from pokervod_pipelines.db.tables import tournaments as tables
from pokervod_pipelines_tests.tournaments.exports import CONTENT_TABLES, Office


@pytest.fixture(scope="session")
def office_engine(server: EmbeddedServer, template: str) -> Iterator[Engine]:
    """A migrated database of this test process."""
    admin = create_engine(server.url("postgres", OUR_DRIVER), isolation_level="AUTOCOMMIT")
    name = f"tournaments_{uuid.uuid4().hex[:12]}"
    with admin.connect() as connection:
        connection.execute(text(f"create database {name} template {template}"))
    engine = make_engine(server.url(name, OUR_DRIVER))
    names = (*CONTENT_TABLES, tables.TournamentFile.__tablename__)
    Base.metadata.create_all(engine, tables=[Base.metadata.tables[name] for name in names], checkfirst=True)
    yield engine
    engine.dispose()
    with admin.connect() as connection:
        connection.execute(text(f"drop database {name} with (force)"))
    admin.dispose()


@pytest.fixture
def office(office_engine: Engine, tmp_path: Path) -> Office:
    """An empty folder, and a database in which nothing of this room is known."""
    folder = tmp_path / "exports"
    folder.mkdir()
    office = Office(engine=office_engine, folder=folder)
    office.clear()
    return office
