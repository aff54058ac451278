"""Raise, acknowledge and resolve alerts, each in the caller's transaction and without network.

An alert is open until it is resolved. Raised again while it is open, it is only counted; raised with a higher severity,
it is sent again. Two transactions that raise the same key wait for each other, so raise it late.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, TextClause, text

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.alerts.alert import Alert, AlertSeverity
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.settings.alerts import AlertChannel

RaiseOutcome = Literal["raised", "escalated", "counted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseResult:
    """Tell what raising did: ``counted`` sends nothing; ``times`` is how often it was raised while open."""

    alert_id: int
    outcome: RaiseOutcome
    times: int


def raise_alert(
    connection: Connection, alert: Alert, channels: Sequence[AlertChannel], *, now: datetime | None = None
) -> RaiseResult:
    """Open the alert, with a pending delivery for each channel of its severity; count it where it is open already.

    All of it exists if and only if the caller's transaction commits.
    """
    now = now or datetime.now(UTC)
    values = asdict(alert) | {"severity": alert.severity.value, "now": now}
    row = connection.execute(_RAISE, values).one()
    outcome: RaiseOutcome = "raised"
    if row.times > 1:
        if alert.severity.rank <= AlertSeverity(row.severity).rank:
            return RaiseResult(alert_id=row.id, outcome="counted", times=row.times)
        outcome = "escalated"
        connection.execute(_ESCALATE, values | {"id": row.id})
    names = [each.name for each in channels if alert.severity.rank >= AlertSeverity(each.min_severity).rank]
    connection.execute(_DELIVER, {"id": row.id, "severity": values["severity"], "channels": names, "now": now})
    event = EventType.ALERT_RAISED if outcome == "raised" else EventType.ALERT_ESCALATED
    payload = {"alert_id": row.id, "key": alert.key, "severity": alert.severity, "title": alert.title}
    append_event(connection, event, alert.correlation_id, payload | {"channels": names})
    return RaiseResult(alert_id=row.id, outcome=outcome, times=row.times)


def resolve_alert(connection: Connection, key: str, *, actor: Actor, now: datetime | None = None) -> bool:
    """Resolve the open alert of the key; return whether it was open. Pending messages are still sent, and tell so."""
    return _close(connection, _RESOLVE, EventType.ALERT_RESOLVED, key, actor, now)


def acknowledge_alert(connection: Connection, key: str, *, actor: Actor, now: datetime | None = None) -> bool:
    """Acknowledge the open alert of the key; return whether it was open and not acknowledged.

    An alert that is escalated has to be acknowledged again.
    """
    return _close(connection, _ACKNOWLEDGE, EventType.ALERT_ACKNOWLEDGED, key, actor, now)


def _close(
    connection: Connection, statement: TextClause, event: EventType, key: str, actor: Actor, now: datetime | None
) -> bool:
    signed = {"by": actor.who.strip(), "reason": actor.reason.strip()}
    values = {"key": key, "now": now or datetime.now(UTC)} | signed
    row: Row[Any] | None = connection.execute(statement, values).one_or_none()
    if row is not None:
        append_event(connection, event, row.correlation_id, {"alert_id": row.id, "key": key} | signed)
    return row is not None


def append_event(connection: Connection, event: EventType, correlation_id: str, payload: Mapping[str, Any]) -> None:
    """Append an event of this room to the log."""
    append_events(connection, "alerts", correlation_id, [NewEvent(event, dict(payload))])


_RAISE = text("""
    insert into alerts as a (key, severity, title, body, link, correlation_id, raised_at, last_raised_at)
    values (:key, :severity, :title, :body, :link, :correlation_id, :now, :now)
    on conflict (key) where resolved_at is null
    do update set times = a.times + 1, last_raised_at = greatest(a.last_raised_at, excluded.last_raised_at)
    returning id, severity, times
""")

_ESCALATE = text("""
    update alerts set severity = :severity, title = :title, body = :body, link = :link,
        correlation_id = :correlation_id, acknowledged_at = null, acknowledged_by = null, acknowledged_reason = null
    where id = :id
""")

_DELIVER = text("""
    insert into alert_deliveries (alert_id, severity, channel, created_at, due_at)
    select :id, :severity, c.name, :now, :now from unnest(cast(:channels as text[])) c (name) order by c.name
    on conflict (alert_id, severity, channel) do nothing
""")

_RESOLVE = text("""
    update alerts set resolved_at = :now, resolved_by = :by, resolved_reason = :reason
    where key = :key and resolved_at is null returning id, correlation_id
""")

_ACKNOWLEDGE = text("""
    update alerts set acknowledged_at = :now, acknowledged_by = :by, acknowledged_reason = :reason
    where key = :key and resolved_at is null and acknowledged_at is null returning id, correlation_id
""")
