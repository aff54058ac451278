"""Append to the log, and read it without skipping a transaction that commits late."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.events.listen import CHANNEL
from pokervod_pipelines.events.types import EventType, NewEvent
from pokervod_pipelines.periods import ALWAYS, Period, filter_period
from pokervod_pipelines.suggestions import suggest_name

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


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Filter events by the fields that are set; a type such as ``nas.file`` includes ``nas.file.added``."""

    types: tuple[str, ...] = ()
    correlation_id: str | None = None
    period: Period = ALWAYS

    def __post_init__(self) -> None:
        """Raise ``BadInput`` for a type that no event has."""
        for name in self.types:
            if not any(_is_of_type(known, name) for known in EventType):
                raise BadInput(f"--type: unknown event type {name!r}; {suggest_name(name, EventType)}")

    def fits(self, event: LoggedEvent) -> bool:
        """Return whether the event passes."""
        return (
            self.correlation_id in {None, event.correlation_id}
            and (not self.types or any(_is_of_type(event.type, name) for name in self.types))
            and self.period.contains(event.at)
        )


def _is_of_type(type_: str, name: str) -> bool:
    return type_ == name or type_.startswith(f"{name}.")


def read_latest(connection: Connection, filters: EventFilter, *, limit: int | None) -> list[LoggedEvent]:
    """Return the newest events that pass, oldest first; without a limit all of them."""
    names = [str(known) for known in EventType if any(_is_of_type(known, name) for name in filters.types)]
    parameters = {"limit": limit, "types": names or None, "correlation_id": filters.correlation_id}
    rows = connection.execute(_LATEST, parameters | asdict(filters.period)).all()
    return [LoggedEvent(**row._mapping) for row in reversed(rows)]


_LATEST = text(f"""
    select id, txid, at, type, source, correlation_id, payload from events
    where (cast(:correlation_id as text) is null or correlation_id = :correlation_id)
      and (cast(:types as text[]) is null or type = any(:types)) and {filter_period("at")}
    order by txid desc, id desc
    limit :limit
""")  # noqa: S608 - constants
