"""Read what one incident has beside its row: effects, timeline, messages, and what was done without a person."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from pokervod_pipelines.alerts.listing import ListedAlert, list_alerts
from pokervod_pipelines.monitoring.incidents.listing import IncidentFilter, find_incident, list_incidents
from pokervod_pipelines.monitoring.incidents.shape import Incident
from pokervod_pipelines.monitoring.remediation.listing import ActionFilter, list_actions
from pokervod_pipelines.monitoring.remediation.shape import RemedyAction
from pokervod_pipelines.paging import Page

MOST_STEPS = 200
"""The newest steps, messages and actions that are read."""


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
    """Hold an incident with its newest effects, open or over; its timeline, messages and actions, oldest first."""

    incident: Incident
    effects: tuple[Incident, ...]
    timeline: tuple[IncidentStep, ...]
    messages: tuple[ListedAlert, ...]
    actions: tuple[RemedyAction, ...]


def read_details(
    connection: Connection, incident_id: int, *, most_effects: int = 20, now: datetime | None = None
) -> IncidentDetails:
    """Return the incident with what belongs to it. Raises ``BadInput``."""
    incident = find_incident(connection, incident_id, now=now)
    effects = list_incidents(connection, IncidentFilter(cause_id=incident_id), page=Page(limit=most_effects), now=now)
    page = Page(limit=MOST_STEPS)
    return IncidentDetails(
        incident=incident,
        effects=tuple(effects),
        timeline=_read_timeline(connection, incident),
        messages=tuple(reversed(list_alerts(connection, incident_id=incident_id, page=page))),
        actions=tuple(reversed(list_actions(connection, ActionFilter(incident_id=incident_id), page=page))),
    )


def _read_timeline(connection: Connection, incident: Incident) -> tuple[IncidentStep, ...]:
    values = {"correlation_id": incident.correlation_id, "id": incident.id, "limit": MOST_STEPS}
    return tuple(_make_step(row._mapping) for row in connection.execute(_TIMELINE, values))


def _make_step(row: Mapping[Any, Any]) -> IncidentStep:
    payload = row["payload"]
    what = row["type"].removeprefix("monitoring.incident.").replace("_", " ")
    return IncidentStep(**row, what=what, by=str(payload.get("by", "")), reason=str(payload.get("reason", "")))


_TIMELINE = text("""
    select * from (
        select id, at, type, payload from events
        where correlation_id = :correlation_id and type like 'monitoring.incident.%'
            and coalesce(cast(payload ->> 'incident_id' as bigint), :id) = :id
        order by id desc limit :limit
    ) newest order by id
""")
"""What a run of the same correlation id did otherwise is not of the incident; messages and actions are apart."""
