"""What happens to an alert: it is raised, acknowledged, resolved. Each in the caller's transaction, without network.

An alert is open until it is resolved. The same key said again while it is open is counted, and no second message goes
out; said more severely it is told anew. Two transactions that say the same key wait for each other, so say it late.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, text

from pokervod_pipelines.alerts.alert import Alert, Severity
from pokervod_pipelines.alerts.told import tell
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.events import EventType
from pokervod_pipelines.settings.rooms import AlertChannel

Outcome = Literal["raised", "escalated", "counted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """What became of it: ``counted`` is no news; ``times`` is how often it was said while open."""

    alert_id: int
    outcome: Outcome
    times: int


def raise_alert(
    connection: Connection, alert: Alert, channels: Sequence[AlertChannel], *, now: datetime | None = None
) -> Raised:
    """The alert is open, and one delivery waits for each channel that tells what is so severe, unless it is no news.

    All of it exists if and only if the caller's transaction commits.
    """
    now = now or datetime.now(UTC)
    said = asdict(alert) | {"severity": alert.severity.value, "now": now}
    row = connection.execute(_RAISE, said).one()
    outcome: Outcome = "raised"
    if row.times > 1:
        if alert.severity.rank <= Severity(row.severity).rank:
            return Raised(alert_id=row.id, outcome="counted", times=row.times)
        outcome = "escalated"
        connection.execute(_ESCALATE, said | {"id": row.id})
    told = [each.name for each in channels if alert.severity.rank >= Severity(each.min_severity).rank]
    connection.execute(_DELIVER, {"id": row.id, "severity": said["severity"], "channels": told, "now": now})
    event = EventType.ALERT_RAISED if outcome == "raised" else EventType.ALERT_ESCALATED
    payload = {"alert_id": row.id, "key": alert.key, "severity": alert.severity, "title": alert.title}
    tell(connection, event, alert.correlation_id, payload | {"channels": told})
    return Raised(alert_id=row.id, outcome=outcome, times=row.times)


def resolve_alert(connection: Connection, key: str, *, by: str, reason: str, now: datetime | None = None) -> bool:
    """The alert of the key is not open any more; whether it was. What is not yet delivered still is, and says so."""
    return _close(connection, _RESOLVE, EventType.ALERT_RESOLVED, key, by, reason, now)


def acknowledge(connection: Connection, key: str, *, by: str, reason: str, now: datetime | None = None) -> bool:
    """Somebody has seen the open alert of the key and cares for it; whether it was open and nobody did before.

    An alert that is told anew, being more severe, has to be acknowledged anew.
    """
    return _close(connection, _ACKNOWLEDGE, EventType.ALERT_ACKNOWLEDGED, key, by, reason, now)


def _close(
    connection: Connection, statement: Any, event: EventType, key: str, by: str, reason: str, now: datetime | None
) -> bool:
    if not by.strip() or not reason.strip():
        raise BadInput(f"alert {key!r}: say who does it and why; both are kept")
    said = {"by": by.strip(), "reason": reason.strip()}
    row: Row[Any] | None = connection.execute(
        statement, {"key": key, "now": now or datetime.now(UTC)} | said
    ).one_or_none()
    if row is not None:
        tell(connection, event, row.correlation_id, {"alert_id": row.id, "key": key} | said)
    return row is not None


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
