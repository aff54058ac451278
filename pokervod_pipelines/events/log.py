"""Append to the log, and read it without skipping a transaction that commits late."""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.events.listen import CHANNEL
from pokervod_pipelines.events.payloads import check_payload, find_payload, list_types
from pokervod_pipelines.events.types import BLOCKS, NewEvent
from pokervod_pipelines.paging import Page
from pokervod_pipelines.periods import ALWAYS, Period, filter_period
from pokervod_pipelines.suggestions import suggest_name

_BATCH = 5_000

SOURCES = (*(room for rooms in BLOCKS.values() for room in rooms), "alerts", "monitoring", "rollout", "system")
"""The rooms that append events."""


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """Hold one row of the log."""

    id: int
    at: datetime
    type: str
    source: str
    correlation_id: str
    payload: dict[str, Any]


def append_events(connection: Connection, source: str, correlation_id: str, events: Sequence[NewEvent]) -> int:
    """Append the events within the caller's transaction; return how many.

    Raises ``ValueError`` for a payload that its type does not have.
    """
    for start in range(0, len(events), _BATCH):
        batch = events[start : start + _BATCH]
        for event in batch:
            check_payload(event.type, event.payload)
        connection.execute(
            _INSERT,
            {
                "source": source,
                "correlation_id": correlation_id,
                "events": json.dumps(
                    [
                        [event.type, event.payload, event.correlation_id, find_payload(event.type).schema_version]
                        for event in batch
                    ],
                    ensure_ascii=False,
                ),
            },
        )
    if events:
        connection.execute(_NOTIFY, {"channel": CHANNEL})
    return len(events)


_NOTIFY = text("select pg_notify(:channel, '')")


_INSERT = text("""
    insert into events (type, source, correlation_id, payload, version)
    select e.event ->> 0, :source, coalesce(e.event ->> 2, :correlation_id), e.event -> 1,
        cast(e.event ->> 3 as smallint)
    from jsonb_array_elements(cast(:events as jsonb)) with ordinality as e(event, position)
    order by e.position
""")


def read_snapshot(connection: Connection) -> str:
    """Return PostgreSQL's snapshot of now, from which ``read_events`` continues."""
    return str(connection.scalar(text("select cast(pg_current_snapshot() as text)")))


def read_events(
    connection: Connection,
    since: str,
    *,
    until: str | None = None,
    types: Collection[str] | None = None,
    limit: int | None = None,
) -> tuple[list[LoggedEvent], str]:
    """Return the events committed since a snapshot, and the snapshot from which to continue.

    A transaction that commits late is not in the earlier snapshot, so it is read then, whatever its number; nobody
    waits for a transaction that runs. With ``until`` what that later snapshot sees is read, with ``types`` these only.
    Whoever gets as many as the ``limit`` does not know what follows.
    """
    names = None if types is None else [str(each) for each in types]
    rows = connection.execute(_READ, {"since": since, "until": until, "types": names, "limit": limit}).all()
    events = [LoggedEvent(**{name: row._mapping[name] for name in LoggedEvent.__slots__}) for row in rows if row.id]
    return events, rows[0].snapshot


_READ = text("""
    select now.snapshot, fresh.*
    from (select coalesce(cast(:until as text), cast(pg_current_snapshot() as text)) as snapshot) as now
    left join (
        select * from events
        where txid >= cast(cast(pg_snapshot_xmin(cast(:since as pg_snapshot)) as text) as bigint)
            and not pg_visible_in_snapshot(cast(cast(txid as text) as xid8), cast(:since as pg_snapshot))
            and (cast(:until as text) is null
                or pg_visible_in_snapshot(cast(cast(txid as text) as xid8), cast(:until as pg_snapshot)))
            and (cast(:types as text[]) is null or type = any(:types))
        order by txid, id limit :limit
    ) as fresh on true
    order by fresh.txid, fresh.id
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Filter events by the fields that are set; a type such as ``nas.file`` includes ``nas.file.added``.

    ``blocks`` are letters from A to G, or rooms; ``without`` are types that are left out.
    """

    types: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()
    correlation_id: str | None = None
    period: Period = ALWAYS

    def __post_init__(self) -> None:
        """Raise ``BadInput`` for a type or a block that no event has."""
        for block in self.blocks:
            if block not in (known := [*BLOCKS, *SOURCES]):
                raise BadInput(f"--block: unknown block or room {block!r}; {suggest_name(block, known)}")
        for name in self.types:
            if not any(is_of_type(known, name) for known in list_types()):
                raise BadInput(f"--type: unknown event type {name!r}; {suggest_type(name)}")

    @property
    def sources(self) -> list[str]:
        """Return the rooms of the blocks."""
        return [room for block in self.blocks for room in BLOCKS.get(block, (block,))]

    def fits(self, event: LoggedEvent) -> bool:
        """Return whether the event passes."""
        return (
            self.correlation_id in {None, event.correlation_id}
            and (not self.types or any(is_of_type(event.type, name) for name in self.types))
            and not any(is_of_type(event.type, name) for name in self.without)
            and (not self.blocks or event.source in self.sources)
            and self.period.contains(event.at)
        )


def suggest_type(name: str) -> str:
    """Return which type, or beginning of types, was meant.

    >>> suggest_type("nas.fil"), suggest_type("render.complete")
    ('did you mean `nas.file`?', 'did you mean `render.completed`?')
    """
    words = [type_.split(".") for type_ in list_types()]
    return suggest_name(name, [".".join(each[:count]) for each in words for count in range(1, len(each) + 1)])


def is_of_type(type_: str, name: str) -> bool:
    """Return whether the type is that of the name, or below it."""
    return type_ == name or type_.startswith(f"{name}.")


def read_latest(connection: Connection, filters: EventFilter, *, limit: int | None) -> Iterator[LoggedEvent]:
    """Yield the newest events that pass, oldest first; without a limit all of them. Only a batch is in memory."""
    parameters = _list_values(filters)
    query = _ALL if limit is None else _LATEST.bindparams(limit=limit)
    with connection.execute(query, parameters, execution_options={"yield_per": _BATCH}) as rows:
        for row in rows:  # closed also where the caller wants the first only
            yield LoggedEvent(**row._mapping)


def page_events(connection: Connection, filters: EventFilter, page: Page) -> list[LoggedEvent]:
    """Return a page of the events that pass, the last appended first."""
    rows = connection.execute(_PAGE, _list_values(filters) | {"limit": page.limit, "after": page.after})
    return [LoggedEvent(**row._mapping) for row in rows]


def _list_values(filters: EventFilter) -> dict[str, Any]:
    return {
        "types": _list_types(filters.types),
        "without": _list_types(filters.without),
        "sources": filters.sources or None,
        "correlation_id": filters.correlation_id,
        **asdict(filters.period),
    }


def _list_types(families: Sequence[str]) -> list[str] | None:
    return [str(known) for known in list_types() if any(is_of_type(known, name) for name in families)] or None


_COLUMNS = "id, at, type, source, correlation_id, payload"
_MATCHING = f"""
    from events
    where (cast(:correlation_id as text) is null or correlation_id = :correlation_id)
      and (cast(:types as text[]) is null or type = any(:types))
      and (cast(:without as text[]) is null or type <> all(:without))
      and (cast(:sources as text[]) is null or source = any(:sources)) and {filter_period("at")}
"""

_ALL = text(f"select {_COLUMNS} {_MATCHING} order by txid, id")

_LATEST = text(f"""
    select {_COLUMNS} from (select * {_MATCHING} order by txid desc, id desc limit :limit) as latest order by txid, id
""")  # noqa: S608 - constants

_PAGE = text(f"""
    select {_COLUMNS} {_MATCHING} and (cast(:after as bigint) is null
        or (txid, id) < (select txid, id from events where id = :after))
    order by txid desc, id desc limit :limit
""")  # noqa: S608 - constants
