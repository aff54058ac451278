"""Define the resources of assets: the engine, the settings and the listener for progress.

Domain code gets plain objects and never sees a resource.
"""

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Protocol

import dagster as dg
from sqlalchemy import Engine

from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.defs.dead_runs import hold_run
from pokervod_pipelines.defs.stages import correlation_of
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.context import SharedContext
from pokervod_pipelines.workflows.stage_result import StageResult


class SyncListener(Protocol):
    """Receive the progress of a sync; the command line shows it to a person."""

    def started(self, stage: str, name: str) -> None:
        """Note that a stage began."""

    def advanced(self, stage: str, name: str, done: int) -> None:
        """Note how many entries a stage has done."""

    def waiting(self, reason: str) -> None:
        """Note what the sync waits for."""

    def finished(self, result: StageResult) -> None:
        """Note how a stage ended."""


class SilentListener:
    """Ignore the progress of runs that nobody watches; Dagster's log has the results."""

    def started(self, stage: str, name: str) -> None:
        """Do nothing."""

    def advanced(self, stage: str, name: str, done: int) -> None:
        """Do nothing."""

    def waiting(self, reason: str) -> None:
        """Do nothing."""

    def finished(self, result: StageResult) -> None:
        """Do nothing."""


def define_engine(settings: Settings) -> dg.ResourceDefinition:
    """Define an engine on the migrated database of the settings, open while the run's process needs it.

    That process holds the run's lock, so that its death is noticed.
    """

    @dg.resource(description="PokerVOD's database.")
    def engine(context: dg.InitResourceContext) -> Iterator[Engine]:
        with open_database(settings) as opened, hold_run(opened, context.run.run_id) if context.run else nullcontext():
            yield opened

    return engine


def define_shared_context(settings: Settings) -> dg.ResourceDefinition:
    """Define what the runs of one request share, for assets and ops: see ``workflows.context``."""

    @dg.resource(required_resource_keys={"engine"}, description="Values that the runs of one request share.")
    def shared_context(context: dg.InitResourceContext) -> SharedContext:
        assert context.run is not None  # noqa: S101 - a resource of runs
        by = f"run {context.run.run_id[:8]} ({context.run.job_name})"
        return SharedContext(context.resources.engine, settings.workflows, correlation_of(context), by)

    return shared_context
