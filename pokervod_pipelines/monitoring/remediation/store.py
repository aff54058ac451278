"""Read and write rows of ``remediations``: SQL only, no decisions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql import bindparam

from pokervod_pipelines.actors import new_correlation_id
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.monitoring.remediation.shape import (
    DETECTORS,
    WIDER,
    ActionState,
    Deed,
    Outcome,
    RemedyAction,
    RemedyKind,
)
from pokervod_pipelines.subjects import Subject, SubjectKind

COLUMNS = """
    id, kind, subject_kind, subject, state, detector, incident_id, reason, before, after, count, correlation_id,
    done_at, outcome, outcome_at, outcome_reason
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIncident:
    """Hold what an action has to know of the incident that it is for."""

    id: int
    subject: Subject
    correlation_id: str


def try_lock(connection: Connection) -> bool:
    """Return whether this transaction is the only one that remedies until it ends, without waiting for another."""
    return bool(connection.scalar(text("select pg_try_advisory_xact_lock(hashtextextended('remediation', 0))")))


def read_clock(connection: Connection) -> datetime:
    """Return the time of the database, by which every process counts the same budget."""
    now: datetime = connection.scalars(text("select now()")).one()
    return now


def count_tried(connection: Connection, kind: RemedyKind, since: datetime) -> int:
    """Count what the kind did, or tried in vain, since then: what its budget is spent on."""
    query = text("""
        select count(*) from remediations
        where kind = :kind and done_at > :since and (state = 'done' or subject_kind <> 'other')
    """)
    return int(connection.scalar(query, {"kind": kind, "since": since}) or 0)


def find_over_budget(connection: Connection, kind: RemedyKind, since: datetime) -> int | None:
    """Return the id of the newest row since then that says that the budget of the kind was spent."""
    found = connection.scalar(
        text("""
            select id from remediations where kind = :kind and state = 'refused' and subject_kind = 'other'
                and done_at > :since order by done_at desc limit 1
        """),
        {"kind": kind, "since": since},
    )
    return None if found is None else int(found)


def raise_count(connection: Connection, id_: int, count: int) -> None:
    """Store how many things wait for a person at most."""
    connection.execute(
        text("update remediations set count = :count where id = :id and count < :count"), {"id": id_, "count": count}
    )


def read_incidents(connection: Connection, kind: RemedyKind) -> list[OpenIncident]:
    """Return the open incidents of the kind's detector, then those of wider ones, the oldest first."""
    rows = connection.execute(
        text("""
            select id, subject_kind, subject, correlation_id from monitoring_events
            where resolved_at is null and detector = any(:detectors)
            order by array_position(cast(:detectors as varchar[]), detector), id
        """),
        {"detectors": [DETECTORS[kind], *WIDER.get(kind, ())]},
    )
    return [
        OpenIncident(
            id=row.id,
            subject=Subject(kind=SubjectKind(row.subject_kind), name=row.subject),
            correlation_id=row.correlation_id,
        )
        for row in rows
    ]


def insert(connection: Connection, deeds: Sequence[Deed], now: datetime) -> list[RemedyAction]:
    """Store the deeds, each with its event, and return them as actions."""
    if not deeds:
        return []
    rows = [_dump(each) for each in deeds]
    found = connection.execute(_INSERT, {"rows": rows, "now": now})
    actions = [make_action(row._mapping) for row in found]
    for each in actions:
        append_events(connection, "monitoring", each.correlation_id, [_make_event(each)])
    return actions


def _dump(deed: Deed) -> dict[str, Any]:
    return {
        "kind": deed.kind,
        "subject_kind": deed.subject.kind,
        "subject": deed.subject.name,
        "state": deed.state,
        "detector": DETECTORS[deed.kind],
        "incident_id": deed.incident_id,
        "reason": deed.reason,
        "before": dict(deed.before),
        "after": dict(deed.after),
        "count": deed.count,
        "correlation_id": deed.correlation_id or new_correlation_id(),
    }


def _make_event(action: RemedyAction) -> NewEvent:
    is_done = action.state is ActionState.DONE
    payload = {
        "remediation_id": action.id,
        "kind": action.kind,
        "subject_kind": action.subject.kind,
        "subject": action.subject.name,
        "cause": action.incident_id,
        "before": dict(action.before),
        "after": dict(action.after),
        "count": action.count,
        "by": action.detector,
        "reason": action.reason,
    }
    type_ = EventType.MONITORING_REMEDIATION_DONE if is_done else EventType.MONITORING_REMEDIATION_REFUSED
    return NewEvent(type_, payload)


def make_action(row: Mapping[Any, Any]) -> RemedyAction:
    """Return a row of ``COLUMNS``."""
    values = dict(row)
    subject = Subject(kind=SubjectKind(values.pop("subject_kind")), name=values.pop("subject"))
    outcome = values["outcome"]
    return RemedyAction(
        **{
            **values,
            "subject": subject,
            "kind": RemedyKind(values["kind"]),
            "state": ActionState(values["state"]),
            "outcome": Outcome(outcome) if outcome else None,
        }
    )


_INSERT = text(f"""
    insert into remediations (kind, subject_kind, subject, state, detector, incident_id, reason, before, after, count,
        correlation_id, done_at)
    select r.kind, r.subject_kind, r.subject, r.state, r.detector, r.incident_id, r.reason, r.before, r.after, r.count,
        r.correlation_id, :now
    from jsonb_to_recordset(:rows) as r (kind varchar, subject_kind varchar, subject varchar, state varchar,
        detector varchar, incident_id bigint, reason varchar, before jsonb, after jsonb, count integer,
        correlation_id varchar)
    returning {COLUMNS}
""").bindparams(bindparam("rows", type_=JSONB))  # noqa: S608 - constants
