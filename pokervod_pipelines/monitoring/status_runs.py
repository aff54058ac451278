"""Describe what the status reads of runs, without knowing who runs them: ``defs.run_history`` reads it from Dagster."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from pokervod_pipelines.checks import Severity
from pokervod_pipelines.settings import Settings


class RunState(StrEnum):
    """Tell how far a run, or a stage of it, has come."""

    QUEUED = "queued"
    """Nothing of it has begun; Dagster's queue starts it."""

    RUNNING = "running"
    """A process works on it, or waits for a retry or a pool."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    STOPPED = "stopped"
    """A person or a signal ended it."""

    SKIPPED = "skipped"
    """It did not begin, since what it goes on with failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Describe a run: ``at`` is when it ended, began, or was last changed; ``partition`` is "" where it has none."""

    run_id: str
    job: str
    state: RunState
    at: datetime
    started_at: datetime | None = None
    partition: str = ""
    correlation_id: str = ""
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StageAttempt:
    """Describe how a stage went for a library, sheet or day; ``at`` is when it ended, or began if it runs.

    ``counts`` has what it counted where it succeeded; ``run_id`` is "" for a command that was no run.
    """

    stage: str
    name: str
    state: RunState
    at: datetime
    started_at: datetime | None = None
    run_id: str = ""
    error: str | None = None
    counts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCheck:
    """Hold the last recorded result of a check of an asset."""

    name: str
    asset: str
    passed: bool
    severity: Severity
    summary: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """Hold what is known of runs: those in progress, the newest attempts of each stage, and the checks.

    ``processes`` has for each run in progress the processes that its log names, with the times of the entries.
    ``last_full`` is the newest full sync that ended. ``scheduler_seen_at`` is the scheduler's last heartbeat, and
    ``is_scheduled`` False where a person stopped the schedule of the full sync.
    """

    in_progress: tuple[Run, ...] = ()
    processes: Mapping[str, Mapping[int, datetime]] = field(default_factory=dict)
    attempts: tuple[StageAttempt, ...] = ()
    last_full: Run | None = None
    checks: tuple[RecordedCheck, ...] = ()
    scheduler_seen_at: datetime | None = None
    is_scheduled: bool = True


class RunHistory(Protocol):
    """Read what the status needs of runs."""

    def read(self, settings: Settings) -> RunFacts:
        """Return the facts of now. Raises a database error where they cannot be read."""
