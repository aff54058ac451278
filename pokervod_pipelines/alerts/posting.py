"""Post alerts: each exists, with a pending delivery for each of its channels, if and only if the caller commits.

Posted again, also by another process at the same time, it is the same alert; a channel that is new to it is added.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, text

from pokervod_pipelines.alerts.alert import Alert, AlertSeverity
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.settings.alerts import AlertChannel


def post_alert(
    connection: Connection, alert: Alert, channels: Iterable[AlertChannel], *, now: datetime | None = None
) -> bool:
    """Post the alert to the channels of its severity; return whether it is new to any. Nothing reaches the network."""
    return post_to(connection, alert, list_severe(channels, alert.severity), now=now)


def list_severe(channels: Iterable[AlertChannel], severity: AlertSeverity) -> list[str]:
    """Return the names of the channels that want this severity."""
    return [each.name for each in channels if severity.rank >= AlertSeverity(each.min_severity).rank]


def post_to(connection: Connection, alert: Alert, channels: Iterable[str], *, now: datetime | None = None) -> bool:
    """Post the alert to these channels; return whether it, or a channel, is new."""
    values = asdict(alert) | {"severity": alert.severity.value, "kind": alert.kind.value}
    values |= {"channels": sorted({*channels}), "now": now or datetime.now(UTC)}
    row = connection.execute(_INSERT, values).one_or_none()
    id_ = row.id if row else connection.scalars(_FIND, values).one()
    added = connection.scalars(_DELIVER, values | {"id": id_}).all()
    if row is None and not added:
        return False
    payload = {
        "alert_id": id_,
        "key": alert.key,
        "severity": alert.severity,
        "title": alert.title,
        "channels": [*added],
        "kind": alert.kind,
        "incident_id": alert.incident_id,
    }
    append_event(connection, EventType.ALERT_RAISED, alert.correlation_id, payload)
    return True


def append_event(connection: Connection, event: EventType, correlation_id: str, payload: Mapping[str, Any]) -> None:
    """Append an event of this room to the log."""
    append_events(connection, "alerts", correlation_id, [NewEvent(event, dict(payload))])


_INSERT = text("""
    insert into alerts (key, severity, title, body, link, correlation_id, raised_at, kind, incident_id, opening)
    values (:key, :severity, :title, :body, :link, :correlation_id, :now, :kind, :incident_id, :opening)
    on conflict do nothing returning id
""")

_FIND = text("""
    select id from alerts where case when cast(:incident_id as bigint) is null then incident_id is null and key = :key
        else (incident_id, opening, kind, severity) = (:incident_id, :opening, :kind, :severity) end
""")

_DELIVER = text("""
    insert into alert_deliveries (alert_id, severity, channel, created_at, due_at)
    select a.id, a.severity, c.name, :now, :now from alerts a, unnest(cast(:channels as text[])) c (name)
    where a.id = :id order by c.name
    on conflict (alert_id, severity, channel) do nothing returning channel
""")
