"""Make check contexts: a folder, services, and the database that the tests of this room share."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from pokervod_pipelines.rollout.context import RolloutContext
from pokervod_pipelines.rollout.criteria.base import Criterion, check_criterion
from pokervod_pipelines.rollout.criteria.kinds import list_kinds
from pokervod_pipelines.rollout.record import ResultRecord
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.settings.rollout import RolloutService

MakeContext = Callable[..., RolloutContext]


@pytest.fixture
def make_context(
    engine: Engine, settings_factory: Callable[..., Settings], tmp_path: Path
) -> Callable[..., RolloutContext]:
    """Return ``make_context(services, …)``, which makes a context in the test's own folder."""
    folder = tmp_path / "plan"
    folder.mkdir()

    def make(services: Mapping[str, Mapping[str, str]] | None = None, **given: Any) -> RolloutContext:
        known = {name: RolloutService().model_copy(update=values) for name, values in (services or {}).items()}
        settings = settings_factory(rollout=given.pop("rollout", {}))
        return RolloutContext(services=known, folder=folder, **{"engine": engine, "settings": settings, **given})

    return make


def make_criterion(kind: str, **parameters: Any) -> Criterion:
    """Return a criterion as a plan would make it."""
    return list_kinds()[kind].model_validate({"kind": kind, "name": "it", **parameters})


def check(context: RolloutContext, kind: str, **parameters: Any) -> ResultRecord:
    """Check such a criterion."""
    return check_criterion(make_criterion(kind, **parameters), context)
