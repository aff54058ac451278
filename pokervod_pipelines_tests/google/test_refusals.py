"""Check what Google refuses of a spreadsheet, in its words, and what it lets pass."""

from datetime import timedelta
from typing import Any

import gspread
import pytest

from pokervod_pipelines_tests.google import faults
from pokervod_pipelines_tests.google.answers import NOT_A_SHEET, PROTECTED, TOO_LONG
from pokervod_pipelines_tests.google.api_harness import ApiHarness
from pokervod_pipelines_tests.google.clock import VirtualClock

FORMAT = {"cell": {}, "fields": "userEnteredFormat.numberFormat"}


def refusal(action: Any) -> tuple[int, str, str]:
    with pytest.raises(gspread.exceptions.APIError) as refused:
        action()
    error = refused.value.error
    return error["code"], error.get("status", ""), error["message"]


def me(api: ApiHarness) -> str:
    return next(iter(api.sheet.roles))


@pytest.mark.parametrize(
    ("cells", "written"),
    [("B1:B9", "Hands!B3"), ("B:C", "Hands!C1"), ("A1", "Hands!A1"), (None, "Hands!F100"), ("2:3", "Hands!E2")],
)
def test_a_protected_cell_is_not_written(api: ApiHarness, cells: str | None, written: str) -> None:
    api.sheet.protect("Hands", cells, editors=["owner@example.com"])
    before = api.sheet.fingerprint()

    both = refusal(lambda: api.write({"range": "'It''s 2'!A1", "values": [[1]]}, {"range": written, "values": [["x"]]}))

    assert both == (400, "INVALID_ARGUMENT", f"Invalid data[1]: {PROTECTED}")
    assert api.sheet.fingerprint() == before


@pytest.mark.parametrize(
    ("cells", "item"),
    [
        ("B1:B9", {"range": "Hands!A1:C1", "values": [["x", None, "y"]]}),  # null is left alone
        ("B1:B9", {"range": "Hands!B10", "values": [["x"]]}),
        ("B1:B9", {"range": "'It''s 2'!B2", "values": [["x"]]}),
        (None, {"range": "'It''s 2'!A1", "values": [["x"]]}),
    ],
)
def test_what_lies_beside_a_protected_range_is_written(api: ApiHarness, cells: str | None, item: Any) -> None:
    api.sheet.protect("Hands", cells)

    assert api.write(item)["totalUpdatedCells"]


def test_an_editor_of_the_protected_range_writes(api: ApiHarness) -> None:
    api.sheet.protect("Hands", "A:C", editors=[me(api)])

    api.write({"range": "Hands!A1", "values": [["x"]]})
    api.change({"repeatCell": {"range": {"startRowIndex": 1}, **FORMAT}})


@pytest.mark.parametrize(
    "request_",
    [
        {"repeatCell": {"range": {"startRowIndex": 2, "endRowIndex": 3}, **FORMAT}},
        {"appendDimension": {"dimension": "COLUMNS", "length": 2}},
    ],
)
def test_a_protected_tab_is_not_changed(api: ApiHarness, request_: dict[str, Any]) -> None:
    api.sheet.protect("Hands")

    code, _, message = refusal(lambda: api.change(request_))

    assert (code, message) == (400, f"Invalid requests[0].{next(iter(request_))}: {PROTECTED}")


def test_a_protected_range_moves_with_its_columns_and_is_told(api: ApiHarness) -> None:
    api.sheet.protect("Hands", "B1:B9", editors=["owner@example.com"])

    api.sheet.insert_column("Hands", "A")

    (closed,) = api.client.http_client.fetch_sheet_metadata(api.sheet.id)["sheets"][0]["protectedRanges"]
    assert closed["range"] == {"startRowIndex": 0, "endRowIndex": 9, "startColumnIndex": 2, "endColumnIndex": 3}
    assert closed["editors"] == {"users": ["owner@example.com"]}
    api.write({"range": "Hands!B1", "values": [["x"]]})
    assert PROTECTED in refusal(lambda: api.write({"range": "Hands!C1", "values": [["x"]]}))[2]


def test_a_text_may_have_50000_characters(api: ApiHarness) -> None:
    api.write({"range": "Hands!A1", "values": [["x" * 50_000]]})

    assert refusal(lambda: api.write({"range": "Hands!A1", "values": [["x" * 50_001]]})) == (
        400,
        "INVALID_ARGUMENT",
        f"Invalid data[0]: {TOO_LONG}",
    )


@pytest.mark.parametrize(
    ("edges", "place"),
    [
        ({"startRowIndex": 103}, None),
        ({"startRowIndex": 103, "endRowIndex": 120}, None),  # ends outside: taken as far as the grid goes
        ({"startColumnIndex": 9, "endColumnIndex": 99}, None),
        ({"startRowIndex": 104, "startColumnIndex": 0, "endColumnIndex": 2}, "Hands!A105:B"),
        ({"startRowIndex": 104, "endRowIndex": 105, "startColumnIndex": 0, "endColumnIndex": 2}, "Hands!A105:B105"),
        ({"startColumnIndex": 10, "startRowIndex": 0, "endRowIndex": 2}, "Hands!K1:2"),
    ],
)
def test_only_a_range_that_starts_outside_the_grid_is_refused(
    api: ApiHarness, edges: dict[str, int], place: str | None
) -> None:
    request = {"repeatCell": {"range": edges, **FORMAT}}

    if place is None:
        api.change(request)
    else:
        words = f"Range ({place}) exceeds grid limits. Max rows: 104, max columns: 10"
        assert refusal(lambda: api.change(request))[2] == f"Invalid requests[0].repeatCell: {words}"
    assert (api.sheet.grid("Hands").rows, api.sheet.grid("Hands").columns) == (104, 10)


def test_a_workbook_has_ten_million_cells_at_most(api: ApiHarness) -> None:
    request = {"appendDimension": {"dimension": "ROWS", "length": 1_000_000}}

    assert refusal(lambda: api.change(request))[2] == (
        "Invalid requests[0].appendDimension: This action would increase the number of cells in the workbook above "
        "the limit of 10000000 cells."
    )


def test_an_excel_file_is_listed_by_drive_and_refused_by_sheets(api: ApiHarness) -> None:
    excel = api.google.add_office_file()
    excel.share(me(api), "writer")

    asked = refusal(lambda: api.client.http_client.fetch_sheet_metadata(excel.id))
    listed = api.ask_drive(f"/{excel.id}")

    assert asked == (400, "FAILED_PRECONDITION", NOT_A_SHEET)
    assert listed["mimeType"].endswith("spreadsheetml.sheet")


def test_drive_knows_a_change_later_than_sheets(api: ApiHarness) -> None:
    clock = api.google.clock
    assert isinstance(clock, VirtualClock)
    api.sheet.drive_lag = timedelta(seconds=90)
    clock.sleep(100)
    known = api.ask_drive(f"/{api.sheet.id}", fields="version")

    api.sheet.type_cell("Hands", 1, 1, "changed")
    clock.sleep(60)
    assert api.ask("Hands!A1")[0]["values"] == [["changed"]]
    assert api.ask_drive(f"/{api.sheet.id}", fields="version") == known
    clock.sleep(31)

    assert api.ask_drive(fields="files(version)")["files"] == [{"version": str(api.sheet.version)}]


def test_a_name_with_an_end_takes_no_more_rows_until_it_is_extended(api: ApiHarness) -> None:
    identity = api.sheet.add_named_range("ours", "Hands!E1:E3")
    column = {"range": "ours", "majorDimension": "COLUMNS", "values": [["a", "b", "c", "d"]]}
    api.sheet.insert_rows("Hands", 4)  # after its end: it does not grow

    assert refusal(lambda: api.write(column))[2] == (
        "Invalid data[0]: Requested writing within range ['Hands'!E1:E3], but tried writing to row [4]"
    )
    longer = {"startColumnIndex": 4, "endColumnIndex": 5, "startRowIndex": 0, "endRowIndex": 9}
    api.change({"updateNamedRange": {"namedRange": {"namedRangeId": identity, "range": longer}, "fields": "range"}})
    api.write(column)

    assert [row[4:] for row in api.sheet.shown("Hands")[:4]] == [["a"], ["b"], ["c"], ["d"]]
    assert api.sheet.named_ranges == {"ours": "Hands!E1:E9"}


@pytest.mark.parametrize(
    ("fault", "sheets", "drive", "words"),
    [
        (faults.API_DISABLED, "SERVICE_DISABLED", "accessNotConfigured", "Google {} API has not been used in project"),
        (faults.SUSPENDED, "CONSUMER_SUSPENDED", "forbidden", "has been suspended."),
        (faults.DOMAIN_POLICY, None, "domainPolicy", "The domain administrators have disabled Drive apps."),
        (faults.quoted(400, "Something new."), None, "invalid", "Something new."),
    ],
)
def test_a_refusal_of_the_project_is_told_as_each_service_tells_it(
    api: ApiHarness, fault: faults.Fault, sheets: str | None, drive: str, words: str
) -> None:
    api.ask("Hands!A1")  # with a token already
    api.google.fail_next(fault, fault)

    with pytest.raises(gspread.exceptions.APIError) as by_sheets:
        api.ask("Hands!A1")
    with pytest.raises(gspread.exceptions.APIError) as by_drive:
        api.ask_drive()

    details = by_sheets.value.error.get("details", [{}])
    assert (by_sheets.value.code, details[0].get("reason")) == (fault.status, sheets)
    assert words.format("Sheets") in by_sheets.value.error["message"]
    assert by_drive.value.error["errors"][0]["reason"] == drive
    assert words.format("Drive") in by_drive.value.error["message"]
