"""Carry the result of a criterion: a check result with the class of the error, by which a fixer is chosen."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pokervod_pipelines.checks import CheckResult
from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.rollout.criteria.fields import MAX_EVIDENCE, shorten

Figures = Mapping[str, float | int | str]


class ErrorClass(StrEnum):
    """Classify what is wrong; a plan chooses fixers by it."""

    SCHEMA = "schema"
    """A table or column is missing or of another type."""

    SERVICE_DOWN = "service_down"
    """A service refuses connections, hangs, breaks off, answers 5xx, or is too slow."""

    CONTRACT = "contract"
    """A service does not answer as its document describes."""

    DOCUMENT = "document"
    """A document or file is missing, invalid or incomplete."""

    TESTS = "tests"
    """Tests failed, were skipped, or did not run."""

    DATA = "data"
    """Data are missing, wrong or stale."""

    CHECK = "check"
    """A check of an asset failed, or a command returned another status."""

    NOT_ALLOWED = "not_allowed"
    """The settings, the database's privileges or the read-only transaction forbid it."""

    UNREACHABLE = "unreachable"
    """Something outside did not answer, or its address is unknown."""

    UNKNOWN = "unknown"
    """An unexpected error; the summary has its first line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionResult(CheckResult):
    """Tell whether a criterion passed; ``evidence`` has at most 20 lines, ``error_class`` is None where it passed."""

    name: str = ""
    error_class: ErrorClass | None = None


def passes(summary: str, *, evidence: Iterable[str] = (), figures: Figures | None = None) -> CriterionResult:
    """Return the result of a criterion that passed."""
    return fails(None, summary, evidence=evidence, figures=figures)


def fails(
    error_class: ErrorClass | None, summary: str, *, evidence: Iterable[str] = (), figures: Figures | None = None
) -> CriterionResult:
    """Return the result of a criterion that failed: what is wrong and what to do about it."""
    lines = [shorten(line) for line in evidence]
    if (count := len(lines)) > MAX_EVIDENCE:
        lines[MAX_EVIDENCE - 1 :] = [f"… and {count - MAX_EVIDENCE + 1} more"]
    return CriterionResult(
        passed=error_class is None,
        summary=shorten(summary),
        evidence=tuple(lines),
        evidence_count=count,
        figures=figures or {},
        error_class=error_class,
    )


class CriterionFailed(PokervodError):
    """Raised to end a check early; carries the result of the criterion."""

    def __init__(self, error_class: ErrorClass, summary: str, **found: Any) -> None:
        super().__init__(summary)
        self.result = fails(error_class, summary, **found)
