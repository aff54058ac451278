"""Check the Sheets and Drive calls, with gspread itself as the client."""

from typing import Any

import gspread
import pytest

from pokervod_pipelines_tests.google.api_harness import ApiHarness
from pokervod_pipelines_tests.google.clock import VirtualClock

FORMAT = "userEnteredFormat.numberFormat"


@pytest.mark.parametrize(
    ("text", "place", "values"),
    [
        ("Hands!A1:B2", "Hands!A1:B2", [["File", "In"], ["a.mp4", "1,200"]]),
        ("Hands!A2:A", "Hands!A2:A104", [["a.mp4"], [], ["b'c.mp4"]]),
        ("Hands!2:2", "Hands!A2:J2", [["a.mp4", "1,200", "a.mp4", "TRUE"]]),
        ("'Hands'!C4", "Hands!C4", [["B'C.MP4"]]),
        ("'It''s 2'", "'It''s 2'!A1:G101", [["x"]]),
        ("A1", "Hands!A1", [["File"]]),  # no tab: the first
        ("Hands!A1:ZZ999", "Hands!A1:J104", None),  # clipped to the grid
        ("Hands!F50:G60", "Hands!F50:G60", []),
        ("again", "Hands!C1:C104", [["Again"], ["a.mp4"], [], ["B'C.MP4"]]),
    ],
)
def test_a_range_is_read_as_google_reads_it(api: ApiHarness, text: str, place: str, values: list[Any] | None) -> None:
    api.sheet.add_named_range("again", "Hands!C1:C")

    (answer,) = api.ask(text)

    assert (answer["range"], answer["majorDimension"]) == (place, "ROWS")
    if values is not None:
        assert answer.get("values", []) == values
        assert ("values" in answer) == bool(values)  # nothing there: no key at all


@pytest.mark.parametrize(
    ("params", "row"),
    [
        ({}, ["b'c.mp4", "12:00:00", "B'C.MP4"]),
        ({"valueRenderOption": "UNFORMATTED_VALUE"}, ["b'c.mp4", 0.5, "B'C.MP4"]),
        (
            {"valueRenderOption": "UNFORMATTED_VALUE", "dateTimeRenderOption": "FORMATTED_STRING"},
            ["b'c.mp4", "12:00:00", "B'C.MP4"],
        ),
        ({"valueRenderOption": "FORMULA"}, ["b'c.mp4", 0.5, "=UPPER(A4)"]),
    ],
)
def test_values_are_rendered_as_asked(api: ApiHarness, params: dict[str, str], row: list[object]) -> None:
    (answer,) = api.ask("Hands!A4:D4", **params)

    assert answer["values"] == [row]


def test_columns_are_answered_as_columns(api: ApiHarness) -> None:
    (answer,) = api.ask("Hands!A1:B4", majorDimension="COLUMNS")

    assert answer["values"] == [["File", "a.mp4", "", "b'c.mp4"], ["In", "1,200", "", "12:00:00"]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Nowhere!A1", "Unable to parse range: Nowhere!A1"),
        ("nothing", "Unable to parse range: nothing"),
        ("Hands!A0", "Unable to parse range: Hands!A0"),
        ("Hands!A500", "Range (Hands!A500) exceeds grid limits. Max rows: 104, max columns: 10"),
    ],
)
def test_a_wrong_range_is_refused_in_googles_words(api: ApiHarness, text: str, message: str) -> None:
    with pytest.raises(gspread.exceptions.APIError) as refused:
        api.ask("Hands!A1", text)

    assert refused.value.error == {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}


def test_a_write_leaves_what_is_null_and_clears_what_is_empty(api: ApiHarness) -> None:
    answer = api.write(
        {"range": "Hands!A2:C2", "values": [["new", None, ""]]},
        {"range": "'It''s 2'!A1", "majorDimension": "COLUMNS", "values": [["=RAW", 2]]},
        includeValuesInResponse=True,
    )

    assert api.sheet.stored("Hands")[1] == ["new", 1200, "", True]
    assert api.sheet.stored("It's 2") == [["=RAW"], [2]]
    assert {key: answer[key] for key in answer if key.startswith("total")} == {
        "totalUpdatedRows": 3,
        "totalUpdatedColumns": 3,
        "totalUpdatedCells": 4,
        "totalUpdatedSheets": 2,
    }
    first, second = answer["responses"]
    assert first["updatedRange"] == "Hands!A2:C2"
    assert first["updatedData"] == {"range": "Hands!A2:C2", "majorDimension": "ROWS", "values": [["new", "1,200"]]}
    assert second["updatedData"]["values"] == [["=RAW"], ["2"]]


def test_the_response_has_the_values_after_the_whole_batch(api: ApiHarness) -> None:
    answer = api.write(
        {"range": "Hands!C2", "values": [["=A2"]]},
        {"range": "Hands!A2", "values": [["later"]]},
        option="USER_ENTERED",
        includeValuesInResponse=True,
        responseValueRenderOption="UNFORMATTED_VALUE",
    )

    assert answer["responses"][0]["updatedData"]["values"] == [["later"]]


@pytest.mark.parametrize(
    ("option", "stored"),
    [("RAW", ["=1+1", "12", "TRUE", "1:30:00"]), ("USER_ENTERED", ["=1+1", 12, True, 0.0625])],
)
def test_raw_is_text_and_entered_is_understood(api: ApiHarness, option: str, stored: list[object]) -> None:
    api.write({"range": "Hands!E9:H9", "values": [["=1+1", "12", "TRUE", "1:30:00"]]}, option=option)

    assert api.sheet.stored("Hands")[8][4:] == stored
    assert api.sheet.shown("Hands")[8][4] == ("=1+1" if option == "RAW" else "2")


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (
            {"range": "Hands!A200", "values": [[1]]},
            "Range (Hands!A200) exceeds grid limits. Max rows: 104, max columns: 10",
        ),
        (
            {"range": "Hands!J1", "values": [[1, 2]]},
            "Requested writing within range ['Hands'!J1], but tried writing to column [K]",
        ),
        (
            {"range": "Hands!A1:B1", "values": [[1], [2]]},
            "Requested writing within range ['Hands'!A1:B1], but tried writing to row [2]",
        ),
        (
            {"range": "Hands!A1:B1", "values": [[1, 2, 3]]},
            "Requested writing within range ['Hands'!A1:B1], but tried writing to column [C]",
        ),
        ({"range": "gone", "values": [[1]]}, "Unable to parse range: gone"),
    ],
)
def test_one_wrong_range_and_nothing_is_written(api: ApiHarness, item: dict[str, Any], message: str) -> None:
    before, version = api.sheet.fingerprint(), api.sheet.version

    with pytest.raises(gspread.exceptions.APIError) as refused:
        api.write({"range": "Hands!A1", "values": [["written?"]]}, item)

    assert refused.value.error["message"] == f"Invalid data[1]: {message}"
    assert (api.sheet.fingerprint(), api.sheet.version) == (before, version)


def test_a_write_says_how_it_is_read(api: ApiHarness) -> None:
    with pytest.raises(gspread.exceptions.APIError, match="'valueInputOption' is required but not specified"):
        api.client.http_client.values_batch_update(api.sheet.id, {"data": []})


def test_gspread_reads_and_updates_a_worksheet(api: ApiHarness) -> None:
    book = api.client.open_by_key(api.sheet.id)
    tab = book.worksheet("Hands")

    assert (book.title, [each.title for each in book.worksheets()]) == ("Tracker", ["Hands", "It's 2"])
    assert (tab.row_count, tab.col_count) == (104, 10)
    assert tab.row_values(1) == ["File", "In", "Again", "On"]
    tab.update([["z.mp4", 3]], "A2:B2")
    assert tab.get_values("A2:B2") == [["z.mp4", "3"]]
    assert [file["name"] for file in api.client.list_spreadsheet_files()] == ["Tracker"]


def test_names_and_rows_are_added_in_one_atomic_batch(api: ApiHarness) -> None:
    place = {"sheetId": 0, "startRowIndex": 0, "startColumnIndex": 10, "endColumnIndex": 12}

    answer = api.change(
        {"appendDimension": {"sheetId": 0, "dimension": "COLUMNS", "length": 2}},
        {"addNamedRange": {"namedRange": {"name": "pokervod_state", "range": place}}},
        includeSpreadsheetInResponse=True,
    )

    named = answer["replies"][1]["addNamedRange"]["namedRange"]
    assert named["range"] == {"startRowIndex": 0, "startColumnIndex": 10, "endColumnIndex": 12}
    assert answer["updatedSpreadsheet"]["namedRanges"] == [named]
    assert answer["updatedSpreadsheet"]["sheets"][0]["properties"]["gridProperties"]["columnCount"] == 12
    api.change({"deleteNamedRange": {"namedRangeId": named["namedRangeId"]}})
    assert api.sheet.named_ranges == {}


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"appendDimension": {"sheetId": 5, "dimension": "ROWS", "length": 1}}, "No grid with id: 5"),
        ({"appendDimension": {"sheetId": 0, "length": 1}}, "No dimension specified"),
        ({"appendDimension": {"sheetId": 0, "dimension": "ROWS"}}, "must be positive"),
        ({"addNamedRange": {"namedRange": {"name": "A1", "range": {}}}}, "Invalid name"),
        ({"addNamedRange": {"namedRange": {"name": "taken", "range": {}}}}, "exists"),
        ({"addNamedRange": {"namedRange": {"name": "wide", "range": {"startColumnIndex": 99}}}}, "exceeds grid"),
        ({"deleteNamedRange": {"namedRangeId": "none"}}, "No NamedRange with id: none"),
        (
            {"repeatCell": {"range": {"startRowIndex": 999}, "fields": FORMAT}},
            "Range .Hands!A1000. exceeds grid limits",
        ),
        ({"repeatCell": {"range": {}, "fields": "*"}}, "the emulator only knows"),
    ],
)
def test_one_wrong_request_and_nothing_is_changed(api: ApiHarness, request_: dict[str, Any], message: str) -> None:
    api.sheet.add_named_range("taken", "Hands!A1:A")
    before = api.sheet.fingerprint()

    with pytest.raises(gspread.exceptions.APIError, match=message):
        api.change({"appendDimension": {"sheetId": 0, "dimension": "ROWS", "length": 9}}, request_)

    assert api.sheet.fingerprint() == before


def test_plain_text_stays_as_typed_until_its_format_is_cleared(api: ApiHarness) -> None:
    column = {"sheetId": 0, "startColumnIndex": 4, "endColumnIndex": 5}
    plain = {"userEnteredFormat": {"numberFormat": {"type": "TEXT", "pattern": "@"}}}
    written = {"range": "Hands!E1:E3", "values": [["=A2"], ["007"], ["TRUE"]]}

    def enter() -> list[list[str]]:
        api.write(written, option="USER_ENTERED")
        return [line[4:] for line in api.sheet.shown("Hands")[:3]]

    api.change({"repeatCell": {"range": column, "cell": plain, "fields": FORMAT}})
    as_text = enter()
    api.change({"repeatCell": {"range": column, "cell": {}, "fields": FORMAT}})
    kept = [line[4:] for line in api.sheet.shown("Hands")[:3]]

    assert as_text == kept == [["=A2"], ["007"], ["TRUE"]]
    assert enter() == [["a.mp4"], ["7"], ["TRUE"]]


def test_fields_are_masked(api: ApiHarness) -> None:
    mask = "properties.title,sheets.properties(sheetId,title),namedRanges"

    answer = api.client.http_client.spreadsheets_get(api.sheet.id, {"fields": mask})

    tabs = [{"properties": {"sheetId": grid.id, "title": grid.title}} for grid in api.sheet.grids]
    assert answer == {"properties": {"title": "Tracker"}, "sheets": tabs}


def test_merged_cells_and_hidden_tabs_are_told(api: ApiHarness) -> None:
    api.sheet.merge("Hands", "A2:B4")
    api.sheet.hide_tab("It's 2")
    api.sheet.insert_rows("Hands", 3)

    mask = "sheets(properties(title,hidden),merges)"
    first, second = api.client.http_client.spreadsheets_get(api.sheet.id, {"fields": mask})["sheets"]
    assert first["merges"] == [{"startRowIndex": 1, "endRowIndex": 5, "startColumnIndex": 0, "endColumnIndex": 2}]
    assert "hidden" not in first["properties"]
    assert second["properties"] == {"title": "It's 2", "hidden": True}
    assert api.ask("Hands!A2:B5")[0]["values"] == [["a.mp4"]]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["Second", "Tracker"]),  # the newest first
        ("mimeType = 'application/vnd.google-apps.spreadsheet' and trashed = false", ["Tracker"]),
        ("name = 'Tracker'", ["Tracker"]),
        ("modifiedTime > '2026-01-05T12:00:30Z'", ["Second"]),
        ("name contains 'o'", ["Second"]),
        ("trashed=true", ["Second"]),
    ],
)
def test_drive_lists_what_is_shared_and_asked_for(api: ApiHarness, query: str, names: list[str]) -> None:
    assert isinstance(api.google.clock, VirtualClock)
    api.google.clock.sleep(60)
    second = api.google.add_workbook({"T": []}, title="Second")
    second.share(next(iter(api.sheet.roles)))
    second.trash()
    api.google.add_workbook({"T": []}, title="Somebody else's")

    assert [file["name"] for file in api.ask_drive(q=query)["files"]] == names


def test_drive_lists_version_and_time_of_each_change_in_pages(api: ApiHarness) -> None:
    second = api.google.add_workbook({"T": []}, title="Second")
    second.share(next(iter(api.sheet.roles)))
    fields = "nextPageToken,files(id,version,modifiedTime)"

    first = api.ask_drive(pageSize=1, fields=fields, supportsAllDrives="true", corpora="allDrives")
    last = api.ask_drive(pageSize=1, fields=fields, pageToken=first["nextPageToken"])

    listed = {file["id"]: file for file in first["files"] + last["files"]}
    assert listed[api.sheet.id] == {
        "id": api.sheet.id,
        "version": str(api.sheet.version),
        "modifiedTime": "2026-01-05T12:00:00.000Z",
    }
    assert set(listed) == {api.sheet.id, second.id}
    assert "nextPageToken" not in last


def test_a_write_of_ours_is_a_change_too(api: ApiHarness) -> None:
    before = api.sheet.version

    api.write({"range": "Hands!A1", "values": [["x"]]})

    assert api.sheet.version == before + 1


@pytest.mark.parametrize(
    ("state", "sheets", "drive"),
    [
        ("unshared", (403, "PERMISSION_DENIED", "The caller does not have permission"), 404),
        ("removed", (404, "NOT_FOUND", "Requested entity was not found."), 404),
    ],
)
def test_what_the_account_cannot_see_is_refused(
    api: ApiHarness, state: str, sheets: tuple[Any, ...], drive: int
) -> None:
    if state == "unshared":
        api.sheet.unshare(next(iter(api.sheet.roles)))
    else:
        api.google.remove(api.sheet.id)

    with pytest.raises(gspread.exceptions.APIError) as refused:
        api.ask("Hands!A1")
    with pytest.raises(gspread.exceptions.APIError) as not_found:
        api.ask_drive(f"/{api.sheet.id}")

    assert (refused.value.code, refused.value.error["status"], refused.value.error["message"]) == sheets
    assert not_found.value.code == drive
    assert not_found.value.error["errors"][0]["reason"] == "notFound"


def test_a_sheet_in_the_trash_is_told_by_drive_alone(api: ApiHarness) -> None:
    api.sheet.trash()

    assert api.ask("Hands!A1")[0]["values"] == [["File"]]
    api.write({"range": "Hands!A1", "values": [["x"]]})
    assert api.ask_drive(f"/{api.sheet.id}", fields="trashed") == {"trashed": True}
    assert api.ask_drive(q="trashed=false")["files"] == []


def test_a_reader_reads_and_may_not_write(api: ApiHarness) -> None:
    api.sheet.share(next(iter(api.sheet.roles)), "reader")

    assert api.ask("Hands!A1")
    with pytest.raises(gspread.exceptions.APIError) as refused:
        api.write({"range": "Hands!A1", "values": [["x"]]})

    assert refused.value.error["status"] == "PERMISSION_DENIED"


def test_a_person_sorts_at_the_moment_of_our_write(api: ApiHarness) -> None:
    """Write to the address of a row that moved: our client must notice."""
    api.google.before_write(lambda: api.sheet.insert_rows("Hands", 2))

    api.write({"range": "Hands!E2", "values": [["matched"]]})
    api.write({"range": "Hands!F2", "values": [["again"]]})  # the hook is spent

    assert api.sheet.shown("Hands")[1] == ["", "", "", "", "matched", "again"]
    assert api.sheet.shown("Hands")[2][0] == "a.mp4"


def test_a_person_edits_at_the_moment_of_our_read(api: ApiHarness) -> None:
    api.google.before_read(lambda: api.sheet.type_cell("Hands", 1, 1, "Now"), kind="values.batchGet")

    api.client.open_by_key(api.sheet.id)  # a read of another kind

    assert api.sheet.shown("Hands")[0][0] == "File"
    assert api.ask("Hands!A1")[0]["values"] == [["Now"]]
