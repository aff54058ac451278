"""A world for fixers: the test's own folder and database, with what the test allows."""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from pokervod_pipelines.rollout.fixers.world import FixerWorld
from sqlalchemy import Engine, create_engine

from pokervod_pipelines.rollout.services import Service
from pokervod_pipelines.settings.rollout import FixerRights
from pokervod_pipelines_tests.rollout.fixers.station import ALL_KINDS, Station

MakeWorld = Callable[..., FixerWorld]


@pytest.fixture
def station() -> Iterator[Station]:
    """A real HTTP server of the test's own."""
    with Station() as running:
        yield running


@pytest.fixture
def make_world(tmp_path: Path) -> MakeWorld:
    """``make_world(commands=…, …)``: a world in which every fixer is switched on, and no database answers."""
    nowhere = create_engine("postgresql+psycopg://user:database-password@127.0.0.1:1/none")

    def make(
        *,
        engine: Engine = nowhere,
        kinds: object = ALL_KINDS,
        commands: object = None,
        units: object = (),
        services: Mapping[str, Service] | None = None,
        **environment: str,
    ) -> FixerWorld:
        rights = FixerRights.model_validate({"kinds": kinds, "commands": commands or {}, "units": units})
        return FixerWorld(
            engine=engine,
            folder=tmp_path,
            rights=rights,
            services=services or {},
            environment={"PATH": os.environ["PATH"], **environment},
        )

    return make
