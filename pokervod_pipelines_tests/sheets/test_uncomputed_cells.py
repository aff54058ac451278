"""Check that a row of a sheet at Google stays as it was while its cells are not computed yet."""

from collections.abc import Callable
from typing import Any

import pytest

from pokervod_pipelines.sheets.headers import AnnotationLayout, find_layout
from pokervod_pipelines.sheets.reading import read_workbook
from pokervod_pipelines.sheets.rows import read_rows
from pokervod_pipelines.sheets.tab import Tab, blank_errors
from pokervod_pipelines.sheets.uncomputed import find_filling_errors
from pokervod_pipelines.sheets.workbook import open_workbook
from pokervod_pipelines_tests.google.model import Spreadsheet
from pokervod_pipelines_tests.sheets.google_harness import TAB, GoogleSheetHarness
from pokervod_pipelines_tests.sheets.harness import COLUMNS, make_line, make_lines
from pokervod_pipelines_tests.sizes import cover, thin

MakeHarness = Callable[..., GoogleSheetHarness]
Edit = Callable[[Spreadsheet], object]
NUMBERS = (3, 1, 4, 5, 9)
ERRORS = ("#REF!", "#N/A", "Loading...", "#ERROR!", "#BEZUG!", "#NOM?", "#¡REF!", "로드 중...")


@pytest.fixture
def harness(make_google_harness: MakeHarness, request: pytest.FixtureRequest) -> GoogleSheetHarness:
    """Return a sheet of five rows with clips, with ids unless the test says otherwise."""
    harness = make_google_harness(*make_lines(*NUMBERS), write_back=getattr(request, "param", True))
    harness.add_files(*(f"a/show {number}.mp4" for number in range(1, 10)))
    harness.sync_until_stable()
    return harness


def state(harness: GoogleSheetHarness) -> list[Any]:
    return harness.execute("""
        select r.id, r.content, c.id, c.in_ms, c.out_ms, c.file_id, c.problem
        from sheet_rows r join hand_clips c on c.sheet_row_id = r.id
        where r.sheet = :sheet and r.retired_at is null and c.retired_at is null order by r.id
    """)


def show(*cells: str) -> Edit:
    """Return the edit that lets these cells show ``#N/A``."""

    def edit(book: Spreadsheet) -> None:
        for cell in cells:
            book.type_cell(TAB, int(cell[1:]), cell[0], "#N/A")

    return edit


def blank_below(book: Spreadsheet) -> None:
    """Let the formula that fills File Name for all rows show an error."""
    book.type_cell(TAB, 2, "B", "#REF!")
    for row in range(3, 7):
        book.type_cell(TAB, row, "B", "")


def import_nothing(book: Spreadsheet) -> None:
    rows = [row[: len(COLUMNS)] for row in book.shown(TAB)[1:]]
    book.import_range(TAB, "A2", rows)
    book.import_range(TAB, "A2", "Loading...")


def show_and_grade(book: Spreadsheet) -> None:
    show("J2")(book)
    book.type_cell(TAB, 2, "F", "★★★")


EDITS: dict[str, Edit] = {
    "name": show("B3"),
    "both times": show("D4", "E4"),
    "a tag of a row edited as well": show_and_grade,
    "key": show("A3"),
    "key and name": show("A3", "B3"),
    "every cell": show(*(f"{column}5" for column in "ABCDEFGHIJK")),
    "names of all rows": show(*(f"B{row}" for row in range(2, 7))),
    "a column filled by one formula": blank_below,
    "an import of all rows": import_nothing,
    "name in a sorted sheet": lambda book: (show("B3")(book), book.sort(TAB, "D")),
    "players and grade": show("F2", "I2"),
}


@pytest.mark.parametrize(("name", "harness"), thin(cover(EDITS, (True, False))), indirect=["harness"], ids=str)
def test_the_row_stays_as_it_was_until_it_is_computed(harness: GoogleSheetHarness, name: str) -> None:
    before, events = state(harness), len(harness.events())
    EDITS[name](harness.book)
    report = harness.sync_until_stable()

    assert state(harness) == before
    assert len(harness.events()) == events
    assert any("computed" in problem.what for problem in harness.sync(reread=True).problems)
    assert (report.rows, report.changed, report.removed) == (len(NUMBERS), 0, 0)


@pytest.mark.parametrize("error", ERRORS)
def test_every_error_waits(error: str) -> None:
    tab = blank_errors(Tab("t", (COLUMNS, make_line(1, File_Name=error)), is_live=True))
    layout = find_layout(tab)
    assert isinstance(layout, AnnotationLayout)

    (row,) = read_rows(tab, layout).rows
    assert (row.file_name, row.uncomputed) == ("", (f"B2 {error}",))


def test_the_edit_counts_once_it_is_computed(harness: GoogleSheetHarness) -> None:
    show("B3")(harness.book)
    harness.book.type_cell(TAB, 3, "F", "★★★")
    harness.sync_until_stable()
    harness.book.type_cell(TAB, 3, "B", "show 1")
    report = harness.sync_until_stable()

    assert (report.changed, report.added, report.problem_count) == (1, 0, 0)
    assert harness.execute("select count(*) from hand_clips where grade = 3") == [(1,)]


def test_a_new_row_is_taken_in_when_it_is_computed(harness: GoogleSheetHarness) -> None:
    harness.book.insert_rows(TAB, 3, [make_line(6, Out="#N/A")])
    waiting = harness.sync_until_stable()
    harness.book.type_cell(TAB, 3, "E", "0:06:40")
    report = harness.sync_until_stable()

    assert (waiting.rows, waiting.added, report.rows) == (5, 0, 6)
    assert [problem for problem in waiting.problems if problem.where == f"{TAB} row 3" and "E3 #N/A" in problem.what]
    assert report.problem_count == 0


def test_ids_are_kept_while_an_import_is_computed(harness: GoogleSheetHarness) -> None:
    before, rows = state(harness), [row[: len(COLUMNS)] for row in harness.book.shown(TAB)[1:]]
    import_nothing(harness.book)
    harness.sync_until_stable()
    keys = [row.get("PokerVOD ID") for row in harness.shown()[1:]]
    harness.book.import_range(TAB, "A2", [make_line(7), *rows])
    harness.sync_until_stable()

    after = state(harness)
    assert all(keys)
    assert [row for row in after if row[0] in {each[0] for each in before}] == before
    assert len(after) == len(before) + 1


def test_a_tab_that_lost_most_rows_beside_an_error_names_its_cell_and_the_command(harness: GoogleSheetHarness) -> None:
    before = state(harness)
    show("J2")(harness.book)
    for _ in range(3):
        harness.book.delete_rows(TAB, 3)
    report = harness.sync_until_stable()
    again = harness.sync()
    kept = state(harness)
    confirmed = harness.sync(confirm_loss=True)

    (problem,) = [each for each in report.problems if each.where == TAB]
    assert "(J2 #N/A)" in problem.what
    assert "`pokervod sheets sync hands --confirm-loss`" in problem.what
    assert (kept, again.removed, confirmed.removed, confirmed.rows) == (before, 0, 3, 2)


@pytest.mark.parametrize(("column", "is_left"), [("A", True), ("L", False)])
def test_only_an_error_that_may_leave_rows_blank_keeps_a_tab(
    make_google_harness: MakeHarness, column: str, *, is_left: bool
) -> None:
    lines = [[*COLUMNS, "Note"], *([*line, "x"] for line in make_lines(*NUMBERS)), ["x", "", "", "", ""]]
    harness = make_google_harness(tabs={TAB: lines})
    harness.sync_until_stable()
    for _ in range(3):
        harness.book.delete_rows(TAB, 3)
    harness.book.type_cell(TAB, 2, column, "#N/A")
    report = harness.sync_until_stable()

    assert report.removed == (0 if is_left else 3)


def test_an_error_alone_in_its_line_may_fill_the_tab() -> None:
    lines = (("Note", *COLUMNS), ("#REF!",), ("", *make_line(1)), ("#N/A", *make_line(2)))
    tab = blank_errors(Tab("t", lines, is_live=True))
    layout = find_layout(tab)
    assert isinstance(layout, AnnotationLayout)

    assert [*find_filling_errors(tab, layout)] == ["A2 #REF!"]


def test_an_error_beside_the_annotations_counts_as_blank(make_google_harness: MakeHarness) -> None:
    lines = [[*COLUMNS, "Note"], [*make_line(1), "#N/A"], [*make_line(2), "mine"]]
    harness = make_google_harness(tabs={TAB: lines})
    report = harness.sync_until_stable()

    assert report.rows == 2
    assert [row[0]["extra"] for row in harness.execute("select content from sheet_rows order by id")] == [
        {},
        {"Note": "mine"},
    ]


def test_a_correction_stays_in_force_while_it_is_not_computed() -> None:
    lines = (("File", "Field", "Value"), ("a.mp4", "year", ""), ("b.mp4", "year", "2024"))
    tab = Tab("PokerVOD Corrections", lines, errors={(1, 2): "#N/A"}, is_live=True)

    class Book:
        name = "hands"

        def revision(self) -> str:
            return "1"

        def tabs(self) -> tuple[Tab, ...]:
            return (tab,)

    read = read_workbook(Book()).directives
    assert (len(read.directives), read.kinds) == (1, frozenset())
    assert "C2 #N/A" in read.problems[0].what


PINS = "select sheet_row_id, file_id, is_in_force from sheet_pins order by id"


@pytest.mark.parametrize("error", ["#REF!", "Loading..."])
@pytest.mark.parametrize("title", ["Pin", "PokerVOD ID", "PokerVOD State"])
def test_a_cell_of_ours_that_is_not_computed_changes_no_row(
    harness: GoogleSheetHarness, title: str, error: str
) -> None:
    column = harness.book.shown(TAB)[0].index("Pin") + 1
    harness.book.type_cell(TAB, 3, column, "show 8.mp4")
    harness.sync_until_stable()
    before, pins = state(harness), harness.execute(PINS)
    harness.book.type_cell(TAB, 3, harness.book.shown(TAB)[0].index(title) + 1, error)
    harness.sync_until_stable()
    report = harness.sync(reread=True)

    assert (state(harness), harness.execute(PINS), report.with_id) == (before, pins, len(NUMBERS))
    assert bool(report.problems) == (title == "Pin")


def test_pins_stay_while_a_formula_that_fills_their_column_is_not_computed(harness: GoogleSheetHarness) -> None:
    column = harness.book.shown(TAB)[0].index("Pin") + 1
    for row in (3, 5):
        harness.book.type_cell(TAB, row, column, "show 8.mp4")
    harness.sync_until_stable()
    before = state(harness)
    for row, text in ((2, "Loading..."), (3, ""), (5, "")):
        harness.book.type_cell(TAB, row, column, text)
    harness.sync_until_stable()

    assert state(harness) == before


TRACKER = ("File No.", "Event Name", "timecode range", "players", "hands")


@pytest.mark.parametrize(("is_live", "waiting"), [(True, [False, True, True, False]), (False, [False] * 4)])
def test_an_event_is_not_carried_over_one_that_shows_an_error(*, is_live: bool, waiting: list[bool]) -> None:
    lines = [TRACKER, *((str(n), event, f"0:0{n}:00 - 0:0{n}:40") for n, event in enumerate(["#1", "", "", "#4"], 1))]
    tab = Tab("t", tuple(lines), errors={(2, 1): "#N/A"}, is_live=is_live)
    layout = find_layout(tab)
    assert isinstance(layout, AnnotationLayout)

    rows = read_rows(tab, layout).rows
    assert [row.file_name for row in rows] == ["#1", "", "", "#4"]
    assert [bool(row.uncomputed) for row in rows] == waiting


def test_a_cell_without_a_visible_character_is_blank(tmp_path: Any) -> None:
    path = tmp_path / "hands.csv"
    path.write_text(f"{','.join(COLUMNS)}\n1,show 1,\u200b,0:01:00,0:01:40,\u200b,,\u2060\n\u200b,,,,,,,\n")

    reading = read_workbook(open_workbook(path))
    assert [(row.row_number, row.folder_link, row.grade, row.hands) for row in reading.rows] == [(2, "", "", "")]
