"""The SQL of everything but players: tournaments, what their exports give as a whole, and the files."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, text

from pokervod_pipelines.tournaments.records import BlindRow, PayoutRow, SlotRow, Status, StructureRow, TournamentRow

Row = TypeVar("Row", BlindRow, PayoutRow, SlotRow)

TABLES: Mapping[type[StructureRow], str] = {
    BlindRow: "blind_levels",
    PayoutRow: "payouts",
    SlotRow: "broadcast_slots",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FileState:
    """The version of an export that was looked at last: digest and time tell whether the file is still that one."""

    path: str
    kind: str | None
    digest: str
    size: int
    seen_at: datetime
    rows: int = 0
    problems: tuple[str, ...] = ()
    error: str | None = None


def lock_imports(connection: Connection) -> None:
    """Until the transaction ends no other process imports an export."""
    connection.execute(text("select pg_advisory_xact_lock(hashtextextended('tournaments', 0))"))


def read_file_state(connection: Connection, path: str) -> FileState | None:
    """What is known of the export at that path, None if it was never looked at."""
    row = connection.execute(
        text("""
            select path, kind, digest, size, seen_at, rows, problems, error from tournament_files where path = :path
        """),
        {"path": path},
    ).one_or_none()
    return FileState(**{**row._mapping, "problems": tuple(row.problems)}) if row else None


def read_stamps(connection: Connection) -> dict[str, tuple[int, datetime]]:
    """The size and the time of writing of every export that was looked at, by path."""
    rows = connection.execute(text("select path, size, seen_at from tournament_files"))
    return {row.path: (row.size, row.seen_at) for row in rows}


def write_file_state(connection: Connection, state: FileState) -> None:
    """The state is known, unless a newer version of the file is."""
    connection.execute(
        text("""
            insert into tournament_files as f (path, kind, digest, size, seen_at, rows, problems, error)
            values (:path, :kind, :digest, :size, :seen_at, :rows, cast(:problems as jsonb), :error)
            on conflict (path) do update set
                kind = coalesce(excluded.kind, f.kind), digest = excluded.digest, size = excluded.size,
                seen_at = excluded.seen_at, rows = excluded.rows, problems = excluded.problems,
                error = excluded.error, imported_at = now()
            where excluded.seen_at >= f.seen_at
        """),
        {name: getattr(state, name) for name in ("path", "kind", "digest", "size", "seen_at", "rows", "error")}
        | {"problems": json.dumps(state.problems, ensure_ascii=False)},
    )


def find_full_export(connection: Connection, kind: str) -> str | None:
    """An export of that kind that held rows, None if there never was one."""
    query = text("select path from tournament_files where kind = :kind and rows > 0 order by seen_at desc limit 1")
    path: str | None = connection.scalar(query, {"kind": kind})
    return path


def read_tournaments(connection: Connection, numbers: Sequence[str]) -> dict[str, tuple[TournamentRow, datetime]]:
    """These tournaments as they stand, each with the time of the export that says so."""
    names = _columns(TournamentRow)
    rows = connection.execute(
        text(f"select {names}, seen_at from tournaments where tournament_number = any(:numbers)"),  # noqa: S608 - fields
        {"numbers": list(numbers)},
    ).mappings()
    return {row["tournament_number"]: (_make_tournament(row), row["seen_at"]) for row in rows}


def _make_tournament(row: Mapping[Any, Any]) -> TournamentRow:
    values = {field.name: row[field.name] for field in fields(TournamentRow)}
    return TournamentRow(**{**values, "status": Status(values["status"])})


def upsert_tournaments(connection: Connection, rows: Collection[TournamentRow], at: datetime) -> None:
    """The tournaments stand as given, each unless it is known from an export further on; progress is kept."""
    parameters = {"rows": _to_json(rows, "progress"), "at": at}
    connection.execute(_UPSERT_TOURNAMENTS, parameters)
    connection.execute(_ADD_PROGRESS, parameters)


def turn_back(connection: Connection, rows: Collection[TournamentRow]) -> None:
    """What was known further on of these tournaments is forgotten, as a person said that they were turned back."""
    parameters = {"rows": _to_json(rows, "progress")}
    source = "jsonb_populate_recordset(null::tournament_progress, cast(:rows as jsonb)) r"
    for table in ("tournaments", "tournament_progress"):
        connection.execute(
            text(f"""
                delete from {table} t using {source}
                where t.tournament_number = r.tournament_number and t.progress > r.progress
            """),  # noqa: S608 - constants
            parameters,
        )


def upsert_structure(
    connection: Connection, kind: type[StructureRow], rows: Sequence[StructureRow], at: datetime
) -> None:
    """The rows stand as given, each unless a newer export speaks of it."""
    names, key = _columns(kind), ", ".join(kind.KEY)
    updates = ", ".join(f"{field.name} = excluded.{field.name}" for field in fields(kind) if field.name not in kind.KEY)
    connection.execute(
        text(f"""
            insert into {TABLES[kind]} as t ({names}, seen_at)
            select {names}, :at from jsonb_populate_recordset(null::{TABLES[kind]}, cast(:rows as jsonb))
            on conflict ({key}) do update set {updates}, seen_at = excluded.seen_at
            where excluded.seen_at >= t.seen_at
        """),  # noqa: S608 - the names are fields of the rows
        {"rows": _to_json(rows), "at": at},
    )


def read_structure(connection: Connection, kind: type[Row], scopes: Collection[Any]) -> list[Row]:
    """What is in force in these scopes, by key: the rows that the newest export of their scope held."""
    names = ", ".join(f"t.{field.name}" for field in fields(kind))
    rows = connection.execute(
        text(f"""
            select {names} from {TABLES[kind]} t
            where t.{kind.SCOPE} = any(:scopes) and t.seen_at = (
                select max(seen_at) from {TABLES[kind]} n where n.{kind.SCOPE} = t.{kind.SCOPE})
            order by {", ".join(f"t.{name}" for name in kind.KEY)}
        """),  # noqa: S608 - the names are fields of the rows
        {"scopes": list(scopes)},
    )
    return [kind(**row._mapping) for row in rows]


def _columns(kind: type[Any]) -> str:
    return ", ".join(field.name for field in fields(kind))


def _to_json(rows: Iterable[Any], *more: str) -> str:
    """The rows as a JSON list; numbers with decimals and times as text, which PostgreSQL reads exactly."""
    records = [{name: getattr(row, name) for name in (*(f.name for f in fields(row)), *more)} for row in rows]
    return json.dumps(records, ensure_ascii=False, default=str)


_UPSERT_TOURNAMENTS = text(f"""
    insert into tournaments as t ({_columns(TournamentRow)}, progress, seen_at)
    select {_columns(TournamentRow)}, progress, :at
    from jsonb_populate_recordset(null::tournaments, cast(:rows as jsonb))
    on conflict (tournament_number) do update set
        {", ".join(f"{field.name} = excluded.{field.name}" for field in fields(TournamentRow))},
        progress = excluded.progress, seen_at = excluded.seen_at
    where (excluded.progress, excluded.seen_at) >= (t.progress, t.seen_at)
""")  # noqa: S608 - the names are fields of the rows
_ADD_PROGRESS = text("""
    insert into tournament_progress as p (tournament_number, progress, first_seen_at)
    select tournament_number, progress, :at
    from jsonb_populate_recordset(null::tournament_progress, cast(:rows as jsonb))
    on conflict (tournament_number, progress) do update set first_seen_at = excluded.first_seen_at
    where excluded.first_seen_at < p.first_seen_at
""")
