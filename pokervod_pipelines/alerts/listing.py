"""Looking at alerts: which are open, who cares for them, and what became of each message."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedDelivery:
    """One message to one channel, as ``alert_deliveries`` keeps it."""

    id: UUID
    channel: str
    severity: str
    state: str
    attempts: int
    error: str | None
    doubt: bool
    due_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedAlert:
    """One alert with its deliveries, the oldest first, as ``alerts`` keeps it."""

    id: int
    key: str
    severity: str
    title: str
    body: str
    link: str | None
    correlation_id: str
    times: int
    raised_at: datetime
    last_raised_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    acknowledged_reason: str | None
    resolved_at: datetime | None
    resolved_by: str | None
    resolved_reason: str | None
    deliveries: tuple[ListedDelivery, ...]


def list_alerts(connection: Connection, *, is_open: bool | None = None, limit: int = 100) -> list[ListedAlert]:
    """The newest alerts, newest first; only open ones, or only resolved ones, if that is asked for."""
    rows = connection.execute(_ALERTS, {"is_open": is_open, "limit": limit}).all()
    told: dict[int, list[ListedDelivery]] = {row.id: [] for row in rows}
    for row in connection.execute(_DELIVERIES, {"ids": list(told)}):
        values: dict[str, Any] = dict(row._mapping)
        told[values.pop("alert_id")].append(ListedDelivery(**values))
    return [ListedAlert(**row._mapping, deliveries=tuple(told[row.id])) for row in rows]


_ALERTS = text("""
    select id, key, severity, title, body, link, correlation_id, times, raised_at, last_raised_at, acknowledged_at,
        acknowledged_by, acknowledged_reason, resolved_at, resolved_by, resolved_reason
    from alerts
    where cast(:is_open as boolean) is null or (resolved_at is null) = :is_open
    order by raised_at desc, id desc limit :limit
""")

_DELIVERIES = text("""
    select alert_id, id, channel, severity, state, attempts, error, doubt, due_at, ended_at
    from alert_deliveries where alert_id = any(:ids) order by created_at, severity, channel
""")
