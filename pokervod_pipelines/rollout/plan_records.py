"""The plan of a rollout, whole and sound: its weeks in order, what each has to show, what mends what.

How one is read from its file, and refused, is in ``plan``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.rollout.criteria.base import Criterion
from pokervod_pipelines.rollout.criteria.evidence import ErrorClass
from pokervod_pipelines.rollout.criteria.fields import Name
from pokervod_pipelines.rollout.services import Service


class FixerEntry(BaseModel):
    """What is tried when a criterion fails: a kind of fixer, for which errors, weeks and criteria, with parameters.

    Without ``weeks`` and ``criteria`` it is for all. What the parameters are is the fixer's to say.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Name
    on: tuple[ErrorClass, ...] = Field(min_length=1)
    weeks: tuple[int, ...] | None = Field(default=None, min_length=1)
    criteria: tuple[str, ...] | None = Field(default=None, min_length=1)
    parameters: Mapping[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """A week of the programme: planned from ``starts`` to ``ends``, both included, in the file at ``place``.

    It is tried ``attempts`` times, waiting ``wait_seconds`` × attempt between; it begins after all of ``requires``.
    """

    number: int
    title: str
    summary: str
    milestone: str | None
    starts: date
    ends: date
    requires: tuple[int, ...]
    attempts: int
    wait_seconds: float
    criteria: tuple[Criterion, ...]
    place: str

    def criterion(self, name: str) -> Criterion:
        """Return the criterion of that name. Raises ``BadInput`` that lists the known ones."""
        for criterion in self.criteria:
            if criterion.name == name:
                return criterion
        known = ", ".join(criterion.name for criterion in self.criteria)
        raise BadInput(f"week {self.number} has no criterion {name!r}; it has {known}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A programme that is sound. Relative paths in it are below ``folder``; ``source`` is its file.

    ``is_first`` of the one that stands first in the settings, which is meant where none is named.
    """

    name: str
    title: str
    services: Mapping[str, Service]
    weeks: tuple[Week, ...]
    fixers: tuple[FixerEntry, ...]
    source: Path
    folder: Path
    is_first: bool = True

    def week(self, number: int) -> Week:
        """Return the week of that number. Raises ``BadInput`` when there is none."""
        if not 1 <= number <= len(self.weeks):
            raise BadInput(f"plan {self.name!r} has no week {number}; its weeks are 1 to {len(self.weeks)}")
        return self.weeks[number - 1]

    @property
    def order(self) -> tuple[int, ...]:
        """The numbers of the weeks in the order in which they can be done, the lowest first where that is free."""
        sorter = TopologicalSorter({week.number: week.requires for week in self.weeks})
        sorter.prepare()
        order: list[int] = []
        ready: list[int] = []
        while sorter.is_active():
            ready = sorted((*ready, *sorter.get_ready()))
            order.append(ready.pop(0))
            sorter.done(order[-1])
        return tuple(order)
