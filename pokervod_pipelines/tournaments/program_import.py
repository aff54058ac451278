"""Take over the tournaments that programs wrote into ``hub.tournaments``, each state like an export of that moment."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, text

from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.problems import Problem
from pokervod_pipelines.tournaments import store
from pokervod_pipelines.tournaments.apply import ApplyResult, apply_players, apply_structure, apply_tournaments
from pokervod_pipelines.tournaments.imports import SOURCE
from pokervod_pipelines.tournaments.kinds import ExportKind
from pokervod_pipelines.tournaments.records import TournamentRow, TournamentStatus
from pokervod_pipelines.tournaments.rows import ParsedExport, read_export

MAX_PROBLEMS = 10
MAX_WRITES = 1_000
"""So many of one call; the next takes the others."""

COLUMNS: Mapping[ExportKind, Mapping[str, tuple[str, ...]]] = {
    ExportKind.PLAYER_CHIPS: {
        "player_name": ("player_name", "name", "player"),
        "chips": ("chips", "stack", "chip_count", "chips_count"),
        "rank": ("rank", "place", "position"),
        "is_eliminated": ("is_eliminated", "eliminated", "is_out"),
        "table_number": ("table_number", "table"),
        "seat_number": ("seat_number", "seat"),
    },
    ExportKind.BLIND_STRUCTURE: {
        "level": ("level", "level_number"),
        "small_blind": ("small_blind", "sb"),
        "big_blind": ("big_blind", "bb"),
        "ante": ("ante",),
        "bb_ante": ("bb_ante", "big_blind_ante"),
        "duration_minutes": ("duration_minutes", "duration", "minutes"),
        "is_break": ("is_break", "break"),
    },
    ExportKind.PAYOUT_STRUCTURE: {
        "place_start": ("place_start", "place", "rank", "position", "place_from"),
        "place_end": ("place_end", "place_to"),
        "amount": ("amount", "prize", "payout"),
        "percentage": ("percentage", "percent"),
    },
}
"""The keys of the JSON lists, by the column of the export that they stand for."""

LISTS = {
    "standings_json": ExportKind.PLAYER_CHIPS,
    "blinds_json": ExportKind.BLIND_STRUCTURE,
    "payouts_json": ExportKind.PAYOUT_STRUCTURE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenTournament:
    """Hold what a program wrote of a tournament; the lists as they are in the JSON columns."""

    id: int
    event_code: str
    written_by: str
    written_at: datetime
    name: str
    current_level: int | None
    remaining_players: int | None
    total_entries: int | None
    buy_in: Decimal | None
    prize_pool: Decimal | None
    start_date: datetime | None
    end_date: datetime | None
    standings_json: Any
    blinds_json: Any
    payouts_json: Any

    @property
    def status(self) -> TournamentStatus:
        """Return the status at the time of writing, by its dates."""
        if self.end_date is not None and self.end_date <= self.written_at:
            return TournamentStatus.COMPLETED
        if self.start_date is not None and self.start_date > self.written_at:
            return TournamentStatus.UPCOMING
        return TournamentStatus.RUNNING


@dataclass(frozen=True, slots=True)
class ProgramTournaments:
    """Count what the tournaments of programs changed, and tell what of them could not be read."""

    changed: int = 0
    eliminated: int = 0
    problems: tuple[Problem, ...] = ()


def import_program_tournaments(engine: Engine, *, zone: ZoneInfo, correlation_id: str) -> ProgramTournaments:
    """Add each state that programs wrote to the present and the history of its tournament, with an export's events."""
    with engine.connect() as connection:
        waiting = connection.scalars(_WAITING, {"limit": MAX_WRITES}).all()
    reports = [_import_one(engine, each, zone, correlation_id) for each in waiting]
    return ProgramTournaments(
        changed=sum(each.changed for each in reports),
        eliminated=sum(each.eliminated for each in reports),
        problems=tuple(problem for each in reports for problem in each.problems),
    )


_WAITING = text("select id from hub_tournament_writes where stored_at is null order by id limit :limit")
_LOCK = text("""
    select w.id, w.event_code, w.written_by, w.written_at, t.name, t.current_level, t.remaining_players,
        t.total_entries, t.buy_in, t.prize_pool, t.start_date, t.end_date, t.standings_json, t.blinds_json,
        t.payouts_json
    from hub_tournament_writes w, jsonb_populate_record(null::hub_tournaments, w.content) t
    where w.id = :id and w.stored_at is null for update of w
""")
_DONE = text("delete from hub_tournament_writes where id = :id")
_REPORT = text("update hub_tournament_writes set stored_at = now(), problem = :problem where id = :id")
"""What could not be read as a whole is kept, for a person to look at."""

_KEEP_VIEW = text("select set_config('pokervod.hub', 'ours', true)")
"""The program's row stays as it wrote it; only changes by others show in it."""


def _import_one(engine: Engine, write_id: int, zone: ZoneInfo, correlation_id: str) -> ProgramTournaments:
    with engine.begin() as connection:
        store.lock_imports(connection)
        connection.execute(_KEEP_VIEW)
        row = connection.execute(_LOCK, {"id": write_id}).one_or_none()
        if row is None:
            return ProgramTournaments()
        written = WrittenTournament(**row._mapping)
        applied, problems = _apply(connection, written, zone)
        events = [event for each in applied for event in each.events]
        append_events(connection, SOURCE, correlation_id, events)
        told = "; ".join(problems[:MAX_PROBLEMS])
        connection.execute(_REPORT if told else _DONE, {"id": write_id, "problem": told} if told else {"id": write_id})
    place = f"hub.tournaments {written.event_code} of {written.written_by}"
    return ProgramTournaments(
        changed=sum(each.changed for each in applied),
        eliminated=sum(event.type is EventType.TOURNAMENT_PLAYER_ELIMINATED for event in events),
        problems=tuple(Problem(place, each) for each in problems),
    )


def _apply(connection: Connection, written: WrittenTournament, zone: ZoneInfo) -> tuple[list[ApplyResult], list[str]]:
    """Apply the tournament, then each of its lists; return what changed, and what could not be read."""
    applied = [apply_tournaments(connection, [_read_tournament(written)], written.written_at, confirm_loss=False)]
    problems = [*applied[0].problems]
    for column, kind in LISTS.items():
        entries = getattr(written, column)
        if not isinstance(entries, list) or not entries:
            continue
        try:
            export = _read_list(written.event_code, entries, kind, zone)
        except PokervodError as error:
            problems.append(f"{column}: {error}")
            continue
        problems += [f"{column}: {each.what}" for each in export.problems]
        done = _apply_list(connection, export, written.written_at)
        applied += [done, ApplyResult(changed=0, events=tuple(_describe_import(written, export, done)))]
    return applied, problems


def _apply_list(connection: Connection, export: ParsedExport, at: datetime) -> ApplyResult:
    rows: Sequence[Any] = export.rows
    if export.kind is ExportKind.PLAYER_CHIPS:
        return apply_players(connection, rows, at)
    return apply_structure(connection, rows, at, is_whole=not export.problems)


def _describe_import(written: WrittenTournament, export: ParsedExport, done: ApplyResult) -> Iterable[NewEvent]:
    if done.changed or done.gained:
        payload = {
            "path": f"hub.tournaments of {written.written_by}",
            "kind": export.kind,
            "seen_at": written.written_at.isoformat(),
            "rows": len(export.rows),
            "changed": done.changed,
            "problems": len(export.problems),
        }
        yield NewEvent(EventType.TOURNAMENT_IMPORTED, payload)


def _read_tournament(written: WrittenTournament) -> TournamentRow:
    return TournamentRow(
        tournament_number=written.event_code,
        name=written.name,
        status=written.status,
        current_level=written.current_level,
        remaining_players=written.remaining_players,
        registered_players=written.total_entries,
        buy_in=written.buy_in,
        prize_pool=written.prize_pool,
    )


def _read_list(number: str, entries: Sequence[Any], kind: ExportKind, zone: ZoneInfo) -> ParsedExport:
    """Return the entries as an export of that kind has them; raises what ``read_export`` raises."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["tournament_number", *COLUMNS[kind]])
    for entry in entries:
        cells = entry if isinstance(entry, dict) else {}
        values = {column: _find_cell(cells, keys) for column, keys in COLUMNS[kind].items()}
        if kind is ExportKind.PLAYER_CHIPS and not values["is_eliminated"]:
            values["is_eliminated"] = str(_is_out(cells, values["chips"]))
        writer.writerow([number, *values.values()])
    return read_export(text.getvalue(), file=str(kind), zone=zone)


def _find_cell(cells: Mapping[str, Any], keys: Sequence[str]) -> str:
    return str(next((cells[key] for key in keys if cells.get(key) is not None), ""))


def _is_out(cells: Mapping[str, Any], chips: str) -> bool:
    """Return whether a player is out whose entry has no flag for it: by its status, or without chips."""
    status = str(cells.get("status", "")).casefold()
    return status in {"eliminated", "out", "busted"} or chips in {"0", "0.0"}
