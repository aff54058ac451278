"""What attackers write into the fields of all routes is refused or taken as text, and never an error of ours."""

import json
import logging
import re
import socket
import time
from collections.abc import Iterator
from typing import Any, cast
from urllib.parse import quote

import httpx2
import pytest

from pokervod_pipelines.api import guard
from pokervod_pipelines_tests.access.people import make_people
from pokervod_pipelines_tests.api.serving import ADMIN, Served
from pokervod_pipelines_tests.api.test_document import BODIES, list_operations, make_parameters, read_document

TEXTS = (
    "'; drop table users; --",
    "%' or '1'='1\\",
    "x\r\nSet-Cookie: evil=1\r\n\r\n<script>alert(1)</script>",
    "x\x00y",
    "\ud800",
    "{{ 7 * 191191 }}${7*191191}%(name)s%n",
    "../../../../etc/passwd",
    "9" * 5_000,
    "🃏" * 300,
)

LEAKED = re.compile(r"Traceback|1338337|root:|psycopg|sqlalchemy|select .* from")

NOT_SENT = {"/api/stream", "/api/users/{name}/disable", "/api/users/{name}/log-out", "/api/keys/{name}/revoke"}
"""One answers without end, the others would end the attack."""


@pytest.mark.parametrize("step", [len(TEXTS), pytest.param(1, marks=pytest.mark.long)])
def test_no_text_of_a_request_is_more_than_text(api: Served, step: int) -> None:
    """All fields of a route at once, with one text for each route; in the long size each field with each text."""
    headers = {"X-API-Key": api.keys[ADMIN], "Content-Type": "application/json"}
    wrong = []
    with httpx2.Client(base_url=api.url, headers=headers, timeout=20) as client:
        for method, target, body in list_requests(step):
            answer = client.request(method, target, content=body)
            told = f"{answer.headers.raw!r} {answer.text}"
            if answer.status_code >= 500 or "evil" in str(answer.headers.raw) or LEAKED.search(told):
                wrong.append((method, target[:200], body[:200], answer.status_code, answer.text[:200]))

    assert wrong == []
    assert make_people(api.engine).execute("select count(*) from users where name = 'anna'") == [(1,)]


def test_whoever_takes_nothing_of_a_long_answer_is_dropped(
    api: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An export has no limit of time, and would keep its place as long as its client keeps the connection."""
    make_people(api.engine).execute(_ADD_EVENTS)
    monkeypatch.setattr(guard, "TAKE_SECONDS", 0.2)
    caplog.set_level(logging.INFO, "pokervod_pipelines.api.guard")
    head = f"GET /api/exports/log.csv HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: {api.keys[ADMIN]}\r\n\r\n"
    with socket.socket() as lazy:
        lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        lazy.settimeout(20)
        lazy.connect(("127.0.0.1", int(api.url.rpartition(":")[2])))
        lazy.sendall(head.encode())
        until = time.monotonic() + 20
        while "exports" not in caplog.text and time.monotonic() < until:
            time.sleep(0.02)
        ends = b""
        while part := lazy.recv(1_000_000):
            ends = (ends + part)[-5:]

    assert "/api/exports/{table}.csv 200 by anna" in caplog.text
    assert ends != b"0\r\n\r\n", "it is not taken for whole"


_ADD_EVENTS = """
    insert into events (type, source, correlation_id, payload)
    select 'nas.file.added', 'nas', 'made', jsonb_build_object('path', repeat('x', 8000)) from generate_series(1, 2000)
"""


def list_requests(step: int) -> Iterator[tuple[str, str, bytes]]:
    """Return method, target and body of the requests: with a step of one, of each text in each field by itself."""
    for number, (method, path, operation) in enumerate(list_operations()):
        if path in NOT_SENT:
            continue
        for text in TEXTS[number % step :: step] if step > 1 else TEXTS:
            yield from make_requests(method, path, operation, text, is_whole=step == 1)


def make_requests(
    method: str, path: str, operation: dict[str, Any], text: str, *, is_whole: bool
) -> Iterator[tuple[str, str, bytes]]:
    sent = quote(text.encode("utf-8", "surrogatepass"), safe="")
    declared = operation.get("parameters", ())
    texts = [each["name"] for each in declared if each["in"] == "query" and "string" in str(each["schema"])]
    fields = list_fields(operation)
    body = cast("dict[str, Any]", BODIES.get(path, {"reason": "x"})) if method == "POST" else {}
    known = make_parameters(path)
    queries = [[name] for name in texts] if is_whole else [texts] if texts else []
    bodies = [[name] for name in fields] if is_whole else [fields]
    given = json.dumps(body).encode() if body else b""
    for names in queries:
        yield method, path.format(**known) + "?" + "&".join(f"{name}={sent}" for name in names), given
    for name in known:
        yield method, path.format(**{**known, name: sent[:900]}), given
    for names in bodies if fields else ():
        for value in (text, [text], {text: text}) if is_whole else (text,):
            yield method, path.format(**known), json.dumps({**body, **dict.fromkeys(names, value)}).encode()


def list_fields(operation: dict[str, Any]) -> list[str]:
    """Return the fields of the body."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
    return [*read_document()["components"]["schemas"].get(name, {}).get("properties", ())]
