"""Check that requests and answers are compared with Google's own documents."""

from typing import Any

import gspread
import pytest

from pokervod_pipelines_tests.google.api_harness import ApiHarness
from pokervod_pipelines_tests.google.clock import VirtualClock
from pokervod_pipelines_tests.google.discovery import METHODS, find_method
from pokervod_pipelines_tests.google.emulator import Emulator
from pokervod_pipelines_tests.google.routes import ROUTES, Request

NUMBERS = "userEnteredFormat.numberFormat"


def batch(*requests: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"requests": list(requests), **more}


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (batch({"dance": {}}), "requests[0].dance"),
        (batch({"addNamedRange": {}}, {"repeatCell": {"rnge": {}}}), "requests[1].repeatCell.rnge"),
        (batch({"repeatCell": {"range": {"startRowIndex": "1"}}}), "requests[0].repeatCell.range.startRowIndex"),
        (batch({"repeatCell": {"range": {"startRowIndex": True}}}), "requests[0].repeatCell.range.startRowIndex"),
        (batch({"repeatCell": {"range": {"startRowIndex": 2**31}}}), "requests[0].repeatCell.range.startRowIndex"),
        (batch({"repeatCell": {"range": []}}), "requests[0].repeatCell.range"),
        (
            batch({"repeatCell": {"fields": "userEnteredFormat.numbers"}}),
            "requests[0].repeatCell.fields.userEnteredFormat",
        ),
        (batch({"updateNamedRange": {"fields": "place"}}), "requests[0].updateNamedRange.fields"),
        (batch({"appendDimension": {"dimension": "ROW"}}), "requests[0].appendDimension.dimension"),
        (batch(includeSpreadsheet=True), "includeSpreadsheet"),
        (batch(includeSpreadsheetInResponse="yes"), "includeSpreadsheetInResponse"),
    ],
)
def test_a_body_that_google_does_not_describe_is_refused(api: ApiHarness, body: dict[str, Any], place: str) -> None:
    with pytest.raises(gspread.exceptions.APIError) as refused:
        api.client.http_client.batch_update(api.sheet.id, body)

    assert refused.value.error["status"] == "INVALID_ARGUMENT"
    assert [violation.split(":")[0] for violation in api.google.violations] == [
        f"spreadsheets.batchUpdate asked {place}"
    ]
    api.google.violations.clear()


@pytest.mark.parametrize(
    ("params", "place"),
    [
        ({"valueRenderOption": "SHOWN"}, "valueRenderOption"),
        ({"range": "A1"}, "range"),
        ({"spreadsheetId": "x"}, "spreadsheetId"),
        ({"majorDimension": ["ROWS", "ROWS"]}, "majorDimension"),
        ({"prettyPrint": "maybe"}, "prettyPrint"),
        ({"fields": "valueRanges(range,cells)"}, "fields.valueRanges"),
        ({"fields": "valueRanges.values,rows"}, "fields"),
    ],
)
def test_a_parameter_that_google_does_not_know_is_refused(api: ApiHarness, params: dict[str, Any], place: str) -> None:
    with pytest.raises(gspread.exceptions.APIError):
        api.ask("Hands!A1", **params)

    assert [violation.split(":")[0] for violation in api.google.violations] == [f"values.batchGet asked {place}"]
    api.google.violations.clear()


def test_null_is_not_given_and_several_ranges_are_described(api: ApiHarness) -> None:
    api.write({"range": "Hands!A1", "majorDimension": None, "values": [[None, "x", 1, True]]})

    assert len(api.ask("Hands!A1", "Hands!B1", prettyPrint="false", alt="json")) == 2


def test_drive_passes_over_what_it_does_not_know_and_the_test_fails(api: ApiHarness) -> None:
    assert api.ask_drive(f"/{api.sheet.id}", includeItemsFromAllDrives="true")["id"] == api.sheet.id

    assert [violation.split(":")[0] for violation in api.google.violations] == [
        "drive.get asked includeItemsFromAllDrives"
    ]
    api.google.violations.clear()


VALUES = {"range": "T!A1", "majorDimension": "ROWS"}


@pytest.mark.parametrize(
    ("kind", "answer", "place"),
    [
        ("values.get", VALUES | {"values": [["a", 1, True]]}, None),
        ("values.get", VALUES | {"values": ["a"]}, "values[0]"),
        ("values.get", VALUES | {"majorDimension": "ROW"}, "majorDimension"),
        ("values.batchGet", {"valueRanges": [VALUES, VALUES | {"rows": 1}]}, "valueRanges[1].rows"),
        ("values.batchUpdate", {"totalUpdatedRows": "1"}, "totalUpdatedRows"),
        ("spreadsheets.get", {"sheets": [{"properties": {"hidden": "no"}}]}, "sheets[0].properties.hidden"),
        ("spreadsheets.batchUpdate", {"replies": [{}, {"addNamedRange": None}]}, "replies[1].addNamedRange"),
        ("drive.get", {"version": "12", "modifiedTime": "2026-01-05T12:00:00.000Z"}, None),
        ("drive.get", {"version": 12}, "version"),
        ("drive.get", {"version": "twelve"}, "version"),
        ("drive.list", {"files": [{"modifiedTime": "yesterday"}]}, "files[0].modifiedTime"),
    ],
)
def test_an_answer_is_compared_with_its_schema(kind: str, answer: dict[str, Any], place: str | None) -> None:
    method = find_method(kind)
    assert method is not None

    assert [wrong.place for wrong in method.check_answer(answer)] == ([] if place is None else [place])


def test_every_call_but_the_token_is_described_where_it_is_answered() -> None:
    assert {kind for _, _, kind in ROUTES} == {"token", *METHODS}
    for http_method, pattern, kind in ROUTES:
        method = find_method(kind)
        if method is not None:
            path = pattern.replace("(?P<id>[^/:]+)", "1x").replace("(?P<range>.+)", "T%21A1")
            assert [wrong for wrong in method.check_request(Request(http_method, path)) if wrong.place == "path"] == []


def test_a_difference_is_told_beside_the_failure_that_it_causes() -> None:
    def fail_after_a_difference() -> None:
        with Emulator.start(clock=VirtualClock()) as google:
            google.violations.append('drive.get asked x: Unknown name "x"')
            raise RuntimeError

    with pytest.raises(RuntimeError) as failed:
        fail_after_a_difference()

    assert failed.value.__notes__ == ['drive.get asked x: Unknown name "x"']


def test_a_difference_fails_the_test_at_its_end() -> None:
    with (
        pytest.raises(AssertionError, match=r"drive.get asked x: Unknown name"),
        Emulator.start(clock=VirtualClock()) as google,
    ):
        google.violations.append('drive.get asked x: Unknown name "x"')
