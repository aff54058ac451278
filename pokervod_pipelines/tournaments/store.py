"""Store everything but players: tournaments, the structures that exports give as a whole, and the files."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, text

from pokervod_pipelines.db.locks import lock_until_commit
from pokervod_pipelines.tournaments.records import (
    BlindRow,
    PayoutRow,
    SlotRow,
    StructureRow,
    TournamentRow,
    TournamentStatus,
)

Row = TypeVar("Row", BlindRow, PayoutRow, SlotRow)

TABLES: Mapping[type[StructureRow], str] = {
    BlindRow: "blind_levels",
    PayoutRow: "payouts",
    SlotRow: "broadcast_slots",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFileState:
    """Identify the version of an export that was read last, by digest and time."""

    path: str
    kind: str | None
    digest: str
    size: int
    seen_at: datetime
    rows: int = 0
    problems: tuple[str, ...] = ()
    error: str | None = None


def lock_imports(connection: Connection) -> None:
    """Let no other process import an export until the transaction ends."""
    lock_until_commit(connection, "tournaments")


def read_file_state(connection: Connection, path: str) -> ExportFileState | None:
    """Return what is known of the export at that path, None if it was never read."""
    row = connection.execute(
        text("""
            select path, kind, digest, size, seen_at, rows, problems, error from tournament_files where path = :path
        """),
        {"path": path},
    ).one_or_none()
    return ExportFileState(**{**row._mapping, "problems": tuple(row.problems)}) if row else None


def read_stamps(connection: Connection) -> dict[str, tuple[int, datetime]]:
    """Return the size and modification time of every export that was read, by path."""
    rows = connection.execute(text("select path, size, seen_at from tournament_files"))
    return {row.path: (row.size, row.seen_at) for row in rows}


def write_file_state(connection: Connection, state: ExportFileState) -> None:
    """Store the state, unless a newer version of the file is known."""
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
    """Return an export of that kind that had rows, None if there never was one."""
    query = text("select path from tournament_files where kind = :kind and rows > 0 order by seen_at desc limit 1")
    path: str | None = connection.scalar(query, {"kind": kind})
    return path


def read_tournaments(connection: Connection, numbers: Sequence[str]) -> dict[str, tuple[TournamentRow, datetime]]:
    """Return these tournaments, each with the time of the export that reported it."""
    names = _columns(TournamentRow)
    rows = connection.execute(
        text(f"select {names}, seen_at from tournaments where tournament_number = any(:numbers)"),  # noqa: S608 - fields
        {"numbers": list(numbers)},
    ).mappings()
    return {row["tournament_number"]: (_make_tournament(row), row["seen_at"]) for row in rows}


def _make_tournament(row: Mapping[Any, Any]) -> TournamentRow:
    values = {field.name: row[field.name] for field in fields(TournamentRow)}
    return TournamentRow(**{**values, "status": TournamentStatus(values["status"])})


def upsert_tournaments(connection: Connection, rows: Collection[TournamentRow], at: datetime) -> None:
    """Store the tournaments, each unless an export with more progress is known; keep the progress."""
    parameters = {"rows": _to_json(rows, "progress"), "at": at}
    connection.execute(_UPSERT_TOURNAMENTS, parameters)
    connection.execute(_ADD_PROGRESS, parameters)


def delete_later_progress(connection: Connection, rows: Collection[TournamentRow]) -> None:
    """Delete later progress of these tournaments, because a person confirmed that they went back."""
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
    """Store the rows, each unless a newer export covers it."""
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
    """Return the rows of these scopes, by key: those of the newest export of each scope."""
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
    """Return the rows as a JSON list; decimals and times as text, which PostgreSQL reads exactly."""
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
