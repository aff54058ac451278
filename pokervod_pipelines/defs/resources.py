"""The plain objects that assets are given: the engine, the settings and who is told of progress.

A resource here is configuration plus a factory; domain code never sees one.
"""

from collections.abc import Iterator
from typing import Protocol

import dagster as dg
from sqlalchemy import Engine

from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.stage_result import StageResult


class Listener(Protocol):
    """Who is told how a sync goes on; the command line shows it to a person."""

    def started(self, stage: str, name: str) -> None:
        """A stage began."""

    def advanced(self, stage: str, name: str, done: int) -> None:
        """A stage has come to ``done`` items."""

    def finished(self, outcome: StageResult) -> None:
        """A stage ended."""


class Silent:
    """A listener for runs nobody watches; Dagster's own log has the outcome."""

    def started(self, stage: str, name: str) -> None:
        """Says nothing."""

    def advanced(self, stage: str, name: str, done: int) -> None:
        """Says nothing."""

    def finished(self, outcome: StageResult) -> None:
        """Says nothing."""


def define_engine(settings: Settings) -> dg.ResourceDefinition:
    """An engine on the migrated database of the settings, open for as long as the step's process needs it."""

    @dg.resource(description="PokerVOD's database.")
    def engine(_: dg.InitResourceContext) -> Iterator[Engine]:
        with open_database(settings) as opened:
            yield opened

    return engine
