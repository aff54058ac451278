"""Keep what people decide against the rules: append-only, signed, in force until undone, replaced or withdrawn.

A decision is about a subject of its kind, such as a field of a file. Of one subject the newest counts that no other
undoes. What a decision means, and what has to be built again after it, belongs to the room of its kind.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, text

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.errors import BadInput, Conflict
from pokervod_pipelines.text.folding import make_storable

Subject = Mapping[str, str | int]

IN_FORCE: Any = object()
"""Default of ``before``: the value of the decision that counts until now."""


class DecisionKind(StrEnum):
    """Tell what a decision is about; most kinds have a view, with the subject in columns."""

    CORRECTION = "catalog.correction"
    """A field of a video has this value, whatever the rules read: ``catalog_corrections``."""

    CATALOG_ENTRY = "catalog.entry"
    """A project, season, event or episode is in the catalog, with or without files."""

    PIN = "sheets.pin"
    """A row of a sheet means this video: ``sheet_pins``."""

    ALIAS = "clips.alias"
    """A name means this player: ``player_aliases`` has those in force."""

    CLIP = "clips.creation"
    """A clip that a person made, without a row in a sheet."""

    CLIP_TAG = "clips.tag"
    """A clip has a tag, or has it not, whatever its row says."""

    CLEARANCE = "nas.clearance"
    """Missing files are cleared, or unseen ones confirmed as missing: ``archive_clearances``."""

    RETIREMENT = "sheets.retirement"
    """The rows of a sheet that is no longer in the settings are retired."""

    LIBRARY_RETIREMENT = "nas.retirement"
    """The files of a library that is no longer in the settings are cleared."""

    ROOT = "nas.root"
    """An archive root is the right one as it is mounted, whatever its marker was; ``before`` keeps that."""

    HAND_WITHDRAWAL = "hands.withdrawal"
    """A hand does not count, whatever its file says."""

    HAND_CORRECTION = "hands.correction"
    """A hand is what a person wrote, whatever its file says; ``before`` keeps what its file said."""

    OVERRIDE = "rollout.override"
    """A criterion counts as passed: ``rollout_overrides``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Hold one row of the history.

    ``value`` is the new value, ``before`` the old one. ``undoes`` is the decision that this row undoes, ``undone_by``
    the row that undid this one.
    """

    id: int
    kind: DecisionKind
    subject: Subject
    value: Any
    before: Any
    by: str
    reason: str
    correlation_id: str
    at: datetime
    undoes: int | None = None
    undone_by: int | None = None
    is_in_force: bool = True


def record(
    connection: Connection,
    kind: DecisionKind,
    subject: Subject,
    value: Any,
    *,
    actor: Actor,
    before: Any = IN_FORCE,
    at: datetime | None = None,
) -> Decision:
    """Append a decision, which counts at once; the caller's lock keeps others from deciding at the same time."""
    return _insert(connection, kind, subject, value=json.dumps(value), before=before, actor=actor, at=at)


def require_expected(found: int, expected: int | None, noun: str) -> None:
    """Raise ``Conflict`` where a decision would be about more or fewer than the person saw in the preview."""
    if expected is not None and found != expected:
        raise Conflict(f"expected {expected:,} {noun}, but it is {found:,} now; nothing changed. Preview it again.")


def withdraw(connection: Connection, kind: DecisionKind, subject: Subject, *, actor: Actor) -> Decision:
    """Append that no decision about the subject counts, an older one neither."""
    return _insert(connection, kind, subject, value=None, before=IN_FORCE, actor=actor)


def find_kind(connection: Connection, decision_id: int) -> DecisionKind | None:
    """Return what the decision is about, None for an unknown id."""
    kind = connection.scalar(text("select kind from decisions where id = :id"), {"id": decision_id})
    return None if kind is None else DecisionKind(kind)


def find_undoable(connection: Connection, kind: DecisionKind, decision_id: int, *, hint: str) -> Decision:
    """Return the decision; raise ``BadInput`` with the hint for an unknown id, ``Conflict`` if it is undone already."""
    found = _select(connection, "kind = :kind and id = :id", {"kind": kind, "id": decision_id})
    noun = kind.rpartition(".")[2]
    if not found or found[0].undoes is not None:
        raise BadInput(f"unknown {noun} {decision_id}; {hint}")
    if found[0].undone_by is not None:
        raise Conflict(f"{noun} {decision_id} was undone already, by row {found[0].undone_by}")
    return found[0]


def undo(connection: Connection, decision: Decision, *, actor: Actor, value: Any, before: Any) -> Decision:
    """Append that the decision does not count: an older one of its subject does again, or none."""
    return _insert(
        connection, decision.kind, decision.subject, value=json.dumps(value), before=before, actor=actor,
        undoes=decision.id,
    )  # fmt: skip


def read_in_force(connection: Connection, kind: DecisionKind, subject: Subject | None = None) -> list[Decision]:
    """Return what counts now, of the subject or (None) of all, oldest first."""
    condition = "kind = :kind and is_in_force"
    if subject is None:
        return _select(connection, condition, {"kind": kind})
    condition += " and subject = cast(:subject as jsonb)"
    return _select(connection, condition, {"kind": kind, "subject": json.dumps(subject)})


def _insert(
    connection: Connection,
    kind: DecisionKind,
    subject: Subject,
    *,
    value: str | None,
    before: Any,
    actor: Actor,
    at: datetime | None = None,
    undoes: int | None = None,
) -> Decision:
    """Append the row; a ``value`` of None withdraws, while JSON's null is a value like any other."""
    by, reason = (make_storable(text_, "\ufffd").strip() for text_ in (actor.who, actor.reason))
    row = connection.execute(
        text("""
            insert into decisions (kind, subject, value, before, by, reason, correlation_id, at, undoes)
            values (:kind, cast(:subject as jsonb), cast(:value as jsonb), coalesce(cast(:before as jsonb), (
                        select value from decision_history
                        where kind = :kind and subject = cast(:subject as jsonb) and is_in_force)),
                    :by, :reason, :correlation_id, coalesce(:at, now()), :undoes) returning id, value, before, at
        """),
        {
            "kind": kind,
            "subject": json.dumps(subject),
            "value": value,
            "before": None if before is IN_FORCE else json.dumps(before),
            "by": by,
            "reason": reason,
            "correlation_id": actor.correlation_id,
            "at": at,
            "undoes": undoes,
        },
    ).one()
    return Decision(
        kind=kind, subject=subject, by=by, reason=reason, correlation_id=actor.correlation_id,
        undoes=undoes, is_in_force=undoes is None and value is not None, **row._mapping,
    )  # fmt: skip


def _select(connection: Connection, condition: str, parameters: Mapping[str, Any]) -> list[Decision]:
    rows = connection.execute(
        text(f"select * from decision_history where {condition} order by id"),  # noqa: S608 - constants
        parameters,
    )
    return [Decision(**{**row._mapping, "kind": DecisionKind(row.kind)}) for row in rows]
