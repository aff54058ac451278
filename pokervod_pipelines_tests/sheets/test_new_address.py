"""Check that a sheet whose address in the settings changed is read as a new sheet."""

from copy import deepcopy

import pytest

from pokervod_pipelines.errors import SuspiciousLoss
from pokervod_pipelines.workflows.stages import SyncRun, run_sheets_stage
from pokervod_pipelines.workflows.statuses import run_statuses_stage
from pokervod_pipelines_tests.google.model import Spreadsheet
from pokervod_pipelines_tests.sheets.google_harness import TAB, GoogleSheetHarness
from pokervod_pipelines_tests.sheets.harness import COLUMNS, make_lines
from pokervod_pipelines_tests.sheets.poller import MakeHarness, Poller, configure, refill, run_stages


def test_a_sheet_whose_address_changed_is_a_new_sheet(make_polled_harness: MakeHarness) -> None:
    harness = make_polled_harness(*make_lines(*range(1, 25)))
    other = harness.google.add_workbook({TAB: [COLUMNS, *make_lines(7)]})
    other.share(harness.account["client_email"], "writer")
    poller = Poller(harness)
    poller.poll()
    while other.version < harness.book.version:
        other.touch()
    configure(harness, {"hands": other})
    expected = (["hands"], [f"hands:{other.id}:{other.version}"])
    first, former, before = harness.book, harness.book.fingerprint(), other.fingerprint()
    harness.book = other
    requested = (poller.poll(), poller.keys)
    run = SyncRun(engine=harness.engine, settings=harness.settings, correlation_id="test")
    run_statuses_stage(run, "hands")  # before it was read: nothing of the former sheet is written into it
    after = other.fingerprint()
    result = run_sheets_stage(run, "hands", known_revision=str(other.version))
    run_stages(harness)

    assert requested == expected
    assert before == after
    assert (result.counts["rows"], result.counts["removed"]) == (1, 23)
    assert "The address in the settings changed" in result.problems[0].what
    assert [row["PokerVOD File"] for row in harness.shown()] == ["a/show 7.mp4"]
    assert first.fingerprint() == former


def copy_book(harness: GoogleSheetHarness) -> Spreadsheet:
    """Return a copy as File, Make a copy makes it: the ids and named ranges of the rows are copied too."""
    book = harness.google.add_workbook({TAB: [COLUMNS]})
    book.grids = [grid.copy() for grid in harness.book.grids]
    book.areas = deepcopy(harness.book.areas)
    book.share(harness.account["client_email"], "writer")
    book.touch()
    return book


def list_rows(harness: GoogleSheetHarness) -> list[tuple[int, str]]:
    """Return the ids of the rows in the sheet with those of their clips."""
    return [
        tuple(row)
        for row in harness.execute("""
            select r.id, c.id from sheet_rows r left join hand_clips c on c.sheet_row_id = r.id and c.retired_at is null
            where r.retired_at is null order by 1
        """)
    ]


def test_rows_keep_their_clips_in_a_copy_at_another_address(make_polled_harness: MakeHarness) -> None:
    harness = make_polled_harness()
    before = list_rows(harness)
    copied = copy_book(harness)
    configure(harness, {"hands": copied})
    harness.book = copied
    poller = Poller(harness)
    requested = poller.poll_and_run()
    refill(harness)

    assert (requested, poller.poll()) == (["hands"], [])
    assert list_rows(harness) == before
    assert {row["PokerVOD State"] for row in harness.shown()} == {"ready"}


def test_rows_return_with_the_former_address(make_polled_harness: MakeHarness) -> None:
    harness = make_polled_harness(*make_lines(*range(1, 25)))
    before, former = [row for row, _ in list_rows(harness)], harness.book
    other = harness.google.add_workbook({TAB: [COLUMNS, *make_lines(1)]})
    other.share(harness.account["client_email"], "writer")
    configure(harness, {"hands": other})
    run_stages(harness)
    between = len(list_rows(harness))
    configure(harness, {"hands": former})
    run_stages(harness)

    assert (between, [row for row, _ in list_rows(harness)]) == (1, before)


@pytest.mark.parametrize("tabs", [{"Notes": [["ask Kim"]]}, {"Hands": []}])
def test_a_new_address_without_a_readable_tab_keeps_the_rows(
    make_polled_harness: MakeHarness, tabs: dict[str, list[list[object]]]
) -> None:
    harness = make_polled_harness(*make_lines(*range(1, 25)))
    before = list_rows(harness)
    other = harness.google.add_workbook(tabs)
    other.share(harness.account["client_email"], "writer")
    configure(harness, {"hands": other})
    with pytest.raises(SuspiciousLoss, match="24 of 24 rows vanished"):
        run_stages(harness)

    assert list_rows(harness) == before
