"""Put an office that exports beside the empty database."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from pokervod_pipelines_tests.tournaments.exports import Office


@pytest.fixture
def office(engine: Engine, tmp_path: Path) -> Office:
    """Provide an empty folder, and a database in which nothing of this room is known."""
    folder = tmp_path / "exports"
    folder.mkdir()
    return Office(engine=engine, folder=folder)
