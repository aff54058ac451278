"""Remember how far a consumer has read the log, and set it back.

The position is a snapshot of PostgreSQL: what that snapshot does not see is pending. So a transaction that commits
late is not skipped, however low its number, and nobody waits for a transaction of another database. What is pending
is read in rounds: a later snapshot fixes which events belong to one, so that reading can stop within it and continue.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from pokervod_pipelines.events.log import LoggedEvent
from pokervod_pipelines.events.payloads import list_types

_BATCH = 1_000

_SEEN = """
    seen as (
        select coalesce(max(txid), 0) as txid, max(snapshot) as snapshot from event_cursors where consumer = :consumer
    )
"""
"""Common table expression: the position of ``:consumer``."""

_PENDING = """
    events.type = any(:types) and events.txid >= seen.txid
    and not coalesce(pg_visible_in_snapshot(
        cast(cast(events.txid as text) as xid8), cast(seen.snapshot as pg_snapshot)), false)
"""
"""Condition: the event has one of ``:types`` and was not visible at the position."""


@dataclass(frozen=True, slots=True)
class Consumer:
    """Name who reads which types of events."""

    name: str
    types: tuple[str, ...]

    @property
    def parameters(self) -> dict[str, Any]:
        """Return the parameters of the queries of this module."""
        return {"consumer": self.name, "types": [str(type_) for type_ in self.types]}


@dataclass(frozen=True, slots=True)
class Round:
    """Describe the events that were pending at one moment: those in ``snapshot`` that the position does not see.

    ``first`` and ``last`` are the lowest and highest of their ids, 0 where nothing is pending.
    """

    seen_txid: int
    seen_snapshot: str | None
    snapshot: str
    first: int
    last: int

    @property
    def is_empty(self) -> bool:
        """Return whether nothing is pending."""
        return self.last == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CursorState:
    """Describe how far a consumer is behind; ``moved_at`` is None for one that has never read.

    ``waiting`` counts events whose handler failed and is tried again, and those behind them; ``parked`` those given up.
    """

    consumer: str
    pending: int
    oldest: datetime | None
    moved_at: datetime | None
    waiting: int
    parked: int


def find_round(connection: Connection, consumer: Consumer) -> Round:
    """Return the events that are pending now."""
    row = connection.execute(_FIND_ROUND, consumer.parameters).one()
    return Round(**row._mapping)


_FIND_ROUND = text(f"""
    with {_SEEN}
    select seen.txid as seen_txid, seen.snapshot as seen_snapshot, cast(pg_current_snapshot() as text) as snapshot,
        coalesce(found.first, 0) as first, coalesce(found.last, 0) as last
    from seen, lateral (
        select min(id) as first, max(id) as last from (select id from events where {_PENDING} offset 0) as pending
    ) as found
""")  # noqa: S608 - constants
"""``offset 0`` keeps PostgreSQL from looking for the lowest id along the whole log."""


def read_pending(connection: Connection, consumer: Consumer, limit: int) -> tuple[Round, list[LoggedEvent]]:
    """Return the events that are pending now, if they are fewer than ``limit``; else the round, and no event."""
    rows = connection.execute(_READ_PENDING, {**consumer.parameters, "limit": limit}).all()
    if len(rows) == limit:
        return find_round(connection, consumer), []
    events = [LoggedEvent(*row[3:]) for row in rows if row.id]
    seen_txid, seen_snapshot, snapshot, *_ = rows[0]
    first, last = (events[0].id, events[-1].id) if events else (0, 0)
    return Round(seen_txid, seen_snapshot, snapshot, first, last), events


_READ_PENDING = text(f"""
    with {_SEEN}
    select seen.txid as seen_txid, seen.snapshot as seen_snapshot, cast(pg_current_snapshot() as text) as now, found.*
    from seen left join lateral (
        select id, at, type, source, correlation_id, payload from events where {_PENDING}
        order by events.txid, id limit :limit
    ) as found on true
    order by found.id
""")  # noqa: S608 - constants
"""Ordered within as the index of transactions is, so that the log is read from the position on, however long it is."""


def keep_round(connection: Connection, consumer: Consumer, left: Round) -> None:
    """Store what is left of a round, to continue there, unless the cursor was set back since the round was found."""
    connection.execute(_KEEP_ROUND, consumer.parameters | asdict(left))


_KEEP_ROUND = text("""
    insert into event_cursors as c (consumer, types, txid, event_id, round_snapshot, round_end)
    values (:consumer, :types, :seen_txid, :first - 1, :snapshot, :last)
    on conflict (consumer) do update set types = excluded.types, event_id = excluded.event_id,
        round_snapshot = excluded.round_snapshot, round_end = excluded.round_end, moved_at = now()
    where c.txid = :seen_txid and c.snapshot is not distinct from cast(:seen_snapshot as varchar)
""")


def read_round(connection: Connection, consumer: Consumer) -> Round | None:
    """Return what is left of the round that was kept, or None between rounds."""
    row = connection.execute(_READ_ROUND, consumer.parameters).one_or_none()
    return None if row is None else Round(**row._mapping)


_READ_ROUND = text("""
    select txid as seen_txid, snapshot as seen_snapshot, round_snapshot as snapshot, event_id + 1 as first,
        round_end as last
    from event_cursors where consumer = :consumer and round_snapshot is not null
""")


def stream_round(
    connection: Connection, consumer: Consumer, pending: Round, *, limit: int | None = None
) -> Iterator[LoggedEvent]:
    """Yield the first events of the round in the order of their ids; without a limit all of them."""
    values = {**consumer.parameters, **asdict(pending), "limit": limit}
    options = {"yield_per": _BATCH} if limit is None else {}
    for row in connection.execute(_STREAM_ROUND, values, execution_options=options):
        yield LoggedEvent(**row._mapping)


_STREAM_ROUND = text(f"""
    select id, at, type, source, correlation_id, payload
    from events, (select cast(:seen_txid as bigint) as txid, cast(:seen_snapshot as text) as snapshot) as seen
    where {_PENDING} and id between :first and :last
        and pg_visible_in_snapshot(cast(cast(events.txid as text) as xid8), cast(:snapshot as pg_snapshot))
    order by id limit :limit
""")  # noqa: S608 - constants


def start_cursor(connection: Connection, consumer: Consumer) -> None:
    """Let a consumer that has never read begin with the events after this moment."""
    connection.execute(_START, consumer.parameters)


_START = text("""
    insert into event_cursors (consumer, types, txid, event_id, snapshot)
    select :consumer, :types, cast(cast(pg_snapshot_xmin(now) as text) as bigint), 0, cast(now as text)
    from pg_current_snapshot() as now
    on conflict (consumer) do nothing
""")


def begin_cursor(connection: Connection, consumer: Consumer) -> None:
    """Let a consumer that has never read begin with the first event: a replay finds it also while it reads that."""
    connection.execute(_BEGIN, consumer.parameters)


_BEGIN = text("""
    insert into event_cursors (consumer, types, txid, event_id) values (:consumer, :types, 0, 0)
    on conflict (consumer) do nothing
""")


def advance_cursor(connection: Connection, consumer: Consumer, done: Round) -> None:
    """Move the cursor to the end of the round, unless it was set back or moved since the round was found."""
    connection.execute(_ADVANCE, {**consumer.parameters, **asdict(done)})


_ADVANCE = text("""
    insert into event_cursors as c (consumer, types, txid, event_id, snapshot)
    select :consumer, :types, cast(cast(pg_snapshot_xmin(cast(:snapshot as pg_snapshot)) as text) as bigint), :last,
        :snapshot
    on conflict (consumer) do update set types = excluded.types, txid = excluded.txid, event_id = excluded.event_id,
        snapshot = excluded.snapshot, round_snapshot = null, round_end = null, moved_at = now()
    where c.txid = :seen_txid and c.snapshot is not distinct from cast(:seen_snapshot as varchar)
""")


def take_events(connection: Connection, consumer: Consumer, limit: int) -> list[LoggedEvent]:
    """Return the next events, at most ``limit``, and move the cursor past them when the caller's transaction commits.

    The caller keeps others from reading for the consumer. One that has never read begins with what comes next.
    """
    start_cursor(connection, consumer)
    events: list[LoggedEvent] = []
    left = read_round(connection, consumer)
    if left is None:
        left, events = read_pending(connection, consumer, limit)
    if not left.is_empty and not events:
        events = list(stream_round(connection, consumer, left, limit=limit))
    if len(events) == limit:
        keep_round(connection, consumer, replace(left, first=events[-1].id + 1))
    elif not left.is_empty:
        advance_cursor(connection, consumer, left)
    return events


def forget_consumer(connection: Connection, name: str) -> None:
    """Forget how far the consumer has read: it reads no more, or begins anew with what comes next."""
    connection.execute(text("delete from event_cursors where consumer = :name"), {"name": name})


def list_consumers(connection: Connection) -> list[Consumer]:
    """Return all consumers that have ever read, by name."""
    rows = connection.execute(text("select consumer, types from event_cursors order by consumer"))
    known = {*map(str, list_types())}
    return [Consumer(name, tuple(each for each in types if each in known)) for name, types in rows]


def read_cursor(connection: Connection, consumer: Consumer) -> CursorState:
    """Return how far the consumer is behind."""
    return CursorState(**connection.execute(_READ_CURSOR, consumer.parameters).one()._mapping)


_READ_CURSOR = text(f"""
    with {_SEEN}, progress as (
        select coalesce(max(event_id) filter (where round_snapshot is not null), 0) as done,
            max(round_snapshot) as snapshot, max(moved_at) as moved_at
        from event_cursors where consumer = :consumer
    )
    select cast(:consumer as text) as consumer, pending.*, progress.moved_at,
        (select count(*) from event_retries where consumer = :consumer and parked_at is null) as waiting,
        (select count(*) from event_retries where consumer = :consumer and parked_at is not null) as parked
    from progress, lateral (
        select count(*) as pending, min(at) as oldest from events, seen
        where {_PENDING} and (id > progress.done or not coalesce(pg_visible_in_snapshot(
            cast(cast(events.txid as text) as xid8), cast(progress.snapshot as pg_snapshot)), false))
    ) as pending
""")  # noqa: S608 - constants


def set_back_cursor(connection: Connection, consumer: Consumer, since: datetime) -> CursorState:
    """Set the cursor back to the first event since ``since``, never forward; return the state after it.

    What was parked of these events is not parked any more, since it is read again.
    For a consumer that has never read all events are pending already.
    """
    connection.execute(_SET_BACK, {"consumer": consumer.name, "since": since})
    return read_cursor(connection, consumer)


_SET_BACK = text("""
    with target as (select min(txid) as txid from events where at >= :since),
    back as (
        select c.consumer, target.txid,
            least(cast(cast(pg_snapshot_xmin(s.now) as text) as bigint), target.txid) as first_running,
            least(cast(cast(pg_snapshot_xmax(s.now) as text) as bigint), target.txid) as next,
            (select string_agg(cast(x as text), ',' order by x) from pg_snapshot_xip(s.now) as x
                where cast(cast(x as text) as bigint) < target.txid) as running
        from event_cursors c, target, lateral (select cast(coalesce(c.snapshot, '1:1:') as pg_snapshot) as now) as s
        where c.consumer = :consumer and target.txid is not null
    ),
    given_up as (
        delete from event_retries r using events e, target
        where r.consumer = :consumer and r.parked_at is not null and e.id = r.event_id and e.txid >= target.txid
    )
    update event_cursors c set moved_at = now(), round_snapshot = null, round_end = null,
        txid = least(c.txid, back.first_running, back.txid),
        snapshot = back.first_running || ':' || back.next || ':' || coalesce(back.running, '')
    from back where c.consumer = back.consumer
""")
"""The new position sees what the old one saw of the transactions before the first that is read again.

``1:1:`` sees none, as the missing snapshot of a consumer that reads its first events, but differs from it.
"""
