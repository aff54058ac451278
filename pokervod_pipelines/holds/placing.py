"""Hold things and release them: each is a signed event, and begins and ends the moment its transaction commits.

Each person has a hold of their own: a thing is free when the last hold of it has ended. The database spreads the holds
of instructions and workers to their rows, by which the queue claims.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.db.locks import lock_until_commit
from pokervod_pipelines.errors import BadInput, Conflict
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.holds.listing import COLUMNS, HOLDABLE, Hold, make_hold
from pokervod_pipelines.subjects import Subject, SubjectKind
from pokervod_pipelines.suggestions import suggest_name

CLOCK = "the clock"
"""Who ends a hold whose time has come."""


def name_holdable(kind: str, name: str) -> Subject:
    """Return the subject that a person named. Raises ``BadInput`` for what cannot be held."""
    if kind not in HOLDABLE:
        raise BadInput(f"{kind!r} cannot be held; {suggest_name(kind, [*HOLDABLE])}")
    subject = Subject(kind=SubjectKind(kind), name=name)
    if subject.kind is not SubjectKind.INSTRUCTION:
        return subject
    digits = subject.name.removeprefix("#")
    if not (digits.isascii() and digits.isdigit()) or int(digits) >= 2**63:
        raise BadInput(f"expected the number of an instruction, got {name!r}; `pokervod render list` lists them")
    return Subject(kind=subject.kind, name=str(int(digits)))


def place_hold(connection: Connection, subject: Subject, until: datetime | None, actor: Actor) -> Hold:
    """Hold the subject for the actor until then, with None until it is released; their hold before is replaced.

    The same hold again changes nothing. Raises ``BadInput`` for what cannot be held and for a time that has passed,
    ``Conflict`` for an instruction that a next version replaced.
    """
    name_holdable(subject.kind, subject.name)
    if replaced_by := _lock(connection, subject):
        raise Conflict(f"{subject} was replaced by instruction {replaced_by}; hold that one")
    if until is not None and connection.scalar(text("select :until <= now()"), {"until": until}):
        raise BadInput("--until has passed already; give a time to come")
    end_expired(connection)
    values = _name(subject) | {
        "by": actor.who.strip(),
        "reason": actor.reason.strip(),
        "until": until,
        "correlation_id": actor.correlation_id,
    }
    known = connection.execute(_FIND_OWN, values).one_or_none()
    if known is not None and (known.until, known.reason) == (until, values["reason"]):
        return make_hold(known)
    connection.execute(_REPLACE, values)
    hold = make_hold(connection.execute(_INSERT, values).one())
    _append(connection, EventType.MONITORING_HOLD_PLACED, [hold], {"by": hold.by, "reason": hold.reason}, actor)
    return hold


def release_holds(connection: Connection, subject: Subject, actor: Actor, *, everyone: bool = False) -> list[Hold]:
    """End the actor's hold of the subject, with ``everyone`` those of all; return which they were, none twice."""
    _lock(connection, subject)
    end_expired(connection)
    values = _name(subject) | {"by": actor.who.strip(), "reason": actor.reason.strip(), "everyone": everyone}
    ended = [make_hold(row) for row in connection.execute(_RELEASE, values)]
    signed = {"by": actor.who.strip(), "reason": actor.reason.strip()}
    _append(connection, EventType.MONITORING_HOLD_RELEASED, ended, signed, actor)
    return ended


def end_expired(connection: Connection) -> list[Hold]:
    """Record that holds have ended whose time has come: they have no effect since then, whoever looks or not."""
    ended = [make_hold(row) for row in connection.execute(_EXPIRE, {"by": CLOCK})]
    for hold in ended:
        actor = Actor(who=CLOCK, reason="its time has come", correlation_id=hold.correlation_id)
        _append(connection, EventType.MONITORING_HOLD_EXPIRED, [hold], {"by": CLOCK, "reason": actor.reason}, actor)
    return ended


def _lock(connection: Connection, subject: Subject) -> int | None:
    """Keep others from holding and releasing, and the queue from the subject's row, until the transaction ends.

    Return the instruction that replaced the subject, None where none did. Raises ``BadInput`` for an instruction or a
    worker that is unknown. The row is locked before its holds, as by what replaces an instruction.
    """
    lock_until_commit(connection, "holds")
    if subject.kind not in _LOCKS:
        return None
    statement, command = _LOCKS[subject.kind]
    row = connection.execute(statement, {"name": subject.name}).one_or_none()
    if row is None:
        raise BadInput(f"unknown {subject}; `pokervod render {command}` lists the {subject.kind}s")
    replaced_by: int | None = row.superseded_by
    return replaced_by


_LOCKS = {
    SubjectKind.INSTRUCTION: (
        text("select superseded_by from render_instructions where id = cast(:name as bigint) for update"),
        "list",
    ),
    SubjectKind.WORKER: (
        text("select null as superseded_by from render_workers where name = :name for update"),
        "workers",
    ),
}


def _append(
    connection: Connection, type_: EventType, holds: Iterable[Hold], signed: Mapping[str, str], actor: Actor
) -> None:
    events = [
        NewEvent(
            type_,
            {
                "kind": each.subject.kind,
                "name": each.subject.name,
                "until": each.until and each.until.isoformat(),
                "placed_by": each.by,
                **signed,
            },
        )
        for each in holds
    ]
    append_events(connection, "monitoring", actor.correlation_id, events)


def _name(subject: Subject) -> dict[str, Any]:
    return {"kind": subject.kind, "name": subject.name}


_OWN = "h.subject_kind = :kind and h.subject = :name and h.ended_at is null"

_FIND_OWN = text(f"select {COLUMNS} from holds h where {_OWN} and h.by = :by for update")  # noqa: S608 - constants

_REPLACE = text(f"""
    update holds h set ended_at = now(), ended_by = :by, end_reason = 'held anew: ' || :reason
    where {_OWN} and h.by = :by
""")  # noqa: S608 - constants

_INSERT = text(f"""
    insert into holds as h (subject_kind, subject, by, reason, until, correlation_id)
    values (:kind, :name, :by, :reason, :until, :correlation_id) returning {COLUMNS}
""")  # noqa: S608 - constants

_RELEASE = text(f"""
    update holds h set ended_at = now(), ended_by = :by, end_reason = :reason
    where {_OWN} and (:everyone or h.by = :by) returning {COLUMNS}
""")  # noqa: S608 - constants

_EXPIRE = text(f"""
    update holds h set ended_at = h.until, ended_by = :by, end_reason = 'its time has come'
    where h.id = any(array(
        select id from holds where ended_at is null and until <= now() order by id for update skip locked))
    returning {COLUMNS}
""")  # noqa: S608 - constants
