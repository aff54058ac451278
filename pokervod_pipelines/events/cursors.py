"""Remember how far a consumer has read the log, and set it back.

The position is PostgreSQL's snapshot of the last read: what that snapshot does not see is pending. So a transaction
that commits late is not skipped, however low its number, and nobody waits for a transaction of another database.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from pokervod_pipelines.events.types import EventType

PENDING = """
    seen as (
        select coalesce(max(txid), 0) as txid, max(snapshot) as snapshot from event_cursors where consumer = :consumer
    ),
    pending as (
        select events.* from events, seen
        where events.txid >= seen.txid and events.type = any(:types)
            and not coalesce(pg_visible_in_snapshot(
                cast(cast(events.txid as text) as xid8), cast(seen.snapshot as pg_snapshot)), false)
    )
"""
"""Two common table expressions: the position of ``:consumer``, and the events of ``:types`` that it has not read."""

READ_UP_TO = """
    select seen.txid as seen_txid, seen.snapshot as seen_snapshot, cast(pg_current_snapshot() as text) as snapshot,
        (select coalesce(max(id), 0) from pending) as newest
    from seen
"""
"""Select the columns of ``ReadUpTo``."""


@dataclass(frozen=True, slots=True)
class Consumer:
    """Name who reads which types of events."""

    name: str
    types: tuple[EventType, ...]

    @property
    def parameters(self) -> dict[str, Any]:
        """Return the parameters of ``PENDING``."""
        return {"consumer": self.name, "types": [str(type_) for type_ in self.types]}


@dataclass(frozen=True, slots=True)
class ReadUpTo:
    """Hold from where to where a consumer has read; ``newest`` is the highest id of the pending events, 0 for none."""

    seen_txid: int
    seen_snapshot: str | None
    snapshot: str
    newest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CursorState:
    """Describe how far a consumer is behind; ``moved_at`` is None for one that has never read."""

    consumer: str
    pending: int
    oldest: datetime | None
    moved_at: datetime | None


def advance_cursor(connection: Connection, consumer: Consumer, read: ReadUpTo) -> None:
    """Move the cursor to the end of the read, unless it was set back or a later read has moved it since."""
    connection.execute(
        text("""
            insert into event_cursors as c (consumer, txid, event_id, snapshot)
            select :consumer, cast(cast(pg_snapshot_xmin(cast(:snapshot as pg_snapshot)) as text) as bigint), :newest,
                :snapshot
            on conflict (consumer) do update set txid = excluded.txid, event_id = excluded.event_id,
                snapshot = excluded.snapshot, moved_at = now()
            where (c.snapshot is null and cast(:seen_snapshot as varchar) is null and c.txid = :seen_txid)
                or pg_snapshot_xmax(cast(c.snapshot as pg_snapshot))
                    <= pg_snapshot_xmax(cast(excluded.snapshot as pg_snapshot))
        """),
        {
            "consumer": consumer.name,
            "snapshot": read.snapshot,
            "newest": read.newest,
            "seen_snapshot": read.seen_snapshot,
            "seen_txid": read.seen_txid,
        },
    )


def list_cursors(connection: Connection, consumers: Sequence[Consumer]) -> list[CursorState]:
    """Return the state of each consumer, in the given order."""
    return [_read_state(connection, consumer) for consumer in consumers]


def _read_state(connection: Connection, consumer: Consumer) -> CursorState:
    row = connection.execute(
        text(f"""
            with {PENDING}
            select :consumer as consumer, count(*) as pending, min(at) as oldest,
                (select moved_at from event_cursors where consumer = :consumer) as moved_at
            from pending
        """),  # noqa: S608 - a constant
        consumer.parameters,
    ).one()
    return CursorState(**row._mapping)


def set_back_cursor(connection: Connection, consumer: Consumer, since: datetime) -> CursorState:
    """Set the cursor back to the first event since ``since``, never forward; return the state after it.

    For a consumer that has never read all events are pending already.
    """
    connection.execute(
        text("""
            update event_cursors set snapshot = null, moved_at = now(),
                txid = least(txid, coalesce((select min(txid) from events where at >= :since), txid))
            where consumer = :consumer
        """),
        {"consumer": consumer.name, "since": since},
    )
    return _read_state(connection, consumer)
