"""Carry the result of a check: one shape for asset checks, rollout criteria, ``doctor`` and the health of a block."""

from collections.abc import Mapping, Sequence
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
    What failed ``is_repairable`` where a hook of the settings may help, and not where only a person can.
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
    is_repairable: bool = False
    figures: Mapping[str, float | int | str] = field(default_factory=dict)


class HealthState(StrEnum):
    """Tell how a block is."""

    OK = "ok"
    """Everything that it needs is there."""

    DEGRADED = "degraded"
    """A part of what it needs is not there; the rest works."""

    FAILED = "failed"
    """Nothing of what it needs is there."""

    ABSENT = "absent"
    """This version does not have the block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Tell how a block is, in a word and a sentence; ``checks`` are the parts that were looked at."""

    state: HealthState
    summary: str
    checks: tuple[CheckResult, ...] = ()


def judge_health(checks: Sequence[CheckResult]) -> Health:
    """Return the health that the checks amount to; the sentence names each part that has to be fixed.

    >>> judge_health([report_part("library WSOP", "/nas/WSOP"), report_part("library PAD", "gone", "mount it")]).summary
    'library PAD: gone'
    """
    failed = [each for each in checks if not each.passed]
    if not failed:
        return Health(state=HealthState.OK, summary=f"{len(checks)} parts work", checks=tuple(checks))
    is_whole = len(failed) == len(checks) and any(each.severity is Severity.ERROR for each in failed)
    return Health(
        state=HealthState.FAILED if is_whole else HealthState.DEGRADED,
        summary="; ".join(f"{each.name}: {each.summary}" for each in failed),
        checks=tuple(checks),
    )


def report_part(part: str, found: str, fix: str = "") -> CheckResult:
    """Return the result for one part; it passes where nothing has to be fixed."""
    return CheckResult(name=part, passed=not fix, summary=found, next_step=fix)
