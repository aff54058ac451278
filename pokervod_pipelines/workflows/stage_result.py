"""Carry the result of one stage in a form that every caller can show: counts, seconds, problems."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from pokervod_pipelines.problems import Problem

MAX_PROBLEMS = 50
"""A result carries no more; ``problem_count`` is the whole number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageResult:
    """Describe how a stage ended for one library, sheet or day, or for the catalog.

    ``stage`` is nas, catalog, sheets or clips; ``name`` is the partition, or the stage again where there is none.
    ``error`` is None when it succeeded; ``is_skipped`` says that it did not begin. ``stale_since`` is set where it went
    on with what was read then, since a newer reading failed. ``held`` is set where it did not begin, since
    a person holds its library or sheet: it says who, until when and why.
    """

    stage: str
    name: str
    seconds: float
    counts: dict[str, int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    problem_count: int = 0
    error: str | None = None
    is_skipped: bool = False
    stale_since: datetime | None = None
    held: str | None = None

    @property
    def succeeded(self) -> bool:
        """Return whether the stage did its work, problems of single entries aside."""
        return self.error is None

    def as_dict(self) -> dict[str, Any]:
        """Return the result as plain values."""
        stale = self.stale_since and self.stale_since.isoformat(timespec="seconds")
        return {**asdict(self), "problems": [asdict(problem) for problem in self.problems], "stale_since": stale}


def make_result(
    stage: str,
    name: str,
    seconds: float,
    counts: dict[str, int],
    problems: Iterable[Problem | tuple[str, str]] = (),
    problem_count: int | None = None,
) -> StageResult:
    """Return the result of a stage that succeeded, with the first of its problems."""
    found = [each if isinstance(each, Problem) else Problem(*each) for each in problems]
    return StageResult(
        stage=stage,
        name=name,
        seconds=seconds,
        counts=counts,
        problems=tuple(found[:MAX_PROBLEMS]),
        problem_count=len(found) if problem_count is None else problem_count,
    )
