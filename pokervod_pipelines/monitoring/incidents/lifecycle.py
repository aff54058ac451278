"""Let people decide about incidents: acknowledge, mute, resolve, judge, open one by hand; each is a signed event.

Each works in the caller's transaction, returns whether it changed anything, and raises ``BadInput`` for an unknown id.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, TextClause, text

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.alerts.alert import AlertSeverity
from pokervod_pipelines.db.locks import lock_until_commit
from pokervod_pipelines.errors import BadInput, Conflict
from pokervod_pipelines.events import EventType
from pokervod_pipelines.holds.windows import MAX_DAYS
from pokervod_pipelines.monitoring.incidents import store
from pokervod_pipelines.monitoring.incidents.looks import LOCK
from pokervod_pipelines.monitoring.incidents.shape import BY_HAND, MAX_SUMMARY, MISSED, Finding, Subject, Verdict
from pokervod_pipelines.monitoring.incidents.store import COLUMNS, StoredIncident


def acknowledge(connection: Connection, incident_id: int, *, actor: Actor, now: datetime | None = None) -> bool:
    """Say that a person works on the open incident; its message is not repeated."""
    values = {"now": now or datetime.now(UTC)}
    return _decide(connection, incident_id, _ACKNOWLEDGE, EventType.MONITORING_INCIDENT_ACKNOWLEDGED, actor, values)


def mute(
    connection: Connection, incident_id: int, *, until: datetime, actor: Actor, now: datetime | None = None
) -> bool:
    """Silence the incident until a time, also when it comes back meanwhile.

    Raises ``BadInput`` for a time that has passed or is too far off.
    """
    now = now or datetime.now(UTC)
    if until <= now:
        raise BadInput(f"expected a time to come, got {until.isoformat(timespec='seconds')}")
    if until - now > timedelta(days=MAX_DAYS):
        raise BadInput(f"an incident is muted for {MAX_DAYS} days at most; mute it until then, and again when it lasts")
    changed = EventType.MONITORING_INCIDENT_MUTED
    return _decide(connection, incident_id, _MUTE, changed, actor, {"until": until}, until=until.isoformat())


def unmute(connection: Connection, incident_id: int, *, actor: Actor, now: datetime | None = None) -> bool:
    """End the silence of the incident; that of a maintenance window ends with the window."""
    values = {"now": now or datetime.now(UTC)}
    return _decide(connection, incident_id, _UNMUTE, EventType.MONITORING_INCIDENT_UNMUTED, actor, values)


def resolve(connection: Connection, incident_id: int, *, actor: Actor, now: datetime | None = None) -> bool:
    """Say that the incident is over; if it still lasts after the grace of the settings, it comes back."""
    values = {"now": now or datetime.now(UTC)}
    return _decide(connection, incident_id, _RESOLVE, EventType.MONITORING_INCIDENT_RESOLVED, actor, values)


def give_verdict(
    connection: Connection, incident_id: int, verdict: Verdict, *, actor: Actor, now: datetime | None = None
) -> bool:
    """Say whether the incident was real, expected or noise: the scoreboard of its detector counts it."""
    values = {"verdict": verdict.value, "now": now or datetime.now(UTC)}
    changed = EventType.MONITORING_INCIDENT_JUDGED
    return _decide(connection, incident_id, _JUDGE, changed, actor, values, verdict=verdict.value)


def open_by_hand(
    connection: Connection,
    subject: Subject,
    *,
    severity: AlertSeverity,
    summary: str,
    actor: Actor,
    missed: str = "",
    now: datetime | None = None,
) -> int:
    """Open an incident that no detector found, and return its id; a person resolves it.

    ``missed`` is the detector that ought to have found it, whose scoreboard counts it. Raises ``Conflict`` where a
    person has one open about the same thing.
    """
    told = " ".join(summary.split())
    if not told:
        raise BadInput("what is wrong? A sentence is required")
    figures = {MISSED: missed} if missed else {}
    finding = Finding(detector=BY_HAND, subject=subject, severity=severity, summary=told[:MAX_SUMMARY], figures=figures)
    lock_until_commit(connection, LOCK)
    known = store.read_relevant(connection, [finding.key]).get(finding.key)
    if known is not None and known.is_open:
        raise Conflict(f"incident {known.id} about {subject} is open already: {known.summary}")
    [opened] = store.insert(connection, [(finding, actor.correlation_id)], now or datetime.now(UTC))
    _sign(connection, EventType.MONITORING_INCIDENT_OPENED, opened, actor)
    return opened.id


def _decide(
    connection: Connection,
    incident_id: int,
    statement: TextClause,
    changed: EventType,
    actor: Actor,
    values: Mapping[str, Any],
    **more: Any,
) -> bool:
    lock_until_commit(connection, LOCK)
    signed = {"id": incident_id, "by": actor.who.strip(), "reason": actor.reason.strip()}
    row = connection.execute(statement, {**signed, **values}).one_or_none()
    if row is None and not connection.scalar(_EXISTS, {"id": incident_id}):
        raise BadInput(f"no incident has the number {incident_id}. List them: pokervod incidents list")
    if row is not None:
        _sign(connection, changed, store.make_stored(row._mapping), actor, **more)
    return row is not None


def _sign(connection: Connection, type_: EventType, incident: StoredIncident, actor: Actor, **more: Any) -> None:
    store.append_change(connection, type_, incident, by=actor.who.strip(), reason=actor.reason.strip(), **more)


_ACKNOWLEDGE = text(f"""
    update monitoring_events set acknowledged_at = :now, acknowledged_by = :by, acknowledged_reason = :reason
    where id = :id and resolved_at is null and acknowledged_at is null returning {COLUMNS}
""")  # noqa: S608 - constants

_MUTE = text(f"""
    update monitoring_events set muted_until = :until, muted_by = :by, muted_reason = :reason
    where id = :id and (muted_until, muted_by, muted_reason) is distinct from (:until, :by, :reason)
    returning {COLUMNS}
""")  # noqa: S608 - constants

_UNMUTE = text(f"""
    update monitoring_events set muted_until = null, muted_by = null, muted_reason = null
    where id = :id and muted_until > :now and cast(:by as text) is not null and cast(:reason as text) is not null
    returning {COLUMNS}
""")  # noqa: S608 - constants

_RESOLVE = text(f"""
    update monitoring_events set resolved_at = :now, resolved_by = :by, resolved_reason = :reason,
        is_resolved_by_person = true
    where id = :id and resolved_at is null returning {COLUMNS}
""")  # noqa: S608 - constants

_JUDGE = text(f"""
    update monitoring_events set verdict = :verdict, verdict_at = :now, verdict_by = :by, verdict_reason = :reason
    where id = :id and (verdict, verdict_by, verdict_reason) is distinct from (:verdict, :by, :reason)
    returning {COLUMNS}
""")  # noqa: S608 - constants

_EXISTS = text("select exists (select from monitoring_events where id = :id)")
