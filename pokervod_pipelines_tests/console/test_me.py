"""What people may change of themselves: password, sessions and language; and that no key may."""

from pathlib import Path
from ssl import create_default_context

import pytest
from sqlalchemy import Engine

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.api.server import Listening
from pokervod_pipelines.console.app import build_site
from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.access.people import PASSWORD, WRONG, make_basic, make_people
from pokervod_pipelines_tests.api.serving import Served, serve_app
from pokervod_pipelines_tests.console.browsing import Browser
from pokervod_pipelines_tests.console.certificates import make_certificate

NEW = f"{PASSWORD} again"


def test_whoever_asks_is_told_who_they_are(browser: Browser) -> None:
    browser.log_in("ben")
    answer = browser.get("/api/me")
    me = answer.json()

    assert answer.headers["cache-control"] == "no-store"
    assert (me["who"], me["role"], me["how"], me["key"], me["language"]) == ("ben", "viewer", "session", None, None)
    assert [each["current"] for each in me["sessions"]] == [True]
    assert me["sessions"] == browser.get("/api/me/sessions").json()["items"]


def test_another_password_ends_all_sessions_but_gives_a_new_one(site: Served) -> None:
    here, elsewhere = Browser(served=site), Browser(served=site)
    here.log_in()
    elsewhere.log_in()
    before = here.get("/api/me").json()
    after = here.post("/api/me/password", {"present": PASSWORD, "new": NEW})

    assert after.status_code == 200, after.text
    assert after.json()["csrf_token"] == here.get("/api/me").json()["csrf_token"] != before["csrf_token"]
    assert elsewhere.get("/api/me", Accept="*/*").status_code == 401
    assert [Browser(served=site).log_in(password=each).status_code for each in (PASSWORD, NEW)] == [401, 303]


def test_a_program_with_the_password_changes_it_and_leaves_no_session(browser: Browser) -> None:
    body = {"present": PASSWORD, "new": NEW}
    answer = browser.ask("POST", "/api/me/password", {"Authorization": make_basic("ben", PASSWORD)}, json=body)

    assert (answer.status_code, "set-cookie" in answer.headers) == (200, False)
    assert make_people(browser.served.engine).execute("select count(*) from sessions where ended_at is null") == [(0,)]


@pytest.mark.parametrize(
    ("present", "new", "status"), [(WRONG, NEW, 401), (PASSWORD, "short", 400), (PASSWORD, "anna" * 4, 400)]
)
def test_a_password_that_is_wrong_or_weak_changes_nothing(
    browser: Browser, present: str, new: str, status: int
) -> None:
    browser.log_in()

    assert browser.post("/api/me/password", {"present": present, "new": new}, Accept="*/*").status_code == status
    assert browser.get("/api/me").status_code == 200


def test_people_end_their_own_sessions_and_no_others(site: Served) -> None:
    browsers = [Browser(served=site) for _ in range(4)]
    for each, name in zip(browsers, ("anna", "anna", "anna", "ben"), strict=True):
        each.log_in(name)
    first, second, third, ben = browsers
    own, foreign = (each.get("/api/me/sessions").json()["items"] for each in (first, ben))
    [last] = [each["id"] for each in third.get("/api/me/sessions").json()["items"] if each["current"]]

    assert len(own) == 3
    assert first.post(f"/api/me/sessions/{foreign[0]['id']}/end", {}).status_code == 404
    assert first.post(f"/api/me/sessions/{last}/end", {}).json()["ended"] == 1
    assert first.post("/api/me/sessions/end-others", {"reason": "lost the laptop"}).json()["ended"] == 1
    assert [each.get("/api/me", Accept="*/*").status_code for each in browsers] == [200, 401, 401, 200]
    assert second.get("/docs").headers["location"] == "/login?next=%2Fdocs"


def test_the_own_language_counts_before_the_browser(browser: Browser) -> None:
    browser.log_in("ben")
    answer = browser.post("/api/me/language", {"language": "ko"})

    assert (answer.json()["changed"], answer.json()["language"]) == (True, "ko")
    assert "계속" in browser.get("/login").text
    assert browser.post("/api/me/language", {"language": "klingon"}).status_code in {400, 422}


def test_a_key_changes_nothing_of_its_owner(browser: Browser) -> None:
    key = {"X-API-Key": make_people(browser.served.engine).make_key("anna", Role.ADMIN)}
    bodies = {"password": {"present": PASSWORD, "new": NEW}, "sessions/end-others": {}, "language": {"language": "ko"}}

    assert browser.ask("GET", "/api/me", key).json()["key"] == "board"
    for path, body in bodies.items():
        assert browser.ask("POST", f"/api/me/{path}", key, json=body).status_code == 403


def test_who_logs_in_is_shown_to_administrators_only(site: Served) -> None:
    anna, ben = Browser(served=site), Browser(served=site)
    ben.log_in("ben")
    anna.log_in()

    for query in ("", "?type=api.login", "?type=api.login.succeeded"):
        shown, hidden = (each.get(f"/api/log{query}").json()["items"] for each in (anna, ben))
        assert any(each["type"] == "api.login.succeeded" for each in shown)
        assert not any(each["type"].startswith("api.login") for each in hidden)


def test_by_tls_the_session_is_safe_from_neighbours(engine: Engine, site_settings: Settings, tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    listening = Listening(host="127.0.0.1", port=0, certificate=certificate, key=key)
    with serve_app(site_settings, engine, build_site, listening) as served:
        make_people(engine).add("anna")
        browser = Browser(served=served, verify=create_default_context(cafile=str(certificate)))
        cookie = browser.log_in().headers["set-cookie"]
        answer = browser.get("/api/me")
        plain = browser.get("/api/me", Accept="*/*", Cookie=cookie.partition(";")[0].removeprefix("__Host-"))

    assert served.url.startswith("https://")
    assert cookie.startswith("__Host-pokervod_session=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= {*cookie.split("; ")}
    assert (answer.status_code, answer.headers["strict-transport-security"]) == (200, "max-age=31536000")
    assert plain.status_code == 401  # of that name any neighbour could have set it


def test_without_tls_no_browser_is_told_to_ask_by_tls(browser: Browser) -> None:
    assert "strict-transport-security" not in browser.get("/login").headers
