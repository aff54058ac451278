"""The plain objects that assets are given: the engine, the settings and who is told of progress.

A resource here is configuration plus a factory; domain code never sees one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import dagster as dg
from sqlalchemy import Engine

from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.settings import Settings, load_settings
from pokervod_pipelines.workflows.outcome import Outcome


class Listener(Protocol):
    """Who is told how a sync goes on; the command line shows it to a person."""

    def started(self, stage: str, name: str) -> None:
        """A stage began."""

    def advanced(self, stage: str, name: str, done: int) -> None:
        """A stage has come to ``done`` items."""

    def finished(self, outcome: Outcome) -> None:
        """A stage ended."""


class Silent:
    """A listener for runs nobody watches; Dagster's own log has the outcome."""

    def started(self, stage: str, name: str) -> None:
        """Says nothing."""

    def advanced(self, stage: str, name: str, done: int) -> None:
        """Says nothing."""

    def finished(self, outcome: Outcome) -> None:
        """Says nothing."""


class EngineResource(dg.ConfigurableResource[Engine]):
    """An engine on the migrated database of the settings, closed after the run."""

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[Engine]:  # type: ignore[override]
        """The engine lives as long as the step's process needs it."""
        with open_database(load_settings()) as engine:
            yield engine


class SettingsResource(dg.ConfigurableResource[Settings]):
    """The settings as they stand when the run starts."""

    def create_resource(self, context: dg.InitResourceContext) -> Settings:
        """The settings of the folder the run works in."""
        return load_settings()
