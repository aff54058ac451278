"""Check that rows keep id, pin and clip where our columns do not move with them, and in copied tabs."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.sheets.pin_cells import PinCell, find_left_cells
from pokervod_pipelines.sheets.pins import pin_row
from pokervod_pipelines_tests.google.model import Spreadsheet
from pokervod_pipelines_tests.sheets.google_harness import TAB, GoogleSheetHarness
from pokervod_pipelines_tests.sheets.harness import COLUMNS, Line, SheetHarness, make_line, make_lines, to_csv
from pokervod_pipelines_tests.sizes import choose

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


@pytest.fixture
def harness_of_file(engine: Engine, settings_factory: Callable[..., Settings], tmp_path: Path) -> SheetHarness:
    """Return a harness with a CSV that is not written yet."""
    path = tmp_path / "hands.csv"
    settings = settings_factory(sheets=[{"name": "hands", "path": path}])
    return SheetHarness(engine=engine, settings=settings, path=path)


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
    book.import_range(TAB, "A2", [[*row[:5], "★", *row[6:]] if 3 <= n < 5 else row for n, row in enumerate(rows)])


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


@pytest.mark.parametrize("name", choose([*EDITS][::2], long=[*EDITS]))
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


@pytest.mark.parametrize("name", choose([*COPIES][::2], long=[*COPIES]))
def test_a_copied_tab_does_not_take_the_rows_of_the_original(harness: GoogleSheetHarness, name: str) -> None:
    before = identities(harness)
    COPIES[name](harness.book)
    said = [problem.what for problem in harness.sync().problems]
    report = harness.sync_until_stable(reread=True)

    assert identities(harness) == before
    assert report.rows == 2 * len(before)
    assert len([text for text in said if text.startswith("7 rows were copied together")]) == 1


@pytest.mark.parametrize("name", choose(["duplicated, then edited"], long=[*COPIES]))
def test_a_copied_tab_without_ids_does_not_take_them_either(make_google_harness: MakeHarness, name: str) -> None:
    harness = make_google_harness(*make_lines(*NUMBERS))
    harness.add_files(*(f"a/show {number}.mp4" for number in range(1, 13)))
    harness.sync_until_stable()
    before = identities(harness)
    COPIES[name](harness.book)
    harness.sync_until_stable()

    assert identities(harness) == before


def test_what_was_left_behind_is_said(harness: GoogleSheetHarness) -> None:
    harness.book.sort_range(TAB, "A2:K", "B")
    problems = [problem for problem in harness.sync().problems if "sort the whole tab" in problem.what]
    harness.sync_until_stable(reread=True)

    (problem,) = problems
    assert problem.where == f"{TAB} row 2"
    assert problem.what.startswith("Rows beside the PokerVOD ID of another row: 7.")
    said = {row["File Name"]: (row["PokerVOD State"], row["PokerVOD Problem"]) for row in harness.shown()}
    # The cell of "show 1" is now beside "show 2", whose own is now blank; the pin by command has no cell.
    assert {name for name, (_, text) in said.items() if "moved without the Pin column" in text} == {"show 1", "show 2"}
    assert {state for state, _ in said.values()} == {"ready", "check"}


def test_a_pin_cell_that_was_left_behind_counts_again_once_it_is_edited(harness: GoogleSheetHarness) -> None:
    harness.book.sort_range(TAB, "A2:K", "B")
    harness.sync_until_stable()
    column = harness.book.shown(TAB)[0].index("Pin") + 1
    harness.book.type_cell(TAB, 2, column, "show 10.mp4")
    harness.book.type_cell(TAB, 3, column, "")
    harness.sync_until_stable()

    assert [(row["PokerVOD State"], row["PokerVOD File"]) for row in harness.shown()[:2]] == [
        ("ready", "a/show 10.mp4"),
        ("ready", "a/show 2.mp4"),
    ]


def test_a_sort_that_is_undone_leaves_nothing_to_correct(harness: GoogleSheetHarness) -> None:
    before, rows = identities(harness), rows_of(harness.book)
    harness.book.sort_range(TAB, "A2:K", "B")
    harness.sync_until_stable()
    harness.book.import_range(TAB, "A2", rows)
    harness.sync_until_stable()

    assert identities(harness) == before
    assert {row["PokerVOD State"] for row in harness.shown()} == {"ready"}


def test_a_copy_of_the_whole_spreadsheet_is_a_sheet_of_its_own(harness: GoogleSheetHarness) -> None:
    before = identities(harness)
    copy = harness.google.add_workbook({TAB: harness.book.stored(TAB)}, title="Copy of Tracker")
    copy.share(harness.account["client_email"], "writer")
    sources = (
        *harness.settings.sheets,
        harness.settings.sheets[0].model_copy(update={"name": "copy", "spreadsheet": copy.id}),
    )
    other = replace(harness, sheet="copy", book=copy, settings=harness.settings.model_copy(update={"sheets": sources}))
    other.sync_until_stable()
    harness.sync_until_stable(reread=True)

    assert identities(harness) == before
    assert {row[0] for row in identities(other).values()}.isdisjoint(row[0] for row in before.values())
    assert len(identities(other)) == len(before)


def test_a_pin_column_beside_a_sorted_range_of_a_file_stays_with_its_rows(harness_of_file: SheetHarness) -> None:
    harness_of_file.add_files(*(f"a/show {number}.mp4" for number in range(1, 9)))
    pins, lines = ["a/show 7.mp4", "", "a/show 8.mp4", ""], make_lines(1, 2, 3, 4)

    def write(rows: list[Line]) -> None:
        text = to_csv([(*row, text) for row, text in zip(rows, pins, strict=True)])
        harness_of_file.path.write_text(text.replace("(Emotion)", "(Emotion),Pin", 1), encoding="utf-8", newline="")

    write(lines)
    harness_of_file.sync()
    harness_of_file.build()
    before = videos(harness_of_file)
    write([lines[1], lines[0], lines[3], lines[2]])
    harness_of_file.sync()
    harness_of_file.build()

    assert before == {
        "show 1": "a/show 7.mp4",
        "show 2": "a/show 2.mp4",
        "show 3": "a/show 8.mp4",
        "show 4": "a/show 4.mp4",
    }
    assert videos(harness_of_file) == before


def videos(harness: SheetHarness) -> dict[str, str]:
    rows = harness.execute(
        "select file_name, path from sheet_rows r join nas_files f on f.id = r.file_id where r.sheet = :sheet"
    )
    return {row[0]: row[1] for row in rows}


def left(known: list[str], now: list[tuple[int, str]]) -> set[int]:
    """Return the rows, from 1, with a cell that stayed on its line; ``now`` lists the row and the cell of each line."""
    cells = {row: PinCell(TAB, line, text) for line, (row, text) in enumerate(now, start=1)}
    beside = {row: line for line, (row, _) in enumerate(now, start=1) if line <= len(known)}
    return find_left_cells(cells, {**dict.fromkeys(cells, ""), **dict(enumerate(known, start=1))}, beside)


@pytest.mark.parametrize(
    ("known", "now", "stayed"),
    [
        (["x", "", "y"], [(1, "x"), (2, ""), (3, "y")], set()),  # nothing happened
        (["x", "", "y"], [(1, "z"), (2, ""), (3, "y")], set()),  # one cell edited
        (["x", "", "y"], [(1, ""), (2, "x"), (3, "y")], set()),  # a pin moved to another row by hand
        (["x", "", "y"], [(2, ""), (1, "x"), (3, "y")], set()),  # rows sorted with their pins
        (["x", "", "y"], [(2, "x"), (1, ""), (3, "y")], {1, 2}),  # rows sorted without
        (["x", "", "y"], [(2, "x"), (1, ""), (3, "z")], {1, 2}),  # and another cell edited
        (["x", "", "y"], [(3, "x"), (1, ""), (2, "y")], {1, 2, 3}),
        (["x", "", "y"], [(9, "x"), (1, ""), (2, "y"), (3, "")], {9, 1, 2, 3}),  # cells inserted above
        (["x", "x", "y"], [(9, "x"), (1, "x"), (2, "x"), (3, "y")], set()),  # a row inserted, with a pin
        (["x", "", "y"], [(9, ""), (1, "x"), (2, ""), (3, "y")], set()),  # a row inserted, without one
        (["x", "", "y"], [(2, ""), (3, "y")], set()),  # a row deleted
        (["", "", ""], [(3, ""), (1, ""), (2, "")], set()),
    ],
)
def test_only_cells_that_stayed_on_their_lines_are_left_behind(
    known: list[str], now: list[tuple[int, str]], stayed: set[int]
) -> None:
    assert left(known, now) == stayed
