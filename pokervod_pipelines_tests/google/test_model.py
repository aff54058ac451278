"""Check people's edits: what moves with what."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from pokervod_pipelines_tests.google.clock import VirtualClock
from pokervod_pipelines_tests.google.loading import read_workbook
from pokervod_pipelines_tests.google.model import Spreadsheet, make_spreadsheet

Edit = Callable[[Spreadsheet], object]


def make_hands(rows: int = 4) -> Spreadsheet:
    """Return rows: column A names a row, B its number, C a formula that repeats the row's name; C is named."""
    lines = [[f"hand {n}", n, f"=A{n + 1}"] for n in range(1, rows + 1)]
    sheet = make_spreadsheet({"Hands": [["Name", "Number", "Again"], *lines]}, "Tracker", VirtualClock())
    sheet.add_named_range("again", "Hands!C1:C")
    return sheet


def column(sheet: Spreadsheet, at: int) -> list[str]:
    return [row[at] if at < len(row) else "" for row in sheet.shown("Hands")]


@pytest.mark.parametrize(
    ("edit", "names"),
    [
        (lambda s: s.insert_rows("Hands", 3, [["new"]]), ["hand 1", "new", "hand 2", "hand 3", "hand 4"]),
        (lambda s: s.delete_rows("Hands", 3, 2), ["hand 1", "hand 4"]),
        (lambda s: s.sort("Hands", "B", descending=True), ["hand 4", "hand 3", "hand 2", "hand 1"]),
        (lambda s: s.copy_row("Hands", 2, 5), ["hand 1", "hand 2", "hand 3", "hand 1", "hand 4"]),
        (lambda s: s.copy_row("Hands", 5, 2), ["hand 4", "hand 1", "hand 2", "hand 3", "hand 4"]),
        (lambda s: s.type_cell("Hands", 2, "A", "hand 9"), ["hand 9", "hand 2", "hand 3", "hand 4"]),
        (lambda s: s.type_cell("Hands", 2, "A", None), ["", "hand 2", "hand 3", "hand 4"]),
    ],
)
def test_an_edit_moves_whole_rows_and_is_one_version(edit: Edit, names: list[str]) -> None:
    sheet = make_hands()
    before = sheet.version

    edit(sheet)

    assert column(sheet, 0)[1:] == names
    assert sheet.version == before + 1


steps = st.lists(
    st.tuples(st.sampled_from(["insert", "delete", "sort", "copy", "column"]), st.integers(2, 6), st.integers(2, 6)),
    max_size=12,
)


def take_step(sheet: Spreadsheet, kind: str, one: int, other: int) -> None:
    edits: dict[str, Edit] = {
        "insert": lambda s: s.insert_rows("Hands", one, [[f"new {other}", other, f"=A{one}"]]),
        "delete": lambda s: s.delete_rows("Hands", one),
        "sort": lambda s: s.sort("Hands", "B", descending=one > other),
        "copy": lambda s: s.copy_row("Hands", one, other),
        "column": lambda s: s.insert_column("Hands", "D"),
    }
    if one <= len(sheet.shown("Hands")):
        edits[kind](sheet)


@settings(max_examples=50)
@given(steps)
def test_a_formula_refers_to_its_own_row_after_any_edit_of_rows(script: list[tuple[str, int, int]]) -> None:
    sheet = make_hands(8)

    for step in script:
        take_step(sheet, *step)

    again = column(sheet, 2)
    assert [text or "0" for text in column(sheet, 0)][1:] == again[1:]


@settings(max_examples=50)
@given(st.lists(st.tuples(st.booleans(), st.integers(1, 7)), max_size=10))
def test_a_name_stays_with_its_column_until_that_is_deleted(script: list[tuple[bool, int]]) -> None:
    sheet = make_hands()

    for insert, at in script:
        sheet.insert_column("Hands", at) if insert else sheet.delete_column("Hands", at)

    headers = (sheet.shown("Hands") or [[]])[0]
    assert ("again" in sheet.named_ranges) == ("Again" in headers)
    if "Again" in headers:
        area = sheet.areas.named["again"].area
        assert headers[area.left] == "Again"
        assert area.right == area.left + 1


def test_formulas_follow_columns_and_break_with_them() -> None:
    sheet = make_hands(1)

    sheet.insert_column("Hands", "A", ["Before"])
    assert sheet.stored("Hands")[1] == ["", "hand 1", 1, "=B2"]
    sheet.delete_column("Hands", "B")

    assert sheet.stored("Hands")[1] == ["", 1, "=#REF!"]
    assert sheet.shown("Hands")[1] == ["", "1", "#REF!"]


def test_named_rows_grow_with_rows_inside_and_go_with_their_rows() -> None:
    sheet = make_hands()
    sheet.add_named_range("middle", "Hands!A3:B4")

    sheet.insert_rows("Hands", 4, 2)
    assert sheet.named_ranges["middle"] == "Hands!A3:B6"
    sheet.delete_rows("Hands", 2)
    assert sheet.named_ranges["middle"] == "Hands!A2:B5"
    sheet.delete_rows("Hands", 1, 5)

    assert "middle" not in sheet.named_ranges


def test_a_sort_puts_numbers_before_text_and_blanks_last() -> None:
    sheet = make_spreadsheet({"T": [["b"], [10], [], ["A"], [True], [9]]}, "T")

    sheet.sort("T", 1, header_rows=0)

    assert sheet.stored("T") == [[9], [10], ["A"], ["b"], [True]]


@pytest.mark.parametrize(
    ("edit", "rows"),
    [
        (lambda s: s.sort_range("T", "A2:B", "A"), "a1x b2y c3z"),
        (lambda s: s.sort_range("T", "A3:B4", "A", descending=True), "c3x b2y a1z"),
        (lambda s: s.sort_range("T", "A2:A4", "A"), "a3x b1y c2z"),
        (lambda s: s.sort_filter("T", "B"), "a1x b2y c3z"),
        (lambda s: (s.insert_column("T", "C"), s.sort_filter("T", "B")), "a1x b2y c3z"),
        (lambda s: (s.insert_column("T", "A"), s.sort_filter("T", "C")), "a1x b2y c3z"),
        (
            lambda s: (s.insert_rows("T", 1, 2), s.sort_filter("T", "B", descending=True)),
            "NameNumberBeside c3x b2y a1z",
        ),
    ],
)
def test_a_sort_of_a_range_leaves_what_stands_beside_it(edit: Edit, rows: str) -> None:
    lines: list[list[object]] = [["c", 3, "x"], ["a", 1, "y"], ["b", 2, "z"]]
    sheet = make_spreadsheet({"T": [["Name", "Number", "Beside"], *lines]}, "T")
    sheet.set_filter("T", "A1:B4")

    edit(sheet)

    assert " ".join(map("".join, sheet.shown("T")[1:])).strip() == rows


def test_a_formula_in_a_sorted_range_follows_its_row_and_one_beside_it_stays() -> None:
    sheet = make_spreadsheet({"T": [["c", "=A1", "=A1"], ["a", "=A2", "=A2"], ["b"]]}, "T")

    sheet.sort_range("T", "A1:B3", "A")

    assert sheet.stored("T") == [["a", "=A1", "=A1"], ["b", "", "=A2"], ["c", "=A3"]]
    assert sheet.shown("T") == [["a", "a", "a"], ["b", "", "b"], ["c", "c"]]


def test_an_imported_range_moves_only_what_it_fills() -> None:
    sheet = make_spreadsheet({"T": [["File", "In", "Ours"], [None, None, "id 1"], [None, None, "id 2"]]}, "T")

    sheet.import_range("T", "A2", [["a", 1], ["b", 2]])
    sheet.import_range("T", "A2", [["new", 0], ["a", 1], ["b", 2]])
    assert sheet.shown("T")[1:] == [["new", "0", "id 1"], ["a", "1", "id 2"], ["b", "2"]]
    sheet.import_range("T", "A2", "Loading...")

    assert sheet.shown("T")[1:] == [["Loading...", "", "id 1"], ["", "", "id 2"]]


def test_a_failed_edit_leaves_no_trace() -> None:
    sheet = make_hands()
    before, version = sheet.fingerprint(), sheet.version

    with pytest.raises(TypeError):
        sheet.insert_rows("Hands", 2, [["fine"], [object()]])

    assert (sheet.fingerprint(), sheet.version) == (before, version)


def test_tabs_come_and_go_with_their_names() -> None:
    sheet = make_hands()

    sheet.add_tab("More", [["x"]])
    sheet.rename_tab("Hands", "Old")
    assert sheet.named_ranges == {"again": f"Old!C1:C{sheet.grid('Old').rows}"}
    sheet.delete_tab("Old")

    assert sheet.titles == ["More"]
    assert sheet.named_ranges == {}
    with pytest.raises(ValueError, match="there already"):
        sheet.add_tab("more")


def test_a_circular_formula_ends() -> None:
    sheet = make_spreadsheet({"T": [["=B1", "=A1"]]}, "T")

    assert sheet.shown("T") == [["#REF!", "#REF!"]]


def test_changes_are_dated_by_the_clock() -> None:
    clock = VirtualClock()
    sheet = make_spreadsheet({"T": [["x"]]}, "T", clock)

    clock.sleep(90)
    sheet.rename_header("T", "x", "y")

    assert sheet.modified_at == clock.now()
    assert (sheet.modified_at - sheet.created_at).total_seconds() == 90


def test_a_workbook_file_keeps_values_formulas_and_formats(tmp_path: Path) -> None:
    book = Workbook()
    tab = book.active
    assert tab is not None
    tab.title = "Hands"
    tab.append(["File", "In", "Shout"])
    tab.append(["a.mp4", 0.0625, "=UPPER(A2)"])
    tab["B2"].number_format = "h:mm:ss"
    book.save(tmp_path / "tracker.xlsx")

    sheet = read_workbook(tmp_path / "tracker.xlsx")

    assert sheet.title == "tracker"
    assert sheet.shown("Hands") == [["File", "In", "Shout"], ["a.mp4", "1:30:00", "A.MP4"]]
    assert sheet.stored("Hands")[1] == ["a.mp4", 0.0625, "=UPPER(A2)"]
