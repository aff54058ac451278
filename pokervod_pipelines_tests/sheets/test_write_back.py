"""Check that the sheet shows the status of each row, and never that of another row."""

import re
from collections.abc import Callable, Collection
from contextlib import suppress

import pytest

from pokervod_pipelines.errors import BadInput, PokervodError, Unavailable
from pokervod_pipelines.sheets.managed_columns import COLUMN_TITLES
from pokervod_pipelines_tests.google import faults
from pokervod_pipelines_tests.google.model import Spreadsheet
from pokervod_pipelines_tests.google.ranges import column_index, column_letters
from pokervod_pipelines_tests.sheets.google_harness import TAB, GoogleSheetHarness
from pokervod_pipelines_tests.sheets.harness import COLUMNS, make_line, make_lines
from pokervod_pipelines_tests.sizes import cover, thin

MakeHarness = Callable[..., GoogleSheetHarness]
OURS = tuple(COLUMN_TITLES.values())
VIDEOS = tuple(f"a/show {number}.mp4" for number in range(1, 13))


@pytest.fixture
def make_harness(make_google_harness: MakeHarness) -> MakeHarness:
    """Return a harness with an archive of twelve shows and write-back."""

    def make(*args: object, **options: object) -> GoogleSheetHarness:
        harness = make_google_harness(*args, **{"write_back": True, **options})
        harness.add_files(*VIDEOS)
        return harness

    return make


def people_see(book: Spreadsheet) -> list[tuple[str, ...]]:
    """Return the cells of people's columns."""
    header, *rows = book.shown(TAB)
    theirs = [place for place, title in enumerate(header) if title not in OURS]
    return [tuple(row[place] if place < len(row) else "" for place in theirs) for row in (header, *rows)]


def said_of_another(harness: GoogleSheetHarness) -> list[dict[str, str]]:
    """Return the rows that show a video which they never named; an error in a formula is not a video."""
    rows = [row for row in harness.shown() if row.get("PokerVOD File", "").endswith(".mp4")]
    return [
        row
        for row in rows
        if row["PokerVOD File"] not in {f"a/{row['File Name']}.mp4", f"a/show {row['File No.']}.mp4"}
    ]


def test_without_write_back_the_sheet_stays_as_it_was(make_harness: MakeHarness) -> None:
    harness = make_harness(*make_lines(1, 2, 3), write_back=False)
    before = harness.book.fingerprint()
    harness.sync_until_stable()

    assert harness.book.fingerprint() == before
    assert harness.google.count("values.batchUpdate") == harness.google.count("spreadsheets.batchUpdate") == 0


ERRORS = [
    ({}, "ready", ""),
    ({"File_Name": "nothing like it"}, "no video", "no file"),
    ({"Out": "0:00:01"}, "not cut", "ends at 0:00:01, not after its start"),
    ({"Out": "0:59:00"}, "not cut", "30"),
    ({"In": "99:99"}, "not cut", "99:99"),
    ({"In": ""}, "not cut", "In"),
    ({"Hand Grade": "★★★★★"}, "check", "★★★★★"),
    ({"Tag (Player)": "x" * 1_500}, "check", "too long"),
    ({"File_Name": "show 3", "Nas_Folder_Link": ""}, "ready", ""),
    ({"File_Name": "twin"}, "several videos", "write one of these into Pin: b/twin.mp4 | c/twin.mp4"),
]


def test_each_row_with_an_error_shows_the_right_message(make_harness: MakeHarness) -> None:
    harness = make_harness(*(make_line(number, **cells) for number, (cells, _, _) in enumerate(ERRORS, start=1)))
    harness.add_files("b/twin.mp4", "c/twin.mp4")
    harness.sync_until_stable()

    reported = [(row["PokerVOD State"], row["PokerVOD Problem"]) for row in harness.shown()]
    assert [state for state, _ in reported] == [state for _, state, _ in ERRORS]
    expected = [text for _, _, text in ERRORS]
    assert [text for text, (_, problem) in zip(expected, reported, strict=True) if text not in problem] == []


def test_nothing_is_written_again_while_nothing_changes(make_harness: MakeHarness) -> None:
    harness = make_harness(*make_lines(1, 2, 3))
    harness.sync_until_stable()
    harness.sync()
    before = harness.book.fingerprint()
    harness.google.forget_calls()
    harness.sync_until_stable()

    assert harness.book.fingerprint() == before
    assert [call.kind for call in harness.google.calls if call.kind != "token"] == ["drive.get"]


def test_a_change_costs_one_write(make_harness: MakeHarness) -> None:
    harness = make_harness(*make_lines(1, 2, 3))
    harness.sync_until_stable()
    harness.book.type_cell(TAB, 2, "B", "show 9")
    harness.google.forget_calls()
    harness.sync_until_stable()

    kinds = [call.kind for call in harness.google.calls if call.kind != "token"]
    reading = ["drive.get", "spreadsheets.get", "values.batchGet"]
    assert kinds == [*reading, "values.batchUpdate", *reading]
    assert harness.shown()[0]["PokerVOD File"] == "a/show 9.mp4"


def test_a_pin_typed_into_the_sheet_counts(make_harness: MakeHarness) -> None:
    harness = make_harness(*make_lines(1, 2))
    harness.sync_until_stable()
    column = harness.book.shown(TAB)[0].index("Pin") + 1
    harness.book.type_cell(TAB, 2, column, "show 7.mp4")
    harness.book.type_cell(TAB, 3, column, "show.mp4")
    harness.sync_until_stable()

    first, second = harness.shown()
    assert (first["PokerVOD State"], first["PokerVOD File"]) == ("ready", "a/show 7.mp4")
    assert second["PokerVOD State"] == "check"
    assert "Pin: show.mp4: no video" in second["PokerVOD Problem"]


def test_a_copied_row_gets_an_id_of_its_own_and_the_other_keeps_its(make_harness: MakeHarness) -> None:
    harness = make_harness(*make_lines(1, 2))
    harness.sync_until_stable()
    first = harness.shown()[0]["PokerVOD ID"]
    harness.book.copy_row(TAB, 2, 2)
    report = harness.sync_until_stable()

    keys = [row["PokerVOD ID"] for row in harness.shown()]
    assert keys.count(first) == 1
    assert len({*keys}) == 3
    assert [each for each in report.problems if "copied together with the PokerVOD ID" in each.what]
    assert [row["PokerVOD State"] for row in harness.shown()] == ["ready"] * 3


@pytest.mark.parametrize("title", OURS)
def test_a_deleted_pokervod_column_is_set_up_again(make_harness: MakeHarness, title: str) -> None:
    harness = make_harness(*make_lines(1, 2, 3))
    harness.sync_until_stable()
    clips = harness.execute("select id, sheet_row_id from hand_clips order by id")
    harness.book.delete_column(TAB, harness.book.shown(TAB)[0].index(title) + 1)
    harness.sync_until_stable()

    assert {*OURS} <= {*harness.book.shown(TAB)[0]}
    assert [row["PokerVOD State"] for row in harness.shown()] == ["ready"] * 3
    assert harness.execute("select id, sheet_row_id from hand_clips order by id") == clips


def test_a_tab_without_room_is_widened_and_one_that_came_later_is_set_up(make_harness: MakeHarness) -> None:
    wide = [(*COLUMNS, *(f"More {number}" for number in range(40))), *make_lines(1, 2)]
    harness = make_harness(tabs={TAB: wide})
    harness.sync_until_stable()
    harness.book.add_tab("Day 2", [COLUMNS, *make_lines(5)])
    harness.sync_until_stable()

    assert [row["PokerVOD State"] for row in harness.shown()] == ["ready"] * 2
    assert [row["PokerVOD State"] for row in harness.shown("Day 2")] == ["ready"]


RANGES = {
    "ends at the last row but one": "{0}1:{0}3",
    "ends at the header": "{0}1:{0}1",
    "ends below the rows, above the grid's end": "{0}1:{0}10",
    "ends with the grid": "{0}1:{0}104",
    "starts below the header": "{0}2:{0}",
    "starts and ends within the rows": "{0}3:{0}3",
    "covers two columns": "{0}1:{1}",
    "is open": "{0}1:{0}",
}


def move_ranges(book: Spreadsheet, place: str, fields: Collection[str]) -> None:
    """Give our named ranges of these fields other ends, as people do in Data, Named ranges."""
    for name, cells in book.named_ranges.items():
        if name.rpartition("PokerVOD_0_")[2] in fields:
            at = column_index(re.findall("!([A-Z]+)", cells)[0])
            book.add_named_range(name, f"{TAB}!{place.format(column_letters(at), column_letters(at + 1))}")


@pytest.mark.parametrize(
    ("name", "fields"),
    thin([*((name, tuple(COLUMN_TITLES)) for name in RANGES), ("ends at the header", ("state",))]),
    ids=lambda value: value if isinstance(value, str) else f"{len(value)} columns",
)
def test_a_named_range_covers_its_whole_column_again(
    make_harness: MakeHarness, name: str, fields: tuple[str, ...]
) -> None:
    harness = make_harness(*make_lines(1, 2, 3))
    harness.sync_until_stable()
    keys = [row["PokerVOD ID"] for row in harness.shown()]
    move_ranges(harness.book, RANGES[name], fields)
    harness.book.insert_rows(TAB, 5, make_lines(4, 5))
    harness.book.type_cell(TAB, 4, "B", "show 9")
    harness.sync_until_stable()

    assert [row["PokerVOD File"] for row in harness.shown()] == [f"a/show {each}.mp4" for each in (1, 2, 9, 4, 5)]
    assert [row["PokerVOD ID"] for row in harness.shown()][:3] == keys
    assert all(re.fullmatch(rf"{TAB}![A-Z]+1:[A-Z]+106", cells) for cells in harness.book.named_ranges.values())


def test_a_set_up_whose_answer_was_lost_is_completed_by_the_next_pass(make_harness: MakeHarness) -> None:
    harness = make_harness(*make_lines(1, 2), attempts=1)
    harness.sync()
    harness.build()
    harness.google.fail_next(faults.RESET.after_execution(), kind="values.batchUpdate")
    with pytest.raises(Unavailable):
        harness.write_back()
    reported = harness.write_back()
    harness.sync_until_stable(reread=reported.needs_reading)

    assert [row["PokerVOD State"] for row in harness.shown()] == ["ready"] * 2


def test_a_read_only_account_is_reported_and_nothing_is_lost(make_harness: MakeHarness) -> None:
    harness = make_harness(*make_lines(1))
    harness.book.share(harness.account["client_email"], "reader")
    harness.sync()
    harness.build()

    with pytest.raises(BadInput, match=r"hands.*Editor"):
        harness.write_back()
    assert len(harness.clips()) == 1


# While somebody works in the sheet


Edit = Callable[[Spreadsheet], object]
EDITS: dict[str, Edit] = {
    "sorts down": lambda book: book.sort(TAB, "B", descending=True),
    "sorts by time": lambda book: book.sort(TAB, "D", descending=True),
    "inserts a row above": lambda book: book.insert_rows(TAB, 2, [make_line(12)]),
    "inserts blank rows": lambda book: book.insert_rows(TAB, 3, 2),
    "deletes a row": lambda book: book.delete_rows(TAB, 2),
    "copies a row up": lambda book: book.copy_row(TAB, 5, 2),
    "renames a video": lambda book: book.type_cell(TAB, 3, "B", "show 11"),
    "inserts a column": lambda book: book.insert_column(TAB, 3, ["Remark", *("mine",) * 9]),
    "inserts a column at the end": lambda book: book.insert_column(TAB, len(COLUMNS) + 1, ["Remark", *("mine",) * 9]),
    "deletes a column": lambda book: book.delete_column(TAB, "C"),
    "renames the tab and back": lambda book: (book.rename_tab(TAB, "x"), book.rename_tab("x", TAB)),
}


def settle_whatever_happens(harness: GoogleSheetHarness) -> None:
    """Repeat passes until no edit interferes."""
    for _ in range(6):
        with suppress(PokervodError):
            harness.sync_until_stable()


@pytest.mark.parametrize(("name", "moment"), thin(cover(EDITS, range(1, 5))), ids=str)
def test_no_row_shows_the_status_of_another_after_any_simultaneous_edit(
    make_harness: MakeHarness, name: str, moment: int
) -> None:
    edit = EDITS[name]
    harness = make_harness(*make_lines(3, 1, 4, 5))
    twin = harness.google.add_workbook({TAB: [COLUMNS, *make_lines(3, 1, 4, 5)]}, title="Untouched by us")

    def interfere(writes_left: int) -> None:
        if writes_left:
            harness.google.before_write(lambda: interfere(writes_left - 1))
            return
        edit(harness.book)
        edit(twin)

    harness.google.before_write(lambda: interfere(moment - 1))
    with suppress(PokervodError):
        harness.sync_until_stable()
    at_once = said_of_another(harness)
    settle_whatever_happens(harness)

    assert at_once == []
    assert said_of_another(harness) == []
    assert people_see(harness.book) == people_see(twin)
    assert [row["PokerVOD State"] for row in harness.shown() if row["File No."]] == ["ready"] * len(
        [row for row in harness.shown() if row["File No."]]
    )
