"""Describe a promised figure with its target and what was measured."""

from dataclasses import dataclass
from enum import StrEnum


class KpiUnit(StrEnum):
    """Name what a figure counts."""

    SHARE = "share"
    SECONDS = "s"
    COUNT = "count"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kpi:
    """Hold a promised figure; ``figure`` is None where there was nothing to measure, or nobody stores samples of it.

    ``target`` is the least where ``is_least``, otherwise the most; ``is_strict`` tells that reaching it is not enough.
    ``of`` says of what the figure was measured; without a figure, why there is none.
    """

    name: str
    title: str
    unit: KpiUnit
    target: float
    is_least: bool = False
    is_strict: bool = True
    figure: float | None
    of: str

    @property
    def is_met(self) -> bool | None:
        """Return whether the figure is as promised, None without one."""
        if self.figure is None:
            return None
        if self.figure == self.target:
            return not self.is_strict
        return self.figure > self.target if self.is_least else self.figure < self.target
