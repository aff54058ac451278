"""Measure how soon everything that runs answers a hand, an edit of a workbook and an edit at Google."""

import itertools
import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import yaml
from sqlalchemy import Connection, Engine, text

from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.settings import load_settings
from pokervod_pipelines_tests.bench.figure import Figure, percentile, scratch
from pokervod_pipelines_tests.bench.rest import run_dev
from pokervod_pipelines_tests.google.emulator import Emulator
from pokervod_pipelines_tests.google.model import Spreadsheet
from pokervod_pipelines_tests.hands.sessions import SESSION_ID, make_showdown, write_session
from pokervod_pipelines_tests.sheets.harness import COLUMNS, make_line, make_lines, write_book

START_SECONDS, ANSWER_SECONDS = 120.0, 90.0
POLL_SECONDS = 0.02
ROWS = 50


def measure(*, is_small: bool) -> Iterator[Figure]:
    """Start everything and take the samples one after the other; each waits until nothing is left of the one before."""
    samples = 3 if is_small else 20
    with scratch() as folder, Emulator.start() as google:
        account = google.make_service_account()
        book = google.add_workbook({"Hands": [COLUMNS, *make_lines(*range(1, ROWS))]}, title="google")
        book.share(account["client_email"])
        _write_files(folder, google.root, book.id, account)
        with run_dev(folder), open_database(load_settings(folder=folder)) as engine:
            _wait(engine, "select count(*) >= 2 from events where type = 'sheets.sync.completed'", START_SECONDS)
            numbers = itertools.count(1)
            hands = [_answer_hand(engine, folder, next(numbers)) for _ in range(samples)]
            edits = [_answer_workbook(engine, folder, next(numbers)) for _ in range(samples)]
            cells = [_answer_google(engine, book, next(numbers)) for _ in range(samples)]
    yield _describe("RFID file → instruction", [each for each, _ in hands], "≤ 3.5")
    yield _describe("hand file → MOV of 3 s", [each for _, each in hands], "≤ 9")
    yield _describe("edit of a workbook → clip", edits, "≤ 6")
    yield _describe("edit at Google → clip", cells, "≤ 6")


def _describe(what: str, seconds: list[float], target: str) -> Figure:
    p50, p95 = percentile(seconds, 0.5), percentile(seconds, 0.95)
    return Figure(f"{what}: p50, p95 of {len(seconds)}, s", f"{p50:.1f}, {p95:.1f}", target)


def _write_files(folder: Path, root: str, spreadsheet: str, account: dict[str, str]) -> None:
    (folder / "shows").mkdir()
    (folder / "table").mkdir()
    for number in range(1, ROWS):
        (folder / "shows" / f"show {number}.mp4").write_bytes(b"x" * number)
    write_book(folder / "book.xlsx", {"Hands": [COLUMNS, *make_lines(*range(1, ROWS))]})
    values = {
        "archive_roots": [{"name": "shows", "path": "shows"}],
        "libraries": [{"name": "shows", "root": "shows"}],
        "sheets": [{"name": "book", "path": "book.xlsx"}, {"name": "google", "spreadsheet": spreadsheet}],
        "google": {"endpoint": root},
        "hands": {"drop_folders": ["table"]},
    }
    (folder / "pokervod.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")
    (folder / ".env").write_text(f"POKERVOD_GOOGLE_CREDENTIALS='{json.dumps(account)}'\n", encoding="utf-8")


def _answer_hand(engine: Engine, folder: Path, number: int) -> tuple[float, float]:
    """Write a session with a premium hand; return the seconds to its instruction, and to its graphic."""
    moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")
    hand = make_showdown(StartDateTimeUTC=moment)
    name = f"PGFX_live_data_export GameID={SESSION_ID + number}.json"
    (folder / "table" / name).write_bytes(write_session(hand, ID=SESSION_ID + number, CreatedDateTimeUTC=moment))
    began = time.monotonic()
    _wait(engine, "select count(*) >= :number from render_instructions", ANSWER_SECONDS, number=number)
    instructed = time.monotonic() - began
    _wait(engine, "select count(*) >= :number from render_outputs", ANSWER_SECONDS, number=number)
    return instructed, time.monotonic() - began


def _answer_workbook(engine: Engine, folder: Path, number: int) -> float:
    lines = [make_line(row, Winner=f"winner {number}" if row == 7 else "") for row in range(1, ROWS)]
    return _answer_edit(engine, "book", lambda: write_book(folder / "book.xlsx", {"Hands": [COLUMNS, *lines]}))


def _answer_google(engine: Engine, book: Spreadsheet, number: int) -> float:
    return _answer_edit(engine, "google", lambda: book.type_cell("Hands", 8, "G", f"winner {number}"))


def _answer_edit(engine: Engine, sheet: str, edit: Callable[[], None]) -> float:
    with engine.connect() as connection:
        seen = _ask(connection, "select coalesce(max(id), 0) from events")
    edit()
    began = time.monotonic()
    query = """
        select exists (select from events
            where id > :seen and type = 'hand.clip.changed' and payload ->> 'sheet' = :sheet)
    """
    _wait(engine, query, ANSWER_SECONDS, seen=seen, sheet=sheet)
    return time.monotonic() - began


def _wait(engine: Engine, query: str, limit: float, **values: object) -> None:
    end = time.monotonic() + limit
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while not _ask(connection, query, **values):
            if time.monotonic() > end:
                raise TimeoutError(f"no answer within {limit:.0f} s: {query} {values}")
            time.sleep(POLL_SECONDS)


def _ask(connection: Connection, query: str, **values: object) -> object:
    return connection.execute(text(query), values).scalar_one()
