"""What a criterion found: whether it holds, in a sentence, with figures and what stands against it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.rollout.criteria.fields import SHOWN, shorten

Figures = Mapping[str, float | int | str]


class ErrorClass(StrEnum):
    """What kind of thing is wrong, by which a fixer is chosen."""

    SCHEMA = "schema"
    """A table or column is missing or of another type."""

    SERVICE_DOWN = "service_down"
    """A service refuses connections, hangs, breaks off, answers 5xx, or is slower than it may be."""

    CONTRACT = "contract"
    """A service answers something else than its document says."""

    DOCUMENT = "document"
    """A document or file is missing, invalid or not complete."""

    TESTS = "tests"
    """Tests failed, were left out, or did not run."""

    DATA = "data"
    """Data are missing, wrong or stale."""

    CHECK = "check"
    """A claim about an asset does not hold, or a command says so."""

    NOT_ALLOWED = "not_allowed"
    """What the criterion asks is forbidden: by the settings, by rights, by the read-only transaction."""

    UNREACHABLE = "unreachable"
    """Something outside did not answer, or nobody said where it is."""

    UNKNOWN = "unknown"
    """Nobody foresaw it; the first line of the error tells what there is to tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What one look at a criterion found. ``details`` has at most 20 lines; ``error_class`` is None where it passed."""

    passed: bool
    summary: str
    details: tuple[str, ...] = ()
    figures: Figures = field(default_factory=dict)
    error_class: ErrorClass | None = None

    @classmethod
    def passes(cls, summary: str, *, details: Iterable[str] = (), figures: Figures | None = None) -> Self:
        """Return evidence that the criterion holds."""
        return cls(passed=True, summary=shorten(summary), details=_cut(details), figures=figures or {})

    @classmethod
    def fails(
        cls, error_class: ErrorClass, summary: str, *, details: Iterable[str] = (), figures: Figures | None = None
    ) -> Self:
        """Return evidence that the criterion does not hold: what is wrong and what to do about it."""
        return cls(
            passed=False,
            summary=shorten(summary),
            details=_cut(details),
            figures=figures or {},
            error_class=error_class,
        )


class Failing(PokervodError):
    """A look was at its end early: it carries the evidence why the criterion does not hold."""

    def __init__(self, error_class: ErrorClass, summary: str, *, details: Iterable[str] = ()) -> None:
        super().__init__(summary)
        self.evidence = Evidence.fails(error_class, summary, details=details)


def _cut(details: Iterable[str]) -> tuple[str, ...]:
    lines = [shorten(line) for line in details]
    if len(lines) > SHOWN:
        lines[SHOWN - 1 :] = [f"… and {len(lines) - SHOWN + 1} more"]
    return tuple(lines)
