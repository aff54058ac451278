"""Create a project, a season, an event or an episode before its files are there; undo it while it is empty.

``planned`` has what an entry means; each build keeps it, and files of its place become its files.
"""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, Engine

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.catalog import store
from pokervod_pipelines.catalog.build import rebuild_season
from pokervod_pipelines.catalog.creation_report import CreationReport
from pokervod_pipelines.catalog.planned import PlannedEntry, make_entry, read_fields, refuse_unnamed
from pokervod_pipelines.catalog.planned_store import CreatedEntry, find_entry, read_created
from pokervod_pipelines.decisions import Decision, DecisionKind, find_kind, find_undoable, read_in_force, record, undo

HINT = "`pokervod catalog created` lists them"


def create_entry(engine: Engine, words: Sequence[str], *, actor: Actor) -> CreationReport:
    """Put the entry that ``field=value`` words describe into the catalog, with the levels above it. Idempotent.

    What the catalog has already is returned as it is. Raises ``BadInput`` for an unknown field or value, and for an
    entry without a name of its own.
    """
    fields = read_fields(words)
    entry = make_entry(fields)
    refuse_unnamed(entry)
    with engine.begin() as connection:
        store.lock_catalog(connection)
        in_force = read_in_force(connection, DecisionKind.CATALOG_ENTRY, entry.keys)
        is_there = find_entry(connection, entry.keys) is not None and not (entry.title or in_force)
        if is_there or (in_force and in_force[0].value == fields):
            return _report(connection, entry, None)
        decision = record(connection, DecisionKind.CATALOG_ENTRY, entry.keys, dict(fields), actor=actor)
        rebuild_season(connection, entry.season, decision)
        return _report(connection, entry, decision)


def undo_entry(engine: Engine, decision_id: int, *, actor: Actor) -> CreationReport:
    """Undo the creation: an entry leaves the catalog unless it has files, or something below it.

    Raises ``BadInput`` for an unknown creation, ``Conflict`` if it was undone already.
    """
    with engine.begin() as connection:
        store.lock_catalog(connection)
        decision = find_undoable(connection, DecisionKind.CATALOG_ENTRY, decision_id, hint=HINT)
        entry = make_entry(decision.value)
        before = _report(connection, entry, None)
        undoing = undo(connection, decision, actor=actor, value=None, before=decision.value)
        rebuild_season(connection, entry.season, undoing)
        return replace(before, is_there=find_entry(connection, entry.keys) is not None)


def is_creation(engine: Engine, decision_id: int) -> bool:
    """Return whether the decision is about something that was created."""
    with engine.connect() as connection:
        return find_kind(connection, decision_id) is DecisionKind.CATALOG_ENTRY


def list_created(engine: Engine) -> list[CreatedEntry]:
    """Return what people created and undid, oldest first."""
    with engine.connect() as connection:
        return read_created(connection)


def _report(connection: Connection, entry: PlannedEntry, decision: Decision | None) -> CreationReport:
    found = find_entry(connection, entry.keys)
    return CreationReport(
        level=entry.level.name.lower(),
        id=found.id if found else None,
        title=found.title if found else entry.title or entry.place.label,
        files=found.files if found else 0,
        decision=decision.id if decision else None,
    )
