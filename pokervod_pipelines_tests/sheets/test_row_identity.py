"""Check that rows keep id, pin and clip where our columns do not move with them, and in copied tabs."""

from collections.abc import Callable
from typing import Any

import pytest

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.sheets.pins import pin_row
from pokervod_pipelines_tests.google.model import Spreadsheet
from pokervod_pipelines_tests.sheets.google_harness import TAB, GoogleSheetHarness
from pokervod_pipelines_tests.sheets.harness import COLUMNS, make_line, make_lines

MakeHarness = Callable[..., GoogleSheetHarness]
Edit = Callable[[Spreadsheet], object]
NUMBERS = (3, 1, 4, 5, 9, 2, 6)
PERSON = Actor(who="kim", reason="checked by eye")


@pytest.fixture
def harness(make_google_harness: MakeHarness) -> GoogleSheetHarness:
    """Return a sheet with ids, of which two rows are pinned to videos that their names do not mean."""
    harness = make_google_harness(*make_lines(*NUMBERS), write_back=True)
    harness.add_files(*(f"a/show {number}.mp4" for number in range(1, 13)))
    harness.sync_until_stable()
    pin(harness, 3, "a/show 11.mp4", by_cell=True)
    pin(harness, 6, "a/show 12.mp4", by_cell=False)
    harness.sync_until_stable()
    return harness


def pin(harness: GoogleSheetHarness, row: int, path: str, *, by_cell: bool) -> None:
    if by_cell:
        harness.book.type_cell(TAB, row, harness.book.shown(TAB)[0].index("Pin") + 1, path)
    else:
        name = harness.shown()[row - 2]["File Name"]
        pin_row(harness.engine, row_id=harness.ids()[name], path=path, actor=PERSON)


def identities(harness: GoogleSheetHarness, tab: str = TAB) -> dict[str, tuple[Any, ...]]:
    """Return what belongs to each row of the tab, by its file name: its id, its clip and its video."""
    rows = harness.execute(
        """
        select r.file_name, r.id, c.id, f.path from sheet_rows r join hand_clips c on c.sheet_row_id = r.id
        left join nas_files f on f.id = r.file_id
        where r.sheet = :sheet and r.tab = :tab and r.retired_at is null and c.retired_at is null
        """,
        {"tab": tab},
    )
    return {row[0]: tuple(row[1:]) for row in rows}


def rows_of(book: Spreadsheet) -> list[list[str]]:
    """Return people's cells below the header."""
    return [(row + [""] * len(COLUMNS))[: len(COLUMNS)] for row in book.shown(TAB)[1:]]


def shift_down(book: Spreadsheet) -> None:
    book.import_range(TAB, "A2", [make_line(7), *rows_of(book)])


def shift_up(book: Spreadsheet) -> None:
    rows = rows_of(book)
    book.import_range(TAB, "A2", [*rows[:2], *rows[3:], [""] * len(COLUMNS)])


def swap(book: Spreadsheet) -> None:
    rows = rows_of(book)
    book.import_range(TAB, "A3", [rows[2], rows[1]])


def sort_and_grade(book: Spreadsheet) -> None:
    book.sort_range(TAB, "A2:K", "B")
    book.type_cell(TAB, 2, "F", "★★★")
    book.type_cell(TAB, 5, "H", "QQ vs JJ")


def import_and_grade(book: Spreadsheet) -> None:
    rows = [make_line(7), *rows_of(book)]
    for row in rows[3:5]:
        row[5] = "★"
    book.import_range(TAB, "A2", rows)


def filter_and_sort(book: Spreadsheet) -> None:
    book.set_filter(TAB, "A1:K9")
    book.sort_filter(TAB, "B")


def sort_and_insert(book: Spreadsheet) -> None:
    book.sort_range(TAB, "A2:K", "B", descending=True)
    book.insert_rows(TAB, 4, [make_line(8)])


def insert_and_sort(book: Spreadsheet) -> None:
    book.insert_rows(TAB, 4, [make_line(8)])
    book.sort_range(TAB, "A2:K", "B")


def sort_and_delete(book: Spreadsheet) -> None:
    book.sort_range(TAB, "A2:K", "B")
    book.delete_rows(TAB, 5)


def sort_three_times(book: Spreadsheet) -> None:
    for column, descending in (("B", True), ("D", False), ("E", True)):
        book.sort_range(TAB, "A3:K7", column, descending=descending)


EDITS: dict[str, Edit] = {
    "our columns left out of a sort": lambda book: book.sort_range(TAB, "A2:K", "B"),
    "a sort downwards": lambda book: book.sort_range(TAB, "A2:K", "B", descending=True),
    "some rows sorted": lambda book: book.sort_range(TAB, "A3:K6", "B", descending=True),
    "two rows sorted": lambda book: book.sort_range(TAB, "A2:K3", "B"),
    "an older filter sorted": filter_and_sort,
    "sorted three times": sort_three_times,
    "a row more in the source": shift_down,
    "a row less in the source": shift_up,
    "two rows swapped": swap,
    "sorted, then graded": sort_and_grade,
    "a row more and two graded": import_and_grade,
    "sorted, then a row inserted": sort_and_insert,
    "a row inserted, then sorted": insert_and_sort,
    "sorted, then a row deleted": sort_and_delete,
    "the whole sheet sorted": lambda book: book.sort(TAB, "B"),
    "only the ids sorted along": lambda book: book.sort_range(TAB, "A2:L", "B"),
}


@pytest.mark.parametrize("name", EDITS)
def test_every_row_keeps_its_id_its_pin_and_its_clip(harness: GoogleSheetHarness, name: str) -> None:
    before = identities(harness)
    EDITS[name](harness.book)
    harness.sync_until_stable()

    after = identities(harness)
    assert {row: after[row] for row in before if row in after} == {row: before[row] for row in before if row in after}
    assert len(after) >= len(before) - 1
    shown = {row["File Name"]: row for row in harness.shown() if row["File Name"]}
    assert {file_name: row["PokerVOD File"] for file_name, row in shown.items()} == {
        file_name: path for file_name, (_, _, path) in after.items()
    }
    keys = [row["PokerVOD ID"] for row in shown.values()]
    assert len({*keys} - {""}) == len(keys)


def duplicate(book: Spreadsheet, title: str = f"Copy of {TAB}") -> None:
    book.add_tab(title, [[*row] for row in book.stored(TAB)])


def duplicate_and_edit(book: Spreadsheet) -> None:
    duplicate(book)
    book.type_cell(TAB, 3, "F", "★")
    book.type_cell(TAB, 4, "H", "QQ vs JJ")


def duplicate_and_sort(book: Spreadsheet) -> None:
    duplicate(book)
    book.sort(TAB, "B")


def duplicate_and_sort_in_part(book: Spreadsheet) -> None:
    duplicate(book)
    book.sort_range(TAB, "A2:K", "B")


def duplicate_and_edit_the_copy(book: Spreadsheet) -> None:
    duplicate(book)
    book.type_cell(f"Copy of {TAB}", 3, "F", "★")


COPIES: dict[str, Edit] = {
    "duplicated": duplicate,
    "duplicated under a title behind": lambda book: duplicate(book, f"{TAB}의 사본"),
    "duplicated, then edited": duplicate_and_edit,
    "duplicated, then sorted": duplicate_and_sort,
    "duplicated, then sorted in part": duplicate_and_sort_in_part,
    "duplicated, the copy edited": duplicate_and_edit_the_copy,
}


@pytest.mark.parametrize("name", COPIES)
def test_a_copied_tab_does_not_take_the_rows_of_the_original(harness: GoogleSheetHarness, name: str) -> None:
    before = identities(harness)
    COPIES[name](harness.book)
    report = harness.sync_until_stable()

    assert identities(harness) == before
    assert report.rows == 2 * len(before)


@pytest.mark.parametrize("name", COPIES)
def test_a_copied_tab_without_ids_does_not_take_them_either(make_google_harness: MakeHarness, name: str) -> None:
    harness = make_google_harness(*make_lines(*NUMBERS))
    harness.add_files(*(f"a/show {number}.mp4" for number in range(1, 13)))
    harness.sync_until_stable()
    before = identities(harness)
    COPIES[name](harness.book)
    harness.sync_until_stable()

    assert identities(harness) == before
