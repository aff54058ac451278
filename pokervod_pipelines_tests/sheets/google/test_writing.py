"""Check that cells are written to the right place, all or none, and that their new text is returned."""

from collections import Counter

import pytest

from pokervod_pipelines.errors import Conflict
from pokervod_pipelines.sheets.google.client import GoogleClient
from pokervod_pipelines.sheets.google.workbook import ColumnValues
from pokervod_pipelines_tests.google import faults
from pokervod_pipelines_tests.google.emulator import Emulator
from pokervod_pipelines_tests.google.model import Spreadsheet


def test_columns_are_written_in_one_call_and_read_back(client: GoogleClient, sheet: Spreadsheet) -> None:
    sheet.add_named_range("PokerVOD_state", "Hands!D1:D")
    workbook = client.open(sheet.id, "tracker")

    after = workbook.write_values(
        [
            ColumnValues("PokerVOD_state", ("State", "ready", '=IF($A3="2";"matched";"")')),
            ColumnValues("Hands!E1:E", ("Problem", None, "", None)),
        ]
    )

    assert after == [
        ColumnValues("PokerVOD_state", ("State", "ready", "matched")),
        ColumnValues("Hands!E1:E", ("Problem", "", "", "")),
    ]
    assert workbook.calls == Counter({"token": 1, "values.batchUpdate": 1})


def test_an_unwritten_cell_is_returned_unchanged(client: GoogleClient, sheet: Spreadsheet) -> None:
    (after,) = client.open(sheet.id, "tracker").write_values([ColumnValues("Hands!B1:B", (None, "x.mp4", None))])

    assert after.cells == ("파일명", "x.mp4", "b.mp4")
    assert [row[1] for row in sheet.shown("Hands")] == ["파일명", "x.mp4", "b.mp4"]


def test_nothing_to_write_is_no_call(client: GoogleClient, sheet: Spreadsheet) -> None:
    assert client.open(sheet.id, "tracker").write_values([]) == []
    assert not client.calls


def test_a_deleted_named_range_stops_the_whole_write(client: GoogleClient, sheet: Spreadsheet) -> None:
    before = sheet.fingerprint()

    with pytest.raises(Conflict, match="nothing was written"):
        client.open(sheet.id, "tracker").write_values(
            [ColumnValues("Hands!D1:D", ("State",)), ColumnValues("PokerVOD_gone", ("Problem",))]
        )

    assert sheet.fingerprint() == before


def test_a_write_without_an_answer_is_repeated(client: GoogleClient, google: Emulator, sheet: Spreadsheet) -> None:
    google.fail_next(faults.RESET.after_execution(), kind="values.batchUpdate")

    (after,) = client.open(sheet.id, "tracker").write_values([ColumnValues("Hands!D1:D", ("State", "ready"))])

    assert after.cells == ("State", "ready")
    assert google.count("values.batchUpdate") == 2


def test_the_layout_is_asked_for_again_after_a_change(client: GoogleClient, sheet: Spreadsheet) -> None:
    workbook = client.open(sheet.id, "tracker")
    tab = workbook.layout().tabs[0]
    area = {"sheetId": tab.sheet_id, "startColumnIndex": 3, "endColumnIndex": 4}

    workbook.change([{"addNamedRange": {"namedRange": {"name": "PokerVOD_id", "range": area}}}])

    assert workbook.layout().named_ranges["PokerVOD_id"].start_column == 3
    assert workbook.calls["spreadsheets.get"] == 2


def test_a_request_that_google_does_not_follow_changes_nothing(client: GoogleClient, sheet: Spreadsheet) -> None:
    before = sheet.fingerprint()

    with pytest.raises(Conflict):
        client.open(sheet.id, "tracker").change([{"deleteNamedRange": {"namedRangeId": "none"}}])

    assert sheet.fingerprint() == before


def test_columns_are_read_as_people_see_them(client: GoogleClient, sheet: Spreadsheet) -> None:
    columns = client.open(sheet.id, "tracker").read_columns(["Hands!B1:B", "Hands!E1:E"])

    assert columns == [("파일명", "a.mp4", "b.mp4"), ()]
