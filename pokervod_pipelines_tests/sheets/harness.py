"""Run the two passes over a sheet on disk, with an archive in the database."""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import Connection, Engine, text

from pokervod_pipelines.clips.build import ClipReport, build_clips
from pokervod_pipelines.events import EventType, append_events
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.sheets.sync import SheetReport, sync_sheet
from pokervod_pipelines_tests.events.made import make_event

COLUMNS = (
    *("File No.", "File Name", "Nas Folder Link", "In", "Out", "Hand Grade", "Winner", "Hands"),
    *("Tag (Player)", "Tag (Poker Play)", "Tag (Emotion)"),
)
Line = tuple[Any, ...]


def make_line(number: int, **cells: object) -> Line:
    """Return a good archive row; ``cells`` replace columns by header, ``_`` for a character no keyword can have."""
    values: dict[str, object] = {
        "File No.": str(number),
        "File Name": f"show {number}",
        "In": f"0:{number % 60:02d}:00",
        "Out": f"0:{number % 60:02d}:40",
        "Hand Grade": "★★",
        "Hands": "AA vs KK",
        "Tag (Player)": "Ana Ruiz vs Tom Berg",
        "Tag (Poker Play)": "Bluff",
    }
    values |= {name.replace("_", " "): value for name, value in cells.items()}
    return tuple(values.get(column, "") for column in COLUMNS)


def make_lines(*numbers: int) -> list[Line]:
    """Return one good row for each number."""
    return [make_line(number) for number in numbers]


def to_csv(lines: Sequence[Line]) -> str:
    """Return the lines below the header as CSV."""
    written = io.StringIO()
    csv.writer(written).writerows([COLUMNS, *lines])
    return written.getvalue()


def write_book(path: Path, tabs: dict[str, Sequence[Line]]) -> None:
    """Write a workbook of these tabs, their header lines included."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, lines in tabs.items():
        sheet = book.create_sheet(title)
        for line in lines:
            sheet.append([cell if cell != "" else None for cell in line])
    book.save(path)


def insert_files(connection: Connection, *paths: str) -> None:
    """Insert videos at these paths into the inventory, and append their events."""
    rows = connection.execute(
        text("""
            insert into nas_files (
                root, library, path, path_key, size, mtime_ns, inode, category, version_type, is_junk)
            select 'nas', 'all', path, path, 5000, 1, 1, 'video', 'generic', false
            from unnest(cast(:paths as text[])) as path returning id
        """),
        {"paths": list(paths)},
    )
    append_events(connection, "nas", "test", [make_event(EventType.NAS_FILE_ADDED, file_id=row[0]) for row in rows])


@dataclass(kw_only=True)
class SheetHarness:
    """Hold one configured sheet, and read its state in the database."""

    engine: Engine
    settings: Settings
    path: Path
    sheet: str = "hands"

    def write(self, *lines: Line) -> None:
        """Write the sheet as a CSV of these lines below the header."""
        self.path.write_text(to_csv(lines), encoding="utf-8", newline="")

    def read_from(self, path: Path) -> None:
        """Configure the sheet to be this file."""
        source = self.settings.sheets[0].model_copy(update={"path": path})
        self.settings = self.settings.model_copy(update={"sheets": (source,)})
        self.path = path

    def add_files(self, *paths: str) -> None:
        """Add these videos to the inventory."""
        with self.engine.begin() as connection:
            insert_files(connection, *paths)

    def move_file(self, path: str, *, to: str = "", state: str = "present", event: str = "nas.file.moved") -> None:
        """Move the file, or change the state of its row, and append the event."""
        self.execute(
            "update nas_files set path = :to, path_key = :to, state = :state where path = :path",
            {"path": path, "to": to or path, "state": state},
        )
        with self.engine.begin() as connection:
            append_events(connection, "nas", "test", [make_event(EventType(event))])

    def sync(self, **options: Any) -> SheetReport:
        """Run one pass over the sheet."""
        return sync_sheet(self.engine, self.settings, self.sheet, correlation_id="test", **options)

    def build(self) -> ClipReport:
        """Run one pass over its clips."""
        return build_clips(self.engine, self.sheet, correlation_id="test")

    def execute(self, sql: str, parameters: dict[str, Any] | None = None) -> list[Any]:
        """Run one statement in a transaction of its own and return what it gives."""
        with self.engine.begin() as connection:
            result = connection.execute(text(sql), {"sheet": self.sheet, **(parameters or {})})
            return list(result.all()) if result.returns_rows else []

    def ids(self) -> dict[str, int]:
        """Return the id of each row in the sheet, by its file name (of several, the upper row's)."""
        rows = self.execute(
            "select file_name, id from sheet_rows where sheet = :sheet and retired_at is null order by row_number desc"
        )
        return {row[0]: row[1] for row in rows}

    def clips(self) -> dict[str, Any]:
        """Return each clip in force by its title."""
        rows = self.execute("select * from hand_clips where sheet = :sheet and retired_at is null")
        return {row.title: row for row in rows}

    def events(self) -> list[tuple[str, str]]:
        """Return the type, and the change or "", of every event of the two rooms, in order."""
        rows = self.execute("""
            select type, coalesce(payload ->> 'change', '') from events
            where payload ->> 'sheet' = :sheet order by id
        """)
        return [(row[0], row[1]) for row in rows]

    def versions(self) -> list[Any]:
        """Return where each row is stored: any write changes it, even one of equal values."""
        return self.execute("""
            select 'row', ctid::text, id from sheet_rows where sheet = :sheet
            union all select 'clip', ctid::text, id from hand_clips where sheet = :sheet
            union all select 'player', p.ctid::text, p.clip_id from clip_players p
            union all select 'tag', t.ctid::text, t.clip_id from clip_tags t order by 1, 2
        """)


@pytest.fixture
def harness(engine: Engine, settings_factory: Callable[..., Settings], tmp_path: Path) -> SheetHarness:
    """Return a harness with a sheet that is not written yet."""
    path = tmp_path / "hands.csv"
    settings = settings_factory(sheets=[{"name": "hands", "path": path}])
    return SheetHarness(engine=engine, settings=settings, path=path)
