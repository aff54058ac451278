"""Check that rows keep id, pin and clip where numbers, clocks and columns that no rule reads stay behind in a sort."""

from collections.abc import Callable

import pytest

from pokervod_pipelines_tests.google.model import Spreadsheet
from pokervod_pipelines_tests.sheets.google_harness import TAB, GoogleSheetHarness
from pokervod_pipelines_tests.sheets.harness import make_line, make_lines
from pokervod_pipelines_tests.sheets.test_row_identity import identities, pin
from pokervod_pipelines_tests.sizes import cover

MakeHarness = Callable[..., GoogleSheetHarness]
NUMBERS = (3, 1, 4, 5, 9, 2, 6)
LINES = range(2, len(NUMBERS) + 2)

Fill = Callable[[int, int], object]
STAYING: dict[str, tuple[str, Fill]] = {
    "the number of the line": ("L", lambda line, _: f"no. {line}"),
    "a clock": ("L", lambda line, _: "=NOW()"),
    "a random number": ("L", lambda line, reading: line * 1.5 + reading),
    "a cell not computed yet": ("L", lambda line, reading: "Loading..." if reading else f"from {line}"),
    "File No. as a count": ("A", lambda line, _: line - 1),
}

"""Column, and what its cell on a line holds at each of two readings."""


def sort(book: Spreadsheet) -> None:
    book.sort_range(TAB, "B2:K", "B")


def swap(book: Spreadsheet) -> None:
    rows = [line[1:] for line in book.shown(TAB)]
    book.import_range(TAB, "B3", [rows[5][:10], rows[3][:10], rows[4][:10], rows[2][:10]])


def grow(book: Spreadsheet) -> None:
    rows = [[*line[1:11], *[""] * (11 - len(line))] for line in book.shown(TAB)[1:]]
    book.import_range(TAB, "B2", [list(make_line(7))[1:], *rows])
    book.type_cell(TAB, LINES.stop, "A", len(LINES))


@pytest.mark.parametrize(("name", "edit"), cover(STAYING, [sort, swap, grow]))
def test_what_stays_behind_does_not_take_the_rows_along(
    make_google_harness: MakeHarness, name: str, edit: Callable[[Spreadsheet], None]
) -> None:
    harness = make_google_harness(*make_lines(*NUMBERS), write_back=True)
    column, fill = STAYING[name]
    if column == "L":
        harness.book.insert_column(TAB, "L", ["Ours of another tool"])

    def write(reading: int) -> None:
        for line in (*LINES, LINES.stop) if reading and edit is grow else LINES:
            harness.book.type_cell(TAB, line, column, fill(line, reading))

    write(0)
    harness.add_files(*(f"a/show {number}.mp4" for number in range(1, 13)))
    harness.sync_until_stable()
    pin(harness, 3, "a/show 11.mp4", by_cell=False)
    pin(harness, 6, "a/show 12.mp4", by_cell=False)
    harness.sync_until_stable()
    before = identities(harness)

    edit(harness.book)
    write(1)
    harness.sync_until_stable()

    after = identities(harness)
    assert {row: after.get(row) for row in before} == before
