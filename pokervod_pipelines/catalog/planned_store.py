"""Read what people put into the catalog, and find it there: the SQL behind ``creation``."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from pokervod_pipelines.catalog.planned import PlannedEntry, make_entry
from pokervod_pipelines.decisions import DecisionKind, read_in_force


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedEntry:
    """Hold one row of the history: the keys of the entry, and the fields that a person wrote (None: undone).

    ``title`` is the entry's in the catalog, None if it is not there now.
    """

    id: int
    at: datetime
    by: str
    reason: str
    keys: dict[str, str]
    fields: dict[str, Any] | None
    title: str | None
    files: int
    undoes: int | None
    is_in_force: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundEntry:
    """Hold an entry of the tree: its id (a project has none), its title, and how many files it has."""

    id: int | None
    title: str
    files: int


def read_planned(connection: Connection) -> list[PlannedEntry]:
    """Return the entries that count now, oldest first."""
    return [make_entry(decision.value) for decision in read_in_force(connection, DecisionKind.CATALOG_ENTRY)]


_COLUMNS = (("null::bigint", "p.title"), ("s.id", "s.title"), ("v.id", "v.title"), ("e.id", "e.title"))
"""Id and title, by level."""


def find_entry(connection: Connection, keys: dict[str, Any]) -> FoundEntry | None:
    """Return the entry with these keys, down to the last of them."""
    level = len(keys) - 1
    identity, title = _COLUMNS[level]
    row = connection.execute(
        text(f"""
            select {identity} as id, {title} as title, count(distinct f.file_id) as files
            from projects p left join seasons s on s.project_code = p.code
            left join catalog_events v on v.season_id = s.id left join episodes e on e.event_id = v.id
            left join episode_files f on f.episode_id = e.id
            where p.code = :project and (cast(:season as text) is null or s.key = :season)
                and (cast(:event as text) is null or v.key = :event)
                and (cast(:episode as text) is null or e.key = :episode)
            group by 1, 2
        """),  # noqa: S608 - one of four constants
        {"season": None, "event": None, "episode": None, **keys},
    ).one_or_none()
    return FoundEntry(**row._mapping) if row else None


def read_created(connection: Connection) -> list[CreatedEntry]:
    """Return what people created and undid, oldest first."""
    rows = connection.execute(
        text("""
            select id, at, by, reason, subject as keys, value as fields, undoes, is_in_force from decision_history
            where kind = :kind order by id
        """),
        {"kind": DecisionKind.CATALOG_ENTRY},
    ).all()
    known = {str(row.keys): find_entry(connection, row.keys) for row in rows}
    found = [(row, known[str(row.keys)]) for row in rows]
    return [
        CreatedEntry(**row._mapping, title=entry.title if entry else None, files=entry.files if entry else 0)
        for row, entry in found
    ]
