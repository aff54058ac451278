"""Measure seconds and calls of each kind of pass over a Google sheet, from an emulator in this process."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine

from pokervod_pipelines.settings import Settings
from pokervod_pipelines.sheets.sync import sync_sheet
from pokervod_pipelines.sheets.write_back import write_back
from pokervod_pipelines_tests.bench.figure import Figure, scratch, scratch_database
from pokervod_pipelines_tests.google.emulator import Emulator
from pokervod_pipelines_tests.google.model import Spreadsheet
from pokervod_pipelines_tests.google.quota import Quota
from pokervod_pipelines_tests.sheets.harness import COLUMNS, insert_files, make_line

TAB = "Hands"


def measure(*, is_small: bool) -> Iterator[Figure]:
    """Run the first, an unchanged and an edited pass, and the write-back of all rows and of one."""
    rows = 500 if is_small else 2_500
    with scratch() as folder, scratch_database(folder) as engine, _sheet(folder, rows) as (settings, book):
        with engine.begin() as connection:
            insert_files(connection, *(f"a/show {number}.mp4" for number in range(100)))
        yield from _passes(engine, settings, book, rows)


def _passes(engine: Engine, settings: Settings, book: Spreadsheet, rows: int) -> Iterator[Figure]:
    def read() -> int:
        return sync_sheet(engine, settings, "hands", correlation_id="bench").calls or 0

    def tell() -> int:
        return write_back(engine, settings, "hands").calls

    yield from _time(f"{rows:,} rows read first", read, "seconds")
    yield from _time("unchanged", read, "≤ 3 calls")
    yield from _time("our columns set up", tell, "")
    read()
    yield from _time("ids given", tell, "")
    read()
    yield from _time("all statuses written", tell, "")
    read()
    book.type_cell(TAB, 7, "H", "QQ vs JJ")
    yield from _time("read after one edit", read, "≤ 2 calls + tabs")
    yield from _time("nothing to write", tell, "")


def _time(what: str, run: Callable[[], int], target: str) -> Iterator[Figure]:
    started = time.perf_counter()
    calls = run()
    yield Figure(what, f"{time.perf_counter() - started:.2f} s, {calls} calls", target)


@contextmanager
def _sheet(folder: Path, rows: int) -> Iterator[tuple[Settings, Spreadsheet]]:
    with Emulator.start(quota=Quota(reads_per_minute=10**6, writes_per_minute=10**6)) as google:
        account = google.make_service_account()
        lines = [make_line(number, File_Name=f"show {number % 100}") for number in range(1, rows + 1)]
        book = google.add_workbook({TAB: [COLUMNS, *lines]}, title="hands")
        book.share(account["client_email"], "writer")
        values = {
            "home": folder,
            "sheets": [{"name": "hands", "spreadsheet": book.id, "write_back": True}],
            "google": {"endpoint": google.root, "calls_per_minute": 10_000},
            "google_credentials": json.dumps(account),
        }
        yield Settings.model_validate(values), book
