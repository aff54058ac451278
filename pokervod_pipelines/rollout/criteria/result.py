"""Make the result of a criterion, with the class of the error, by which a fixer is chosen."""

import math
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.rollout.criteria.fields import MAX_DETAILS, shorten
from pokervod_pipelines.rollout.record import ResultRecord
from pokervod_pipelines.text.folding import make_storable

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


def passes(summary: str, *, details: Iterable[str] = (), figures: Figures | None = None) -> ResultRecord:
    """Return the result of a criterion that passed."""
    return fails(None, summary, details=details, figures=figures)


def fails(
    error_class: ErrorClass | None, summary: str, *, details: Iterable[str] = (), figures: Figures | None = None
) -> ResultRecord:
    """Return the result of a criterion that failed: what is wrong and what to do about it; all of it can be stored."""
    lines = [shorten(line) for line in details]
    if (count := len(lines)) > MAX_DETAILS:
        lines[MAX_DETAILS - 1 :] = [f"… and {count - MAX_DETAILS + 1} more"]
    return ResultRecord(
        passed=error_class is None,
        summary=shorten(summary),
        details=tuple(lines),
        figures={name: _make_storable(figure) for name, figure in (figures or {}).items()},
        error_class=error_class,
    )


def _make_storable(figure: float | str) -> float | str:
    is_number = not isinstance(figure, str) and math.isfinite(figure)  # JSON knows neither nan nor inf
    return figure if is_number else make_storable(str(figure))


class CriterionFailed(PokervodError):
    """Raised to end a check early; carries the result of the criterion."""

    def __init__(self, error_class: ErrorClass, summary: str, **found: Any) -> None:
        super().__init__(summary)
        self.result = fails(error_class, summary, **found)
