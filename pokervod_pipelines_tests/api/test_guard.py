"""Around every route: who is let in, what a browser may be told to do, sizes, times, ids, and what the log keeps."""

import logging
import socket
from typing import Any

import httpx2
import pytest
from sqlalchemy import Engine

from pokervod_pipelines.api import server
from pokervod_pipelines.api.clients import COOKIE
from pokervod_pipelines.api.guard import MAX_BODY
from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.access.people import WRONG, make_people
from pokervod_pipelines_tests.api.serving import OPERATOR, Served, fill, serve_app

ACKNOWLEDGE = "/api/events/1/acknowledge"
REASON = {"reason": "x"}


def test_every_answer_has_strict_headers(api: Served) -> None:
    for path, role in (("/api/dashboard", "admin"), ("/api/nothing", "admin"), ("/docs", None)):
        headers = api.get(path, role).headers  # type: ignore[arg-type]

        assert "default-src 'none'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer")
        assert "server" not in headers


def test_the_pages_have_no_script_of_their_own_and_nothing_from_elsewhere(api: Served) -> None:
    page = api.get("/docs").text

    assert "<script>" not in page
    assert "http" not in page.replace("http-equiv", "")
    for name in ("swagger-ui.css", "swagger-ui-bundle.js", "start.js"):
        assert api.get(f"/docs/{name}").status_code == 200
    assert api.get("/docs/..%2f..%2fsecrets").status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example"},
        {"X-Forwarded-For": "203.0.113.9"},
        {"Forwarded": "for=203.0.113.9"},
        {"Via": "1.1 proxy"},
    ],
)
def test_without_users_only_this_machine_is_answered(opened: Served, headers: dict[str, str]) -> None:
    """A page of a browser may ask 127.0.0.1 by a name of its own, and a proxy may ask for anybody."""
    assert opened.get("/api/dashboard").status_code == 200
    assert opened.get("/api/dashboard", headers=headers).status_code in {401, 403}


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_no_page_of_another_site_changes_anything(opened: Served, headers: dict[str, str]) -> None:
    fill(opened.engine, opened.settings)

    assert opened.post(ACKNOWLEDGE, REASON, **headers).status_code == 403
    assert opened.read("/api/events/1")["incident"]["state"] == "open"
    assert opened.post(ACKNOWLEDGE, REASON, Origin=opened.url).status_code == 200


def test_a_change_of_a_session_needs_its_token(api: Served) -> None:
    session = make_people(api.engine).log_in("anna")
    cookie = {"Cookie": f"{COOKIE}={session.token}"}
    token = session.principal.csrf_token or ""

    assert api.get("/api/dashboard", None, headers=cookie).status_code == 200
    for given in ({}, {"X-CSRF-Token": ""}, {"X-CSRF-Token": token[:-1]}):
        assert api.post(ACKNOWLEDGE, REASON, None, **cookie, **given).status_code == 403
    assert api.post(ACKNOWLEDGE, REASON, None, **cookie, **{"X-CSRF-Token": token}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer pvk_aaaaaaaa_bbbb"},
        {"Authorization": "Basic YW5uYTp4"},
        {"Authorization": "Basic !"},
        {"Authorization": "Digest x"},
        {"X-API-Key": "x" * 9000},
        {"Cookie": f"{COOKIE}=forged"},
    ],
)
def test_what_nobody_was_given_lets_nobody_in(api: Served, headers: dict[str, str]) -> None:
    answer = api.get("/api/dashboard", None, headers=headers)

    assert answer.status_code in {401, 403, 431}
    assert "pokervod" not in answer.json()["detail"] or answer.status_code == 403


def test_who_guesses_passwords_has_to_wait(api: Served) -> None:
    statuses = [httpx2.get(f"{api.url}/health", auth=("anna", WRONG)).status_code for _ in range(8)]
    last = httpx2.get(f"{api.url}/health", auth=("anna", WRONG))

    assert statuses[0] == 401
    assert last.status_code == 429
    assert int(last.headers["retry-after"]) >= 1


def test_a_body_that_is_too_large_is_not_read(api: Served) -> None:
    told = api.ask("POST", ACKNOWLEDGE, content=b"x" * (MAX_BODY + 1))
    streamed = api.ask("POST", ACKNOWLEDGE, content=(b"x" * 100_000 for _ in range(20)))

    assert (told.status_code, streamed.status_code) == (413, 413)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b'{"reason": 1}', b"\xff", b'{"reason": "\\u0000"}'])
def test_a_body_that_is_wrong_is_refused_in_words(api: Served, body: bytes) -> None:
    answer = api.ask("POST", ACKNOWLEDGE, content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code in {400, 422}, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("given", "is_kept"), [("request-17", True), ("a" * 65, False), ("a b", False), ("<script>", False)]
)
def test_a_request_has_the_id_that_it_names_if_that_is_one(api: Served, given: str, is_kept: bool) -> None:
    found = api.get("/health", headers={"X-Correlation-Id": given}).headers["x-correlation-id"]

    assert (found == given) is is_kept


def test_the_log_says_who_asked_for_what_and_no_secret(api: Served, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "pokervod_pipelines.api"):
        api.get("/api/instructions/1?token=hush")
        httpx2.get(f"{api.url}/health", auth=("anna", WRONG))

    lines = [each.getMessage() for each in caplog.records if each.name.endswith("guard")]
    assert any("GET /api/instructions/{instruction_id} 422 by anna" in each for each in lines), lines
    secrets = ("hush", WRONG, *api.keys.values())
    assert [each for each in lines if any(secret in each for secret in secrets)] == []


def test_a_client_that_sends_no_whole_head_is_cut_off(
    engine: Engine, api_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "HEAD_SECONDS", 0.3)
    with serve_app(api_settings, engine) as served:
        address = ("127.0.0.1", int(served.url.rpartition(":")[2]))
        for sent in (b"", b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "):
            with socket.create_connection(address, timeout=10) as slow:
                slow.sendall(sent)
                assert slow.recv(1) == b""
        assert served.get("/health", None).status_code == 200


def test_a_bug_is_answered_without_its_traceback(
    api: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any) -> Any:
        raise ZeroDivisionError("the secret of the bug")

    monkeypatch.setattr("pokervod_pipelines.api.routes.monitor.count_all_states", fail)
    answer = api.get("/stats")

    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert "secret of the bug" not in answer.text
    assert "content-security-policy" in answer.headers
    assert any("GET /stats failed" in each.getMessage() for each in caplog.records)


def test_a_body_that_is_no_json_tells_a_stranger_nothing(api: Served) -> None:
    stranger, operator = (api.ask("POST", "/api/events/1/mute", role, content=b"{") for role in (None, OPERATOR))

    assert (stranger.status_code, operator.status_code) == (401, 422)
