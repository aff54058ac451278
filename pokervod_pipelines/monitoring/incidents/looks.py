"""Record what the detectors found: open, fold, reopen and close incidents, whoever looked and however often.

An incident is opened once for a cause and lasts while it is found. It is closed when a detector that could judge has
not found it for a while; one that could not read, or has not learnt enough, closes nothing. What returns soon is the
same incident, opened once more. One that a person resolved although it lasts comes back after a grace.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from pokervod_pipelines.actors import new_correlation_id
from pokervod_pipelines.db.locks import lock_until_commit
from pokervod_pipelines.events import EventType
from pokervod_pipelines.monitoring.incidents import store
from pokervod_pipelines.monitoring.incidents.shape import Finding, Look, LookState
from pokervod_pipelines.monitoring.incidents.store import StoredIncident
from pokervod_pipelines.settings.monitoring import IncidentSettings

LOCK = "incidents"
"""Whoever changes incidents holds it, so that each cause is opened once."""

CLOSING = frozenset({LookState.JUDGED, LookState.OFF})


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Tell what a look did to an incident: ``type`` is the event that says so."""

    type: EventType
    incident: StoredIncident

    def __str__(self) -> str:
        """Return it as a sentence."""
        return f"{self.type.value.rpartition('.')[2]}: {self.incident.summary}"


def record_looks(
    connection: Connection, looks: Sequence[Look], rules: IncidentSettings, *, now: datetime
) -> list[Change]:
    """Store what these looks found, in the caller's transaction, and return what changed.

    Of two findings with one key the graver counts. Looks of other detectors leave an incident as it is.
    """
    findings = _find_gravest(finding for look in looks for finding in look.findings)
    lock_until_commit(connection, LOCK)
    known = store.read_relevant(connection, findings)
    changes = [
        *_open_new(connection, _select_new(findings, known, rules, now), now),
        *_update(connection, findings, known, rules, now),
        *_close(connection, looks, findings, known, rules, now),
    ]
    _fold(connection, findings, rules, now)
    return changes


def _find_gravest(findings: Iterable[Finding]) -> dict[str, Finding]:
    gravest: dict[str, Finding] = {}
    for each in findings:
        if each.key not in gravest or each.severity.rank > gravest[each.key].severity.rank:
            gravest[each.key] = each
    return gravest


def _select_new(
    findings: Mapping[str, Finding], known: Mapping[str, StoredIncident], rules: IncidentSettings, now: datetime
) -> list[Finding]:
    """Return the findings that no incident is known of, or only one that ended long ago."""
    oldest = now - timedelta(hours=rules.reopen_hours)
    return [each for each in findings.values() if each.key not in known or _ended_before(known[each.key], oldest)]


def _ended_before(incident: StoredIncident, moment: datetime) -> bool:
    return incident.resolved_at is not None and incident.resolved_at < moment and incident.last_seen_at < moment


def _open_new(connection: Connection, findings: Sequence[Finding], now: datetime) -> list[Change]:
    if not findings:
        return []
    opened = store.insert(connection, [(each, new_correlation_id()) for each in findings], now)
    return [_tell(connection, EventType.MONITORING_INCIDENT_OPENED, each) for each in opened]


def _update(
    connection: Connection,
    findings: Mapping[str, Finding],
    known: Mapping[str, StoredIncident],
    rules: IncidentSettings,
    now: datetime,
) -> list[Change]:
    """Store what was found of known incidents; reopen those that were over, and tell those that became graver."""
    oldest = now - timedelta(hours=rules.reopen_hours)
    found = {
        each.id: findings[key] for key, each in known.items() if key in findings and not _ended_before(each, oldest)
    }
    if not found:
        return []
    store.update_found(connection, found, now)
    changes, returned = [], []
    for before in (each for each in known.values() if each.id in found):
        finding = found[before.id]
        after = replace(before, severity=finding.severity, summary=finding.summary)
        if before.is_open and finding.severity.rank > before.severity.rank:
            changes.append(_tell(connection, EventType.MONITORING_INCIDENT_ESCALATED, after))
        elif not before.is_open and not _has_grace(before, rules, now):
            returned.append(replace(after, openings=before.openings + 1, cause_id=None))
    if returned:
        store.reopen(connection, [each.id for each in returned], now)
    return changes + [_tell(connection, EventType.MONITORING_INCIDENT_REOPENED, each) for each in returned]


def _has_grace(incident: StoredIncident, rules: IncidentSettings, now: datetime) -> bool:
    """Return whether a person resolved the incident just now: it may take a moment until that shows."""
    if incident.resolved_at is None or not incident.is_resolved_by_person:
        return False
    return now - incident.resolved_at < timedelta(minutes=rules.grace_minutes)


def _close(
    connection: Connection,
    looks: Sequence[Look],
    findings: Mapping[str, Finding],
    known: Mapping[str, StoredIncident],
    rules: IncidentSettings,
    now: datetime,
) -> list[Change]:
    """Resolve the incidents that their detector judged and did not find, once it has not found them for a while."""
    judged = {look.detector: look for look in looks if look.state in CLOSING}
    seen_until = now - timedelta(seconds=rules.close_after_seconds)
    changes = []
    for each in known.values():
        look = judged.get(each.detector)
        if look is None or not each.is_open or each.key in findings:
            continue
        if each.last_seen_at <= seen_until or look.state is LookState.OFF:
            reason = look.summary or "it is not found any more"
            store.close(connection, [each.id], by=each.detector, reason=reason, now=now)
            over = replace(each, resolved_at=now)
            changes.append(_tell(connection, EventType.MONITORING_INCIDENT_RESOLVED, over, reason))
    return changes


def _fold(connection: Connection, findings: Mapping[str, Finding], rules: IncidentSettings, now: datetime) -> None:
    """Fold each found incident under the first cause that is open, or was a moment ago; unfold those without one."""
    named = {key for each in findings.values() for key in each.explained_by}
    known = store.read_relevant(connection, {*findings, *named})
    latest = now - timedelta(minutes=rules.grace_minutes)
    found = [each for each in known.values() if each.is_open and each.key in findings]
    causes = {each.id: _find_cause(each, findings, known, latest) for each in found}
    changed = {each.id: causes[each.id] for each in found if causes[each.id] != each.cause_id}
    if changed:
        store.set_causes(connection, changed)
    store.fold_reported(connection, timedelta(minutes=rules.grace_minutes))
    store.unfold(connection, latest)


def _find_cause(
    incident: StoredIncident,
    findings: Mapping[str, Finding],
    known: Mapping[str, StoredIncident],
    latest: datetime,
) -> int | None:
    """Return the id of the cause, followed to the one that nothing explains; None without one, and in a circle."""
    cause, seen = incident, {incident.key}
    while True:
        keys = findings[cause.key].explained_by if cause.key in findings else ()
        lasting = (known[key] for key in keys if key in known and known[key].lasts(latest))
        found = next(lasting, None)
        if found is None:
            return None if cause is incident else cause.id
        if found.key in seen:
            return None
        seen.add(found.key)
        cause = found


def _tell(connection: Connection, type_: EventType, incident: StoredIncident, reason: str = "") -> Change:
    store.append_change(connection, type_, incident, by=incident.detector, reason=reason or incident.summary)
    return Change(type=type_, incident=incident)
