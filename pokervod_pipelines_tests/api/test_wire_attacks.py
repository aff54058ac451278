"""What attackers write onto the wire: addresses of others, names of others, methods and targets of proxies, bombs."""

import json
import re
import socket
from collections.abc import Callable

import httpx2
import pytest
from sqlalchemy import Engine

from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.access.people import WRONG, make_people
from pokervod_pipelines_tests.api.serving import ADMIN, Served, serve_app


@pytest.mark.parametrize(
    ("trusted", "sent", "counted"),
    [
        ([], "198.51.100.{}", {"127.0.0.1"}),
        (["127.0.0.1"], "198.51.100.{}, 203.0.113.9", {"203.0.113.9"}),
        (["127.0.0.1"], "127.0.0.{}, 203.0.113.9, 127.0.0.1", {"203.0.113.9"}),
    ],
)
def test_nobody_chooses_the_address_whose_failures_count(
    engine: Engine,
    settings_factory: Callable[..., Settings],
    database_url: str,
    trusted: list[str],
    sent: str,
    counted: set[str],
) -> None:
    """A guesser who writes another address into each request waits all the same."""
    settings = settings_factory(database_url=database_url, api={"trusted_proxies": trusted})
    with serve_app(settings, engine) as served:
        served.add_keys()
        for number in range(3):
            headers = {"X-Forwarded-For": sent.format(number + 1), "X-Real-IP": "198.51.100.7"}
            headers |= {"Forwarded": "for=198.51.100.8", "True-Client-IP": "198.51.100.9"}
            assert httpx2.get(f"{served.url}/health", auth=("anna", WRONG), headers=headers).status_code == 401
    rows = make_people(engine).execute("select key from login_attempts where kind = 'address'")
    assert {row[0] for row in rows} == counted


HOSTS = (
    "evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "evil.example:8080", "[::1].evil.example",
    "evil]", "[", "[::1]x", "127.0.0.1\r\nHost: evil.example", "127.0.0.1@evil.example",
    "0.0.0.0", "", "localhost:8080, evil.example",
)  # fmt: skip


@pytest.mark.parametrize("path", ["/api/dashboard", "/dagster/", "/api/me", "/openapi.json", "/metrics"])
def test_no_name_of_another_site_leads_to_this_machine(opened: Served, path: str) -> None:
    """A page of elsewhere whose name was made to mean 127.0.0.1 is asked of as that name."""
    for host in HOSTS:
        answer = send(opened, f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())

        assert re.match(rb"HTTP/1.1 (400|401|403) ", answer), (host, answer[:300])


TARGETS = (
    ("TRACE / HTTP/1.1", {405, 404}),
    ("CONNECT 127.0.0.1:22 HTTP/1.1", {400, 404, 405}),
    ("TRACE /dagster/ HTTP/1.1", {401}),
    ("GET http://169.254.169.254/latest/meta-data HTTP/1.1", {404}),
    ("GET http://evil.example/dagster/@evil.example/ HTTP/1.1", {401}),
    ("GET /api/%2e%2e/%2e%2e/etc/passwd HTTP/1.1", {404}),
    ("GET /api/outputs/1%2f..%2f..%2fsecrets/file HTTP/1.1", {404}),
    ("GET /docs/..%5c..%5cstart.js HTTP/1.1", {401}),
    ("GET /docs/%252e%252e%252fapp.py HTTP/1.1", {401}),
    ("GET /docs/start.js%00.css HTTP/1.1", {401}),
    ("GET /api/me HTTP/1.1\r\nX-Correlation-Id: abcdefgh\tevil", {401}),
    ("GET /api/me HTTP/1.1\r\nX: y\r\n folded: z", {400}),
    ("GET /api/me HTTP/1.1\r\nX\x00: y", {400}),
    ("GET /api/me\x0b HTTP/1.1", {400, 404}),
    ("POST /api/me/language HTTP/1.1\r\nOrigin: http://[evil", {403}),
    ("GET /api/me HTTP/1.1\r\nCookie: a=b\r\nHost: [", {400}),
)


def test_no_target_leads_elsewhere(api: Served) -> None:
    for line, statuses in TARGETS:
        answer = send(api, f"{line}\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
        found = re.match(rb"HTTP/1.1 (\d+) ", answer)

        assert found is not None, line
        assert int(found[1]) in statuses, (line, answer[:300])
        assert b"evil" not in answer.partition(b"\r\n\r\n")[0]


DEEP = 200_000

BOMBS = {
    "deep lists": b'{"reason": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "half as deep": b'{"reason": "x", "layers": ' + b"[" * 900 + b"]" * 900 + b"}",
    "a long number": b'{"reason": ' + b"9" * 900_000 + b"}",
    "a large power": b'{"reason": 1e999999}',
    "no number": b'{"reason": NaN}',
    "many fields": json.dumps({str(each): 1 for each in range(50_000)}).encode(),
    "a lone surrogate": b'{"reason": "\\ud800"}',
    "another coding": '{"reason": "x"}'.encode("utf-16"),
    "packed": b"\x1f\x8b" + b"\x00" * 1_000,
}

ASKED = (
    "/api/events/1/acknowledge", "/api/instructions", "/api/instructions/preview", "/api/orchestrator/execute",
    "/api/actions/bulk-retry", "/api/users",
)  # fmt: skip


def test_no_body_is_more_than_its_bytes(api: Served) -> None:
    for name, body in BOMBS.items():
        for path in ASKED:
            headers = {"Content-Type": "application/json"}
            headers |= {"Content-Encoding": "gzip"} if name == "packed" else {}
            answer = api.ask("POST", path, ADMIN, content=body, headers=headers)

            is_read = name == "another coding" and answer.status_code in {200, 404, 409}
            assert is_read or answer.status_code in {400, 413, 415, 422}, (name, path, answer.text[:300])
            assert len(answer.content) < 100_000, (name, path)


def send(served: Served, content: bytes) -> bytes:
    """Return all that the server answers until it ends the connection."""
    with socket.create_connection(("127.0.0.1", int(served.url.rpartition(":")[2])), 20) as link:
        link.sendall(content)
        answer = b""
        while part := link.recv(65_536):
            answer += part
    return answer
