"""Say why a criterion failed, with the class of the error, by which a fixer is chosen."""

from collections.abc import Iterable
from enum import StrEnum

from pokervod_pipelines.errors import PokervodError


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


class CriterionFailed(PokervodError):
    """Raised when a criterion fails: what is wrong and what to do about it, with lines of details."""

    def __init__(self, error_class: ErrorClass, summary: str, details: Iterable[str] = ()) -> None:
        super().__init__(summary)
        self.error_class = error_class
        self.details = [*details]


def expect(holds: object, error_class: ErrorClass, summary: str, details: Iterable[str] = ()) -> None:
    """Raise ``CriterionFailed`` unless it holds."""
    if not holds:
        raise CriterionFailed(error_class, summary, details)
