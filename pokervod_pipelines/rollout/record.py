"""Hold what happened in a rollout as the database keeps it: plain records that the runner and the reports read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

Cycle = Annotated[int, Field(serialization_alias="round")]
"""A series of attempts at a week, from 1, one more each time a person resumes it; programs know it as a round."""


RUNNER_TIMEOUT = timedelta(seconds=15)
"""A rollout that is running without a runner for this long can continue."""


class RolloutState(StrEnum):
    """List the states of a rollout, and who changes each."""

    RUNNING = "running"
    """A runner is active, or its process ended; the next runner continues."""

    WAITING = "waiting"
    """A week is retried later, or the next one was not requested yet; the next runner continues."""

    PAUSED = "paused"
    """A person paused it and has to resume it."""

    ESCALATED = "escalated"
    """A week failed its last attempt; a person fixes the cause, then resumes it."""

    COMPLETED = "completed"
    """Every week has passed."""

    ABANDONED = "abandoned"
    """A person gave it up; only a reset lets it run again."""


class WeekState(StrEnum):
    """List the states of a rollout week."""

    PENDING = "pending"
    RUNNING = "running"
    WAITING = "waiting"
    PASSED = "passed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultRecord:
    """Hold the result of a criterion in an attempt; one with ``is_overridden`` failed and counts as passed.

    ``details`` has at most 20 lines, ``error_class`` is None where it passed.
    """

    criterion: str = ""
    passed: bool
    is_overridden: bool = False
    summary: str
    details: tuple[str, ...] = ()
    figures: Mapping[str, Any] = field(default_factory=dict)
    error_class: str | None = None
    seconds: float = 0.0
    digest: str | None = None
    """Of the criterion as it was evaluated; None in results that are older than digests."""

    @property
    def blocks(self) -> bool:
        """Return whether it keeps its week from passing."""
        return not self.passed and not self.is_overridden


def summarize_failures(results: Sequence[ResultRecord]) -> str:
    """Return in one line what keeps a week from passing; nothing if it passed."""
    return "; ".join(f"{each.criterion}: {each.summary}" for each in results if each.blocks)


@dataclass(frozen=True, slots=True, kw_only=True)
class FixRecord:
    """Hold what a fixer reported after a failed attempt: what it did, or why it could not."""

    fixer: str
    error_class: str
    done: bool
    reported: Annotated[str, Field(serialization_alias="said")]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRecord:
    """Hold one evaluation of a week's criteria, by its number within the cycle; ``passed`` is None until it ends."""

    id: int
    week: int
    cycle: Cycle
    number: int
    started_at: datetime
    ended_at: datetime | None
    passed: bool | None
    fixed_at: datetime | None = None
    """The time at which all fixers for what failed have run."""

    results: tuple[ResultRecord, ...] = ()
    fixes: tuple[FixRecord, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideRecord:
    """Hold a criterion that a person overrode; every report shows it.

    It counts for the criterion with that digest in the week with that title; None in overrides that are older.
    """

    week: int
    criterion: str
    by: str
    reason: str
    at: datetime
    id: int = 0
    title: str | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InterventionRecord:
    """Hold what changed a rollout from outside: an action of a person such as ``pause``, or a changed plan."""

    kind: str
    week: int | None
    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationRecord:
    """Hold a week that failed the last attempt of a cycle."""

    week: int
    cycle: Cycle
    at: datetime
    summary: str
    ended_at: datetime | None
    """The time at which a person resumed it, or None while it blocks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekRecord:
    """Hold the progress of a week; ``next_try_at`` is set while it is waiting."""

    number: int
    title: str | None = None
    """Its title in the plan, by which it is found when numbers change; None in records that are older."""

    state: WeekState = WeekState.PENDING
    cycle: Cycle = 1
    attempts: int = 0
    next_try_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutRecord:
    """Hold a whole rollout: weeks by number, attempts, overrides and the rest in order of time."""

    plan: str
    state: RolloutState
    reason: str
    started_at: datetime
    changed_at: datetime
    finished_at: datetime | None
    weeks: tuple[WeekRecord, ...]
    until: int | None = None
    """The last week that was requested; None for all of them."""
    attempts: tuple[AttemptRecord, ...] = ()
    overrides: tuple[OverrideRecord, ...] = ()
    interventions: tuple[InterventionRecord, ...] = ()
    escalations: tuple[EscalationRecord, ...] = ()

    @property
    def current_week(self) -> int | None:
        """Return the number of the first week that has not passed, or None when all have."""
        return next((week.number for week in self.weeks if week.state is not WeekState.PASSED), None)

    def is_due(self, now: datetime, last_week: int) -> bool:
        """Return whether it can continue without a person: its wait is over, or its runner died."""
        planned = (each for each in self.weeks if 0 < each.number <= last_week)  # others were removed from the plan
        week = next((each for each in planned if each.state is not WeekState.PASSED), None)
        if week and self.until is not None and week.number > self.until:
            return False
        if self.state is RolloutState.RUNNING:
            return self.changed_at < now - RUNNER_TIMEOUT
        return self.state is RolloutState.WAITING and not (week and week.next_try_at and week.next_try_at > now)

    def attempts_of(self, week: int) -> tuple[AttemptRecord, ...]:
        """Return the attempts at the week, oldest first."""
        return tuple(each for each in self.attempts if each.week == week)

    def find_blocker(self, week: int) -> str | None:
        """Return why the week cannot start, or None: every week before it has to pass first."""
        for each in self.weeks:
            if each.number < week and each.state is not WeekState.PASSED:
                return f"week {each.number} is {each.state}; it has to pass before week {week} starts"
        return None
