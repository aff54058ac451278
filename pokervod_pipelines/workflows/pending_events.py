"""Read the events of hands and exports since instructions were made last, with a durable cursor in the event log."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, text

CONSUMER = "render instructions"


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingEvents:
    """Describe the pending events: the broadcast days of new and changed hands, and whether an export changed anything.

    ``newest`` is their highest id, 0 for none. ``snapshot`` is PostgreSQL's snapshot of this read: a transaction that
    commits later is not in it, however low its number.
    """

    days: tuple[date, ...]
    has_exports: bool
    newest: int
    snapshot: str

    @property
    def is_empty(self) -> bool:
        """Return whether no instruction has to be made."""
        return not (self.days or self.has_exports)


def read_pending_events(connection: Connection) -> PendingEvents:
    """Return the events since the cursor."""
    row = connection.execute(
        text("""
            with seen as (select coalesce(max(txid), 0) as txid, max(snapshot) as snapshot
                          from event_cursors where consumer = :consumer),
                 fresh as (select id, type, payload from events, seen
                           where events.txid >= seen.txid
                               and not coalesce(pg_visible_in_snapshot(
                                   cast(cast(events.txid as text) as xid8), cast(seen.snapshot as pg_snapshot)), false)
                               and (type in ('hand.created', 'hand.changed')
                                    or (type like 'tournament.%' and type <> 'tournament.imported')))
            select (select array_agg(distinct (payload ->> 'broadcast_day')::date) from fresh where type like 'hand.%'),
                   exists (select from fresh where type like 'tournament.%'),
                   (select coalesce(max(id), 0) from fresh),
                   cast(pg_current_snapshot() as text)
        """),
        {"consumer": CONSUMER},
    ).one()
    return PendingEvents(days=tuple(sorted(row[0] or ())), has_exports=row[1], newest=row[2], snapshot=row[3])


def advance_cursor(connection: Connection, pending: PendingEvents) -> None:
    """Move the cursor behind these events; a run that began earlier does not move it back."""
    connection.execute(
        text("""
            insert into event_cursors as c (consumer, txid, event_id, snapshot)
            select :consumer, cast(cast(pg_snapshot_xmin(seen) as text) as bigint), :newest, cast(seen as text)
            from (select cast(:snapshot as pg_snapshot) as seen) s
            on conflict (consumer) do update set txid = excluded.txid, event_id = excluded.event_id,
                snapshot = excluded.snapshot, moved_at = now()
            where pg_snapshot_xmax(cast(c.snapshot as pg_snapshot))
                  <= pg_snapshot_xmax(cast(excluded.snapshot as pg_snapshot))
        """),
        {"consumer": CONSUMER, "newest": pending.newest, "snapshot": pending.snapshot},
    )
