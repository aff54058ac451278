"""Record what a program finds the moment it happens, such as a run that failed; ``looks`` is for who looks often.

Nothing is over because it was not reported again: whoever reported it says when it is.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from pokervod_pipelines.actors import Actor, new_correlation_id
from pokervod_pipelines.db.locks import lock_until_commit
from pokervod_pipelines.events import EventType
from pokervod_pipelines.monitoring.incidents import store
from pokervod_pipelines.monitoring.incidents.looks import LOCK, Change
from pokervod_pipelines.monitoring.incidents.shape import EXPLAINED_BY, Finding
from pokervod_pipelines.settings.monitoring import IncidentSettings


def report_finding(
    connection: Connection, finding: Finding, rules: IncidentSettings, *, now: datetime
) -> Change | None:
    """Open the incident of the finding, or reopen the one that ended lately; None where it is open and no graver.

    It happened just now, so it comes back also where a person resolved it a moment ago. Where one of ``explained_by``
    is open, or was a moment ago, it is folded under that or under its cause; ``looks`` fold it later where the cause is
    seen soon after.
    """
    if finding.explained_by:
        finding = replace(finding, figures={**finding.figures, EXPLAINED_BY: [*finding.explained_by]})
    lock_until_commit(connection, LOCK)
    open_or_last = store.read_relevant(connection, [finding.key, *finding.explained_by])
    change = _record(connection, finding, open_or_last.get(finding.key), rules, now)
    causes = (open_or_last[key] for key in finding.explained_by if key in open_or_last and key != finding.key)
    latest = now - timedelta(minutes=rules.grace_minutes)
    if cause := next((each for each in causes if each.lasts(latest)), None):
        found = store.read_relevant(connection, [])[finding.key]
        if found.id != cause.cause_id:
            store.set_causes(connection, {found.id: cause.cause_id or cause.id})
    return change


def _record(
    connection: Connection, finding: Finding, known: store.StoredIncident | None, rules: IncidentSettings, now: datetime
) -> Change | None:
    oldest = now - timedelta(hours=rules.reopen_hours)
    if known is None or (known.resolved_at is not None and max(known.resolved_at, known.last_seen_at) < oldest):
        [opened] = store.insert(connection, [(finding, new_correlation_id())], now)
        return _tell(connection, EventType.MONITORING_INCIDENT_OPENED, opened)
    store.update_found(connection, {known.id: finding}, now)
    found = replace(known, severity=finding.severity, summary=finding.summary)
    if not known.is_open:
        store.reopen(connection, [known.id], now)
        reopened = replace(found, openings=known.openings + 1, cause_id=None, resolved_at=None)
        return _tell(connection, EventType.MONITORING_INCIDENT_REOPENED, reopened)
    if finding.severity.rank > known.severity.rank:
        return _tell(connection, EventType.MONITORING_INCIDENT_ESCALATED, found)
    return None


def close_reported(connection: Connection, keys: Sequence[str], *, actor: Actor, now: datetime) -> list[Change]:
    """Resolve the open incidents of these keys: the program that reported them, or a person by it, says it is over."""
    lock_until_commit(connection, LOCK)
    known = store.read_relevant(connection, [])
    over = [known[key] for key in dict.fromkeys(keys) if key in known]
    by, reason = actor.who.strip(), actor.reason.strip()
    store.close(connection, [each.id for each in over], by=by, reason=reason, now=now)
    closed = [replace(each, resolved_at=now) for each in over]
    for each in closed:
        store.append_change(connection, EventType.MONITORING_INCIDENT_RESOLVED, each, by=by, reason=reason)
    return [Change(type=EventType.MONITORING_INCIDENT_RESOLVED, incident=each) for each in closed]


def _tell(connection: Connection, type_: EventType, incident: store.StoredIncident) -> Change:
    store.append_change(connection, type_, incident, by=incident.detector, reason=incident.summary)
    return Change(type=type_, incident=incident)
