"""Check that what we write into a sheet is shown, and never counts as an edit that has to be read."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from pokervod_pipelines.sheets.managed_columns import COLUMN_TITLES, is_guarded_formula
from pokervod_pipelines.sheets.polling import decide, find_unread, observe_sheets
from pokervod_pipelines.workflows.stage_result import StageResult
from pokervod_pipelines.workflows.stages import SyncRun, run_clips_stage, run_sheets_stage
from pokervod_pipelines.workflows.statuses import MAX_ROUNDS, NOT_SHOWN, STILL_EDITED, run_statuses_stage
from pokervod_pipelines_tests.google.cells import PLAIN_TEXT, Cell
from pokervod_pipelines_tests.google.clock import SystemClock
from pokervod_pipelines_tests.google.model import Spreadsheet
from pokervod_pipelines_tests.sheets.google_harness import TAB, GoogleSheetHarness
from pokervod_pipelines_tests.sheets.harness import COLUMNS, make_lines

MakeHarness = Callable[..., GoogleSheetHarness]
OURS = tuple(COLUMN_TITLES.values())


@pytest.fixture
def harness(make_google_harness: MakeHarness) -> GoogleSheetHarness:
    """Return a harness with an archive of three shows and write-back, in the time of the system."""
    harness = make_google_harness(*make_lines(1, 2, 3), write_back=True, calls_per_minute=10_000)
    harness.google.quota.reads_per_minute = harness.google.quota.writes_per_minute = 10**9
    harness.google.clock = harness.book.clock = SystemClock()
    harness.add_files(*(f"a/show {number}.mp4" for number in range(1, 13)))
    return harness


def run_stages(harness: GoogleSheetHarness) -> StageResult:
    """Run the stages of a sheet as a run of the sensor does; return the last one's result."""
    run = SyncRun(engine=harness.engine, settings=harness.settings, correlation_id="test")
    run_sheets_stage(run, "hands")
    run_clips_stage(run, "hands")
    return run_statuses_stage(run, "hands")


def list_due(harness: GoogleSheetHarness) -> list[str]:
    """Return the sheets that the sensor would request now, long after the last edit."""
    sheets = harness.settings.sheets
    seen = observe_sheets(harness.engine, harness.settings, sheets)
    unread = find_unread(harness.engine, seen, sheets)
    decision = decide(seen, {}, unread=unread, now=datetime.now(UTC), gather_seconds=0.0)
    return [name for name, _, _ in decision.due]


def states(harness: GoogleSheetHarness) -> list[str]:
    return [row["PokerVOD State"] for row in harness.shown()]


def count_texts(book: Spreadsheet) -> int:
    """Count the cells in which people see a formula."""
    return sum(is_guarded_formula(cell) for row in book.shown(TAB) for cell in row)


def keep_statuses_as_text(book: Spreadsheet) -> None:
    """Make every status the text of its formula, as an earlier write into plain text left it."""
    header = book.shown(TAB)[0]
    book.format_cells(TAB, PLAIN_TEXT)
    for number, row in enumerate(book.stored(TAB)[1:], start=2):
        for place, cell in enumerate(row):
            if header[place] in OURS and str(cell).startswith("="):
                book.enter(TAB, number, place + 1, str(cell))


def keep_and_sort(book: Spreadsheet) -> None:
    """Sort the rows after their statuses were kept as text."""
    keep_statuses_as_text(book)
    book.sort(TAB, "B", descending=True)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (lambda book: book.format_cells(TAB, PLAIN_TEXT), lambda book: None),
        (lambda book: None, lambda book: book.format_cells(TAB, PLAIN_TEXT)),
        (lambda book: None, keep_statuses_as_text),
        (lambda book: None, keep_and_sort),
    ],
    ids=["from the start", "later", "kept by an earlier write", "kept and sorted"],
)
def test_statuses_are_shown_in_columns_of_plain_text(
    harness: GoogleSheetHarness, before: Callable[[Spreadsheet], object], after: Callable[[Spreadsheet], object]
) -> None:
    before(harness.book)
    run_stages(harness)
    after(harness.book)
    harness.book.type_cell(TAB, 2, "B", "show 9")
    run_stages(harness)

    assert states(harness) == ["ready"] * 3
    assert count_texts(harness.book) == 0
    assert list_due(harness) == []


def test_the_format_of_peoples_columns_stays(harness: GoogleSheetHarness) -> None:
    harness.book.format_cells(TAB, PLAIN_TEXT)
    run_stages(harness)

    header = harness.book.shown(TAB)[0]
    formats = {title: cell.number_format for title, cell in zip(header, _line(harness.book, 2), strict=False) if cell}
    assert {formats[title] for title in (*COLUMNS, "Pin") if title in formats} == {PLAIN_TEXT}
    assert {formats.get(title, "") for title in OURS if title != "Pin"} == {""}


def test_a_column_inserted_before_the_format_is_cleared_keeps_its_format(harness: GoogleSheetHarness) -> None:
    run_stages(harness)
    harness.book.format_cells(TAB, PLAIN_TEXT)
    harness.book.type_cell(TAB, 2, "B", "show 9")

    def insert() -> None:
        harness.book.insert_column(TAB, 1, ["Day", 46027, 46027, 46027])
        harness.book.type_cell(TAB, 2, 1, 46027, "yyyy-mm-dd")

    harness.google.before_write(lambda: harness.google.before_read(insert, kind="spreadsheets.get"))
    run_stages(harness)

    assert states(harness) == ["ready"] * 3
    assert [cell.number_format for cell in _line(harness.book, 2)[:1] if cell] == ["yyyy-mm-dd"]


def _line(book: Spreadsheet, number: int) -> list[Cell | None]:
    return book.grid(TAB).cells[number - 1]


def test_our_own_write_starts_no_run(harness: GoogleSheetHarness) -> None:
    first = run_stages(harness)
    due_after_first = list_due(harness)
    harness.book.type_cell(TAB, 2, "B", "show 9")
    due_after_edit = list_due(harness)
    second = run_stages(harness)

    assert (first.counts["keyed"], first.counts["written"], first.problem_count) == (3, 3, 0)
    assert (second.counts["written"], second.problem_count) == (1, 0)
    assert (due_after_first, due_after_edit, list_due(harness)) == ([], ["hands"], [])


def test_an_edit_at_the_moment_of_the_write_is_written_in_the_same_run(harness: GoogleSheetHarness) -> None:
    run_stages(harness)
    harness.book.type_cell(TAB, 2, "B", "show 9")
    harness.google.before_write(lambda: harness.book.type_cell(TAB, 3, "B", "show 8"))
    result = run_stages(harness)

    assert [row["PokerVOD File"] for row in harness.shown()] == ["a/show 9.mp4", "a/show 8.mp4", "a/show 3.mp4"]
    assert result.problem_count == 0
    assert list_due(harness) == []


def test_edits_that_never_stop_are_left_to_the_next_run(harness: GoogleSheetHarness) -> None:
    run_stages(harness)
    harness.book.type_cell(TAB, 2, "B", "show 9")
    left = list(range(4, 4 + MAX_ROUNDS))

    def edit() -> None:
        harness.book.type_cell(TAB, 3, "B", f"show {left.pop()}")
        if left:
            harness.google.before_write(edit)

    harness.google.before_write(edit)
    result = run_stages(harness)
    due = list_due(harness)
    run_stages(harness)

    assert [problem.what for problem in result.problems] == [STILL_EDITED]
    assert (due, list_due(harness)) == (["hands"], [])
    assert [row["PokerVOD File"] for row in harness.shown()][1] == "a/show 4.mp4"


def test_a_script_that_keeps_our_cells_as_text_is_reported_and_starts_no_run(harness: GoogleSheetHarness) -> None:
    run_stages(harness)
    harness.book.type_cell(TAB, 2, "B", "show 9")

    def format_again() -> None:
        harness.book.format_cells(TAB, PLAIN_TEXT)
        harness.google.before_write(format_again, kind="values.batchUpdate")

    harness.google.before_write(format_again, kind="values.batchUpdate")
    result = run_stages(harness)

    assert [problem.what for problem in result.problems] == [NOT_SHOWN]
    assert list_due(harness) == []


def test_a_sheet_without_write_back_is_not_touched(make_google_harness: MakeHarness) -> None:
    harness = make_google_harness(*make_lines(1, 2, 3))
    harness.google.clock = harness.book.clock = SystemClock()
    before = harness.book.fingerprint()
    run_stages(harness)

    assert harness.book.fingerprint() == before
