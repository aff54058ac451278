"""Check that every answer, and every missing one, has one class."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.sheets.google.calls import CALLS, Call, name_call
from pokervod_pipelines.sheets.google.responses import (
    FailureKind,
    NextStep,
    classify_no_response,
    classify_response,
    classify_token_response,
    read_retry_after,
)
from pokervod_pipelines.sheets.google.transport import BACKOFF

KINDS = {call.kind: call for _, call in CALLS}
READ, LIST, GET = KINDS["values.batchGet"], KINDS["drive.files.list"], KINDS["spreadsheets.get"]
WRITE, CHANGE = KINDS["values.batchUpdate"], KINDS["spreadsheets.batchUpdate"]
PLAIN = b'{"error": {}}'
HTML = b"<html><title>502 Bad Gateway</title></html>"


def drive_error(reason: str) -> bytes:
    return json.dumps({"error": {"code": 403, "message": "x", "errors": [{"reason": reason}]}}).encode()


def sheets_error(message: str = "x", **detail: str) -> bytes:
    return json.dumps({"error": {"code": 400, "message": message, "details": [detail]}}).encode()


@pytest.mark.parametrize(
    ("call", "status", "body", "step", "kind"),
    [
        (READ, 200, b"", NextStep.RETRY, FailureKind.GARBLED),
        (READ, 200, HTML, NextStep.RETRY, FailureKind.GARBLED),
        (READ, 200, b'{"valueRanges": [', NextStep.RETRY, FailureKind.GARBLED),
        (READ, 200, b"[]", NextStep.RETRY, FailureKind.GARBLED),  # JSON, but no answer
        (READ, 200, b"[" * 100_000, NextStep.RETRY, FailureKind.GARBLED),
        (READ, 304, b"", NextStep.RETRY, FailureKind.SERVER_ERROR),
        (READ, 400, sheets_error("Unable to parse range: 'Hands'"), NextStep.GIVE_UP, FailureKind.CHANGED_MEANWHILE),
        (GET, 400, sheets_error(), NextStep.GIVE_UP, FailureKind.REFUSED),
        (GET, 400, sheets_error("This operation is not supported for this document"), NextStep.GIVE_UP,
         FailureKind.NOT_A_GOOGLE_SHEET),
        (WRITE, 400, sheets_error("Range (Hands!Z1) exceeds grid limits"), NextStep.GIVE_UP,
         FailureKind.CHANGED_MEANWHILE),
        (WRITE, 400, sheets_error("You are trying to edit a protected cell or object."), NextStep.GIVE_UP,
         FailureKind.PROTECTED),
        (CHANGE, 400, PLAIN, NextStep.GIVE_UP, FailureKind.REFUSED),
        (CHANGE, 400, sheets_error("Invalid requests[0].addNamedRange: range is outside the grid"), NextStep.GIVE_UP,
         FailureKind.CHANGED_MEANWHILE),
        (WRITE, 400, sheets_error("Requested writing within range [Hands!H1:H9], but tried writing to row [10]"),
         NextStep.GIVE_UP, FailureKind.CHANGED_MEANWHILE),
        (CHANGE, 400, sheets_error("This action would increase the number of cells in the workbook above the limit"),
         NextStep.GIVE_UP, FailureKind.REFUSED),
        (WRITE, 403, sheets_error("The caller does not have permission"), NextStep.GIVE_UP, FailureKind.READ_ONLY),
        (READ, 403, sheets_error("Permission denied: Consumer 'project:9' has been suspended."), NextStep.GIVE_UP,
         FailureKind.REFUSED),
        (READ, 401, b"", NextStep.RENEW_TOKEN, FailureKind.TOKEN),
        (READ, 403, PLAIN, NextStep.GIVE_UP, FailureKind.NOT_SHARED),
        (READ, 400, HTML, NextStep.RETRY, FailureKind.SERVER_ERROR),  # from a proxy, not from Google
        (READ, 403, HTML, NextStep.RETRY, FailureKind.SERVER_ERROR),
        (READ, 403, b'{"error": "forbidden"}', NextStep.RETRY, FailureKind.SERVER_ERROR),
        (GET, 404, b"", NextStep.RETRY, FailureKind.SERVER_ERROR),
        (READ, 403, b'{"error": {"errors": "x", "details": ["y"]}}', NextStep.GIVE_UP, FailureKind.NOT_SHARED),
        (WRITE, 403, PLAIN, NextStep.GIVE_UP, FailureKind.READ_ONLY),
        (CHANGE, 403, PLAIN, NextStep.GIVE_UP, FailureKind.READ_ONLY),
        (LIST, 403, drive_error("rateLimitExceeded"), NextStep.RETRY, FailureKind.QUOTA),
        (LIST, 403, drive_error("userRateLimitExceeded"), NextStep.RETRY, FailureKind.QUOTA),
        (LIST, 403, drive_error("accessNotConfigured"), NextStep.GIVE_UP, FailureKind.API_DISABLED),
        (GET, 403, sheets_error(reason="SERVICE_DISABLED"), NextStep.GIVE_UP, FailureKind.API_DISABLED),
        (LIST, 403, drive_error("insufficientFilePermissions"), NextStep.GIVE_UP, FailureKind.NOT_SHARED),
        (GET, 404, PLAIN, NextStep.GIVE_UP, FailureKind.NOT_FOUND),
        (GET, 410, PLAIN, NextStep.GIVE_UP, FailureKind.NOT_FOUND),
        (KINDS["drive.files.get"], 404, PLAIN, NextStep.GIVE_UP, FailureKind.NOT_FOUND_IN_DRIVE),
        (READ, 405, PLAIN, NextStep.GIVE_UP, FailureKind.REFUSED),
        (READ, 408, b"", NextStep.RETRY, FailureKind.SERVER_ERROR),
        (READ, 409, b"", NextStep.RETRY, FailureKind.SERVER_ERROR),
        (READ, 413, PLAIN, NextStep.GIVE_UP, FailureKind.REFUSED),
        (READ, 428, PLAIN, NextStep.GIVE_UP, FailureKind.REFUSED),
        (READ, 429, b"", NextStep.RETRY, FailureKind.QUOTA),
        (READ, 499, PLAIN, NextStep.GIVE_UP, FailureKind.REFUSED),
        (READ, 500, b"", NextStep.RETRY, FailureKind.SERVER_ERROR),
        (READ, 502, HTML, NextStep.RETRY, FailureKind.SERVER_ERROR),
        (READ, 503, b"", NextStep.RETRY, FailureKind.SERVER_ERROR),
        (READ, 504, b"", NextStep.RETRY, FailureKind.SERVER_ERROR),
    ],
)  # fmt: skip
def test_an_answer_is_classified_by_status_and_reason(
    call: Call, status: int, body: bytes, step: NextStep, kind: FailureKind
) -> None:
    failure = classify_response(call, status, {}, body)

    assert failure is not None
    assert (failure.step, failure.kind) == (step, kind)


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_an_object_in_json_is_an_answer(status: int) -> None:
    assert classify_response(READ, status, {}, b'{"valueRanges": []}') is None


@pytest.mark.parametrize(("status", "unclear"), [(200, True), (408, True), (500, True), (503, True), (429, False)])
def test_an_unclear_result_is_distinguished_from_a_refusal(status: int, unclear: bool) -> None:
    failure = classify_response(CHANGE, status, {}, HTML)

    assert failure is not None
    assert failure.is_unclear is unclear


@pytest.mark.parametrize(
    ("status", "body", "step", "kind"),
    [
        (200, {}, NextStep.RETRY, FailureKind.GARBLED),
        (200, {"access_token": "x", "expires_in": "soon"}, NextStep.RETRY, FailureKind.GARBLED),
        (400, {"error": "invalid_grant"}, NextStep.GIVE_UP, FailureKind.KEY_REFUSED),
        (400, {"error": "server_error"}, NextStep.RETRY, FailureKind.SERVER_ERROR),
        (401, {"error": "invalid_client"}, NextStep.GIVE_UP, FailureKind.KEY_REFUSED),
        (401, {"error": {"code": 401}}, NextStep.RETRY, FailureKind.SERVER_ERROR),
        (403, {}, NextStep.RETRY, FailureKind.SERVER_ERROR),
        (404, {"error": ["x"]}, NextStep.RETRY, FailureKind.SERVER_ERROR),
        (408, {}, NextStep.RETRY, FailureKind.SERVER_ERROR),
        (429, {}, NextStep.RETRY, FailureKind.QUOTA),
        (500, {}, NextStep.RETRY, FailureKind.SERVER_ERROR),
    ],
)
def test_a_refused_key_is_distinguished_from_a_failing_service(
    status: int, body: dict[str, Any], step: NextStep, kind: FailureKind
) -> None:
    failure = classify_token_response(status, {}, json.dumps(body).encode())

    assert failure is not None
    assert (failure.step, failure.kind) == (step, kind)


def test_a_token_is_an_answer() -> None:
    assert classify_token_response(200, {}, b'{"access_token": "x", "expires_in": 3599}') is None


@given(st.sampled_from([*KINDS.values()]), st.integers(100, 999), st.binary(max_size=60))
def test_every_answer_is_classified(call: Call, status: int, body: bytes) -> None:
    failure, grant = classify_response(call, status, {}, body), classify_token_response(status, {}, body)

    assert (failure is None) <= (200 <= status < 300)
    assert grant is not None


@pytest.mark.parametrize(("was_sent", "unclear"), [(True, True), (False, False)])
def test_a_missing_answer_is_unclear_only_after_a_request_was_sent(was_sent: bool, unclear: bool) -> None:
    failure = classify_no_response(was_sent=was_sent)

    assert (failure.step, failure.is_unclear) == (NextStep.RETRY, unclear)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, 60),  # the window is waited out
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "0"}, 60),
        ({"Retry-After": "-1"}, 60),
        ({"Retry-After": "soon"}, 60),
        ({"Retry-After": "Sun, 01 Mar 2026 12:00:30 GMT", "Date": "Sun, 01 Mar 2026 12:00:00 GMT"}, 30),
        ({"Retry-After": "Sun, 01 Mar 2026 11:00:00 GMT", "Date": "Sun, 01 Mar 2026 12:00:00 GMT"}, 60),
        ({"Retry-After": "Sun, 01 Mar 2026 12:00:30 GMT"}, 60),
    ],
)
def test_too_many_calls_are_followed_by_the_requested_wait(headers: dict[str, str], wait: float) -> None:
    failure = classify_response(READ, 429, headers, b"")

    assert failure is not None
    assert failure.wait == wait


def test_a_failing_service_may_say_when_to_retry() -> None:
    failure = classify_response(READ, 503, {"Retry-After": "12"}, b"")

    assert failure is not None
    assert failure.wait == 12


@given(st.text())
def test_no_retry_after_is_misread_as_a_wait_in_the_past(value: str) -> None:
    assert (read_retry_after({"Retry-After": value}) or 0) >= 0


@given(st.integers(1, 40), st.floats(0, 1))
def test_waits_grow_up_to_a_limit(failures: int, chance: float) -> None:
    wait = BACKOFF.find_wait(failures, chance=chance)

    assert 0.49 < wait <= 32
    assert wait <= BACKOFF.find_wait(failures + 1, chance=chance)


@pytest.mark.parametrize(
    ("method", "address", "kind"),
    [
        ("get", "https://sheets.googleapis.com/v4/spreadsheets/1x", "spreadsheets.get"),
        ("get", "https://sheets.googleapis.com/v4/spreadsheets/1x?fields=a", "spreadsheets.get"),
        ("post", "https://sheets.googleapis.com/v4/spreadsheets/1x:batchUpdate", "spreadsheets.batchUpdate"),
        ("get", "https://sheets.googleapis.com/v4/spreadsheets/1x/values:batchGet", "values.batchGet"),
        ("post", "https://sheets.googleapis.com/v4/spreadsheets/1x/values:batchUpdate", "values.batchUpdate"),
        ("get", "https://www.googleapis.com/drive/v3/files", "drive.files.list"),
        ("get", "https://www.googleapis.com/drive/v3/files/1x", "drive.files.get"),
        ("post", "https://sheets.googleapis.com/v4/spreadsheets/1x", "other"),
        ("delete", "https://www.googleapis.com/drive/v3/files/1x", "other"),
    ],
)
def test_a_call_is_known_by_its_address(method: str, address: str, kind: str) -> None:
    assert name_call(method, address).kind == kind


def test_an_unknown_call_is_not_repeatable() -> None:
    assert not name_call("put", "https://sheets.googleapis.com/v4/anything").repeatable
