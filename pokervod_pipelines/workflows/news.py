"""What hands and exports have changed since instructions were made last, by the log and a durable cursor in it."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, text

CONSUMER = "render instructions"


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """The broadcast days of new and changed hands, whether an export changed anything, and what was seen of the log.

    ``newest`` is the highest id among these events, 0 for none; ``snapshot`` the database's own word for what could be
    seen, which a transaction that commits later is not in, however low its number.
    """

    days: tuple[date, ...]
    has_exports: bool
    newest: int
    snapshot: str

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to make instructions of."""
        return not (self.days or self.has_exports)


def read_news(connection: Connection) -> News:
    """What changed since the last making that came to its end."""
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
    return News(days=tuple(sorted(row[0] or ())), has_exports=row[1], newest=row[2], snapshot=row[3])


def remember_news(connection: Connection, news: News) -> None:
    """The news have become instructions; a making that began earlier does not turn this back."""
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
        {"consumer": CONSUMER, "newest": news.newest, "snapshot": news.snapshot},
    )
