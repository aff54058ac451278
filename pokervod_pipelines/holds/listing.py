"""Find what is held, by whom, why and until when, before work on it begins."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, text

from pokervod_pipelines.subjects import Subject, SubjectKind

HOLDABLE = (
    SubjectKind.INSTRUCTION,
    SubjectKind.SHEET,
    SubjectKind.LIBRARY,
    SubjectKind.WORKER,
    SubjectKind.WORKFLOW,
)
"""What a person can hold."""

UNTIL_RELEASED = datetime(9999, 12, 31, tzinfo=UTC)
"""Until when a row of the queue is held that a person has to release: ``held_until`` is never without an end."""

IN_FORCE = "h.ended_at is null and (h.until is null or h.until > now())"
"""SQL: the hold ``h`` has not ended."""


def is_held(kind: SubjectKind, column: str) -> str:
    """Return the SQL condition that the thing whose name is in the column is held."""
    return f"exists (select from holds h where h.subject_kind = '{kind}' and h.subject = {column} and {IN_FORCE})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Hold a row of ``holds``: one person keeps one thing from being worked on; without ``until`` until released."""

    id: int
    subject: Subject
    by: str
    reason: str
    correlation_id: str
    placed_at: datetime
    until: datetime | None
    ended_at: datetime | None = None
    ended_by: str | None = None
    end_reason: str | None = None

    def describe(self, zone: ZoneInfo) -> str:
        """Return who holds it until when and why, as a sentence says it after the name of the thing."""
        return f"held by {self.by} {describe_end(self.until, zone)}: {self.reason}"


def describe_end(until: datetime | None, zone: ZoneInfo) -> str:
    """Return until when, in the zone; the day is named where it is not today's."""
    if until is None:
        return "until released"
    local = until.astimezone(zone)
    form = "%H:%M" if local.date() == datetime.now(zone).date() else "%Y-%m-%d %H:%M"
    return f"until {local:{form}}"


def find_holds(connection: Connection, kind: SubjectKind, names: Collection[str] | None = None) -> dict[str, Hold]:
    """Return the hold of each of these things (None: all of the kind) that is held; of several the one ending last."""
    rows = connection.execute(_FIND, {"kind": kind, "names": None if names is None else [*names]})
    return {row.subject: make_hold(row) for row in rows}


def find_hold(connection: Connection, kind: SubjectKind, name: str) -> Hold | None:
    """Return the hold of the thing, of several the one that ends last, None where nobody holds it."""
    return find_holds(connection, kind, [name]).get(name)


def list_held_names(connection: Connection) -> Mapping[SubjectKind, frozenset[str]]:
    """Return the names of all that is held, by kind, in one query."""
    rows = connection.execute(
        text(f"select distinct h.subject_kind, h.subject from holds h where {IN_FORCE}")  # noqa: S608 - constants
    )
    names: dict[SubjectKind, set[str]] = {kind: set() for kind in HOLDABLE}
    for row in rows:
        names[SubjectKind(row.subject_kind)].add(row.subject)
    return {kind: frozenset(found) for kind, found in names.items()}


def list_holds(connection: Connection, *, with_past: bool = False, limit: int = 1_000) -> list[Hold]:
    """Return the holds in force, the one that ends first first; with past ones all, the newest first."""
    order = "h.id desc" if with_past else "coalesce(h.until, 'infinity'), h.id"
    where = "true" if with_past else IN_FORCE
    rows = connection.execute(
        text(f"select {COLUMNS} from holds h where {where} order by {order} limit :limit"),  # noqa: S608 - constants
        {"limit": limit},
    )
    return [make_hold(row) for row in rows]


COLUMNS = """
    h.id, h.subject_kind, h.subject, h.by, h.reason, h.correlation_id, h.placed_at, h.until, h.ended_at, h.ended_by,
    h.end_reason
"""

_FIND = text(f"""
    select distinct on (h.subject) {COLUMNS} from holds h
    where h.subject_kind = :kind and {IN_FORCE} and (cast(:names as text[]) is null or h.subject = any(:names))
    order by h.subject, coalesce(h.until, 'infinity') desc, h.id
""")  # noqa: S608 - constants


def make_hold(row: Row[Any]) -> Hold:
    """Return the hold of a row with the ``COLUMNS``."""
    values = dict(row._mapping)
    subject = Subject(kind=SubjectKind(values.pop("subject_kind")), name=values.pop("subject"))
    return Hold(subject=subject, **values)
