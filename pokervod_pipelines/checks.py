"""Carry the result of a check: one shape for asset checks, rollout criteria and ``doctor``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    """Tell how bad it is when a check does not pass."""

    INFO = "info"
    """Worth knowing; nothing has to be done."""

    WARNING = "warning"
    """A person should look at it; everything else continues."""

    ERROR = "error"
    """A result is wrong or missing until a person has acted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """Tell whether a property holds, and what a person needs to believe it or to act.

    ``looked_at`` is how many rows, files or services were examined; None where the check cannot count them.
    ``evidence`` shows the first of ``evidence_count`` cases against it. ``next_step`` says what to do when it failed.
    """

    name: str
    passed: bool
    summary: str
    severity: Severity = Severity.ERROR
    looked_at: int | None = None
    evidence: tuple[str, ...] = ()
    evidence_count: int = 0
    next_step: str = ""
    figures: Mapping[str, float | int | str] = field(default_factory=dict)
