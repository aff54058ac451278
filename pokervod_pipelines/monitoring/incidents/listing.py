"""List incidents for people and programs, with the state that counts: what is muted, folded or over says so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, text

from pokervod_pipelines.alerts.alert import AlertSeverity
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.holds.windows import COVERS
from pokervod_pipelines.monitoring.incidents.shape import Incident, IncidentState, Subject, SubjectKind, Verdict
from pokervod_pipelines.paging import Page
from pokervod_pipelines.suggestions import suggest_name

CHANGED_AT = "greatest(opened_at, acknowledged_at, resolved_at, verdict_at)"
"""SQL: when the incident changed last, as an index has it."""

LARGEST = 2**63 - 1
"""The largest number of a row."""

LONGEST = 20
"""Digits; a longer number is of no row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentFilter:
    """Select incidents: empty or None selects all; ``cause_id`` the effects of one, ``causes_only`` no effects."""

    states: Sequence[IncidentState] = ()
    severities: Sequence[AlertSeverity] = ()
    detectors: Sequence[str] = ()
    subject: Subject | None = None
    cause_id: int | None = None
    causes_only: bool = False
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
    conditions = _list_conditions(wanted, page)
    values = {name: value for _, given in conditions for name, value in given.items()}
    where = " and ".join(condition for condition, _ in conditions) or "true"
    order = "opened_at, id" if wanted.oldest_first else "opened_at desc, id desc"
    query = text(f"select * from ({_INCIDENTS}) i where {where} order by {order} limit :limit")  # noqa: S608 - constants
    rows = connection.execute(query, {**values, "limit": page.limit, "now": now or datetime.now(UTC)})
    return [_make_incident(row._mapping) for row in rows]


def _list_conditions(wanted: IncidentFilter, page: Page) -> list[tuple[str, dict[str, Any]]]:
    """Return the conditions of the filter with their values; each is written so that an index answers it."""
    subject, later = wanted.subject, ">" if wanted.oldest_first else "<"
    last = "(select opened_at, id from monitoring_events where id = :after)"
    states = [each.value for each in wanted.states]
    known: Sequence[tuple[object, str, dict[str, Any]]] = (
        (states, "state = any(:states)", {"states": states}),
        (states and IncidentState.RESOLVED not in states, "resolved_at is null", {}),
        (states == [IncidentState.RESOLVED], "resolved_at is not null", {}),
        (wanted.severities, "severity = any(:severities)", {"severities": [each.value for each in wanted.severities]}),
        (wanted.detectors, "detector = any(:detectors)", {"detectors": [*wanted.detectors]}),
        (subject, "subject_kind = :kind and subject = :subject", _name_subject(subject) if subject else {}),
        (wanted.cause_id is not None, "cause_id = :cause_id", {"cause_id": wanted.cause_id}),
        (wanted.causes_only, "cause_id is null", {}),
        (wanted.changed_since, f"{CHANGED_AT} >= :since", {"since": wanted.changed_since}),
        (page.after is not None, f"(opened_at, id) {later} {last}", {"after": page.after}),
    )
    return [(condition, values) for applies, condition, values in known if applies]


def _name_subject(subject: Subject) -> dict[str, str]:
    return {"kind": subject.kind.value, "subject": subject.name}


def count_unresolved(connection: Connection, *, now: datetime | None = None) -> dict[IncidentState, int]:
    """Return how many incidents are in each state but ``resolved``; a state without any is left out."""
    rows = connection.execute(_COUNT, {"now": now or datetime.now(UTC)})
    return {IncidentState(row.state): row.number for row in rows}


def find_number(connection: Connection, name: str) -> int:
    """Return the number of the incident that a person named by its number or key, of a key the newest.

    Raises ``BadInput`` with what was meant.
    """
    wanted = name.strip().removeprefix("#")
    if wanted.isdecimal() and len(wanted) < LONGEST and int(wanted) <= LARGEST:
        return find_incident(connection, int(wanted)).id
    found = connection.scalar(_FIND_KEY, {"key": wanted})
    if found is None:
        known = [each.key for each in list_incidents(connection)]
        meant = suggest_name(wanted, known)
        end = "" if meant.endswith("?") else "."
        raise BadInput(f"unknown incident {name!r}; {meant}{end} List them: pokervod incidents list")
    return int(found)


def find_open(connection: Connection, key: str) -> int | None:
    """Return the number of the open incident of this key, None where none is open."""
    number: int | None = connection.scalar(_FIND_OPEN, {"key": key})
    return number


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


_INCIDENTS = f"""
    select id, key, detector, subject_kind, subject, severity, summary, advice, figures, correlation_id, link, cause_id,
        times, openings, first_opened_at, opened_at, last_seen_at, acknowledged_at, acknowledged_by,
        acknowledged_reason, muted_until, muted_by, muted_reason, resolved_at, resolved_by, resolved_reason, verdict,
        verdict_at, verdict_by, verdict_reason, window_id,
        (select count(*) from monitoring_events o where o.cause_id = e.id and o.resolved_at is null) as effects,
        case when resolved_at is not null then 'resolved'
            when cause_id is not null then 'folded'
            when muted_until > :now or window_id is not null then 'muted'
            when acknowledged_at is not null then 'acknowledged'
            else 'open' end as state
    from monitoring_events e left join lateral (
        select c.window_id from maintenance_coverage c
        where c.starts_at <= :now and c.ends_at > :now and {COVERS.format(kind="e.subject_kind", name="e.subject")}
        order by c.ends_at desc, c.window_id limit 1
    ) w on e.resolved_at is null
"""  # noqa: S608 - constants

_FIND = text(f"{_INCIDENTS} where id = :id")

_COUNT = text(f"""
    select state, count(*) as number from ({_INCIDENTS}) i where resolved_at is null group by state order by state
""")  # noqa: S608 - constants

_FIND_KEY = text("select id from monitoring_events where key = :key order by id desc limit 1")

_FIND_OPEN = text("select id from monitoring_events where key = :key and resolved_at is null")
