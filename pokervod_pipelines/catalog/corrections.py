"""What people said of files against the rules: recorded with who, when and why, in force at once, and undone at will.

A correction hangs on the file's id, so it outlives renames, moves, scans and new rules. What can be corrected stands in
``corrected``.
"""

from sqlalchemy import Connection, Engine

from pokervod_pipelines.actors import new_correlation_id
from pokervod_pipelines.catalog import correction_store, store
from pokervod_pipelines.catalog.build import build_catalog
from pokervod_pipelines.catalog.corrected import Value, apply_corrections, read_correction, show_value
from pokervod_pipelines.catalog.correction_store import CorrectableFile, Correction
from pokervod_pipelines.catalog.facts import read_facts
from pokervod_pipelines.errors import BadInput, Conflict
from pokervod_pipelines.events import EventType, NewEvent, append_events

_SOURCE = "catalog"


def correct_file(
    engine: Engine,
    *,
    path_or_id: str | int,
    field: str,
    value: str | int,
    by: str,
    reason: str,
    correlation_id: str | None = None,
) -> Correction:
    """The field of the file is what the person says, in the catalog already, until somebody undoes it.

    ``value`` is as a person writes it, "none" for "not known". To say what a correction says already adds nothing. A
    build that is running is waited for. Raises ``BadInput`` for a file, field or value that cannot be.
    """
    wanted, correlation_id = read_correction(field, str(value)), correlation_id or new_correlation_id()
    _check_signature(by, reason)
    with engine.begin() as connection:
        store.lock_catalog(connection)
        file = _find_file(connection, path_or_id)
        standing = [
            row for row in correction_store.list_history(connection, file_id=file.file_id)
            if row.is_in_force and row.field == field and row.value == wanted
        ]  # fmt: skip
        if standing:
            return standing[0]
        before = show_value(field, _current_facts(connection, file))
        row = _record(connection, correlation_id, file.file_id, field, wanted, before, by, reason)
    build_catalog(engine, correlation_id=correlation_id)
    return row


def undo_correction(
    engine: Engine, identity: int, by: str, reason: str, *, correlation_id: str | None = None
) -> Correction:
    """The correction counts no more: an older one of the same field does, or else the rules.

    Returns the row that undoes. Raises ``BadInput`` if there is no such correction, ``Conflict`` if it is undone.
    """
    correlation_id = correlation_id or new_correlation_id()
    _check_signature(by, reason)
    with engine.begin() as connection:
        store.lock_catalog(connection)
        found = correction_store.list_history(connection, identity=identity)
        if not found or found[0].undoes is not None:
            raise BadInput(f"there is no correction {identity}; `pokervod catalog corrections` lists them")
        row = found[0]
        if row.undone_by is not None:
            raise Conflict(f"correction {identity} was undone already, by row {row.undone_by}")
        file = _find_file(connection, row.file_id)
        before, after = _look_back(connection, file, row)
        undoing = _record(connection, correlation_id, row.file_id, row.field, after, before, by, reason, undoes=row.id)
    build_catalog(engine, correlation_id=correlation_id)
    return undoing


def list_corrections(engine: Engine, path: str | None = None) -> list[Correction]:
    """The whole history, or that of the file now at a path (below its archive root); oldest first."""
    with engine.connect() as connection:
        return correction_store.list_history(connection, path=path)


def _check_signature(by: str, reason: str) -> None:
    if not by.strip() or not reason.strip():
        raise BadInput("a correction needs who makes it and why: both are kept with it for ever")


def _find_file(connection: Connection, path_or_id: str | int) -> CorrectableFile:
    files = correction_store.find_files(connection, path_or_id)
    if not files:
        raise BadInput(f"{path_or_id}: the inventory knows no such video; give its path below the archive root")
    if len(files) > 1:
        ids = ", ".join(str(file.file_id) for file in files)
        raise BadInput(f"{path_or_id}: several archive roots hold this path; say which by its id: {ids}")
    return files[0]


def _current_facts(connection: Connection, file: CorrectableFile) -> dict[str, object]:
    corrections = correction_store.read_in_force(connection).get(file.file_id, [])
    return apply_corrections(read_facts(file.path), corrections)


def _look_back(connection: Connection, file: CorrectableFile, row: Correction) -> tuple[Value, Value]:
    """What holds for the field of a correction now, and what will once it is undone."""
    history = correction_store.list_history(connection, file_id=file.file_id)
    others = [(each.field, each.value) for each in history if _stands(each) and each.id != row.id]
    mended = apply_corrections(read_facts(file.path), others)
    return show_value(row.field, _current_facts(connection, file)), show_value(row.field, mended)


def _stands(row: Correction) -> bool:
    return row.undoes is None and row.undone_by is None


def _record(
    connection: Connection,
    correlation_id: str,
    file_id: int,
    field: str,
    value: Value,
    before: Value,
    by: str,
    reason: str,
    undoes: int | None = None,
) -> Correction:
    identity = correction_store.add_correction(
        connection, file_id=file_id, field=field, value=value, before=before, by=by, reason=reason, undoes=undoes
    )
    row = correction_store.list_history(connection, identity=identity)[0]
    payload = {
        "correction_id": row.id, "file_id": file_id, "path": row.path, "field": field, "before": before,
        "value": value, "by": by, "reason": reason, "undoes": undoes,
    }  # fmt: skip
    append_events(connection, _SOURCE, correlation_id, [NewEvent(EventType.CATALOG_CORRECTED, payload)])
    return row
