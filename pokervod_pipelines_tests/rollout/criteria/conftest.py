"""A world to look at: a folder, services, and the database that the tests of this room share."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from pokervod_pipelines.rollout.criteria.base import Criterion, examine
from pokervod_pipelines.rollout.criteria.evidence import Evidence
from pokervod_pipelines.rollout.criteria.kinds import list_kinds
from pokervod_pipelines.rollout.criteria.world import World
from pokervod_pipelines.rollout.services import Service
from pokervod_pipelines.settings import Settings

MakeWorld = Callable[..., World]


@pytest.fixture
def make_world(engine: Engine, settings_factory: Callable[..., Settings], tmp_path: Path) -> Callable[..., World]:
    """``make_world(search={"address": …}, seconds=5, …)``: a world whose folder is the test's own."""
    folder = tmp_path / "plan"
    folder.mkdir()

    def make(services: Mapping[str, Mapping[str, str]] | None = None, **given: Any) -> World:
        known = {name: Service.model_validate(values) for name, values in (services or {}).items()}
        whole = {"engine": engine, "settings": settings_factory(), "folder": folder, "seconds": 10.0, **given}
        return World(services=known, **whole)

    return make


def make_criterion(kind: str, **parameters: Any) -> Criterion:
    """A criterion as a plan would make it."""
    return list_kinds()[kind].model_validate({"kind": kind, "name": "it", **parameters})


def look(world: World, kind: str, **parameters: Any) -> Evidence:
    """Examine such a criterion."""
    return examine(make_criterion(kind, **parameters), world)
