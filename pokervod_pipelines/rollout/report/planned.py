"""What a report needs to know of a plan: titles, dates, milestones and the names of the criteria."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCriterion:
    """One criterion of a week, as its plan names and describes it."""

    name: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedWeek:
    """A week of the plan; ``starts`` and ``ends`` are its first and its last day."""

    number: int
    title: str
    summary: str
    milestone: str | None
    starts: date
    ends: date
    criteria: tuple[PlannedCriterion, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedProgramme:
    """A plan whole, its weeks in order; it has one at least."""

    name: str
    title: str
    weeks: tuple[PlannedWeek, ...]
