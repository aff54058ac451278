"""Delete old events by age and type, in batches; what a living consumer has yet to read and audit records stay.

Audit records are the events that somebody signed: their payload has ``by``.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine, text

from pokervod_pipelines.errors import BadSettings
from pokervod_pipelines.events.log import is_of_type, suggest_type
from pokervod_pipelines.events.payloads import list_types
from pokervod_pipelines.settings.rooms import EventSettings

BATCH = 5_000

LIVING_DAYS = 30
"""A consumer that has not moved for so long holds nothing up: it reads no more, or it has nothing to read."""


def prune_events(engine: Engine, settings: EventSettings, *, now: datetime | None = None) -> int:
    """Delete what is older than the settings keep it, each batch in a transaction; return how many."""
    oldest = find_oldest(settings, now or datetime.now(UTC))
    if not oldest:
        return 0
    deleted, after = 0, 0
    while True:
        with engine.begin() as connection:
            rows = connection.execute(_DELETE, _make_parameters(oldest) | {"after": after, "limit": BATCH}).all()
        deleted += len(rows)
        if len(rows) < BATCH:
            return deleted
        after = max(row.id for row in rows)


def count_prunable(connection: Connection, settings: EventSettings, *, now: datetime | None = None) -> int:
    """Return how many events ``prune_events`` would delete."""
    oldest = find_oldest(settings, now or datetime.now(UTC))
    return int(connection.scalar(_COUNT, _make_parameters(oldest)) or 0) if oldest else 0


def find_oldest(settings: EventSettings, now: datetime) -> dict[str, datetime]:
    """Return by type the moment before which its events are deleted; the longest type of the settings counts.

    Raises ``BadSettings`` for a type that no event has.
    """
    days = settings.keep_days_of
    for name in days:
        if not any(is_of_type(type_, name) for type_ in list_types()):
            raise BadSettings(f"events.keep_days_of: unknown event type {name!r}; {suggest_type(name)}")
    found = {}
    for type_ in list_types():
        names = sorted((name for name in days if is_of_type(type_, name)), key=len)
        kept = days[names[-1]] if names else settings.keep_days
        if kept is not None:
            found[type_] = now - timedelta(days=kept)
    return found


def _make_parameters(oldest: Mapping[str, datetime]) -> dict[str, object]:
    return {"types": [*oldest], "oldest": [*oldest.values()], "living": timedelta(days=LIVING_DAYS)}


_OLD = """
    from events e join unnest(cast(:types as text[]), cast(:oldest as timestamptz[])) as o(type, oldest)
        on o.type = e.type and e.at < o.oldest
    where coalesce(e.payload ->> 'by', '') = ''
        and not exists (select from event_retries r where r.event_id = e.id)
        and not exists (
            select from event_cursors c where c.moved_at > now() - cast(:living as interval) and e.txid >= case
                when c.snapshot is null then c.txid
                else cast(cast(pg_snapshot_xmin(cast(c.snapshot as pg_snapshot)) as text) as bigint) end)
"""
"""What may be deleted: older than its type is kept, unsigned, and seen by every consumer that still reads."""

_DELETE = text(f"""
    with old as (select e.id {_OLD} and e.id > :after order by e.id limit :limit)
    delete from events using old where events.id = old.id returning events.id
""")  # noqa: S608 - constants

_COUNT = text(f"select count(*) {_OLD}")
