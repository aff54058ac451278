"""Correct what the rules read of a file: recorded with who, when and why, in force at once, undone at will.

A correction belongs to the file's id, so it outlives renames, moves, scans and new rules. ``correctable`` has the
fields.
"""

from sqlalchemy import Connection, Engine

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.catalog import correction_store, store
from pokervod_pipelines.catalog.build import build_catalog
from pokervod_pipelines.catalog.correctable import Value, apply_corrections, read_correction, show_value
from pokervod_pipelines.catalog.correction_store import CorrectableFile, Correction
from pokervod_pipelines.catalog.facts import read_facts
from pokervod_pipelines.decisions import Decision, DecisionKind, Subject, find_undoable, read_in_force, record, undo
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.paging import EVERYTHING, Page

_SOURCE = "catalog"


def correct_file(engine: Engine, *, path_or_id: str | int, field: str, value: str | int, actor: Actor) -> Correction:
    """Record the correction and build the catalog with it; a correction in force already is returned as it is.

    ``value`` is as a person writes it, "none" for unknown. Waits for a running build. Raises ``BadInput`` for an
    unknown file or field, or a value that the field does not take.
    """
    with engine.begin() as connection:
        correction = record_correction(connection, path_or_id=path_or_id, field=field, value=value, actor=actor)
    build_catalog(engine, correlation_id=actor.correlation_id)
    return correction


def undo_correction(engine: Engine, correction_id: int, *, actor: Actor) -> Correction:
    """Undo the correction and build the catalog without it.

    The field has the value of its previous correction again, or else the one that the rules read.
    Returns the row that undoes. Raises ``BadInput`` for an unknown correction, ``Conflict`` if it was undone already.
    """
    with engine.begin() as connection:
        undoing = record_undoing(connection, correction_id, actor=actor)
    build_catalog(engine, correlation_id=actor.correlation_id)
    return undoing


def list_corrections(engine: Engine, path: str | None = None, page: Page = EVERYTHING) -> list[Correction]:
    """Return the whole history, or that of the file now at a path (below its archive root); oldest first."""
    with engine.connect() as connection:
        return correction_store.read_history(connection, path=path, page=page)


def record_correction(
    connection: Connection, *, path_or_id: str | int, field: str, value: str | int, actor: Actor
) -> Correction:
    """Record the correction for the next build, which the caller starts; see ``correct_file``."""
    new = read_correction(field, str(value))
    store.lock_catalog(connection)
    file = _find_file(connection, path_or_id)
    subject: Subject = {"file_id": file.file_id, "field": field}
    in_force = read_in_force(connection, DecisionKind.CORRECTION, subject)
    if in_force and in_force[0].value == new:
        return _read(connection, file.file_id, in_force[0].id)
    before = show_value(field, _read_facts(connection, file))
    decision = record(connection, DecisionKind.CORRECTION, subject, new, actor=actor, before=before)
    return _conclude(connection, decision)


def record_undoing(connection: Connection, correction_id: int, *, actor: Actor) -> Correction:
    """Record the undoing for the next build, which the caller starts; see ``undo_correction``."""
    store.lock_catalog(connection)
    decision = find_undoable_correction(connection, correction_id)
    row = _read(connection, int(decision.subject["file_id"]), decision.id)
    file = CorrectableFile(row.file_id, row.path)
    history = correction_store.read_history(connection, file_id=file.file_id)
    others = [(each.field, each.value) for each in history if _counts(each) and each.id != row.id]
    before = show_value(row.field, _read_facts(connection, file))
    after = show_value(row.field, apply_corrections(read_facts(file.path), others))
    return _conclude(connection, undo(connection, decision, actor=actor, value=after, before=before))


def find_undoable_correction(connection: Connection, correction_id: int) -> Decision:
    """Return the correction; raise ``BadInput`` for an unknown one, ``Conflict`` if it was undone already."""
    hint = "`pokervod catalog corrections` lists them, `pokervod catalog created` what was created"
    return find_undoable(connection, DecisionKind.CORRECTION, correction_id, hint=hint)


def _find_file(connection: Connection, path_or_id: str | int) -> CorrectableFile:
    files = correction_store.find_files(connection, path_or_id)
    if not files:
        raise BadInput(f"{path_or_id}: unknown video; expected its path below the archive root, or its id")
    if len(files) > 1:
        ids = ", ".join(str(file.file_id) for file in files)
        raise BadInput(f"{path_or_id}: several archive roots have this path; give the id of the right file: {ids}")
    return files[0]


def _read_facts(connection: Connection, file: CorrectableFile) -> dict[str, Value]:
    corrections: list[tuple[str, Value]] = [
        (row.field, row.value)
        for row in correction_store.read_history(connection, file_id=file.file_id)
        if row.is_in_force
    ]
    return apply_corrections(read_facts(file.path), corrections)


def _counts(row: Correction) -> bool:
    return row.undoes is None and row.undone_by is None


def _read(connection: Connection, file_id: int, correction_id: int) -> Correction:
    history = correction_store.read_history(connection, file_id=file_id)
    return next(row for row in history if row.id == correction_id)


def _conclude(connection: Connection, decision: Decision) -> Correction:
    """Mark the file for the next build, append the event, return the row."""
    row = _read(connection, int(decision.subject["file_id"]), decision.id)
    correction_store.mark_unread(connection, row.file_id)
    payload = {
        "correction_id": row.id, "file_id": row.file_id, "path": row.path, "field": row.field, "before": row.before,
        "value": row.value, "by": row.by, "reason": row.reason, "undoes": row.undoes,
    }  # fmt: skip
    append_events(connection, _SOURCE, decision.correlation_id, [NewEvent(EventType.CATALOG_CORRECTED, payload)])
    return row
