"""What attackers try at the login, the pages and the forms: each is refused, logged, and tells nothing."""

import logging
import re
import socket
from collections.abc import Iterator
from urllib.parse import quote

import httpx2
import pytest

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.access.users import disable_user, set_password, set_role
from pokervod_pipelines.api import guard, server
from pokervod_pipelines_tests.access.people import PASSWORD, WRONG, make_people
from pokervod_pipelines_tests.api.serving import Served
from pokervod_pipelines_tests.console.browsing import Browser

SESSION = "pokervod_session"

INJECTIONS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' or '1'='1' --",
    "'; drop table users; --",
    "{{ 7 * 191 }}${7*191}",
    "x\r\nSet-Cookie: pokervod_session=evil",
    "x\x00y",
    "%s%n%(name)s",
    "../../../etc/passwd",
    "🃏" * 200,
    "x" * 9_000,
)

ELSEWHERE = (
    "https://evil.example/",
    "//evil.example/",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\r\n//evil.example",
    " //evil.example",
    "javascript:alert(1)",
    "http:evil.example",
    "/x//evil.example",
    "@evil.example",
    "/" + "x" * 3_000,
)


OTHER_SITES = (
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "http://127.0.0.1.evil.example"},
)


def test_a_page_of_another_site_logs_nobody_in_or_out(browser: Browser, caplog: pytest.LogCaptureFixture) -> None:
    browser.log_in()
    token = browser.find_token()
    forms = (("/login", {"name": "ben", "password": PASSWORD}), ("/logout", {"csrf_token": token}))
    caplog.set_level(logging.INFO, "pokervod_pipelines.api.guard")
    for headers in OTHER_SITES:
        for path, fields in forms:
            answer = browser.send(path, fields, **headers)
            assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)

    assert len([each for each in caplog.messages if re.search(r"POST /log(in|out) 403", each)]) == 8
    assert browser.get("/api/me").json()["who"] == "anna"


def test_nobody_is_logged_out_without_the_token_of_the_session(browser: Browser) -> None:
    browser.log_in()

    for token in ("", "x", "0" * 64, "é"):
        assert browser.send("/logout", {"csrf_token": token}).status_code == 403
    assert browser.get("/api/me").status_code == 200


def test_the_token_of_one_session_is_none_of_another(site: Served) -> None:
    anna, ben = Browser(served=site), Browser(served=site)
    anna.log_in()
    ben.log_in("ben")
    token = anna.get("/api/me").json()["csrf_token"]

    assert ben.ask("POST", "/api/me/language", {"X-CSRF-Token": token}, json={"language": "ko"}).status_code == 403


def test_a_forged_cookie_lets_nobody_in(browser: Browser) -> None:
    for forged in ("x", "' or 1=1 --", "A" * 43, "A" * 6_000, "", "anna", "\x01"):
        answer = browser.get("/api/me", Accept="*/*", Cookie=f"{SESSION}={forged}")

        assert answer.status_code in {400, 401}
        assert "anna" not in answer.text


def test_a_stolen_cookie_ends_with_what_ends_its_session(site: Served) -> None:
    people = make_people(site.engine)
    people.add("carl")
    changes = ((set_role, Role.OPERATOR), (set_password, PASSWORD), (disable_user,))
    for act, *values in changes:
        thief = Browser(served=site)
        thief.log_in("carl")
        assert thief.get("/api/me").status_code == 200
        people.change(act, "carl", *values)
        assert thief.get("/api/me", Accept="*/*").status_code == 401, act


def test_a_cookie_that_was_planted_is_never_a_session(browser: Browser) -> None:
    browser.cookies[SESSION] = planted = "A" * 43
    browser.log_in()

    assert browser.cookies[SESSION] != planted
    assert browser.get("/api/me", Accept="*/*", Cookie=f"{SESSION}={planted}").status_code == 401


def test_who_guesses_passwords_has_to_wait_longer_and_longer(
    browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        answers = [browser.log_in(password=f"{WRONG} {number}") for number in range(8)]
    right = browser.log_in()

    assert [each.status_code for each in answers][:5] == [401] * 5
    assert {each.status_code for each in (*answers[5:], right)} == {429}
    assert "Too many failed logins" in right.text
    assert int(right.headers["retry-after"]) >= 1
    assert browser.cookies == {}
    failed = make_people(browser.served.engine).list_events("api.login.failed")
    assert len(failed) == 5
    assert WRONG not in caplog.text + str(failed)


def test_a_login_leads_nowhere_else(browser: Browser) -> None:
    for following in ELSEWHERE:
        assert browser.log_in(following=following).headers["location"] == "/docs"
        shown = browser.get(f"/login?next={quote(following)}")
        assert shown.headers.get("location", "/docs") == "/docs"
        chosen = browser.get(f"/login?language=ko&next={quote(following)}")
        assert chosen.headers.get("location", "/login") == "/login"


def test_no_field_of_a_form_is_more_than_text(browser: Browser) -> None:
    people = make_people(browser.served.engine)
    for text in INJECTIONS:
        people.execute("delete from login_attempts")
        for answer in send_everywhere(browser, text):
            assert answer.status_code < 500, answer.text
            assert "evil" not in answer.headers.get("set-cookie", "")
            assert "Traceback" not in answer.text
            if answer.headers.get("content-type", "").startswith("text/html"):
                assert re.search(r"<script|<img|133[67]", answer.text) is None, text

    assert people.execute("select count(*) from users") == [(2,)]


def send_everywhere(browser: Browser, text: str) -> Iterator[httpx2.Response]:
    yield browser.send("/login", {"name": text, "password": WRONG, "next": text})
    yield browser.send("/login", {"name": "nobody", "password": text, text[:50]: text})
    yield browser.send("/logout", {"csrf_token": text})
    yield browser.get(f"/login?next={quote(text[:1500])}&language={quote(text[:10])}&left=1")
    yield browser.get(f"/static/{quote(text[:60], safe='')}")
    yield browser.get("/login", **{"Accept-Language": quote(text[:900])})


def test_no_field_of_users_and_keys_is_more_than_text(browser: Browser) -> None:
    browser.log_in()
    token = browser.get("/api/me").json()["csrf_token"]
    new = {"name": "dora", "password": PASSWORD, "role": "viewer", "language": "ko", "reason": "x"}
    key = {"name": "board", "user": "ben", "role": "viewer", "expires": "1d", "reason": "x"}
    for text in INJECTIONS:
        asked = [
            *(("/api/users", {**new, field: text}) for field in ("name", "role", "language")),
            *(("/api/keys", {**key, field: text}) for field in ("name", "user", "role", "expires")),
            ("/api/users/ben/set-role", {"role": text, "reason": "x"}),
            ("/api/users/ben/set-language", {"language": text, "reason": "x"}),
            (f"/api/users/{quote(text[:200], safe='')}/disable", {"reason": text}),
            (f"/api/keys/{quote(text[:200], safe='')}/revoke", {"reason": text}),
            ("/api/me/language", {"language": text}),
        ]
        for path, body in asked:
            answer = browser.ask("POST", path, {"X-CSRF-Token": token, "Accept": "*/*"}, json=body)
            is_of_a_key = answer.status_code == 200 and path.startswith("/api/keys")  # its name is any printed text
            assert is_of_a_key or answer.status_code in {400, 404, 422}, (path, answer.text)
            assert "Traceback" not in answer.text

    assert make_people(browser.served.engine).execute("select count(*) from users") == [(2,)]


FILES = (
    "../app.py",
    "..%2fapp.py",
    "%2e%2e/app.py",
    "..%5capp.py",
    "%2fetc%2fpasswd",
    "style.css%00",
    "style.css/",
    "..",
)


def test_no_other_file_is_served(site: Served) -> None:
    for name in FILES:
        answer = send_raw(site, f"GET /static/{name} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())

        assert re.match(rb"HTTP/1.1 (400|404) ", answer), answer[:200]
        assert re.search(rb"build_site|root:", answer) is None


FORM = "application/x-www-form-urlencoded"

BAD_FORMS = (
    (b"name=" + b"x" * 20_000, FORM, 413),
    (b"x" * 2_000_000, FORM, 413),
    (b"&".join(b"a%d=1" % number for number in range(100)), FORM, 400),
    (b'{"name": "anna"}', "application/json", 415),
    (b"--x\r\n\r\n", "multipart/form-data; boundary=x", 415),
    (b"\xff\xfe=%ff%fe&name=%00", FORM, 401),
)


def test_a_form_that_is_none_is_refused(browser: Browser) -> None:
    answers = [browser.ask("POST", "/login", {"Content-Type": kind}, content=sent) for sent, kind, _ in BAD_FORMS]

    assert [each.status_code for each in answers] == [status for _, _, status in BAD_FORMS]


def test_a_client_that_sends_its_body_slowly_is_cut_off(site: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "REQUEST_SECONDS", 0.3)
    head = "POST {} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"

    waited = send_raw(site, f"{head.format('/login')}Content-Length: 99\r\n\r\nname=".encode())
    monkeypatch.setattr(server, "BODY_SECONDS", 0.3)
    unread = send_raw(site, f"{head.format('/nothing')}Content-Length: 99\r\n\r\nname=".encode())

    assert waited.startswith(b"HTTP/1.1 408 ")
    assert unread.startswith(b"HTTP/1.1 404 ")  # answered at once; then the connection ends, too


def test_a_head_without_end_is_cut_off(site: Served, caplog: pytest.LogCaptureFixture) -> None:
    address = find_address(site)
    caplog.set_level(logging.INFO, "pokervod_pipelines.api.server")
    with socket.create_connection(address, 10) as link, pytest.raises(OSError, match=r"reset|pipe"):
        link.sendall(b"GET / HTTP/1.1\r\nX: " + b"x" * 64_000_000)

    assert "has no end" in caplog.text


def test_one_address_does_not_take_all_connections(site: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "MOST_WAITING", 5)
    address = find_address(site)
    waiting = [socket.create_connection(address, 10, source_address=("127.0.0.2", 0)) for _ in range(8)]
    try:
        assert [each.recv(1) for each in waiting[5:]] == [b""] * 3
        assert Browser(served=site).get("/login").status_code == 200
    finally:
        for each in waiting:
            each.close()


SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


AMBIGUOUS = (
    b"Content-Length: 4\r\nTransfer-Encoding: chunked",
    b"Transfer-Encoding: chunked\r\nContent-Length: 4",
    b"Content-Length: 0\r\nContent-Length: 44",
    b"Content-Length: 0, 44",
    b"Content-Length: +4",
    b"Content-Length: 0x4",
    b"Content-Length: -1",
    b"Content-Length: 4 4",
    b"Content-Length : 4",
    b"Transfer-Encoding: chunked, identity",
    b"Transfer-Encoding: xchunked",
    b"Transfer-Encoding : chunked",
    b"Transfer-Encoding:\x0bchunked",
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    b"X: y\nContent-Length: 44",
    b" Content-Length: 44",
)


def test_no_second_request_hides_in_the_body_of_the_first(site: Served, caplog: pytest.LogCaptureFixture) -> None:
    """What a proxy and we might understand differently is refused, and the connection ends."""
    caplog.set_level(logging.INFO, "pokervod_pipelines.api.guard")
    for lines in AMBIGUOUS:
        head = b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\n" + lines
        answer = send_raw(site, head + b"\r\n\r\n0\r\n\r\n" + SMUGGLED)
        assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"400"], (lines, answer)

    assert "smuggled" not in caplog.text


def test_the_log_has_no_secret(browser: Browser, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        browser.log_in()
        token = browser.find_token()
        browser.post("/api/me/password", {"present": PASSWORD, "new": f"{PASSWORD} 2"})
        body = {"name": "board", "user": "ben", "role": "viewer", "reason": "x"}
        made = browser.post("/api/keys", body, **{"Idempotency-Key": "key-00001"}).json()
        again = browser.post("/api/keys", body, **{"Idempotency-Key": "key-00001"}).json()
        new = {"name": "dora", "password": f"{PASSWORD} 3", "role": "viewer", "reason": "x"}
        browser.post("/api/users", new, **{"Idempotency-Key": "key-00002"})
    assert made["token"].startswith("pvk_")
    assert again == {**made, "token": None}

    people = make_people(browser.served.engine)
    logged = str([each.getMessage() for each in caplog.records if not each.name.startswith("http")])  # not the client's
    kept = people.execute("select answer::text, encode(request, 'hex') from answered_requests")
    told = people.execute("select payload::text from events")
    for secret in (PASSWORD, made["token"], browser.cookies[SESSION], token):
        assert secret not in logged + str(kept) + str(told)


def find_address(site: Served) -> tuple[str, int]:
    return "127.0.0.1", int(site.url.rpartition(":")[2])


def send_raw(site: Served, content: bytes) -> bytes:
    """Return all that the server answers until it ends the connection."""
    with socket.create_connection(find_address(site), 20) as link:
        link.sendall(content)
        answer = b""
        while part := link.recv(65_536):
            answer += part
    return answer
