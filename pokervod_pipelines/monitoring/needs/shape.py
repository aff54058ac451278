"""Describe what needs a person."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Name a thing, or several of a kind, that a person should decide; ``since`` is that of the oldest.

    ``command`` is the one that helps. ``severity`` and ``incident_id`` are those of an incident.
    """

    kind: str
    what: str
    command: str
    since: datetime | None
    count: int = 1
    severity: str | None = None
    incident_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadKind:
    """Name a kind of needs that could not be read, and why: nobody knows whether it needs a person."""

    kind: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """Hold what needs a person, the oldest first, the kinds that were looked at, and those that could not be read."""

    at: datetime
    needs: tuple[Need, ...]
    looked_at: tuple[str, ...]
    unread: tuple[UnreadKind, ...]
