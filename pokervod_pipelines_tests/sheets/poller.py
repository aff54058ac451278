"""Poll sheets at an emulated Google as the sensor does, and run what it requests."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from pokervod_pipelines.settings.rooms import SheetSource
from pokervod_pipelines.sheets.polling import (
    PollDecision,
    ReadRequest,
    decide,
    dump_memory,
    find_in_use,
    find_unread,
    load_memory,
    observe_sheets,
    record_refusals,
)
from pokervod_pipelines.sheets.rotation import compare_sheets
from pokervod_pipelines.workflows.stages import SyncRun, run_clips_stage, run_sheets_stage
from pokervod_pipelines.workflows.statuses import run_statuses_stage
from pokervod_pipelines_tests.google.clock import SystemClock
from pokervod_pipelines_tests.google.model import Spreadsheet
from pokervod_pipelines_tests.sheets.google_harness import GoogleSheetHarness
from pokervod_pipelines_tests.sheets.harness import make_lines

MakeHarness = Callable[..., GoogleSheetHarness]


@dataclass
class Poller:
    """Poll the sheets of a harness as the sensor does, and run what is requested."""

    harness: GoogleSheetHarness
    memory: dict[str, ReadRequest] = field(default_factory=dict)
    last: PollDecision | None = None

    def poll(self, *, later: timedelta = timedelta()) -> list[str]:
        """Return the sheets that are requested now."""
        engine, settings = self.harness.engine, self.harness.settings
        now = datetime.now(UTC) + later
        seen = observe_sheets(engine, settings, settings.sheets)
        record_refusals(engine, seen, "test")
        decision = decide(
            seen,
            load_memory(dump_memory(self.memory)),
            unread=find_unread(engine, seen, settings.sheets),
            now=now,
            gather_seconds=0.0,
            in_use=find_in_use(engine, settings.sheets),
        )
        self.last = compare_sheets(engine, settings, seen, decision, now=now)
        self.memory = self.last.memory
        return [name for name, _, _ in self.last.due]

    def poll_and_run(self) -> list[str]:
        """Poll, and run the stages of each sheet that is requested."""
        names = self.poll()
        for name in names:
            run_stages(self.harness, name)
        return names

    @property
    def keys(self) -> list[str]:
        assert self.last is not None
        return [key for _, _, key in self.last.due]

    @property
    def reasons(self) -> dict[str, str]:
        assert self.last is not None
        return dict(self.last.reasons)


def run_stages(harness: GoogleSheetHarness, name: str = "hands", *, full: bool = False) -> None:
    """Run the stages of a sheet as a run of the sensor does, or by hand where ``full``."""
    run = SyncRun(engine=harness.engine, settings=harness.settings, correlation_id="test", full=full)
    run_sheets_stage(run, name, reread=True)
    run_clips_stage(run, name)
    run_statuses_stage(run, name)


def configure(harness: GoogleSheetHarness, books: dict[str, Spreadsheet]) -> None:
    """Configure these sheets, with write-back."""
    sources = tuple(SheetSource(name=name, spreadsheet=book.id, write_back=True) for name, book in books.items())
    harness.settings = harness.settings.model_copy(update={"sheets": sources})


def refill(harness: GoogleSheetHarness) -> None:
    """Make the next reading in rotation possible at once."""
    harness.execute("update api_budgets set calls = 1 where service = 'sheets.rotation'")


@pytest.fixture
def make_polled_harness(make_google_harness: MakeHarness) -> MakeHarness:
    """Return a harness with an archive of twelve shows, in the time of the system, whose quota is never used up."""

    def make(*lines: object, **options: object) -> GoogleSheetHarness:
        options = {"write_back": True, "calls_per_minute": 10_000, "rotation_share": 0.8, **options}
        harness = make_google_harness(*lines or make_lines(1, 2, 3), **options)
        harness.google.quota.reads_per_minute = harness.google.quota.writes_per_minute = 10**9
        harness.google.clock = harness.book.clock = SystemClock()
        harness.add_files(*(f"a/show {number}.mp4" for number in range(1, 13)))
        run_stages(harness)
        return harness

    return make
