"""Make fix contexts: the test's own folder and database, with what the test allows."""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine

from pokervod_pipelines.rollout.context import RolloutContext
from pokervod_pipelines.rollout.fixers.registry import FIXERS
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.settings.rollout import RolloutService
from pokervod_pipelines_tests.rollout.http_services import RunningService, run_service

MakeContext = Callable[..., RolloutContext]


@pytest.fixture
def http_server() -> Iterator[RunningService]:
    """Run an HTTP server of the test's own."""
    with run_service() as running:
        yield running


@pytest.fixture
def make_context(
    tmp_path: Path, http_server: RunningService, settings_factory: Callable[..., Settings]
) -> Callable[..., RolloutContext]:
    """Return ``make_context(commands=…, …)``, which makes a context with every fixer on and without a database.

    Its service search is the HTTP server.
    """
    nowhere = create_engine("postgresql+psycopg://user:database-password@127.0.0.1:1/none")

    def make(
        *,
        engine: Engine = nowhere,
        kinds: object = frozenset(FIXERS),
        commands: object = None,
        units: object = (),
        services: Mapping[str, RolloutService] | None = None,
        **environment: str,
    ) -> RolloutContext:
        rights = {"kinds": kinds, "commands": commands or {}, "units": units}
        return RolloutContext(
            engine=engine,
            settings=settings_factory(rollout={"fixers": rights}),
            folder=tmp_path,
            services=services or {"search": RolloutService(address=http_server.address, mock=http_server.address)},
            environment={"PATH": os.environ["PATH"], **environment},
        )

    return make
