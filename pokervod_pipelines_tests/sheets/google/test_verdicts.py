"""Every answer, and every silence, has one verdict."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.sheets.google.calls import CALLS, Call, name_call
from pokervod_pipelines.sheets.google.verdicts import (
    LONGEST_BACKOFF,
    Step,
    Trouble,
    back_off,
    judge_answer,
    judge_grant,
    judge_silence,
    read_retry_after,
)

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
    ("call", "status", "body", "step", "trouble"),
    [
        (READ, 200, b"", Step.REPEAT, Trouble.GARBLED),
        (READ, 200, HTML, Step.REPEAT, Trouble.GARBLED),
        (READ, 200, b'{"valueRanges": [', Step.REPEAT, Trouble.GARBLED),
        (READ, 200, b"[]", Step.REPEAT, Trouble.GARBLED),  # JSON, but no answer
        (READ, 200, b"[" * 100_000, Step.REPEAT, Trouble.GARBLED),
        (READ, 304, b"", Step.REPEAT, Trouble.BROKEN),
        (READ, 400, sheets_error("Unable to parse range: 'Hands'"), Step.GIVE_UP, Trouble.CHANGED_MEANWHILE),
        (GET, 400, sheets_error(), Step.GIVE_UP, Trouble.REFUSED),
        (GET, 400, sheets_error("This operation is not supported for this document"), Step.GIVE_UP,
         Trouble.NO_GOOGLE_SHEET),
        (WRITE, 400, sheets_error("Range (Hands!Z1) exceeds grid limits"), Step.GIVE_UP, Trouble.CHANGED_MEANWHILE),
        (WRITE, 400, sheets_error("You are trying to edit a protected cell or object."), Step.GIVE_UP,
         Trouble.PROTECTED),
        (CHANGE, 400, PLAIN, Step.GIVE_UP, Trouble.CHANGED_MEANWHILE),
        (READ, 401, b"", Step.RENEW_TOKEN, Trouble.TOKEN),
        (READ, 403, PLAIN, Step.GIVE_UP, Trouble.NOT_SHARED),
        (READ, 400, HTML, Step.REPEAT, Trouble.BROKEN),  # not Google's words, but those of something on the way
        (READ, 403, HTML, Step.REPEAT, Trouble.BROKEN),
        (READ, 403, b'{"error": "forbidden"}', Step.REPEAT, Trouble.BROKEN),
        (GET, 404, b"", Step.REPEAT, Trouble.BROKEN),
        (READ, 403, b'{"error": {"errors": "x", "details": ["y"]}}', Step.GIVE_UP, Trouble.NOT_SHARED),
        (WRITE, 403, PLAIN, Step.GIVE_UP, Trouble.READ_ONLY),
        (CHANGE, 403, PLAIN, Step.GIVE_UP, Trouble.READ_ONLY),
        (LIST, 403, drive_error("rateLimitExceeded"), Step.REPEAT, Trouble.QUOTA),
        (LIST, 403, drive_error("userRateLimitExceeded"), Step.REPEAT, Trouble.QUOTA),
        (LIST, 403, drive_error("accessNotConfigured"), Step.GIVE_UP, Trouble.API_DISABLED),
        (GET, 403, sheets_error(reason="SERVICE_DISABLED"), Step.GIVE_UP, Trouble.API_DISABLED),
        (LIST, 403, drive_error("insufficientFilePermissions"), Step.GIVE_UP, Trouble.NOT_SHARED),
        (GET, 404, PLAIN, Step.GIVE_UP, Trouble.GONE),
        (GET, 410, PLAIN, Step.GIVE_UP, Trouble.GONE),
        (KINDS["drive.files.get"], 404, PLAIN, Step.GIVE_UP, Trouble.NOT_FOUND_IN_DRIVE),
        (READ, 405, PLAIN, Step.GIVE_UP, Trouble.REFUSED),
        (READ, 408, b"", Step.REPEAT, Trouble.BROKEN),
        (READ, 409, b"", Step.REPEAT, Trouble.BROKEN),
        (READ, 413, PLAIN, Step.GIVE_UP, Trouble.REFUSED),
        (READ, 428, PLAIN, Step.GIVE_UP, Trouble.REFUSED),
        (READ, 429, b"", Step.REPEAT, Trouble.QUOTA),
        (READ, 499, PLAIN, Step.GIVE_UP, Trouble.REFUSED),
        (READ, 500, b"", Step.REPEAT, Trouble.BROKEN),
        (READ, 502, HTML, Step.REPEAT, Trouble.BROKEN),
        (READ, 503, b"", Step.REPEAT, Trouble.BROKEN),
        (READ, 504, b"", Step.REPEAT, Trouble.BROKEN),
    ],
)  # fmt: skip
def test_an_answer_is_judged_by_status_and_reason(
    call: Call, status: int, body: bytes, step: Step, trouble: Trouble
) -> None:
    verdict = judge_answer(call, status, {}, body)

    assert verdict is not None
    assert (verdict.step, verdict.trouble) == (step, trouble)


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_an_object_in_json_is_an_answer(status: int) -> None:
    assert judge_answer(READ, status, {}, b'{"valueRanges": []}') is None


@pytest.mark.parametrize(("status", "unclear"), [(200, True), (408, True), (500, True), (503, True), (429, False)])
def test_what_may_have_been_done_is_told_from_what_was_refused(status: int, unclear: bool) -> None:
    verdict = judge_answer(CHANGE, status, {}, HTML)

    assert verdict is not None
    assert verdict.is_unclear is unclear


@pytest.mark.parametrize(
    ("status", "body", "step", "trouble"),
    [
        (200, {}, Step.REPEAT, Trouble.GARBLED),
        (200, {"access_token": "x", "expires_in": "soon"}, Step.REPEAT, Trouble.GARBLED),
        (400, {"error": "invalid_grant"}, Step.GIVE_UP, Trouble.KEY_REFUSED),
        (400, {"error": "server_error"}, Step.REPEAT, Trouble.BROKEN),
        (401, {"error": "invalid_client"}, Step.GIVE_UP, Trouble.KEY_REFUSED),
        (401, {"error": {"code": 401}}, Step.REPEAT, Trouble.BROKEN),
        (403, {}, Step.REPEAT, Trouble.BROKEN),
        (404, {"error": ["x"]}, Step.REPEAT, Trouble.BROKEN),
        (408, {}, Step.REPEAT, Trouble.BROKEN),
        (429, {}, Step.REPEAT, Trouble.QUOTA),
        (500, {}, Step.REPEAT, Trouble.BROKEN),
    ],
)
def test_a_key_that_was_refused_is_told_from_a_service_in_trouble(
    status: int, body: dict[str, Any], step: Step, trouble: Trouble
) -> None:
    verdict = judge_grant(status, {}, json.dumps(body).encode())

    assert verdict is not None
    assert (verdict.step, verdict.trouble) == (step, trouble)


def test_a_token_is_an_answer() -> None:
    assert judge_grant(200, {}, b'{"access_token": "x", "expires_in": 3599}') is None


@given(st.sampled_from([*KINDS.values()]), st.integers(100, 999), st.binary(max_size=60))
def test_no_answer_is_without_a_verdict(call: Call, status: int, body: bytes) -> None:
    verdict, grant = judge_answer(call, status, {}, body), judge_grant(status, {}, body)

    assert (verdict is None) <= (200 <= status < 300)
    assert grant is not None


@pytest.mark.parametrize(("was_sent", "unclear"), [(True, True), (False, False)])
def test_silence_is_unclear_only_once_something_was_sent(was_sent: bool, unclear: bool) -> None:
    verdict = judge_silence(was_sent=was_sent)

    assert (verdict.step, verdict.is_unclear) == (Step.REPEAT, unclear)


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
def test_too_many_calls_are_followed_by_the_wait_that_was_asked_for(headers: dict[str, str], wait: float) -> None:
    verdict = judge_answer(READ, 429, headers, b"")

    assert verdict is not None
    assert verdict.wait == wait


def test_a_service_in_trouble_may_say_when_to_come_back() -> None:
    verdict = judge_answer(READ, 503, {"Retry-After": "12"}, b"")

    assert verdict is not None
    assert verdict.wait == 12


@given(st.text())
def test_no_retry_after_is_misread_as_a_wait_in_the_past(value: str) -> None:
    assert (read_retry_after({"Retry-After": value}) or 0) >= 0


@given(st.integers(1, 40), st.floats(0, 1))
def test_waits_grow_and_end(failures: int, spread: float) -> None:
    assert 0.5 <= back_off(failures, spread) <= LONGEST_BACKOFF
    assert back_off(failures, spread) <= back_off(failures + 1, spread)


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


def test_what_was_never_thought_of_is_not_done_twice() -> None:
    assert not name_call("put", "https://sheets.googleapis.com/v4/anything").repeatable
