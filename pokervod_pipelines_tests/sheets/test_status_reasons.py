"""Check that the sheet shows when each row was last read, and the list why it shows no status."""

from collections.abc import Callable

import pytest

from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.settings.rooms import SheetSource
from pokervod_pipelines.sheets.statuses import explain_missing_status
from pokervod_pipelines.sheets.store import list_sheet_states
from pokervod_pipelines.workflows.stages import SyncRun, run_clips_stage, run_sheets_stage
from pokervod_pipelines.workflows.statuses import run_statuses_stage
from pokervod_pipelines_tests.google import faults
from pokervod_pipelines_tests.google.clock import SystemClock
from pokervod_pipelines_tests.google.model import Spreadsheet
from pokervod_pipelines_tests.sheets.google_harness import TAB, GoogleSheetHarness
from pokervod_pipelines_tests.sheets.harness import COLUMNS, make_line, make_lines

MakeHarness = Callable[..., GoogleSheetHarness]


@pytest.fixture
def make_harness(make_google_harness: MakeHarness) -> MakeHarness:
    """Return a harness with an archive of twelve shows and write-back."""

    def make(**options: object) -> GoogleSheetHarness:
        harness = make_google_harness(*make_lines(1, 2, 3), **{"write_back": True, **options})
        harness.add_files(*(f"a/show {number}.mp4" for number in range(1, 13)))
        return harness

    return make


def times(harness: GoogleSheetHarness) -> list[str]:
    return [row["PokerVOD Synced"][-5:] for row in harness.shown()]


EDITS: dict[str, tuple[Callable[[Spreadsheet], object], list[int]]] = {
    "nothing": (lambda book: None, []),
    "a remark that changes no state": (lambda book: book.type_cell(TAB, 3, "H", "AA vs 72"), [1]),
    "a longer clip": (lambda book: book.type_cell(TAB, 2, "E", "0:05:30"), [0]),
    "another video": (lambda book: book.type_cell(TAB, 2, "B", "show 9"), [0]),
    "two rows": (lambda book: [book.type_cell(TAB, row, "H", "AA vs 72") for row in (2, 4)], [0, 2]),
    "there and back": (
        lambda book: [book.type_cell(TAB, 3, "B", name) for name in ("show 9", "show 2")],
        [],
    ),
    "a blank row above": (lambda book: book.insert_rows(TAB, 2, 1), []),
    "our own time": (lambda book: book.type_cell(TAB, 2, book.shown(TAB)[0].index("PokerVOD Synced") + 1, "now"), []),
}


@pytest.mark.parametrize("name", EDITS)
def test_the_time_of_a_row_moves_when_the_row_was_read(make_harness: MakeHarness, name: str) -> None:
    harness = make_harness()
    harness.sync_until_stable()
    rows = {row["File No."]: time for row, time in zip(harness.shown(), times(harness), strict=True)}
    edit, moved = EDITS[name]
    edit(harness.book)
    harness.google.clock.sleep(3600)
    harness.sync_until_stable(reread=True)
    after = {row["File No."]: row["PokerVOD Synced"][-5:] for row in harness.shown() if row["File No."]}

    if name != "our own time":
        assert [place for place, number in enumerate(rows) if after[number] != rows[number]] == moved
    assert harness.write_back().written == 0


def test_a_whole_reading_moves_the_time_of_every_row_once(make_harness: MakeHarness) -> None:
    harness = make_harness()
    harness.sync_until_stable()
    before = times(harness)
    harness.google.clock.sleep(3600)
    harness.sync(reread=True)
    report = harness.write_back(everything=True)

    assert (report.written, len({*times(harness)} & {*before})) == (3, 0)
    harness.sync(reread=True)
    assert harness.write_back().written == 0


# Why there is no status


def run_stages(harness: GoogleSheetHarness) -> None:
    """Run the stages of the sheet, as far as they go."""
    run = SyncRun(engine=harness.engine, settings=harness.settings, correlation_id="test", full=True)
    try:
        run_sheets_stage(run, "hands")
        run_clips_stage(run, "hands")
        run_statuses_stage(run, "hands")
    except PokervodError:
        pass


def explain(harness: GoogleSheetHarness) -> str:
    """Return what the list says of the sheet."""
    with harness.engine.connect() as connection:
        state = list_sheet_states(connection).get("hands")
    return explain_missing_status(harness.settings.sheets[0], state)


def share_for_reading(harness: GoogleSheetHarness) -> None:
    harness.book.share(harness.account["client_email"], "reader")


def refuse_writes(harness: GoogleSheetHarness) -> None:
    harness.google.fault_source = lambda call: faults.broken(503) if call.kind == "spreadsheets.batchUpdate" else None


REASONS: dict[str, tuple[Callable[[GoogleSheetHarness], object], str]] = {
    "shared for reading": (share_for_reading, "for reading only. Press Share and make it Editor."),
    "protected": (lambda harness: harness.book.protect(TAB), "a protected range of https://"),
    "not shared": (
        lambda harness: harness.book.unshare(harness.account["client_email"]),
        "The sheet was not read yet. Run `pokervod sheets sync`.",
    ),
    "not confirmed": (refuse_writes, "Google did not confirm spreadsheets.batchUpdate."),
}


@pytest.mark.parametrize("name", REASONS)
def test_the_list_tells_why_no_status_is_written(make_harness: MakeHarness, name: str) -> None:
    harness = make_harness(attempts=1)
    harness.google.clock = harness.book.clock = SystemClock()
    prepare, words = REASONS[name]
    never = explain(harness)
    run_stages(harness)
    first = explain(harness)
    harness.book = harness.google.add_workbook({TAB: [COLUMNS, *make_lines(1, 2, 3)]})
    harness.book.share(harness.account["client_email"], "writer")
    moved = harness.settings.sheets[0].model_copy(update={"spreadsheet": harness.book.id})
    harness.settings = harness.settings.model_copy(update={"sheets": (moved,)})
    elsewhere = explain(harness)
    prepare(harness)
    run_stages(harness)

    assert (never, first, elsewhere) == (
        "The sheet was not read yet. Run `pokervod sheets sync`.",
        "",
        "The sheet was not read yet. Run `pokervod sheets sync`.",
    )
    assert words in explain(harness)


def test_a_reason_is_withdrawn_once_statuses_are_written(make_harness: MakeHarness) -> None:
    harness = make_harness(attempts=1)
    harness.google.clock = harness.book.clock = SystemClock()
    share_for_reading(harness)
    run_stages(harness)
    before = explain(harness)
    harness.book.share(harness.account["client_email"], "writer")
    run_stages(harness)

    assert "for reading only" in before
    assert explain(harness) == ""


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (SheetSource(name="hands", path="hands.csv"), "files are never written to"),  # type: ignore[arg-type]
        (SheetSource(name="hands", spreadsheet="x" * 44), "Set `write_back: true`"),
        (SheetSource(name="hands", spreadsheet="x" * 44, write_back=True), "was not read yet"),
    ],
)
def test_settings_that_write_no_status_are_a_reason(source: SheetSource, words: str) -> None:
    assert words in explain_missing_status(source, None)


def test_rows_without_an_id_are_counted(make_harness: MakeHarness) -> None:
    harness = make_harness()
    harness.sync_until_stable()
    harness.book.insert_rows(TAB, 5, [make_line(4)])
    harness.sync()

    assert explain(harness) == "Rows without an ID: 1. The next sync writes it."
