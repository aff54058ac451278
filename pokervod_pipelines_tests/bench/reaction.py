"""Measure how soon everything that runs answers a hand, an edit of a workbook and an edit at Google."""

import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import psutil
import yaml
from sqlalchemy import Connection, Engine, text

from pokervod_pipelines.db.engine import open_database
from pokervod_pipelines.db.locks import take_lock
from pokervod_pipelines.settings import load_settings
from pokervod_pipelines.workflows.watch.sources import WATCH_LOCK
from pokervod_pipelines_tests.bench.figure import Figure, percentile, scratch
from pokervod_pipelines_tests.bench.rest import run_dev
from pokervod_pipelines_tests.google.emulator import Emulator
from pokervod_pipelines_tests.google.model import Spreadsheet
from pokervod_pipelines_tests.hands.sessions import SESSION_ID, make_showdown, write_session
from pokervod_pipelines_tests.sheets.harness import COLUMNS, make_line, make_lines, write_book

START_SECONDS, ANSWER_SECONDS = 120.0, 90.0
LONGEST_ANSWER = 6.0
"""The watcher is killed up to so long after something happened."""

SETTLE_SECONDS = 2.0
"""So long after an answer a second one would show."""

POLL_SECONDS = 0.02
ROWS = 50


def measure(*, is_small: bool) -> Iterator[Figure]:
    """Start everything; take the samples with the watcher, while it is killed, and with the sensors alone.

    They are taken one after the other; each waits until nothing is left of the one before.
    """
    samples = 3 if is_small else 20
    with scratch() as folder, Emulator.start() as google:
        account = google.make_service_account()
        book = google.add_workbook({"Hands": [COLUMNS, *make_lines(*range(1, ROWS))]}, title="google")
        book.share(account["client_email"])
        _write_files(folder, google.root, book.id, account)
        with run_dev(folder), open_database(load_settings(folder=folder)) as engine:
            _wait(engine, "select count(*) >= 2 from events where type = 'sheets.sync.completed'", START_SECONDS)
            house = _House(engine, folder, book)
            _wait(engine, "select count(*) = 3 from watches", START_SECONDS)
            yield from house.measure_answers("watcher", samples)
            yield from house.measure_kills(samples)
            with house.keep_watcher_away():
                yield from house.measure_answers("sensors", samples)


@dataclass
class _House:
    """Hold what is running, and make it do things."""

    engine: Engine
    folder: Path
    book: Spreadsheet
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def measure_answers(self, who: str, samples: int) -> Iterator[Figure]:
        """Measure how soon each thing is answered."""
        hands = [self.answer_hand() for _ in range(samples)]
        yield _describe(f"{who}: RFID file → instruction", [each for each, _ in hands], "≤ 3.5")
        yield _describe(f"{who}: hand file → MOV of 3 s", [each for _, each in hands], "≤ 9")
        books = [self.answer_workbook() for _ in range(samples)]
        yield _describe(f"{who}: edit of a workbook → clip", books, "≤ 6")
        cells = [self.answer_google() for _ in range(samples)]
        yield _describe(f"{who}: edit at Google → clip", cells, "≤ 6")

    def measure_kills(self, samples: int) -> Iterator[Figure]:
        """Kill the watcher with all its runs a moment after each thing; count what is lost, or done twice."""
        longest, lost, twice = 0.0, 0, 0
        for answer in (self.answer_hand, self.answer_workbook, self.answer_google):
            for number in range(samples):
                before = self._count()
                killer = threading.Timer(LONGEST_ANSWER * number / samples, self.kill_watcher)
                killer.start()
                try:
                    taken = answer()
                    longest = max(longest, taken if isinstance(taken, float) else taken[1])
                except TimeoutError:
                    lost += 1
                killer.join()
                time.sleep(SETTLE_SECONDS)
                after = self._count()
                twice += sum(max(0, after[kind] - before[kind] - 1) for kind in after)
        yield Figure(f"watcher killed in the middle of {3 * samples}: lost", str(lost), "0")
        yield Figure("watcher killed in the middle: done twice", str(twice), "0")
        yield Figure("watcher killed in the middle: longest answer, s", f"{longest:.1f}", "≤ 30")

    def _count(self) -> dict[str, int]:
        """Return how often each effect was had."""
        with self.engine.connect() as connection:
            rows = connection.execute(
                text("""
                    select type, count(*) from events where type in
                        ('hand.created', 'hand.clip.changed', 'render.instruction.created', 'render.completed')
                    group by type
                """)
            ).all()
        return {"hand.created": 0, "hand.clip.changed": 0} | {row[0]: row[1] for row in rows}

    def kill_watcher(self) -> None:
        """Kill the watcher, what it looks with, and its runs."""
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                is_watcher = process.cmdline()[1:] == ["-m", "pokervod_pipelines.cli", "watch"]
                if is_watcher and Path(process.cwd()) == self.folder.resolve():
                    process.kill()

    @contextmanager
    def keep_watcher_away(self) -> Iterator[None]:
        """Kill the watcher and hold its lock, so that the next one stands by."""
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            while not take_lock(connection, WATCH_LOCK):
                self.kill_watcher()
            connection.execute(text("delete from watches"))
            yield

    def answer_hand(self) -> tuple[float, float]:
        """Write a session with a premium hand; return the seconds to its instruction, and to its graphic."""
        number = next(self.numbers)
        seen = self._read_last_event()
        moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")
        hand = make_showdown(StartDateTimeUTC=moment)
        name = f"PGFX_live_data_export GameID={SESSION_ID + number}.json"
        session = write_session(hand, ID=SESSION_ID + number, CreatedDateTimeUTC=moment)
        (self.folder / "table" / name).write_bytes(session)
        began = time.monotonic()
        _wait(self.engine, _HAS_EVENT, ANSWER_SECONDS, seen=seen, type="render.instruction.created")
        instructed = time.monotonic() - began
        _wait(self.engine, _HAS_EVENT, ANSWER_SECONDS, seen=seen, type="render.completed")
        return instructed, time.monotonic() - began

    def answer_workbook(self) -> float:
        """Edit a cell of the workbook; return the seconds until its clip has changed."""
        number = next(self.numbers)
        lines = [make_line(row, Winner=f"winner {number}" if row == 7 else "") for row in range(1, ROWS)]
        return self._answer_edit(lambda: write_book(self.folder / "book.xlsx", {"Hands": [COLUMNS, *lines]}))

    def answer_google(self) -> float:
        """Edit a cell at Google; return the seconds until its clip has changed."""
        number = next(self.numbers)
        return self._answer_edit(lambda: self.book.type_cell("Hands", 8, "G", f"winner {number}"))

    def _answer_edit(self, edit: Callable[[], None]) -> float:
        seen = self._read_last_event()
        edit()
        began = time.monotonic()
        _wait(self.engine, _HAS_EVENT, ANSWER_SECONDS, seen=seen, type="hand.clip.changed")
        return time.monotonic() - began

    def _read_last_event(self) -> object:
        with self.engine.connect() as connection:
            return _ask(connection, "select coalesce(max(id), 0) from events")


_HAS_EVENT = "select exists (select from events where id > :seen and type = :type)"


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


def _wait(engine: Engine, query: str, limit: float, **values: object) -> None:
    end = time.monotonic() + limit
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while not _ask(connection, query, **values):
            if time.monotonic() > end:
                raise TimeoutError(f"no answer within {limit:.0f} s: {query} {values}")
            time.sleep(POLL_SECONDS)


def _ask(connection: Connection, query: str, **values: object) -> object:
    return connection.execute(text(query), values).scalar_one()
