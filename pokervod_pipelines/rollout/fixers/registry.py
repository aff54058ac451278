"""The kinds of fixers by name."""

from collections.abc import Mapping
from types import MappingProxyType

from pokervod_pipelines.rollout.fixers.apply_migrations import ApplyMigrations
from pokervod_pipelines.rollout.fixers.base import Fixer
from pokervod_pipelines.rollout.fixers.rebuild_mocks import RebuildMocks
from pokervod_pipelines.rollout.fixers.regenerate_document import RegenerateDocument
from pokervod_pipelines.rollout.fixers.rerun_tests import RerunTests
from pokervod_pipelines.rollout.fixers.restart_service import RestartService

FIXERS: Mapping[str, type[Fixer]] = MappingProxyType(
    {kind.kind: kind for kind in (ApplyMigrations, RestartService, RerunTests, RegenerateDocument, RebuildMocks)}
)
