"""Keep the events whose handler failed: those tried again, those that wait behind them, and those given up.

Events of one sequence are handled in order: the first is tried at its time, at once if it has none, those behind it
wait. A parked event holds nobody up.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, TextClause, text

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.events.log import LoggedEvent, append_events
from pokervod_pipelines.events.types import EventType, NewEvent

SOURCE = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedEvent:
    """Hold an event that a consumer could not handle; ``error`` is None for one that only waits behind another.

    ``attempts`` counts those that failed; ``parked_at`` is None while it is tried again.
    """

    consumer: str
    event_id: int
    type: str
    correlation_id: str
    at: datetime
    attempts: int
    error: str | None
    failed_at: datetime | None
    next_try_at: datetime | None
    parked_at: datetime | None


def name_sequence(event: LoggedEvent) -> str:
    """Return the sequence of the event: its correlation id; an event without one has a sequence of its own."""
    return event.correlation_id or f"event {event.id}"


def list_waiting(connection: Connection, consumer: str) -> dict[str, float]:
    """Return the sequences that wait for a next try, with the seconds until then, 0 and less if it is due."""
    return {row.sequence: float(row.seconds) for row in connection.execute(_WAITING, {"consumer": consumer})}


_WAITING = text("""
    with recursive first as (
        (select sequence, event_id, next_try_at from event_retries
            where consumer = :consumer and parked_at is null order by sequence, event_id limit 1)
        union all
        select next.* from first, lateral (
            select sequence, event_id, next_try_at from event_retries r
            where r.consumer = :consumer and r.parked_at is null and r.sequence > first.sequence
            order by r.sequence, r.event_id limit 1
        ) as next
    )
    select sequence, coalesce(extract(epoch from next_try_at - clock_timestamp()), 0) as seconds
    from first order by event_id
""")
"""Steps from the first event of each sequence to the next, so that those waiting behind it cost nothing."""


def find_parked(connection: Connection, consumer: str, event_ids: Sequence[int]) -> set[int]:
    """Return which of the events are parked."""
    return set(connection.scalars(_PARKED, {"consumer": consumer, "event_ids": [*event_ids]}))


_PARKED = text("""
    select event_id from event_retries
    where consumer = :consumer and event_id = any(:event_ids) and parked_at is not null
""")


def read_waiting(connection: Connection, consumer: str, sequence: str, limit: int) -> list[tuple[LoggedEvent, int]]:
    """Return the first events of the sequence in their order, each with the attempts that failed."""
    values = {"consumer": consumer, "sequence": sequence, "limit": limit}
    rows = [dict(row._mapping) for row in connection.execute(_READ_WAITING, values)]
    return [(LoggedEvent(**row), attempts) for row in rows for attempts in [row.pop("attempts")]]


_READ_WAITING = text("""
    select e.id, e.at, e.type, e.source, e.correlation_id, e.payload, r.attempts
    from event_retries r join events e on e.id = r.event_id
    where r.consumer = :consumer and r.sequence = :sequence and r.parked_at is null order by r.event_id limit :limit
""")


def hold_events(connection: Connection, consumer: str, events: Sequence[LoggedEvent]) -> None:
    """Let the events wait behind those of their sequences."""
    if events:
        rows = json.dumps([{"event_id": each.id, "sequence": name_sequence(each)} for each in events])
        connection.execute(_HOLD, {"consumer": consumer, "rows": rows})


_HOLD = text("""
    insert into event_retries (consumer, event_id, sequence)
    select :consumer, event_id, sequence from jsonb_to_recordset(cast(:rows as jsonb)) r(event_id bigint, sequence text)
    on conflict do nothing
""")


def record_failure(
    connection: Connection, consumer: str, event: LoggedEvent, error: str, *, attempts: int, wait: float | None
) -> None:
    """Store that the event failed for the ``attempts``-th time: try it again after ``wait`` seconds, or park it.

    A parked event lets the next of its sequence go on, and is itself reported by an event.
    """
    values = {
        "consumer": consumer, "event_id": event.id, "sequence": name_sequence(event), "attempts": attempts,
        "error": error, "wait": None if wait is None else timedelta(seconds=wait),
    }  # fmt: skip
    connection.execute(_FAIL, values)
    if wait is None and event.type != EventType.SYSTEM_EVENT_PARKED:  # a consumer that fails on all would never end
        payload = {"consumer": consumer, "event_id": event.id, "type": event.type, "error": error}
        append_events(connection, SOURCE, event.correlation_id, [NewEvent(EventType.SYSTEM_EVENT_PARKED, payload)])


_FAIL = text("""
    insert into event_retries as r
        (consumer, event_id, sequence, attempts, error, failed_at, next_try_at, parked_at)
    values (:consumer, :event_id, :sequence, :attempts, :error, now(), now() + cast(:wait as interval),
        case when cast(:wait as interval) is null then now() end)
    on conflict (consumer, event_id) do update set attempts = excluded.attempts, error = excluded.error,
        failed_at = excluded.failed_at, next_try_at = excluded.next_try_at, parked_at = excluded.parked_at
""")


def delete_handled(connection: Connection, consumer: str, event_ids: Sequence[int]) -> None:
    """Delete the events, which are done; the next of their sequences is due."""
    connection.execute(_DELETE, {"consumer": consumer, "event_ids": [*event_ids]})


_DELETE = text("delete from event_retries where consumer = :consumer and event_id = any(:event_ids)")


def list_failed(connection: Connection, consumer: str | None = None) -> list[FailedEvent]:
    """Return the events that were parked or are tried again, of one consumer or all, the oldest first."""
    rows = connection.execute(_LIST, {"consumer": consumer})
    return [FailedEvent(**row._mapping) for row in rows]


_LIST = text("""
    select r.consumer, r.event_id, e.type, e.correlation_id, e.at, r.attempts, r.error, r.failed_at, r.next_try_at,
        r.parked_at
    from event_retries r join events e on e.id = r.event_id
    where r.attempts > 0 and (cast(:consumer as text) is null or r.consumer = :consumer)
    order by r.consumer, r.event_id
""")


def retry_parked(connection: Connection, consumer: str, event_ids: Sequence[int], actor: Actor) -> list[int]:
    """Let the consumer handle parked events again; without ids all of them. Return their ids.

    Raises ``BadInput`` for an event that is not parked.
    """
    return _act(connection, _RETRY, EventType.SYSTEM_EVENT_RETRIED, consumer, event_ids, actor)


_RETRY = text("""
    update event_retries set parked_at = null, attempts = 0, next_try_at = now()
    where consumer = :consumer and parked_at is not null and (:takes_all or event_id = any(:event_ids))
    returning event_id
""")


def drop_parked(connection: Connection, consumer: str, event_ids: Sequence[int], actor: Actor) -> list[int]:
    """Give parked events up for good; without ids all of them. Return their ids.

    Raises ``BadInput`` for an event that is not parked.
    """
    return _act(connection, _DROP, EventType.SYSTEM_EVENT_DROPPED, consumer, event_ids, actor)


_DROP = text("""
    delete from event_retries
    where consumer = :consumer and parked_at is not null and (:takes_all or event_id = any(:event_ids))
    returning event_id
""")


def _act(
    connection: Connection,
    statement: TextClause,
    event: EventType,
    consumer: str,
    event_ids: Sequence[int],
    actor: Actor,
) -> list[int]:
    values = {"consumer": consumer, "event_ids": [*event_ids], "takes_all": not event_ids}
    done = sorted(row.event_id for row in connection.execute(statement, values))
    if unknown := sorted(set(event_ids) - set(done)):
        numbers = ", ".join(map(str, unknown))
        raise BadInput(f"{consumer}: not parked: {numbers}; `pokervod events parked` lists the parked events")
    payload = {"consumer": consumer, "by": actor.who, "reason": actor.reason}
    append_events(
        connection, SOURCE, actor.correlation_id, [NewEvent(event, {**payload, "event_id": each}) for each in done]
    )
    return done
