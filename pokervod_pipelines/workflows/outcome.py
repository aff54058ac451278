"""What one stage of a sync came to, in a form every caller can show: counts, seconds, problems."""

from dataclasses import asdict, dataclass, field
from typing import Any

PROBLEMS_SHOWN = 50
"""An outcome carries at most so many problems; ``problem_count`` tells the whole number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something a person should look at: where it is, and what is wrong there."""

    where: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a stage ended for one library, one sheet or the catalog.

    ``stage`` is nas, catalog, sheets or clips; ``name`` is the partition, or the stage again where there is none.
    ``error`` is None when it succeeded. ``counts`` holds whole numbers by name.
    """

    stage: str
    name: str
    seconds: float
    counts: dict[str, int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    problem_count: int = 0
    error: str | None = None

    @property
    def succeeded(self) -> bool:
        """Whether the stage did its work, problems of single items aside."""
        return self.error is None

    def as_dict(self) -> dict[str, Any]:
        """The outcome as plain values."""
        return {**asdict(self), "problems": [asdict(problem) for problem in self.problems]}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Outcome":
        """The outcome that ``as_dict`` described."""
        return cls(**{**values, "problems": tuple(Problem(**problem) for problem in values["problems"])})
