"""The kinds of fixers by name, and how an entry of a plan becomes one of them."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.rollout.fixers.apply_migrations import ApplyMigrations
from pokervod_pipelines.rollout.fixers.base import Fixer
from pokervod_pipelines.rollout.fixers.rebuild_mocks import RebuildMocks
from pokervod_pipelines.rollout.fixers.regenerate_document import RegenerateDocument
from pokervod_pipelines.rollout.fixers.rerun_tests import RerunTests
from pokervod_pipelines.rollout.fixers.restart_service import RestartService
from pokervod_pipelines.settings_file import Location

FIXERS: Mapping[str, type[Fixer]] = MappingProxyType(
    {kind.kind: kind for kind in (ApplyMigrations, RestartService, RerunTests, RegenerateDocument, RebuildMocks)}
)


def load_fixer(kind: str, parameters: Mapping[str, Any], place: Callable[[Location], str]) -> Fixer:
    """Return the fixer with these parameters; ``place`` gives ``file:line`` of a location in them, ``()`` the entry's.

    Raises ``BadInput`` that names every fault by file and line.
    """
    if kind not in FIXERS:
        raise BadInput(f"{place(())}: no fixer {kind!r}; there are {', '.join(FIXERS)}")
    try:
        return FIXERS[kind].model_validate(dict(parameters))
    except ValidationError as error:
        raise BadInput("\n".join(_describe(kind, error, place))) from None


def _describe(kind: str, error: ValidationError, place: Callable[[Location], str]) -> list[str]:
    lines = []
    for fault in error.errors(include_url=False, include_input=False):
        where = ".".join(map(str, fault["loc"]))
        text = fault["msg"].removeprefix("Value error, ")
        lines.append(f"{place(fault['loc'])}: fixer {kind}: {where + ': ' if where else ''}{text}")
    return lines
