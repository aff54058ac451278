"""Measure where the time of a week went: working, blocked by an escalation, paused by a person, or waiting."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from pokervod_pipelines.rollout.record import (
    AttemptRecord,
    InterventionRecord,
    RolloutRecord,
    WeekRecord,
    WeekState,
)

Span = tuple[datetime, datetime]
"""From the first moment up to, and without, the second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeSpent:
    """Divide the seconds from the start of a week to its end, or until now, so that every second counts once.

    The time from a week's passing until a person lets it run again does not count.
    """

    working: float = 0.0
    """Attempts were running."""

    blocked: float = 0.0
    """An escalation needed a person."""

    paused: float = 0.0
    """A person had paused the rollout."""

    waiting: float = 0.0
    """Everything else: between attempts, while fixers ran and until the next attempt."""

    @property
    def total(self) -> float:
        """Return the sum."""
        return self.working + self.blocked + self.paused + self.waiting


def measure_time(week: WeekRecord, record: RolloutRecord, now: datetime) -> TimeSpent:
    """Return where the time of the week went, up to ``now`` if it has not finished; nothing before its start."""
    attempts = record.attempts_of(week.number)
    starts = [*(attempt.started_at for attempt in attempts), *([week.started_at] if week.started_at else [])]
    if not starts:
        return TimeSpent()
    window = (min(starts), max(min(starts), _find_end(week, attempts, now)))
    working: list[Span] = [(each.started_at, each.ended_at or now) for each in attempts]
    blocked: list[Span] = [(each.at, each.ended_at or now) for each in record.escalations if each.week == week.number]
    parts = divide_time(window, [_find_rests(attempts), working, blocked, _find_pauses(record.interventions, now)])
    _, working_time, blocked_time, paused_time, rest = (part.total_seconds() for part in parts)
    return TimeSpent(working=working_time, blocked=blocked_time, paused=paused_time, waiting=rest)


def divide_time(window: Span, groups: Sequence[Sequence[Span]]) -> list[timedelta]:
    """Return how much of ``window`` belongs to each group of spans and, last, to none.

    Every moment counts once, for the first group that covers it, so the parts add up to the window.

    >>> from datetime import UTC
    >>> at = lambda minute: datetime(2026, 1, 5, 9, minute, tzinfo=UTC)
    >>> [part.seconds // 60 for part in divide_time((at(0), at(10)), [[(at(0), at(4))], [(at(3), at(8))]])]
    [4, 4, 2]
    """
    first, last = window
    inside = {moment for spans in groups for span in spans for moment in span if first < moment < last}
    parts = [timedelta() for _ in range(len(groups) + 1)]
    for start, end in pairwise([first, *sorted(inside), last]):
        owner = next((at for at, spans in enumerate(groups) if any(begin <= start < stop for begin, stop in spans)), -1)
        parts[owner] += end - start
    return parts


def _find_end(week: WeekRecord, attempts: Sequence[AttemptRecord], now: datetime) -> datetime:
    """Return when the week's time ended; that of a reset week ends with its last attempt until it starts again."""
    if week.state is WeekState.PENDING:
        return max((each.ended_at or now for each in attempts), default=now)
    return week.finished_at or now


def _find_rests(attempts: Sequence[AttemptRecord]) -> list[Span]:
    """Return the spans from each passed attempt to the next one, with which the week started again."""
    return [(each.ended_at, after.started_at) for each, after in pairwise(attempts) if each.passed and each.ended_at]


def _find_pauses(interventions: Sequence[InterventionRecord], now: datetime) -> list[Span]:
    """Return the spans from each pause to the next resumption, or until now."""
    resumed = [each.at for each in interventions if each.kind == "resume"]
    paused = [each.at for each in interventions if each.kind == "pause"]
    return [(start, min((end for end in resumed if end >= start), default=now)) for start in paused]
