"""Append to the log, and read it without skipping a transaction that commits late."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from pokervod_pipelines.events.listen import CHANNEL
from pokervod_pipelines.events.types import NewEvent

_BATCH = 5_000


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """Hold one row of the log."""

    id: int
    txid: int
    at: datetime
    type: str
    source: str
    correlation_id: str
    payload: dict[str, Any]


def append_events(connection: Connection, source: str, correlation_id: str, events: Sequence[NewEvent]) -> int:
    """Append the events within the caller's transaction; return how many."""
    for start in range(0, len(events), _BATCH):
        batch = events[start : start + _BATCH]
        connection.execute(
            _INSERT,
            {
                "source": source,
                "correlation_id": correlation_id,
                "events": json.dumps(
                    [[event.type.value, event.payload, event.correlation_id] for event in batch], ensure_ascii=False
                ),
            },
        )
    if events:
        connection.execute(_NOTIFY, {"channel": CHANNEL})
    return len(events)


_NOTIFY = text("select pg_notify(:channel, '')")


_INSERT = text("""
    insert into events (type, source, correlation_id, payload)
    select e.event ->> 0, :source, coalesce(e.event ->> 2, :correlation_id), e.event -> 1
    from jsonb_array_elements(cast(:events as jsonb)) with ordinality as e(event, position)
    order by e.position
""")


def read_events(connection: Connection, *, after: tuple[int, int] = (0, 0), limit: int = 1_000) -> list[LoggedEvent]:
    """Return the events after the position ``(txid, id)``, in the order in which they can safely be consumed.

    Events of transactions that a running one may still precede are left for the next call, so a consumer that
    continues after the last event returned never skips one.
    """
    rows = connection.execute(_READ, {"txid": after[0], "id": after[1], "limit": limit})
    return [LoggedEvent(**row._mapping) for row in rows]


_READ = text("""
    select id, txid, at, type, source, correlation_id, payload from events
    where (txid, id) > (:txid, :id) and txid < (pg_snapshot_xmin(pg_current_snapshot())::text)::bigint
    order by txid, id
    limit :limit
""")


def read_latest(connection: Connection, *, limit: int, correlation_id: str | None = None) -> list[LoggedEvent]:
    """Return the newest events, oldest first; only those of one correlation id if it is given."""
    rows = connection.execute(_LATEST, {"limit": limit, "correlation_id": correlation_id}).all()
    return [LoggedEvent(**row._mapping) for row in reversed(rows)]


_LATEST = text("""
    select id, txid, at, type, source, correlation_id, payload from events
    where cast(:correlation_id as text) is null or correlation_id = :correlation_id
    order by txid desc, id desc
    limit :limit
""")
