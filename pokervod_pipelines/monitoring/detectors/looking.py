"""Help detectors to say how they looked, in words that people read."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from pokervod_pipelines.alerts.alert import AlertSeverity
from pokervod_pipelines.monitoring.detectors.facts import Unread
from pokervod_pipelines.monitoring.detectors.names import Detector
from pokervod_pipelines.monitoring.incidents.shape import Finding, Look, LookState, Subject, SubjectKind, make_key

T = TypeVar("T")

SHOWN = 5
"""Names of things that a sentence lists."""

MINUTE, HOUR, DAY = 60, 3600, 86_400

DATABASE = Subject(kind=SubjectKind.SERVICE, name="database")
DAEMON = Subject(kind=SubjectKind.SERVICE, name="Dagster's daemon")
WORKERS = Subject(kind=SubjectKind.QUEUE, name="render workers")
QUEUE = Subject(kind=SubjectKind.QUEUE, name="render queue")

DATABASE_KEY = make_key(Detector.DATABASE_AWAY, DATABASE)
DAEMON_KEY = make_key(Detector.DAEMON_STOPPED, DAEMON)
WORKERS_KEY = make_key(Detector.WORKER_STOPPED, WORKERS)
QUEUE_LATE_KEY = make_key(Detector.PENDING_TOO_LONG, QUEUE)


def name_disk(disk: str, host: str) -> Subject:
    """Return the disk as a subject.

    >>> name_disk("home", "gfx-01").name
    'home of gfx-01'
    """
    return Subject(kind=SubjectKind.MACHINE, name=f"{disk} of {host}" if host else disk)


class UnreadFactsError(Exception):
    """Report that what a detector judges by could not be read."""


def require(group: T | Unread) -> T:
    """Return the group of facts. Raises ``UnreadFactsError`` where it could not be read."""
    if isinstance(group, Unread):
        raise UnreadFactsError(group.reason)
    return group


def judged(detector: Detector, looked_at: int, summary: str, findings: Iterable[Finding] = ()) -> Look:
    """Return the look of a detector that could judge; ``summary`` says what it found right where it found nothing."""
    found = tuple(findings)
    told = f"{len(found)} found: " + "; ".join(each.summary for each in found[:SHOWN]) if found else summary
    return Look(detector=detector, state=LookState.JUDGED, looked_at=looked_at, summary=told, findings=found)


def learning(detector: Detector, looked_at: int, missing: str) -> Look:
    """Return the look of a detector that has not seen enough; ``missing`` says how much it needs."""
    return Look(detector=detector, state=LookState.LEARNING, looked_at=looked_at, summary=missing)


def unused(detector: Detector, summary: str) -> Look:
    """Return the look of a detector that has nothing to look at here."""
    return Look(detector=detector, state=LookState.OFF, looked_at=0, summary=summary)


def make_finding(
    detector: Detector,
    subject: Subject,
    severity: AlertSeverity,
    summary: str,
    advice: str,
    *,
    explained_by: Sequence[str] = (),
    variant: str = "",
    **figures: Any,
) -> Finding:
    """Return a finding; every one of what the database tells is explained by a database that was away."""
    return Finding(
        detector=detector,
        subject=subject,
        severity=severity,
        summary=summary,
        advice=advice,
        variant=variant,
        figures=figures,
        explained_by=(*explained_by, DATABASE_KEY),
    )


def show_seconds(seconds: float) -> str:
    """Return a time in words, to two parts.

    >>> show_seconds(45), show_seconds(125), show_seconds(7500), show_seconds(200_000)
    ('45 s', '2 min', '2 h 5 min', '2 days')
    """
    if seconds < 2 * MINUTE:
        return f"{seconds:.0f} s"
    if seconds < 2 * HOUR:
        return f"{seconds // MINUTE:.0f} min"
    if seconds < 2 * DAY:
        rest = seconds % HOUR // MINUTE
        return f"{seconds // HOUR:.0f} h {rest:.0f} min" if rest else f"{seconds // HOUR:.0f} h"
    return f"{seconds // DAY:.0f} days"


def count(number: int, noun: str, many: str = "") -> str:
    """Return the number with its noun.

    >>> count(1, "graphic"), count(1200, "graphic"), count(2, "library", "libraries")
    ('1 graphic', '1,200 graphics', '2 libraries')
    """
    return f"{number:,} {noun if number == 1 else many or noun + 's'}"


def name_first(names: Sequence[str]) -> str:
    """Return the first names, and how many are left out.

    >>> name_first(["a", "b"]), name_first([*"abcdefg"])
    ('a, b', 'a, b, c, d, e and 2 more')
    """
    left = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {left} more" if left > 0 else "")
