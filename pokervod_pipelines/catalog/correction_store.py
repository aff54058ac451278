"""Read corrections with their files: the SQL behind ``corrections``."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, text

from pokervod_pipelines.catalog.correctable import Value
from pokervod_pipelines.decisions import DecisionKind, read_in_force
from pokervod_pipelines.paging import EVERYTHING, Page


class CorrectableFile(NamedTuple):
    """Identify a video of the inventory."""

    file_id: int
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """Hold one row of the history.

    ``value`` is the new value, ``before`` the old one; None is "not known". ``undoes`` is the correction that this row
    undoes, ``undone_by`` the row that undid this one. ``is_in_force`` marks the one that decides the field now.
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
    """Return the files at this path below an archive root, or of this id; several where roots have the same path."""
    condition = "n.id = :sought" if isinstance(path_or_id, int) else "n.path_key = normalize(:sought, nfc)"
    rows = connection.execute(
        text(f"""
            select n.id, n.path from nas_files n
            where {condition} and n.category = 'video' and not n.is_junk order by n.id
        """),  # noqa: S608 - one of two constants
        {"sought": path_or_id},
    )
    return [CorrectableFile(*row) for row in rows]


def read_corrections_in_force(connection: Connection) -> dict[int, list[tuple[str, Value]]]:
    """Return the corrected fields of each file with their values, oldest first."""
    corrections: dict[int, list[tuple[str, Value]]] = {}
    for decision in read_in_force(connection, DecisionKind.CORRECTION):
        subject = decision.subject
        corrections.setdefault(int(subject["file_id"]), []).append((str(subject["field"]), decision.value))
    return corrections


def mark_unread(connection: Connection, file_id: int) -> None:
    """Make the next build read the file again."""
    connection.execute(text("update video_files set inventory_mark = '' where file_id = :id"), {"id": file_id})


def read_history(
    connection: Connection,
    *,
    path: str | None = None,
    file_id: int | None = None,
    page: Page = EVERYTHING,
) -> list[Correction]:
    """Return the corrections and undoings of all files, or of the file at a path or of an id; oldest first."""
    rows = connection.execute(
        text(_HISTORY),
        {"path": path, "file_id": file_id, "after": page.after or 0, "limit": page.limit},
    )
    return [Correction(**row._mapping) for row in rows]


_HISTORY = """
    select c.id, c.at, c.by, c.reason, c.file_id, n.path, c.field, c.value, c.before, c.undoes, c.undone_by,
           c.is_in_force
    from catalog_corrections c join nas_files n on n.id = c.file_id
    where (cast(:path as text) is null or n.path_key = normalize(:path, nfc))
      and (cast(:file_id as bigint) is null or c.file_id = :file_id) and c.id > :after
    order by c.id limit :limit
"""
