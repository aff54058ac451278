"""Keep the state of the breakers: SQL only, each function a statement of the caller's transaction.

::

    closed ──failures in a row──▶ open ──after a while──▶ half-open: one call is the probe
       ▲                           ▲                        │   │ lease ends: the next call
       │                           ╰─────── it fails ───────╯   │
       ╰────────────── any success, or a person ────────────────╯

A breaker without a row never saw a failure. Whether it is half-open follows from the time: ``next_probe_at`` has
passed. The probe moves that time to the end of its lease, so one update decides which of all processes has it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, text

from pokervod_pipelines.actors import new_correlation_id
from pokervod_pipelines.policies.blocks import BreakerRule


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerState:
    """Hold a breaker as the database has it; ``is_due`` tells that the next call may be the probe."""

    name: str
    failures: int = 0
    last_error: str | None = None
    last_failed_at: datetime | None = None
    opened_at: datetime | None = None
    next_probe_at: datetime | None = None
    is_probing: bool = False
    is_due: bool = False
    correlation_id: str = ""

    @property
    def state(self) -> str:
        """Return ``closed``, ``open``, or ``half-open`` while a probe runs or may begin."""
        if self.opened_at is None:
            return "closed"
        return "half-open" if self.is_probing or self.is_due else "open"


def read_states(
    connection: Connection, names: list[str] | None = None, now: datetime | None = None
) -> list[BreakerState]:
    """Return the breakers that have a row, by name; None means all."""
    rows = connection.execute(_READ, {"names": names, "now": now})
    return [BreakerState(**row._mapping) for row in rows]


def claim_probe(connection: Connection, name: str, probe: UUID, lease: timedelta, now: datetime | None) -> bool:
    """Make the caller the probe of a half-open breaker until its lease ends; return False where another one is."""
    values = {"name": name, "probe": probe, "lease": lease, "now": now}
    return bool(connection.execute(_CLAIM, values).rowcount)


def abandon_probe(connection: Connection, name: str, probe: UUID, now: datetime | None) -> None:
    """Let the next call be the probe instead."""
    connection.execute(_ABANDON, {"name": name, "probe": probe, "now": now})


def count_failure(
    connection: Connection, name: str, error: str, rule: BreakerRule, probe: UUID | None, now: datetime | None
) -> BreakerState | None:
    """Count a failure; return the breaker if this opened it. While it is open, only that of the probe is counted."""
    values = {
        "name": name,
        "error": error,
        "limit": rule.failures,
        "wait": timedelta(seconds=rule.open_seconds),
        "probe": probe,
        "now": now,
        "correlation_id": new_correlation_id(),
    }
    if probe is not None and connection.execute(_REOPEN, values).rowcount:
        return None
    if not connection.scalar(_FAIL, values):
        return None
    connection.execute(_OPEN, values)
    return read_states(connection, [name], now)[0]


def close(connection: Connection, name: str) -> BreakerState | None:
    """Close the breaker and forget its failures; return it as it was, None if there was nothing to forget."""
    row = connection.execute(_CLOSE, {"name": name}).one_or_none()
    return None if row is None else BreakerState(**row._mapping)


_NOW = "coalesce(cast(:now as timestamptz), clock_timestamp())"

_READ = text(f"""
    select name, failures, last_error, last_failed_at, opened_at, next_probe_at, probe_id is not null as is_probing,
        coalesce(next_probe_at <= {_NOW}, false) as is_due, coalesce(correlation_id, '') as correlation_id
    from breakers where cast(:names as text[]) is null or name = any(:names) order by name
""")  # noqa: S608 - constants

_CLAIM = text(f"""
    update breakers set probe_id = :probe, next_probe_at = {_NOW} + cast(:lease as interval)
    where name = :name and next_probe_at <= {_NOW}
""")  # noqa: S608 - constants

_ABANDON = text(f"""
    update breakers set probe_id = null, next_probe_at = {_NOW} where name = :name and probe_id = :probe
""")  # noqa: S608 - constants

_REOPEN = text(f"""
    update breakers set probe_id = null, failures = failures + 1, last_error = :error, last_failed_at = {_NOW},
        next_probe_at = {_NOW} + cast(:wait as interval)
    where name = :name and probe_id = :probe
""")  # noqa: S608 - constants

_FAIL = text(f"""
    with counted as (
        insert into breakers as b (name, failures, last_error, last_failed_at) values (:name, 1, :error, {_NOW})
        on conflict (name) do update set failures = b.failures + 1, last_error = excluded.last_error,
            last_failed_at = excluded.last_failed_at
        where b.opened_at is null
        returning failures
    )
    select failures >= :limit from counted
""")  # noqa: S608 - constants

_OPEN = text(f"""
    update breakers set opened_at = {_NOW}, next_probe_at = {_NOW} + cast(:wait as interval),
        correlation_id = :correlation_id
    where name = :name
""")  # noqa: S608 - constants

_CLOSE = text("""
    with before as (select * from breakers where name = :name and failures > 0 for update)
    update breakers b set failures = 0, opened_at = null, next_probe_at = null, probe_id = null
    from before where b.name = before.name
    returning b.name, before.failures, before.last_error, before.last_failed_at, before.opened_at,
        before.next_probe_at, coalesce(before.correlation_id, '') as correlation_id
""")
