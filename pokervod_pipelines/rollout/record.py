"""What happened in a programme, as the database keeps it: plain records that reports and the runner read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class ProgrammeState(StrEnum):
    """How a programme is."""

    RUNNING = "running"
    """A runner is at it, or may be; the runner moves it on."""

    WAITING = "waiting"
    """A week is tried again later, or was not asked for yet; whoever runs it then moves it on."""

    PAUSED = "paused"
    """A person stopped it; a person resumes it."""

    ESCALATED = "escalated"
    """A week failed for the last time; a person mends what is the matter, then resumes it."""

    COMPLETED = "completed"
    """Every week has passed."""


class WeekState(StrEnum):
    """How a week is."""

    PENDING = "pending"
    RUNNING = "running"
    WAITING = "waiting"
    PASSED = "passed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultRecord:
    """What one criterion came to in one attempt; ``is_overridden`` is one that failed and counts as passed."""

    criterion: str
    passed: bool
    is_overridden: bool
    summary: str
    details: tuple[str, ...]
    figures: Mapping[str, Any]
    error_class: str | None
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FixRecord:
    """What a fixer did after an attempt, or why it could not."""

    fixer: str
    error_class: str
    done: bool
    said: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRecord:
    """One evaluation of a week's criteria. ``round`` counts from 1, one more with each resumption by a person.

    ``number`` counts within the round. ``passed`` is None while it goes on.
    """

    id: int
    week: int
    round: int
    number: int
    started_at: datetime
    ended_at: datetime | None
    passed: bool | None
    results: tuple[ResultRecord, ...] = ()
    fixes: tuple[FixRecord, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideRecord:
    """A criterion that a person let pass, for ever after shown as overridden."""

    week: int
    criterion: str
    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class InterventionRecord:
    """Something a person did: ``pause``, ``resume``, ``acknowledge``."""

    kind: str
    week: int | None
    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationRecord:
    """A week that failed for the last time of a round."""

    week: int
    round: int
    at: datetime
    summary: str
    ended_at: datetime | None
    """When a person resumed it, or None while it blocks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekRecord:
    """A week of the programme; ``next_try_at`` is set while it waits."""

    number: int
    state: WeekState
    round: int
    attempts: int
    next_try_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgrammeRecord:
    """A programme whole, its weeks in order, attempts, overrides and the rest in the order in which they happened."""

    plan: str
    state: ProgrammeState
    reason: str
    started_at: datetime
    finished_at: datetime | None
    weeks: tuple[WeekRecord, ...]
    until: int | None = None
    """The week up to which it was asked to go; None for all of them."""
    attempts: tuple[AttemptRecord, ...] = ()
    overrides: tuple[OverrideRecord, ...] = ()
    interventions: tuple[InterventionRecord, ...] = ()
    escalations: tuple[EscalationRecord, ...] = ()

    @property
    def current_week(self) -> int | None:
        """The number of the first week that has not passed, or None when all have."""
        return next((week.number for week in self.weeks if week.state is not WeekState.PASSED), None)

    def attempts_of(self, week: int) -> tuple[AttemptRecord, ...]:
        """The attempts at the week, oldest first."""
        return tuple(each for each in self.attempts if each.week == week)
