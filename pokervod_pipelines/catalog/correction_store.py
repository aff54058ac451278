"""The SQL behind ``corrections``: an append-only table, read as what is in force and as history."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from pokervod_pipelines.catalog.corrected import Value


class CorrectableFile(NamedTuple):
    """A file of the inventory and what the catalog holds of it; ``facts`` is None before its first build."""

    file_id: int
    path: str
    facts: dict[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """One row of the history.

    ``value`` holds since, ``before`` held until then; None is "not known". ``undoes`` is the correction that this row
    takes back, ``undone_by`` the row that took this one back. ``is_in_force`` says whether it decides the field now.
    """

    id: int
    at: datetime
    by: str
    reason: str
    file_id: int
    path: str
    field: str
    value: Value
    before: Value
    undoes: int | None
    undone_by: int | None
    is_in_force: bool


def find_files(connection: Connection, path_or_id: str | int) -> list[CorrectableFile]:
    """The files at this path below an archive root, or of this id; several where roots hold the same path."""
    condition = "n.id = :sought" if isinstance(path_or_id, int) else "n.path_key = normalize(:sought, nfc)"
    rows = connection.execute(
        text(f"""
            select n.id, n.path, v.parsed from nas_files n left join video_files v on v.file_id = n.id
            where {condition} and n.category = 'video' and not n.is_junk order by n.id
        """),  # noqa: S608 - one of two constants
        {"sought": path_or_id},
    )
    return [CorrectableFile(*row) for row in rows]


def read_in_force(connection: Connection) -> dict[int, list[tuple[str, Value]]]:
    """What people said of each file and nobody took back, oldest first."""
    corrections: dict[int, list[tuple[str, Value]]] = {}
    for file_id, field, value in connection.execute(text(f"{_IN_FORCE} order by c.id")):
        corrections.setdefault(file_id, []).append((field, value))
    return corrections


_IN_FORCE = """
    select c.file_id, c.field, c.value from catalog_corrections c
    where c.undoes is null and not exists (select from catalog_corrections u where u.undoes = c.id)
      and not exists (
        select from catalog_corrections l where l.file_id = c.file_id and l.field = c.field and l.id > c.id
           and l.undoes is null and not exists (select from catalog_corrections u where u.undoes = l.id))
"""


def add_correction(
    connection: Connection,
    *,
    file_id: int,
    field: str,
    value: Value,
    before: Value,
    by: str,
    reason: str,
    undoes: int | None = None,
) -> int:
    """The row is in the history, and the next build reads the file anew; returns the row's id."""
    identity: int = connection.execute(
        text("""
            insert into catalog_corrections (file_id, field, value, before, by, reason, undoes)
            values (:file_id, :field, cast(:value as jsonb), cast(:before as jsonb), :by, :reason, :undoes) returning id
        """),
        {
            "file_id": file_id,
            "field": field,
            "value": None if value is None else json.dumps(value, ensure_ascii=False),
            "before": None if before is None else json.dumps(before, ensure_ascii=False),
            "by": by,
            "reason": reason,
            "undoes": undoes,
        },
    ).scalar_one()
    connection.execute(text("update video_files set inventory_mark = '' where file_id = :id"), {"id": file_id})
    return identity


def list_history(
    connection: Connection, *, path: str | None = None, identity: int | None = None, file_id: int | None = None
) -> list[Correction]:
    """The corrections and undoings of all files, of the file at a path or of an id, or one row; oldest first."""
    rows = connection.execute(text(_HISTORY), {"path": path, "id": identity, "file_id": file_id})
    return [Correction(**row._mapping) for row in rows]


_HISTORY = """
    with row as (
        select c.*, u.id as undone_by, c.undoes is null and u.id is null as stands
        from catalog_corrections c left join catalog_corrections u on u.undoes = c.id
    )
    select r.id, r.at, r.by, r.reason, r.file_id, n.path, r.field, r.value, r.before, r.undoes, r.undone_by,
           r.stands and not exists (
               select from row l where l.stands and l.file_id = r.file_id and l.field = r.field and l.id > r.id
           ) as is_in_force
    from row r join nas_files n on n.id = r.file_id
    where (cast(:path as text) is null or n.path_key = normalize(:path, nfc))
      and (cast(:id as bigint) is null or r.id = :id) and (cast(:file_id as bigint) is null or r.file_id = :file_id)
    order by r.id
"""
