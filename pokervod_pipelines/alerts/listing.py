"""List alerts: which are open, who acknowledged them, and the state of each message."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from pokervod_pipelines.paging import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedDelivery:
    """Hold one message to one channel: a row of ``alert_deliveries``."""

    id: UUID
    channel: str
    severity: str
    state: str
    attempts: int
    error: str | None
    may_have_been_delivered: bool
    due_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedAlert:
    """Hold one alert, a row of ``alerts``, with its deliveries, oldest first."""

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


def list_alerts(connection: Connection, *, is_open: bool | None = None, page: Page | None = None) -> list[ListedAlert]:
    """Return alerts, newest first; with ``is_open`` only open ones, or only resolved ones."""
    rows = connection.execute(_ALERTS, {"is_open": is_open, "limit": (page or Page()).limit}).all()
    deliveries: dict[int, list[ListedDelivery]] = {row.id: [] for row in rows}
    for row in connection.execute(_DELIVERIES, {"ids": list(deliveries)}):
        values: dict[str, Any] = dict(row._mapping)
        deliveries[values.pop("alert_id")].append(ListedDelivery(**values))
    return [ListedAlert(**row._mapping, deliveries=tuple(deliveries[row.id])) for row in rows]


_ALERTS = text("""
    select id, key, severity, title, body, link, correlation_id, times, raised_at, last_raised_at, acknowledged_at,
        acknowledged_by, acknowledged_reason, resolved_at, resolved_by, resolved_reason
    from alerts
    where cast(:is_open as boolean) is null or (resolved_at is null) = :is_open
    order by raised_at desc, id desc limit :limit
""")

_DELIVERIES = text("""
    select alert_id, id, channel, severity, state, attempts, error, may_have_been_delivered, due_at, ended_at
    from alert_deliveries where alert_id = any(:ids) order by created_at, severity, channel
""")
