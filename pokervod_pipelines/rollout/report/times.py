"""Where the time of a week went: working, blocked by an escalation, paused by a person, or waiting."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from pokervod_pipelines.rollout.record import (
    AttemptRecord,
    InterventionRecord,
    ProgrammeRecord,
    WeekRecord,
    WeekState,
)
from pokervod_pipelines.rollout.report.spans import Span, share_time


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeSpent:
    """Seconds from the start of a week to its end, or until now, shared out so that every second counts once.

    The time between a week's passing and its being done again, by a resumption from further back, is not the week's.
    """

    working: float = 0.0
    """Attempts were going on."""

    blocked: float = 0.0
    """An escalation waited for a person."""

    paused: float = 0.0
    """A person had paused the programme."""

    waiting: float = 0.0
    """The rest: between attempts, for fixers and for the next try."""

    @property
    def total(self) -> float:
        """All of it."""
        return self.working + self.blocked + self.paused + self.waiting


def measure_time(week: WeekRecord, record: ProgrammeRecord, now: datetime) -> TimeSpent:
    """Return where the time of the week went, up to ``now`` if it has not finished; nothing for one not begun."""
    attempts = record.attempts_of(week.number)
    starts = [*(attempt.started_at for attempt in attempts), *([week.started_at] if week.started_at else [])]
    if not starts:
        return TimeSpent()
    window = (min(starts), max(min(starts), _find_end(week, attempts, now)))
    working: list[Span] = [(each.started_at, each.ended_at or now) for each in attempts]
    blocked: list[Span] = [(each.at, each.ended_at or now) for each in record.escalations if each.week == week.number]
    parts = share_time(window, [_find_rests(attempts), working, blocked, _find_pauses(record.interventions, now)])
    _, at_work, escalated, held_up, rest = (part.total_seconds() for part in parts)
    return TimeSpent(working=at_work, blocked=escalated, paused=held_up, waiting=rest)


def _find_end(week: WeekRecord, attempts: Sequence[AttemptRecord], now: datetime) -> datetime:
    """When the week's time ended; that of one to be done again, with its last attempt until it begins once more."""
    if week.state is WeekState.PENDING:
        return max((each.ended_at or now for each in attempts), default=now)
    return week.finished_at or now


def _find_rests(attempts: Sequence[AttemptRecord]) -> list[Span]:
    """From each passed attempt to the one after it, with which the week was begun again."""
    return [(each.ended_at, after.started_at) for each, after in pairwise(attempts) if each.passed and each.ended_at]


def _find_pauses(interventions: Sequence[InterventionRecord], now: datetime) -> list[Span]:
    """From each pause to the resumption after it, or until now."""
    resumed = [each.at for each in interventions if each.kind == "resume"]
    paused = [each.at for each in interventions if each.kind == "pause"]
    return [(start, min((end for end in resumed if end >= start), default=now)) for start in paused]
