"""Describe what a detector finds and how it looked, and an incident as the database has it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from pokervod_pipelines.alerts.alert import AlertSeverity
from pokervod_pipelines.subjects import Subject, SubjectKind

__all__ = ["Finding", "Incident", "IncidentState", "Look", "LookState", "Subject", "SubjectKind", "Verdict", "make_key"]

BY_HAND = "person"
"""The detector of an incident that a person opened."""

MISSED = "missed"
"""The figure of such an incident that names the detector that ought to have found it."""

EXPLAINED_BY = "explained_by"
"""The figure of an incident that a program reported: the keys of what would explain it."""

MAX_SUMMARY = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Say what is wrong with one thing, in a sentence with its numbers; ``detector`` and ``subject`` are its cause.

    ``advice`` is what a person does, the command that helps in it. ``explained_by`` are the keys of findings that would
    explain this one: where one of them is open, this one is its effect and is folded under it. ``variant`` tells apart
    several causes of one detector and subject. ``figures`` are numbers and texts for programs, JSON-ready.
    """

    detector: str
    subject: Subject
    severity: AlertSeverity
    summary: str
    advice: str = ""
    variant: str = ""
    figures: Mapping[str, Any] = field(default_factory=dict)
    explained_by: tuple[str, ...] = ()
    correlation_id: str = ""
    link: str | None = None

    @property
    def key(self) -> str:
        """Return what identifies the cause: while an incident of this key is open, there is no second one."""
        return make_key(self.detector, self.subject, self.variant)


def make_key(detector: str, subject: Subject, variant: str = "") -> str:
    """Return the key of the incidents of this cause.

    >>> make_key("disk_full", Subject(kind=SubjectKind.MACHINE, name="gfx-01"))
    'disk_full machine gfx-01'
    """
    return " ".join(part for part in (detector, subject.kind, subject.name, variant) if part)


class LookState(StrEnum):
    """Tell whether a detector could judge."""

    JUDGED = "judged"
    """It judged; what it did not find is over."""

    LEARNING = "learning"
    """It has not seen enough to judge yet; incidents of before stay as they are."""

    UNREADABLE = "unreadable"
    """What it judges by could not be read; incidents of before stay as they are."""

    OFF = "off"
    """The settings turn it off, or name nothing that it could look at; its incidents are over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Tell how one detector looked: how many things, what it found, and in a sentence why it could not judge."""

    detector: str
    state: LookState
    looked_at: int
    summary: str
    findings: tuple[Finding, ...] = ()


class IncidentState(StrEnum):
    """Tell what people have to know of an incident."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    """A person works on it."""

    MUTED = "muted"
    """A person silenced it until a time, or a maintenance window of its subject does."""

    FOLDED = "folded"
    """It is an effect of another one that is open."""

    RESOLVED = "resolved"


class Verdict(StrEnum):
    """Tell what a person says of an incident afterwards."""

    REAL = "real"
    EXPECTED = "expected"
    """It was so, and nobody had to be told: planned work, a test."""

    NOISE = "noise"
    """It was not so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Hold a row of ``monitoring_events``; ``openings`` counts how often it was opened, ``times`` how often seen.

    ``cause_id`` is the incident that it is an effect of, ``effects`` how many are open under it. ``window_id`` is the
    maintenance window that mutes it now.
    """

    id: int
    key: str
    detector: str
    subject: Subject
    state: IncidentState
    severity: AlertSeverity
    summary: str
    advice: str
    figures: Mapping[str, Any]
    correlation_id: str
    link: str | None
    cause_id: int | None
    effects: int
    times: int
    openings: int
    first_opened_at: datetime
    opened_at: datetime
    last_seen_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    acknowledged_reason: str | None
    muted_until: datetime | None
    muted_by: str | None
    muted_reason: str | None
    window_id: int | None
    resolved_at: datetime | None
    resolved_by: str | None
    resolved_reason: str | None
    verdict: Verdict | None
    verdict_at: datetime | None
    verdict_by: str | None
    verdict_reason: str | None
