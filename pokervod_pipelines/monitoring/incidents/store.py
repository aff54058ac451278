"""Read and write rows of ``monitoring_events``: SQL only, no decisions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql import bindparam

from pokervod_pipelines.alerts.alert import AlertSeverity
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.monitoring.incidents.shape import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredIncident:
    """Hold what the next look has to know of an incident."""

    id: int
    key: str
    detector: str
    severity: AlertSeverity
    summary: str
    cause_id: int | None
    openings: int
    correlation_id: str
    last_seen_at: datetime
    resolved_at: datetime | None
    is_resolved_by_person: bool

    @property
    def is_open(self) -> bool:
        """Return whether it is not resolved."""
        return self.resolved_at is None

    def lasts(self, latest: datetime) -> bool:
        """Return whether it is open, or was at that moment: it still explains its effects."""
        return self.resolved_at is None or self.resolved_at > latest


def read_relevant(connection: Connection, keys: Iterable[str]) -> dict[str, StoredIncident]:
    """Return all open incidents, and the newest resolved one of each of these keys without an open one, by key."""
    rows = connection.execute(_READ, {"keys": [*keys]})
    return {row.key: make_stored(row._mapping) for row in rows}


def insert(connection: Connection, findings: Sequence[tuple[Finding, str]], now: datetime) -> list[StoredIncident]:
    """Open an incident for each finding, under the correlation id beside it."""
    rows = [_dump(finding, id_) for finding, id_ in findings]
    return [make_stored(row._mapping) for row in connection.execute(_INSERT, {"rows": rows, "now": now})]


def update_found(connection: Connection, found: Mapping[int, Finding], now: datetime) -> None:
    """Store what the look found of these incidents; one that became graver has to be acknowledged again.

    One that is acknowledged gets no less grave, so that it is not graver when it is as it was.
    """
    rows = [{"id": id_, **_dump(finding, "")} for id_, finding in found.items()]
    connection.execute(_UPDATE_FOUND, {"rows": rows, "now": now})


def reopen(connection: Connection, ids: Sequence[int], now: datetime) -> None:
    """Open these incidents once more."""
    connection.execute(_REOPEN, {"ids": [*ids], "now": now})


def close(connection: Connection, ids: Sequence[int], *, by: str, reason: str, now: datetime) -> None:
    """Resolve these incidents: what they found is not there any more."""
    connection.execute(_CLOSE, {"ids": [*ids], "by": by, "reason": reason, "now": now})


def set_causes(connection: Connection, causes: Mapping[int, int | None]) -> None:
    """Fold these incidents under their causes, or unfold them."""
    rows = [{"id": id_, "cause_id": cause} for id_, cause in causes.items()]
    connection.execute(_SET_CAUSES, {"rows": rows})


def fold_reported(connection: Connection, within: timedelta) -> None:
    """Fold the open incidents that were reported before their cause was seen, if that was soon after."""
    connection.execute(_FOLD_REPORTED, {"within": within})


def unfold(connection: Connection, latest: datetime) -> None:
    """Unfold the open incidents whose cause was over before that moment; one that was reported, if again since.

    The next run of a job tells whether it works again; without one within a day, a person has to know.
    """
    connection.execute(_UNFOLD, {"latest": latest})


def append_change(
    connection: Connection, type_: EventType, incident: StoredIncident, *, by: str, reason: str, **more: Any
) -> None:
    """Append what became of the incident to the event log."""
    payload = {
        "incident_id": incident.id,
        "key": incident.key,
        "severity": incident.severity,
        "summary": incident.summary,
        "openings": incident.openings,
        "cause_id": incident.cause_id,
        "by": by,
        "reason": reason,
    }
    append_events(connection, "monitoring", incident.correlation_id, [NewEvent(type_, payload | more)])


def _dump(finding: Finding, correlation_id: str) -> dict[str, Any]:
    return {
        "key": finding.key,
        "detector": finding.detector,
        "subject_kind": finding.subject.kind,
        "subject": finding.subject.name,
        "severity": finding.severity,
        "summary": finding.summary,
        "advice": finding.advice,
        "figures": dict(finding.figures),
        "correlation_id": finding.correlation_id or correlation_id,
        "link": finding.link,
    }


def make_stored(row: Mapping[Any, Any]) -> StoredIncident:
    """Return a row of ``COLUMNS``."""
    return StoredIncident(**{**row, "severity": AlertSeverity(row["severity"])})


COLUMNS = """
    id, key, detector, severity, summary, cause_id, openings, correlation_id, last_seen_at, resolved_at,
    is_resolved_by_person
"""

_READ = text(f"""
    select {COLUMNS} from monitoring_events where resolved_at is null
    union all
    select {COLUMNS} from (
        select distinct on (key) * from monitoring_events where key = any(:keys) order by key, id desc
    ) newest where resolved_at is not null
""")  # noqa: S608 - constants

_RECORD = """
    jsonb_to_recordset(:rows) as r (id bigint, key varchar, detector varchar, subject_kind varchar, subject varchar,
        severity varchar, summary varchar, advice varchar, figures jsonb, correlation_id varchar, link varchar,
        cause_id bigint)
"""

_INSERT = text(f"""
    insert into monitoring_events (key, detector, subject_kind, subject, severity, summary, advice, figures,
        correlation_id, link, first_opened_at, opened_at, last_seen_at)
    select r.key, r.detector, r.subject_kind, r.subject, r.severity, r.summary, r.advice, r.figures,
        r.correlation_id, r.link, :now, :now, :now
    from {_RECORD}
    returning {COLUMNS}
""").bindparams(bindparam("rows", type_=JSONB))  # noqa: S608 - constants

_SEVERITIES = "array['info', 'warning', 'error', 'critical']"
_IS_GRAVER = f"array_position({_SEVERITIES}, r.severity) > array_position({_SEVERITIES}, e.severity)"

_UPDATE_FOUND = text(f"""
    update monitoring_events e set times = e.times + 1, last_seen_at = greatest(e.last_seen_at, :now),
        severity = case when e.acknowledged_at is not null and e.resolved_at is null and not {_IS_GRAVER}
            then e.severity else r.severity end,
        summary = r.summary, advice = r.advice, figures = r.figures, link = coalesce(r.link, e.link),
        acknowledged_at = case when {_IS_GRAVER} then null else e.acknowledged_at end,
        acknowledged_by = case when {_IS_GRAVER} then null else e.acknowledged_by end,
        acknowledged_reason = case when {_IS_GRAVER} then null else e.acknowledged_reason end
    from {_RECORD} where e.id = r.id
""").bindparams(bindparam("rows", type_=JSONB))  # noqa: S608 - constants

_REOPEN = text("""
    update monitoring_events set openings = openings + 1, opened_at = :now, cause_id = null,
        acknowledged_at = null, acknowledged_by = null, acknowledged_reason = null,
        resolved_at = null, resolved_by = null, resolved_reason = null, is_resolved_by_person = false
    where id = any(:ids)
""")

_CLOSE = text("""
    update monitoring_events set resolved_at = :now, resolved_by = :by, resolved_reason = :reason
    where id = any(:ids) and resolved_at is null
""")

_SET_CAUSES = text(f"""
    update monitoring_events e set cause_id = r.cause_id from {_RECORD} where e.id = r.id
""").bindparams(bindparam("rows", type_=JSONB))  # noqa: S608 - constants

_FOLD_REPORTED = text("""
    update monitoring_events e set cause_id = f.cause_id
    from (
        select distinct on (r.id) r.id, coalesce(c.cause_id, c.id) as cause_id
        from monitoring_events r, jsonb_array_elements_text(r.figures -> 'explained_by')
                with ordinality as named (key, position), monitoring_events c
        where r.resolved_at is null and r.cause_id is null and r.figures ? 'explained_by'
            and c.key = named.key and c.resolved_at is null and c.opened_at <= r.opened_at + :within
            and coalesce(c.cause_id, c.id) <> r.id
        order by r.id, named.position
    ) as f where e.id = f.id
""")

_UNFOLD = text("""
    update monitoring_events e set cause_id = null from monitoring_events c
    where c.id = e.cause_id and e.resolved_at is null and c.resolved_at < :latest
        and (not e.figures ? 'explained_by' or e.last_seen_at > c.resolved_at
            or c.resolved_at < :latest - interval '1 day')
""")
