"""Read what one incident has beside its row: its effects, and its timeline from the event log."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from pokervod_pipelines.monitoring.incidents.listing import IncidentFilter, find_incident, list_incidents
from pokervod_pipelines.monitoring.incidents.shape import Incident
from pokervod_pipelines.paging import Page

MOST_STEPS = 200
"""The newest steps of a timeline that are read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentStep:
    """Hold an event of the incident: ``what`` became of it, by whom and why, with all that the event says."""

    id: int
    at: datetime
    type: str
    what: str
    by: str
    reason: str
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentDetails:
    """Hold an incident with its newest effects, open or over, and its timeline, oldest first."""

    incident: Incident
    effects: tuple[Incident, ...]
    timeline: tuple[IncidentStep, ...]


def read_details(
    connection: Connection, incident_id: int, *, most_effects: int = 20, now: datetime | None = None
) -> IncidentDetails:
    """Return the incident with what belongs to it. Raises ``BadInput``."""
    incident = find_incident(connection, incident_id, now=now)
    effects = list_incidents(connection, IncidentFilter(cause_id=incident_id), page=Page(limit=most_effects), now=now)
    return IncidentDetails(incident=incident, effects=tuple(effects), timeline=_read_timeline(connection, incident))


def _read_timeline(connection: Connection, incident: Incident) -> tuple[IncidentStep, ...]:
    values = {"correlation_id": incident.correlation_id, "id": incident.id, "limit": MOST_STEPS}
    return tuple(_make_step(row._mapping) for row in connection.execute(_TIMELINE, values))


def _make_step(row: Mapping[Any, Any]) -> IncidentStep:
    payload = row["payload"]
    what = row["type"].removeprefix("monitoring.incident.").replace(".", " ").replace("_", " ")
    told = payload.get("reason") or payload.get("title") or payload.get("error") or ""
    return IncidentStep(**row, what=what, by=str(payload.get("by") or payload.get("channel") or ""), reason=str(told))


_TIMELINE = text("""
    select * from (
        select id, at, type, payload from events
        where correlation_id = :correlation_id and (type like 'monitoring.%' or type like 'alert.%')
            and coalesce(cast(payload ->> 'incident_id' as bigint), :id) = :id
        order by id desc limit :limit
    ) newest order by id
""")
"""What a sync or run of the same correlation id did otherwise is not of the incident."""
