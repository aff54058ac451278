"""List incidents for people and programs, with the state that counts: what is muted, folded or over says so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, text

from pokervod_pipelines.alerts.alert import AlertSeverity
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.monitoring.incidents.shape import Incident, IncidentState, Subject, SubjectKind, Verdict
from pokervod_pipelines.paging import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentFilter:
    """Select incidents: empty or None selects all; ``cause_id`` the effects of one."""

    states: Sequence[IncidentState] = ()
    severities: Sequence[AlertSeverity] = ()
    detectors: Sequence[str] = ()
    subject: Subject | None = None
    cause_id: int | None = None
    changed_since: datetime | None = None
    oldest_first: bool = False


def list_incidents(
    connection: Connection,
    wanted: IncidentFilter | None = None,
    *,
    page: Page | None = None,
    now: datetime | None = None,
) -> list[Incident]:
    """Return incidents, the last opened first, or with ``oldest_first`` the first. ``page.after`` is the last id."""
    wanted, page = wanted or IncidentFilter(), page or Page()
    values = {
        "id": None,
        "states": [each.value for each in wanted.states],
        "severities": [each.value for each in wanted.severities],
        "detectors": [*wanted.detectors],
        "kind": wanted.subject.kind.value if wanted.subject else None,
        "subject": wanted.subject.name if wanted.subject else None,
        "cause_id": wanted.cause_id,
        "since": wanted.changed_since,
        "oldest_first": wanted.oldest_first,
        "after": page.after,
        "limit": page.limit,
        "now": now or datetime.now(UTC),
    }
    return [_make_incident(row._mapping) for row in connection.execute(_LIST, values)]


def find_incident(connection: Connection, incident_id: int, *, now: datetime | None = None) -> Incident:
    """Return the incident. Raises ``BadInput``."""
    row = connection.execute(_FIND, {"id": incident_id, "now": now or datetime.now(UTC)}).one_or_none()
    if row is None:
        raise BadInput(f"no incident has the number {incident_id}. List them: pokervod incidents list")
    return _make_incident(row._mapping)


def _make_incident(row: Mapping[Any, Any]) -> Incident:
    values = dict(row)
    subject = Subject(kind=SubjectKind(values.pop("subject_kind")), name=values.pop("subject"))
    verdict = values["verdict"]
    return Incident(
        **{
            **values,
            "subject": subject,
            "state": IncidentState(values["state"]),
            "severity": AlertSeverity(values["severity"]),
            "verdict": Verdict(verdict) if verdict else None,
        }
    )


_INCIDENTS = """
    select id, key, detector, subject_kind, subject, severity, summary, advice, figures, correlation_id, link, cause_id,
        times, openings, first_opened_at, opened_at, last_seen_at, acknowledged_at, acknowledged_by,
        acknowledged_reason, muted_until, muted_by, muted_reason, resolved_at, resolved_by, resolved_reason, verdict,
        verdict_at, verdict_by, verdict_reason,
        (select count(*) from monitoring_events o where o.cause_id = e.id and o.resolved_at is null) as effects,
        case when resolved_at is not null then 'resolved'
            when cause_id is not null then 'folded'
            when muted_until > :now then 'muted'
            when acknowledged_at is not null then 'acknowledged'
            else 'open' end as state
    from monitoring_events e
"""

_FIND = text(f"{_INCIDENTS} where id = :id")

_LIST = text(f"""
    select * from ({_INCIDENTS}) i
    where (cardinality(cast(:states as text[])) = 0 or state = any(:states))
        and (cardinality(cast(:severities as text[])) = 0 or severity = any(:severities))
        and (cardinality(cast(:detectors as text[])) = 0 or detector = any(:detectors))
        and (cast(:kind as text) is null or (subject_kind, subject) = (:kind, :subject))
        and (cast(:cause_id as bigint) is null or cause_id = :cause_id)
        and (cast(:since as timestamptz) is null
            or greatest(opened_at, acknowledged_at, resolved_at, verdict_at) >= :since)
        and (cast(:after as bigint) is null or case when :oldest_first
            then (opened_at, id) > (select opened_at, id from monitoring_events where id = :after)
            else (opened_at, id) < (select opened_at, id from monitoring_events where id = :after) end)
    order by case when :oldest_first then opened_at end, case when :oldest_first then id end,
        opened_at desc, id desc
    limit :limit
""")  # noqa: S608 - constants
