"""A world to look at: a folder, services, and the database that the tests of this room share."""

import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text

from pokervod_pipelines.db.embedded import EmbeddedServer
from pokervod_pipelines.db.engine import OUR_DRIVER, make_engine
from pokervod_pipelines.rollout.criteria.base import Criterion, examine
from pokervod_pipelines.rollout.criteria.evidence import Evidence
from pokervod_pipelines.rollout.criteria.kinds import list_kinds
from pokervod_pipelines.rollout.criteria.world import World
from pokervod_pipelines.rollout.services import Service
from pokervod_pipelines.settings import Settings

MakeWorld = Callable[..., World]


@pytest.fixture(scope="session")
def criteria_engine(server: EmbeddedServer, template: str) -> Iterator[Engine]:
    """A migrated database for tests that change nothing in it, or only tables of their own name."""
    name = f"test_criteria_{uuid.uuid4().hex[:12]}"
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
def make_world(
    criteria_engine: Engine, settings_factory: Callable[..., Settings], tmp_path: Path
) -> Callable[..., World]:
    """``make_world(search={"address": …}, seconds=5, …)``: a world whose folder is the test's own."""
    folder = tmp_path / "plan"
    folder.mkdir()

    def make(services: Mapping[str, Mapping[str, str]] | None = None, **given: Any) -> World:
        known = {name: Service.model_validate(values) for name, values in (services or {}).items()}
        whole = {"engine": criteria_engine, "settings": settings_factory(), "folder": folder, "seconds": 10.0, **given}
        return World(services=known, **whole)

    return make


def make_criterion(kind: str, **parameters: Any) -> Criterion:
    """A criterion as a plan would make it."""
    return list_kinds()[kind].model_validate({"kind": kind, "name": "it", **parameters})


def look(world: World, kind: str, **parameters: Any) -> Evidence:
    """Examine such a criterion."""
    return examine(make_criterion(kind, **parameters), world)
