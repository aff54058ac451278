"""List alerts, the messages, with the incident that each is of and the state of each delivery."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from pokervod_pipelines.holds.windows import COVERS
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
    """Hold one alert, a row of ``alerts``, with its deliveries, oldest first.

    ``state`` is that of its incident, which may be folded, muted, acknowledged or resolved since; None without one.
    """

    id: int
    key: str
    kind: str
    severity: str
    title: str
    body: str
    link: str | None
    correlation_id: str
    raised_at: datetime
    incident_id: int | None
    opening: int | None
    state: str | None
    deliveries: tuple[ListedDelivery, ...]


def list_alerts(
    connection: Connection,
    *,
    is_open: bool | None = None,
    incident_id: int | None = None,
    page: Page | None = None,
) -> list[ListedAlert]:
    """Return alerts, newest first; with ``is_open`` only those of open incidents, or only all others."""
    given = {"is_open": is_open, "incident_id": incident_id, "limit": (page or Page()).limit}
    given["after"] = (page or Page()).after
    rows = connection.execute(_ALERTS, given).all()
    deliveries: dict[int, list[ListedDelivery]] = {row.id: [] for row in rows}
    for row in connection.execute(_DELIVERIES, {"ids": list(deliveries)}):
        values: dict[str, Any] = dict(row._mapping)
        deliveries[values.pop("alert_id")].append(ListedDelivery(**values))
    return [ListedAlert(**row._mapping, deliveries=tuple(deliveries[row.id])) for row in rows]


_ALERTS = text(f"""
    select a.id, a.key, a.kind, a.severity, a.title, a.body, a.link, a.correlation_id, a.raised_at, a.incident_id,
        a.opening, case when e.id is null then null when e.resolved_at is not null then 'resolved'
            when e.cause_id is not null then 'folded'
            when e.muted_until > now() or exists (
                select from maintenance_coverage c where c.starts_at <= now() and c.ends_at > now()
                    and {COVERS.format(kind="e.subject_kind", name="e.subject")}) then 'muted'
            when e.acknowledged_at is not null then 'acknowledged' else 'open' end as state
    from alerts a left join monitoring_events e on e.id = a.incident_id
    where (cast(:is_open as boolean) is null or (e.id is not null and e.resolved_at is null) = :is_open)
        and (cast(:incident_id as bigint) is null or a.incident_id = :incident_id)
        and (cast(:after as bigint) is null
            or (a.raised_at, a.id) < (select raised_at, id from alerts where id = :after))
    order by a.raised_at desc, a.id desc limit :limit
""")  # noqa: S608 - constants

_DELIVERIES = text("""
    select alert_id, id, channel, severity, state, attempts, error, may_have_been_delivered, due_at, ended_at
    from alert_deliveries where alert_id = any(:ids) order by created_at, severity, channel
""")
