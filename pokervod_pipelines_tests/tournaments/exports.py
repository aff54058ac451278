"""Write exports as the tournament system does, in a folder, with the database that they go to."""

import csv
import io
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, text

from pokervod_pipelines.tournaments.imports import ExportFileReport, ExportImportReport, import_export, import_exports

ZONE = ZoneInfo("Europe/London")
NOON = datetime(2025, 7, 15, 12, tzinfo=UTC)
HEADERS: Mapping[str, tuple[str, ...]] = {
    "tournament_data": (
        *("tournament_number", "name", "buy_in", "rake", "starting_chips", "current_level", "remaining_players"),
        *("registered_players", "prize_pool", "status"),
    ),
    "player_chips": (
        *("tournament_number", "player_name", "chips", "table_number", "seat_number", "rank", "is_eliminated"),
    ),
    "blind_structure": (
        *("tournament_number", "level", "small_blind", "big_blind", "ante", "bb_ante", "duration_minutes"),
        *("is_break", "break_name"),
    ),
    "payout_structure": ("tournament_number", "place_start", "place_end", "amount", "percentage", "is_bracelet"),
    "broadcast_schedule": (
        *("date", "time_start", "time_end", "event_title", "channel", "tournament_number", "is_live"),
    ),
}
GOOD: Mapping[str, Mapping[str, Any]] = {
    "tournament_data": {
        "tournament_number": 21,
        "name": "Harbour Main Event",
        "buy_in": "$1,500",
        "starting_chips": "25,000",
        "current_level": 12,
        "remaining_players": 18,
        "registered_players": 240,
        "prize_pool": "$324,000",
        "status": "running",
    },
    "player_chips": {
        **{"tournament_number": 21, "player_name": "Ana Ruiz", "chips": 250_000, "table_number": 1, "seat_number": 3},
        **{"rank": 2, "is_eliminated": "FALSE"},
    },
    "blind_structure": {
        **{"tournament_number": 21, "level": 1, "small_blind": 100, "big_blind": 200, "duration_minutes": 40},
        "is_break": "FALSE",
    },
    "payout_structure": {"tournament_number": 21, "place_start": 1, "place_end": 1, "amount": "$80,000"},
    "broadcast_schedule": {
        **{"date": "2025-07-15", "time_start": "19:00", "time_end": "23:30", "event_title": "Final table"},
        **{"channel": "Main", "tournament_number": 21, "is_live": "TRUE"},
    },
}
Row = Mapping[str, Any]


def make_export(kind: str, rows: Iterable[Row], *, delimiter: str = ",") -> str:
    """Return the text of an export; each row is a good one with some cells replaced."""
    written = io.StringIO()
    writer = csv.DictWriter(written, HEADERS[kind], delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    writer.writerows({**GOOD[kind], **row} for row in rows)
    return written.getvalue()


def player(name: str, chips: int | str = 1_000, **cells: Any) -> Row:
    """Return a row of player_chips."""
    return {"player_name": name, "chips": chips, **cells}


def out(name: str, rank: int = 10, **cells: Any) -> Row:
    """Return a row of player_chips for one who is out."""
    return player(name, 0, rank=rank, is_eliminated="TRUE", **cells)


@dataclass(kw_only=True)
class Office:
    """Hold the folder that the tournament system exports to, and the database."""

    engine: Engine
    folder: Path

    def write(self, kind: str, *rows: Row, minute: int = 0, name: str = "") -> Path:
        """Write an export of these rows, dated so many minutes after noon."""
        return self.write_text(make_export(kind, rows), name=name or f"{kind}.csv", minute=minute)

    def write_text(self, content: str | bytes, *, name: str, minute: float = 0) -> Path:
        """Write a file of this content, dated so many minutes after noon."""
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        moment = int((NOON + timedelta(minutes=minute)).timestamp()) * 1_000_000_000
        os.utime(path, ns=(moment, moment))
        return path

    def take(self, path: Path, *, confirm_loss: bool = False) -> ExportFileReport:
        """Import one file."""
        return import_export(self.engine, path, zone=ZONE, correlation_id="test", confirm_loss=confirm_loss)

    def take_rows(self, kind: str, *rows: Row, minute: int = 0, name: str = "") -> ExportFileReport:
        """Write an export and import it."""
        return self.take(self.write(kind, *rows, minute=minute, name=name))

    def take_all(self, *paths: Path) -> ExportImportReport:
        """Import files, or the folder."""
        return import_exports(self.engine, paths or (self.folder,), zone=ZONE, correlation_id="test")

    def query(self, sql: str, **parameters: Any) -> list[Any]:
        """Return the rows of a query."""
        with self.engine.connect() as connection:
            return list(connection.execute(text(sql), parameters).all())

    def ask(self, question: Any, *arguments: Any, **options: Any) -> Any:
        """Return the answer of one of the room's queries."""
        with self.engine.connect() as connection:
            return question(connection, *arguments, **options)

    def chips(self) -> dict[str, int]:
        """Return the present chips of each player by name."""
        return dict(map(tuple, self.query("select player_name, chips from tournament_players")))

    def events(self, type_: str = "%") -> list[dict[str, Any]]:
        """Return the payloads of the events of that type, in order."""
        return [
            row[0] for row in self.query("select payload from events where type like :type order by id", type=type_)
        ]

    def count_events(self) -> int:
        """Count the events."""
        return int(self.query("select count(*) from events")[0][0])

    def state(self, tables: Sequence[str] = ()) -> dict[str, Any]:
        """Return everything that the room's tables have, apart from the files."""
        names = tables or CONTENT_TABLES
        parts = (f"(select jsonb_agg(t order by t::text) from (select to_jsonb(r) as t from {n} r) s)" for n in names)
        return dict(zip(names, self.query(f"select {', '.join(parts)}")[0], strict=True))

    @contextmanager
    def failing_at(self, table: str) -> Iterator[None]:
        """Make the database refuse to write that table while the context lasts."""
        with self.engine.begin() as connection:
            connection.execute(
                text("""
                    create or replace function fail() returns trigger language plpgsql
                    as 'begin raise exception ''the disk is full''; end'
                """)
            )
            connection.execute(text(f"create trigger fail after insert or update on {table} execute function fail()"))
        yield
        with self.engine.begin() as connection:
            connection.execute(text(f"drop trigger fail on {table}"))

    def clear(self) -> None:
        """Forget everything."""
        with self.engine.begin() as connection:
            for table in ("events", "tournament_files", *CONTENT_TABLES):
                connection.execute(text(f"delete from {table}"))  # of a few rows faster than truncate


CONTENT_TABLES = (
    *("tournaments", "tournament_progress", "tournament_players", "chip_counts"),
    *("blind_levels", "payouts", "broadcast_slots"),
)
