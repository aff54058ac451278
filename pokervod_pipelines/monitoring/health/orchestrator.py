"""Describe what health reads of Dagster, without knowing it: ``defs.orchestrator_facts`` reads it from its database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pokervod_pipelines.monitoring.health.shape import RunFigures


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorFacts:
    """Tell when a sensor ticked last, None before its first tick, and how its newest tick failed, "" where it did not.

    A person may have stopped it.
    """

    name: str
    interval_seconds: float = 0.0
    ticked_at: datetime | None = None
    error: str = ""
    is_stopped: bool = False


class Orchestrator(Protocol):
    """Read what health needs of Dagster. Each call raises a database error where it cannot be read."""

    def read_heartbeats(self) -> Mapping[str, datetime]:
        """Return when each part of the daemon told last that it lives; none where it has never run."""

    def read_sensors(self) -> Sequence[SensorFacts]:
        """Return the sensors that this version has."""

    def read_runs(self, since: datetime, until: datetime) -> Mapping[str, RunFigures]:
        """Return the figures of each job whose runs ended in this time."""
