"""The login page: who gets in, where they are led, what the cookie may do, and how it ends."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from pokervod_pipelines.console.app import ROUTERS, build_site
from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.access.people import WRONG, make_people
from pokervod_pipelines_tests.api.serving import Served, serve_app
from pokervod_pipelines_tests.console.browsing import Browser

SESSION = "pokervod_session"


def test_who_logs_in_is_led_to_the_page_that_was_asked_for(browser: Browser) -> None:
    asked = browser.get("/docs?x=1")
    answer = browser.log_in(following="/docs?x=1")

    assert (asked.status_code, asked.headers["location"]) == (303, "/login?next=%2Fdocs%3Fx%3D1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/docs?x=1")
    assert browser.get("/docs").status_code == 200
    assert browser.get("/").headers["location"] == "/docs"
    assert browser.get("/login?next=/docs").headers["location"] == "/docs"


def test_the_cookie_is_for_this_site_and_no_script(browser: Browser) -> None:
    cookie = browser.log_in().headers["set-cookie"]

    assert cookie.startswith(f"{SESSION}=")
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= {*cookie.split("; ")}
    assert "Secure" not in cookie  # plain HTTP on this machine
    assert "expires=" in cookie.lower()


def test_a_wrong_login_says_so_in_words_and_keeps_the_name(browser: Browser) -> None:
    wrong, unknown = browser.log_in(password=WRONG), browser.log_in(name="nobody", password=WRONG)

    assert (wrong.status_code, unknown.status_code) == (401, 401)
    assert "The name or the password is wrong" in wrong.text
    assert 'value="anna"' in wrong.text
    assert WRONG not in wrong.text
    assert wrong.text.replace("anna", "") == unknown.text.replace("nobody", "")
    assert browser.cookies == {}


def test_who_logs_out_is_out_everywhere(browser: Browser) -> None:
    browser.log_in()
    token, stolen = browser.find_token(), dict(browser.cookies)
    answer = browser.send("/logout", {"csrf_token": token})

    assert (answer.status_code, answer.headers["location"]) == (303, "/login?left=1")
    assert browser.cookies == {}
    assert "You are logged out." in browser.get("/login?left=1").text
    assert browser.get("/api/me", Cookie=f"{SESSION}={stolen[SESSION]}", Accept="*/*").status_code == 401


def test_whoever_logs_in_again_leaves_no_session_behind(browser: Browser) -> None:
    browser.log_in()
    browser.log_in("ben")

    me = browser.get("/api/me").json()
    assert (me["who"], me["role"], len(me["sessions"])) == ("ben", "viewer", 1)
    assert make_people(browser.served.engine).execute("select count(*) from sessions where ended_at is null") == [(1,)]


def test_without_users_the_page_says_who_is_let_in(unused_site: Served) -> None:
    browser = Browser(served=unused_site)

    assert "pokervod users add" in browser.get("/login").text
    assert browser.get("/").headers["location"] == "/docs"
    assert browser.log_in().status_code == 403


@pytest.mark.parametrize(
    ("headers", "language"),
    [
        ({}, "en"),
        ({"Accept-Language": "ko-KR,ko;q=0.9,en;q=0.5"}, "ko"),
        ({"Accept-Language": "fr, de;q=0.5"}, "en"),
        ({"Accept-Language": "ko", "Cookie": "pokervod_language=en"}, "en"),
        ({"Cookie": "pokervod_language=../../etc"}, "en"),
    ],
)
def test_the_page_is_in_the_language_of_the_browser(site: Served, headers: dict[str, str], language: str) -> None:
    page = Browser(served=site, headers=headers).get("/login").text

    assert f'<html lang="{language}">' in page
    assert ("로그인" in page) is (language == "ko")


def test_a_language_that_was_chosen_stays(browser: Browser) -> None:
    chosen = browser.get("/login?language=ko&next=/docs")

    assert (chosen.status_code, chosen.headers["location"]) == (303, "/login?next=%2Fdocs")
    assert "비밀번호" in browser.get("/login").text


@pytest.mark.parametrize(
    ("changed", "headers", "status"),
    [
        ({}, {"X-Forwarded-For": "203.0.113.9"}, 403),
        ({}, {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}, 403),
        ({"trusted_proxies": ["127.0.0.1"]}, {"X-Forwarded-For": "203.0.113.9"}, 403),
        ({"trusted_proxies": ["127.0.0.1"]}, {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}, 303),
        ({"trusted_proxies": ["10.0.0.0/8"]}, {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}, 403),
        ({"login_without_tls": True}, {"X-Forwarded-For": "203.0.113.9"}, 303),
        ({}, {}, 303),
    ],
)
def test_nobody_logs_in_where_the_password_can_be_read(
    engine: Engine,
    settings_factory: Callable[..., Settings],
    database_url: str,
    changed: dict[str, object],
    headers: dict[str, str],
    status: int,
) -> None:
    settings = settings_factory(database_url=database_url, api=changed)
    with serve_app(settings, engine, build_site) as served:
        make_people(engine).add("anna")
        browser = Browser(served=served, headers=headers)
        answer = browser.log_in()
        page = browser.get("/login")

    assert answer.status_code == status
    assert ("not encrypted" in page.text) is (status == 403)
    if headers.get("X-Forwarded-Proto") and status == 303:
        assert "__Host-pokervod_session=" in answer.headers["set-cookie"]
        assert "Secure" in answer.headers["set-cookie"]
        assert "strict-transport-security" in answer.headers
        [[address]] = make_people(engine).execute("select address from sessions")
        assert address == "203.0.113.9"


def test_a_script_of_a_page_is_told_without_the_window_of_the_browser(browser: Browser) -> None:
    by_script = browser.get("/api/dashboard", Accept="*/*", **{"Sec-Fetch-Mode": "cors"})
    by_program = browser.get("/api/dashboard", Accept="*/*")

    assert (by_script.status_code, by_program.status_code) == (401, 401)
    assert "www-authenticate" not in by_script.headers
    assert "Basic" in by_program.headers["www-authenticate"]


def test_every_route_of_the_console_is_open_on_purpose() -> None:
    """The pages that come next name their role; these are for whoever is not logged in yet."""
    assert {route.path for each in ROUTERS for route in each.router.routes} == {  # type: ignore[attr-defined]
        "/",
        "/login",
        "/logout",
        "/static/{name}",
    }
