"""Describe the plan of a rollout: its weeks in order, the criteria of each, and the fixers.

``plan_file`` reads and validates one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.rollout.criteria.base import Criterion
from pokervod_pipelines.rollout.criteria.fields import Name
from pokervod_pipelines.rollout.criteria.result import ErrorClass
from pokervod_pipelines.rollout.services import ServiceUnderRollout


class FixerEntry(BaseModel):
    """Declare a fixer: its kind and parameters, and the error classes, weeks and criteria (None: all) that it is for.

    The fixer's own class validates the parameters.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Name
    on: tuple[ErrorClass, ...] = Field(min_length=1)
    weeks: tuple[int, ...] | None = Field(default=None, min_length=1)
    criteria: tuple[str, ...] | None = Field(default=None, min_length=1)
    parameters: Mapping[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedWeek:
    """Describe a rollout week, planned from ``starts`` to ``ends`` (included); ``place`` is its file and line.

    It starts after the previous one and gets ``attempts``, with waits of ``wait_seconds`` × attempt between them.
    """

    number: int
    title: str
    summary: str
    milestone: str | None
    starts: date
    ends: date
    attempts: int
    wait_seconds: float
    criteria: tuple[Criterion, ...]
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutPlan:
    """Describe a valid plan from the file ``source``; its relative paths are below ``folder``.

    ``is_first`` marks the first plan of the settings, which is used where none is named.
    """

    name: str
    title: str
    services: Mapping[str, ServiceUnderRollout]
    weeks: tuple[PlannedWeek, ...]
    fixers: tuple[FixerEntry, ...]
    source: Path
    folder: Path
    is_first: bool = True

    def week(self, number: int) -> PlannedWeek:
        """Return the week of that number. Raises ``BadInput`` if the plan does not have it."""
        if not 1 <= number <= len(self.weeks):
            raise BadInput(f"unknown week {number}; plan {self.name!r} has weeks 1 to {len(self.weeks)}")
        return self.weeks[number - 1]
