"""Run passes over a sheet at an emulated Google that people edit, with an archive in the database."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Engine

from pokervod_pipelines.clips.build import build_clips
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.sheets.sync import SheetReport, sync_sheet
from pokervod_pipelines.sheets.write_back import WriteBackReport, write_back
from pokervod_pipelines_tests.google.clock import VirtualClock
from pokervod_pipelines_tests.google.emulator import Emulator
from pokervod_pipelines_tests.google.model import Spreadsheet
from pokervod_pipelines_tests.google.quota import Quota
from pokervod_pipelines_tests.sheets.harness import COLUMNS, Line, SheetHarness

TAB = "Hands"


@dataclass(kw_only=True)
class GoogleSheetHarness(SheetHarness):
    """Hold a sheet at Google; ``book`` is what people see and edit."""

    google: Emulator
    account: dict[str, str]
    book: Spreadsheet

    def sync(self, **options: Any) -> SheetReport:
        """Run one pass over the sheet, in the emulator's time."""
        return sync_sheet(
            self.engine, self.settings, self.sheet, correlation_id="test", clock=self.google.clock, **options
        )

    def write_back(self, *, everything: bool = False) -> WriteBackReport:
        """Run one write-back."""
        return write_back(self.engine, self.settings, self.sheet, everything=everything, clock=self.google.clock)

    def sync_until_stable(self, **options: Any) -> SheetReport:
        """Sync, build, and write back until nothing changes."""
        report = self.sync(**options)
        self.build()
        if self.settings.sheet(self.sheet).write_back:
            while self.write_back().needs_reading:
                self.sync(reread=True)
                self.build()
        return report

    def build(self) -> Any:
        """Run one pass over its clips."""
        return build_clips(self.engine, self.sheet, correlation_id="test")

    def shown(self, tab: str = TAB) -> list[dict[str, str]]:
        """Return the rows below the header as people see them, by header."""
        header, *rows = self.book.shown(tab)
        return [dict(zip(header, (*row, *("",) * len(header)), strict=False)) for row in rows]


@pytest.fixture
def make_google_harness(
    engine: Engine, settings_factory: Callable[..., Settings]
) -> Iterator[Callable[..., GoogleSheetHarness]]:
    """Yield ``make_google_harness(*lines, write_back=True, **google_settings)``, with a sheet of these lines."""
    with Emulator.start(clock=VirtualClock(), quota=Quota(reads_per_minute=60, writes_per_minute=60)) as google:
        account = google.make_service_account()

        def make(
            *lines: Line, write_back: bool = False, tabs: dict[str, Sequence[Line]] | None = None, **options: object
        ) -> GoogleSheetHarness:
            book = google.add_workbook({TAB: [COLUMNS, *lines]} if tabs is None else tabs, title="Tracker")
            book.share(account["client_email"], "writer")
            settings = settings_factory(
                sheets=[{"name": "hands", "spreadsheet": book.id, "write_back": write_back}],
                google={"endpoint": google.root, "seconds_per_call": 5, **options},
                google_credentials=json.dumps(account),
            )
            return GoogleSheetHarness(
                engine=engine, settings=settings, path=settings.home, google=google, account=account, book=book
            )

        yield make
