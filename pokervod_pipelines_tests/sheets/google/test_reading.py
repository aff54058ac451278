"""Check that a sheet at Google reads like a workbook, with a known number of calls."""

import itertools
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

import pytest

from pokervod_pipelines.errors import BadInput, Unavailable
from pokervod_pipelines.sheets.google import workbook as workbook_module
from pokervod_pipelines.sheets.google.client import GoogleClient, SheetVersion
from pokervod_pipelines.sheets.google.workbook import pack_ranges
from pokervod_pipelines.sheets.reading import TabFilter, read_workbook
from pokervod_pipelines_tests.google.clock import VirtualClock
from pokervod_pipelines_tests.google.emulator import Emulator
from pokervod_pipelines_tests.google.model import Spreadsheet
from pokervod_pipelines_tests.sheets.google.conftest import ROWS
from pokervod_pipelines_tests.sizes import choose

ERRORS = ("#DIV/0!", "#REF!")
READING = Counter({"token": 1, "spreadsheets.get": 1, "values.batchGet": 1})


def add_sheet(google: Emulator, account: dict[str, str], tabs: Mapping[str, Sequence[Sequence[object]]]) -> Spreadsheet:
    sheet = google.add_workbook(tabs, title="Tracker")
    sheet.share(account["client_email"], "writer")
    return sheet


@pytest.fixture
def archive(google: Emulator, account: dict[str, str]) -> Spreadsheet:
    """Return a sheet with a tab of annotations."""
    rows = [["File No.", "File Name", "In", "Out"], ["1", "a.mp4", "0:01", "0:09"], ["2", "b.mp4", "0:02", "0:09"]]
    return add_sheet(google, account, {"Hands": rows})


def test_an_unchanged_sheet_costs_one_call(client: GoogleClient, sheet: Spreadsheet) -> None:
    revision = client.open(sheet.id, "tracker").revision()

    assert revision == str(sheet.version)
    assert client.calls == Counter({"token": 1, "drive.files.get": 1})


def test_merged_cells_and_hidden_tabs_are_known(client: GoogleClient, archive: Spreadsheet) -> None:
    archive.add_tab("Old", [["File Name"], ["old.mp4"], ["older.mp4"]])
    archive.merge("Hands", "B2:B3")
    archive.merge("Hands", "C2:D2")  # over columns only: shown once
    archive.hide_tab("Old")

    hands, old = client.open(archive.id, "tracker").tabs()

    assert (hands.is_hidden, hands.merged) == (False, ((1, 2, 1),))
    assert (old.is_hidden, old.merged) == (True, ())
    assert client.calls["spreadsheets.get"] == client.calls["values.batchGet"] == 1


def test_each_row_has_the_merged_value_and_a_hidden_tab_may_be_left_out(
    client: GoogleClient, archive: Spreadsheet
) -> None:
    archive.add_tab("Old", archive.shown("Hands"))
    archive.merge("Hands", "B2:B3")
    archive.hide_tab("Old")

    everything = read_workbook(client.open(archive.id, "tracker"))
    without_hidden = read_workbook(client.open(archive.id, "tracker"), TabFilter(skips_hidden=True))

    assert [row.file_name for row in everything.rows] == ["a.mp4", "a.mp4", "a.mp4", "b.mp4"]
    assert [row.file_name for row in without_hidden.rows] == ["a.mp4", "a.mp4"]


def test_a_known_revision_costs_none(client: GoogleClient, sheet: Spreadsheet) -> None:
    assert client.open(sheet.id, "tracker", known_revision="7").revision() == "7"
    assert not client.calls


def test_a_changed_sheet_costs_three_calls_however_many_tabs_it_has(
    client: GoogleClient, google: Emulator, account: dict[str, str]
) -> None:
    sheet = add_sheet(google, account, {f"Day {number}": [["File"], [f"{number}.mp4"]] for number in range(12)})
    workbook = client.open(sheet.id, "tracker")

    workbook.revision()
    tabs = workbook.tabs()
    workbook.layout()

    assert [tab.title for tab in tabs] == sheet.titles
    assert tabs[3].cells == (("File",), ("3.mp4",))
    assert workbook.calls == READING + Counter({"drive.files.get": 1})
    assert google.count() == 4


def test_a_revision_changes_with_every_edit(client: GoogleClient, sheet: Spreadsheet) -> None:
    before = client.open(sheet.id, "tracker").revision()
    sheet.type_cell("Hands", 2, "B", "c.mp4")

    assert client.open(sheet.id, "tracker").revision() != before


def test_rows_are_as_wide_as_the_widest(client: GoogleClient, google: Emulator, account: dict[str, str]) -> None:
    sheet = add_sheet(google, account, {"Hands": [["a", "b", "c"], ["1"], [], ["", "2"]], "Blank": []})

    hands, blank = client.open(sheet.id, "tracker").tabs()

    assert hands.cells == (("a", "b", "c"), ("1", "", ""), ("", "", ""), ("", "2", ""))
    assert blank.cells == ()


@pytest.mark.parametrize("seed", range(choose(3, long=50)))
def test_any_tab_is_read_as_people_see_it(
    client: GoogleClient, google: Emulator, account: dict[str, str], seed: int
) -> None:
    chance = random.Random(seed)
    cells = [None, None, "a", "b\nc", 0, 1.5, True, '=""', "=A1", "=1/0"]
    tabs = {
        f"{title} {number}": [chance.choices(cells, k=chance.randint(0, 6)) for _ in range(chance.randint(0, 8))]
        for title in ("Day", "It's", "A1", "한국!", "x:y")
        for number in range(4)
    }
    sheet = add_sheet(google, account, tabs)

    for tab in client.open(sheet.id, "tracker").tabs():
        shown = sheet.shown(tab.title)
        width = len(tab.cells[0]) if tab.cells else 0
        expected = [["" if cell in ERRORS else cell for cell in (*row, *[""] * (width - len(row)))] for row in shown]
        assert [list(row) for row in tab.cells[: len(shown)]] == expected
        assert not any(map(any, tab.cells[len(shown) :]))
        assert sorted(tab.errors.values()) == sorted(cell for row in shown for cell in row if cell in ERRORS)


def test_titles_may_contain_anything(client: GoogleClient, google: Emulator, account: dict[str, str]) -> None:
    titles = ["It's", "''", "A1", "핸드 & 클립", "a!b:c", "R1C1"]
    sheet = add_sheet(google, account, {title: [[title]] for title in titles})

    assert [tab.cells for tab in client.open(sheet.id, "tracker").tabs()] == [((title,),) for title in titles]


def test_a_number_with_separators_is_read_as_the_number(client: GoogleClient, archive: Spreadsheet) -> None:
    archive.type_cell("Hands", 2, "A", 1136600, number_format="#,##0")
    archive.type_cell("Hands", 3, "A", "1,136,600")

    workbook = client.open(archive.id, "tracker")
    (tab,) = workbook.tabs()

    assert [row[0] for row in tab.cells] == ["File No.", "1136600", "1,136,600"]
    assert workbook.calls["values.batchGet"] == 2


def test_a_formula_is_read_as_its_value(client: GoogleClient, sheet: Spreadsheet) -> None:
    sheet.type_cell("Hands", 2, "C", '=A2&"x"')

    assert client.open(sheet.id, "tracker").tabs()[0].cells[1] == ("1", "a.mp4", "1x")


@pytest.mark.parametrize(
    "edit", [lambda sheet: sheet.rename_tab("Hands", "H"), lambda sheet: sheet.delete_tab("Hands")]
)
def test_a_tab_deleted_between_two_calls_is_read_again_later(
    client: GoogleClient, google: Emulator, sheet: Spreadsheet, edit: Callable[[Spreadsheet], None]
) -> None:
    sheet.add_tab("Other")
    google.before_read(lambda: edit(sheet), kind="values.batchGet")

    with pytest.raises(Unavailable, match="changed while it was read"):
        client.open(sheet.id, "tracker").tabs()


def before_reading_numbers(google: Emulator, edit: Callable[[], object]) -> None:
    """Edit once, between the call for the texts and the call for the numbers that they hide."""
    google.fault_source = lambda call: (
        edit() if google.count("values.batchGet") == 1 and call.kind == "values.batchGet" else None
    )


def test_rows_deleted_between_text_and_number_are_read_together(
    client: GoogleClient, google: Emulator, archive: Spreadsheet
) -> None:
    archive.type_cell("Hands", 2, "A", 1136600, number_format="#,##0")
    archive.type_cell("Hands", 3, "A", 2200, number_format="#,##0")
    before_reading_numbers(google, lambda: archive.delete_rows("Hands", 2))

    workbook = client.open(archive.id, "tracker")

    assert workbook.tabs()[0].cells[1:] == (("2200", "b.mp4", "0:02", "0:09"),)
    assert workbook.calls["values.batchGet"] == 3


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (1234.5, "#,##0", "1234.5"),
        (-1234.5, "#,##0", "-1234.5"),
        (1234567, "#,##0,", "1234567"),
        (12500, "0.0E+00", "12500"),
        (99500, "0.0E+00", "99500"),
        (2.5, "0", "3"),
        (1000.005, "#,##0.00", "1000.005"),
    ],
)
def test_a_rounded_number_is_read_as_the_number(
    client: GoogleClient, archive: Spreadsheet, value: float, number_format: str, text: str
) -> None:
    archive.type_cell("Hands", 2, "A", value, number_format=number_format)
    workbook = client.open(archive.id, "tracker")

    assert workbook.tabs()[0].cells[1][0] == text
    assert workbook.calls["values.batchGet"] <= 2


def test_a_cell_that_is_never_clear_keeps_its_text_and_the_sheet_is_read(
    client: GoogleClient, google: Emulator, archive: Spreadsheet
) -> None:
    """Change one cell before each call, as a formula with random numbers does."""
    numbers = itertools.count(1_111, 1_111)
    archive.type_cell("Hands", 3, "A", 2200, number_format="#,##0")
    google.fault_source = lambda call: (
        archive.type_cell("Hands", 2, "A", next(numbers), "#,##0") if call.kind == "values.batchGet" else None
    )

    assert client.open(archive.id, "tracker").tabs()[0].cells[1:] == (
        ("3,333", "a.mp4", "0:01", "0:09"),
        ("2200", "b.mp4", "0:02", "0:09"),
    )


def test_numbers_of_tabs_that_are_not_read_cost_no_call(client: GoogleClient, archive: Spreadsheet) -> None:
    archive.add_tab("Budget", [["Item", "Cost"], ["Cameras", 1]])
    archive.type_cell("Budget", 2, "B", 1234.5, number_format="#,##0")
    workbook = client.open(archive.id, "tracker")

    assert workbook.tabs()[1].cells[1] == ("Cameras", "1,235")
    assert workbook.calls["values.batchGet"] == 1


def test_a_sheet_of_millions_of_cells_is_refused_unread(
    client: GoogleClient, google: Emulator, sheet: Spreadsheet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook_module, "MAX_CELLS", 100)

    with pytest.raises(BadInput, match=r"tracker: the tabs have \d+ cells, too many .* \(limit 100\)"):
        client.open(sheet.id, "tracker").tabs()

    assert not google.count("values.batchGet")


def test_tabs_beyond_the_length_of_one_address_take_a_few_calls() -> None:
    ranges = [f"'클립 트래커 {number}'" for number in range(200)]

    lots = list(pack_ranges(ranges))

    assert [each for lot in lots for each in lot] == ranges
    assert 1 < len(lots) < 5
    assert list(pack_ranges([])) == []


def test_the_layout_tells_tabs_and_named_ranges(client: GoogleClient, sheet: Spreadsheet) -> None:
    sheet.add_named_range("PokerVOD_id", "Hands!C1:C")

    layout = client.open(sheet.id, "tracker").layout()

    (tab,) = layout.tabs
    assert (tab.title, tab.sheet_id) == ("Hands", layout.named_ranges["PokerVOD_id"].sheet_id)
    assert tab.row_count >= len(ROWS)
    named = layout.named_ranges["PokerVOD_id"]
    assert (named.start_row, named.start_column, named.end_column) == (0, 2, 3)


def test_versions_of_all_sheets_take_one_call(
    client: GoogleClient, google: Emulator, account: dict[str, str], sheet: Spreadsheet, clock: VirtualClock
) -> None:
    sheets = [sheet, *(add_sheet(google, account, {"Hands": ROWS}) for _ in range(4))]
    clock.sleep(10)

    versions = client.read_versions([each.id for each in sheets])

    assert client.calls == Counter({"token": 1, "drive.files.list": 1})
    first = versions[sheet.id]
    assert isinstance(first, SheetVersion)
    assert first.revision == str(sheet.version)
    assert first.seen_at == clock.now().replace(microsecond=0)
    assert first.seen_at - first.modified_at >= timedelta(seconds=9)


def test_no_sheets_take_no_call(client: GoogleClient) -> None:
    assert client.read_versions([]) == {}
    assert not client.calls


def test_a_sheet_that_drive_does_not_list_is_asked_for_by_itself(
    make_client: Callable[..., GoogleClient], google: Emulator, sheet: Spreadsheet
) -> None:
    hidden = google.add_workbook({"Hands": ROWS})
    client = make_client(sheets=[{"name": "secret", "spreadsheet": hidden.id}])

    versions = client.read_versions([sheet.id, hidden.id])

    assert isinstance(versions[sheet.id], SheetVersion)
    error = versions[hidden.id]
    assert isinstance(error, BadInput)
    assert str(error).startswith("secret: ")
    assert client.calls == Counter({"token": 1, "drive.files.list": 1, "drive.files.get": 1})


def test_a_season_is_read_in_seconds(
    client: GoogleClient, google: Emulator, account: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    rows: list[list[object]] = [[f"r{row}c{column}" for column in range(35)] for row in range(2_500)]
    sheet = add_sheet(google, account, {"Hands": rows})

    started = time.perf_counter()
    (tab,) = client.open(sheet.id, "tracker").tabs()
    seconds = time.perf_counter() - started

    assert len(tab.cells) == 2_500
    with capsys.disabled():
        print(f"\n2,500 rows of 35 cells over HTTP: {seconds:.2f} s")  # noqa: T201


def test_nothing_of_google_is_loaded_before_a_client_is_made() -> None:
    script = (
        "import sys, pokervod_pipelines.sheets.google.client, pokervod_pipelines.sheets.google.workbook;"
        "print({'gspread', 'google.auth', 'requests'} & set(sys.modules))"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert (done.stdout, done.stderr) == ("set()\n", "")
