"""Keep how each service was, as each machine saw it last, so that a change is an event and nothing else is written.

Machines are told apart: a share may be mounted on one and not on the other. What all machines see alike, as the daemon,
is kept once, as ``EVERYWHERE``.
"""

import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from pokervod_pipelines.actors import new_correlation_id
from pokervod_pipelines.db.locks import lock_until_commit
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.monitoring.health.shape import BAD, ServiceHealth, ServiceState

EVERYWHERE = ""
"""The machine of a service that the whole installation shares."""

RUNNING = "is being run"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredState:
    """Hold how a service was; ``repair`` is how its hook ended, None before it was run for this failure."""

    service: str
    state: str
    summary: str
    changed_at: datetime
    correlation_id: str
    repaired_at: datetime | None = None
    repair: str | None = None


def read_stored(connection: Connection, host: str) -> dict[str, StoredState]:
    """Return how the services were that this machine saw, by name."""
    return {row.service: StoredState(**row._mapping) for row in connection.execute(_READ, {"host": host})}


def store_changes(
    connection: Connection, host: str, services: Sequence[ServiceHealth], now: datetime
) -> dict[str, StoredState]:
    """Store the states that changed and return all; a failure that begins, changes or ends is an event.

    What could not be looked at stays as it was known: only an answer changes it. That nothing is there any more is one.
    """
    stored = read_stored(connection, host)
    if not any(_is_new(each, stored) for each in services) and not stored.keys() - {each.name for each in services}:
        return stored
    lock_until_commit(connection, f"health of {host}")
    stored = read_stored(connection, host)
    changes = [*_list_changes(services, stored, now)]
    for before, after in changes:
        connection.execute(_STORE, {"host": host, **_dump(after)})
        if after.state in BAD or (before is not None and before.state in BAD):
            append_events(connection, "monitoring", after.correlation_id, [_make_event(host, before, after)])
        stored[after.service] = after
    left = stored.keys() - {each.name for each in services}
    if left:
        connection.execute(_FORGET, {"host": host, "services": [*left]})
    return {name: each for name, each in stored.items() if name not in left}


def _is_new(service: ServiceHealth, stored: Mapping[str, StoredState]) -> bool:
    before = stored.get(service.name)
    if service.state is ServiceState.UNKNOWN or (before is None and service.state is ServiceState.UNUSED):
        return False
    return before is None or before.state != service.state


def _list_changes(
    services: Sequence[ServiceHealth], stored: Mapping[str, StoredState], now: datetime
) -> Iterator[tuple[StoredState | None, StoredState]]:
    """Yield each change; a failure that gets worse or better is the same one, with its hook and correlation id.

    A hook that still runs says by itself how it ended, also where the failure was over before.
    """
    for each in services:
        if not _is_new(each, stored):
            continue
        before = stored.get(each.name)
        goes_on = before is not None and {before.state, each.state} <= BAD
        keeps_repair = goes_on or (before is not None and before.repair == RUNNING)
        after = StoredState(
            service=each.name,
            state=each.state,
            summary=each.summary,
            changed_at=before.changed_at if before and goes_on else now,
            correlation_id=before.correlation_id if before and before.state in BAD else new_correlation_id(),
            repaired_at=before.repaired_at if before and keeps_repair else None,
            repair=before.repair if before and keeps_repair else None,
        )
        yield before, after


def _dump(state: StoredState) -> dict[str, object]:
    return {name: getattr(state, name) for name in StoredState.__slots__}


def _make_event(host: str, before: StoredState | None, after: StoredState) -> NewEvent:
    since = before.changed_at if before else after.changed_at
    payload = {
        "service": after.service,
        "host": host or platform.node(),
        "state": str(after.state),
        "before": before.state if before else str(ServiceState.HEALTHY),
        "since": since.isoformat(),
        "summary": after.summary,
    }
    return NewEvent(EventType.MONITORING_HEALTH_CHANGED, payload)


def claim_repair(connection: Connection, host: str, service: str, hook: str, per_hour: int) -> bool:
    """Give this process the one repair of a failure; return False where another has it, or the hour's are spent."""
    lock_until_commit(connection, "repairs")
    started = connection.scalar(_COUNT, {"type": EventType.MONITORING_REPAIR_STARTED, "hook": hook, "host": host})
    if (started or 0) >= per_hour:
        return False
    return bool(connection.execute(_CLAIM, {"host": host, "service": service, "running": RUNNING}).rowcount)


def store_repair(connection: Connection, host: str, service: str, said: str) -> bool:
    """Store how the hook ended, for whoever looks while the failure lasts; return False where another has done so."""
    values = {"host": host, "service": service, "said": said, "running": RUNNING}
    return bool(connection.execute(_REPAIRED, values).rowcount)


def end_interrupted(connection: Connection, after_seconds: float, said: str) -> None:
    """End the hooks that have run for longer than that: their process is gone, and could not say how they ended."""
    values = {"after": after_seconds, "running": RUNNING, "said": said}
    for row in connection.execute(_END_LEFT, values).all():
        payload = connection.scalar(_STARTED, {"service": row.service, "of": row.correlation_id})
        if payload is not None:
            event = NewEvent(EventType.MONITORING_REPAIR_ENDED, payload | {"done": False, "said": said})
            append_events(connection, "monitoring", row.correlation_id, [event])


_READ = text("""
    select service, state, summary, changed_at, correlation_id, repaired_at, repair from health_states
    where host = :host
""")

_STORE = text("""
    insert into health_states (host, service, state, summary, changed_at, correlation_id, repaired_at, repair)
    values (:host, :service, :state, :summary, :changed_at, :correlation_id, :repaired_at, :repair)
    on conflict (host, service) do update set state = excluded.state, summary = excluded.summary,
        changed_at = excluded.changed_at, correlation_id = excluded.correlation_id,
        repaired_at = excluded.repaired_at, repair = excluded.repair
""")

_FORGET = text("delete from health_states where host = :host and service = any(:services)")

_COUNT = text("""
    select count(*) from events
    where type = :type and at > now() - interval '1 hour' and payload ->> 'hook' = :hook
        and :host in ('', payload ->> 'host')
""")

_CLAIM = text("""
    update health_states set repaired_at = now(), repair = :running
    where host = :host and service = :service and repaired_at is null and state in ('degraded', 'unhealthy')
""")

_REPAIRED = text("""
    update health_states set repair = :said where host = :host and service = :service and repair = :running
""")

_END_LEFT = text("""
    update health_states set repair = :said
    where repair = :running and repaired_at < now() - :after * interval '1 second'
    returning service, correlation_id
""")

_STARTED = text("""
    select payload from events
    where correlation_id = :of and type = 'monitoring.repair.started' and payload ->> 'service' = :service
    order by id desc limit 1
""")
