"""Read the incidents that people may have to be told of, with what each channel was told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from pokervod_pipelines.alerts.alert import AlertKind, AlertSeverity
from pokervod_pipelines.holds.windows import COVERS, MAX_DAYS
from pokervod_pipelines.subjects import SubjectKind

CAUSE_SEEN = timedelta(minutes=3)
"""Within so long detectors see what makes a run fail, such as an archive root that is away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Hold what a channel was told, or is being told: one delivery, or a line of a digest."""

    channel: str
    opening: int
    kind: AlertKind
    severity: AlertSeverity
    at: datetime
    in_digest: bool
    owes_end: bool
    """Whether it is out, or on its way, without saying that the incident is over."""

    is_due: bool
    """Whether it is still to be delivered."""

    @property
    def is_of_resolution(self) -> bool:
        """Return whether it told that the incident is over."""
        return self.kind is AlertKind.RESOLVED


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncedIncident:
    """Hold an incident that nobody silences, with all that was told of it, the first opening first."""

    id: int
    key: str
    detector: str
    kind: SubjectKind
    subject: str
    severity: AlertSeverity
    summary: str
    advice: str
    report: str
    link: str | None
    correlation_id: str
    opening: int
    effects: int
    opened_at: datetime
    acknowledged_at: datetime | None
    resolved_at: datetime | None
    resolved_by: str | None
    resolved_reason: str | None
    told: tuple[Told, ...]


def read_announced(connection: Connection, now: datetime) -> list[AnnouncedIncident]:
    """Return the open incidents that are not folded, and those that ended after somebody was told of them.

    One that a program reported waits for its cause to be seen, under which it is folded.
    What a person or a maintenance window silences now is left out; no silence lasts longer than ``MAX_DAYS``.
    """
    values = {"now": now, "oldest": now - timedelta(days=MAX_DAYS), "cause_seen": CAUSE_SEEN}
    return [_make(row._mapping) for row in connection.execute(_READ, values)]


def note_owed(connection: Connection, owed: Mapping[bool, Sequence[int]]) -> None:
    """Store of which incidents people may have to be told that they are over, and of which not any more."""
    for value, ids in owed.items():
        if ids:
            connection.execute(_NOTE, {"owes_end": value, "ids": [*ids]})


def _make(row: Mapping[Any, Any]) -> AnnouncedIncident:
    told = tuple(
        Told(
            **{
                **each,
                "kind": AlertKind(each["kind"]),
                "severity": AlertSeverity(each["severity"]),
                "at": datetime.fromisoformat(each["at"]),
            }
        )
        for each in row["told"]
    )
    severity, kind = AlertSeverity(row["severity"]), SubjectKind(row["kind"])
    return AnnouncedIncident(**{**row, "severity": severity, "kind": kind, "told": told})


_TOLD = """
    (
        select d.channel, a.opening, a.kind, a.severity, d.created_at as at, false as in_digest,
            a.kind <> 'resolved' and d.state in ('claimed', 'sending', 'delivered') and not d.told_end as owes_end,
            d.ended_at is null as is_due
        from alerts a join alert_deliveries d on d.alert_id = a.id where a.incident_id = e.id
        union all
        select l.channel, l.opening, l.kind, l.severity, l.added_at, true, l.kind <> 'resolved', false
        from alert_digest_lines l where l.incident_id = e.id
    )
"""
"""What each channel was told of the incident ``e``."""

_READ = text(f"""
    with candidates as (
        select * from monitoring_events where resolved_at is null and cause_id is null
            and not (figures ? 'explained_by' and opened_at > :now - cast(:cause_seen as interval))
        union all
        select * from monitoring_events where owes_end and resolved_at > :oldest
    )
    select e.id, e.key, e.detector, e.subject_kind as kind, e.subject, e.severity, e.summary, e.advice,
        coalesce(e.figures ->> 'report', '') as report, e.link, e.correlation_id, e.openings as opening,
        (select count(*) from monitoring_events o where o.cause_id = e.id and o.resolved_at is null) as effects,
        e.opened_at, e.acknowledged_at, e.resolved_at, e.resolved_by, e.resolved_reason, t.told
    from candidates e, lateral (
        select coalesce(jsonb_agg(to_jsonb(w) order by w.opening, w.at, w.channel), '[]') as told from {_TOLD} w
    ) t
    where coalesce(e.muted_until <= :now, true) and not exists (
        select from maintenance_coverage c
        where c.starts_at <= :now and c.ends_at > :now and {COVERS.format(kind="e.subject_kind", name="e.subject")})
    order by e.id
""")  # noqa: S608 - constants

_NOTE = text("update monitoring_events set owes_end = :owes_end where id = any(:ids) and owes_end <> :owes_end")
