"""Follow what happens by server-sent events and by a WebSocket: nothing is missed, and nobody follows who may not."""

import json
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import Engine, text
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from pokervod_pipelines.access.keys import revoke_key
from pokervod_pipelines.access.sessions import end_sessions
from pokervod_pipelines.access.users import add_user, disable_user, set_password, set_role
from pokervod_pipelines.api.clients import COOKIE
from pokervod_pipelines.api.streams import follower, opening, stream
from pokervod_pipelines.api.streams.hub import Hub
from pokervod_pipelines.api.streams.messages import Notice, list_messages
from pokervod_pipelines.events import EventType, append_events
from pokervod_pipelines.events.payloads import list_types
from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.access.people import BOSS, PASSWORD, make_people
from pokervod_pipelines_tests.api.serving import OPERATOR, SECRET, VIEWER, Role, Served, serve_app
from pokervod_pipelines_tests.api.test_hole_cards import shows_cards
from pokervod_pipelines_tests.api.test_outage import wait_until
from pokervod_pipelines_tests.events.made import make_event
from pokervod_pipelines_tests.events.subscriber import append, append_in

TRANSFERS = ("/api/stream", "/ws/dashboard")
Messages = Iterator[dict[str, Any]]


@contextmanager
def follow(api: Served, path: str, headers: dict[str, str], query: str = "") -> Iterator[Messages]:
    """Yield the messages of a stream until it is closed."""
    if path.startswith("/ws"):
        with connect(f"ws{api.url.removeprefix('http')}{path}{query}", additional_headers=headers) as socket_:
            yield map(json.loads, read_socket(socket_))
    else:
        with httpx2.stream("GET", f"{api.url}{path}{query}", headers=headers, timeout=20, verify=False) as answer:
            assert answer.status_code == 200
            lines = (each.removeprefix("data: ") for each in answer.iter_lines() if each.startswith("data: "))
            yield map(json.loads, lines)


def read_socket(socket_: Any) -> Iterator[str]:
    try:
        while True:
            yield socket_.recv(timeout=20)
    except ConnectionClosed as error:
        yield json.dumps({"type": "close frame", "code": error.rcvd and error.rcvd.code})


def key_of(api: Served, role: Role = VIEWER) -> dict[str, str]:
    return {"X-API-Key": api.keys[role]}


def read_until(messages: Messages, type_: str) -> dict[str, Any]:
    return next(each for each in messages if each["type"] == type_)


def hub_of(api: Served) -> Hub:
    hub: Hub = api.app.state.hub
    return hub


@pytest.fixture
def api(api: Served) -> Served:
    """Serve, with everything told that led to it."""
    with api.engine.connect() as connection:
        last = connection.scalar(text("select max(id) from events"))
    wait_until(lambda: hub_of(api).is_ready.is_set() and hub_of(api).position.seq >= last)
    return api


@pytest.mark.parametrize("path", TRANSFERS)
def test_first_comes_the_dashboard_then_what_happens(api: Served, path: str) -> None:
    with follow(api, path, key_of(api)) as messages:
        first = next(messages)
        append(api.engine, "a.mov", "b.mov", correlation="one")
        told = [next(messages), next(messages)]

    assert (first["type"], first["reset"], first["data"]["stale"]) == ("snapshot", False, False)
    assert [each["type"] for each in told] == ["nas_file_added"] * 2
    assert [each["seq"] - first["seq"] for each in told] == [1, 2]
    assert {(each["event"], each["source"], each["correlation_id"]) for each in told} == {
        ("nas.file.added", "nas", "one")
    }
    assert all("path" not in each["data"] and each["data"]["file_id"] for each in told)


@pytest.mark.parametrize("path", TRANSFERS)
@pytest.mark.parametrize("named", ["position", "seq"])
def test_whoever_comes_back_gets_what_was_missed_also_what_committed_late(api: Served, path: str, named: str) -> None:
    """An event with a lower number than the last one that was told is not lost."""
    with api.engine.connect() as late:
        append_in(late, "late.mov")
        with follow(api, path, key_of(api)) as messages:
            next(messages)
            append(api.engine, "early.mov")
            early = next(messages)
        late.commit()
    append(api.engine, "last.mov")
    with follow(api, path, key_of(api), f"?limit=2&after={early[named]}") as messages:
        missed = [each for each in messages if each.get("seq") and each["type"] != Notice.HEARTBEAT]

    assert [each["seq"] - early["seq"] for each in missed] == [-1, 1]


def test_a_browser_comes_back_by_its_header(api: Served) -> None:
    with follow(api, "/api/stream", key_of(api), "?limit=1") as messages:
        position = next(messages)["position"]
    append(api.engine, "a.mov")
    with follow(api, "/api/stream", key_of(api) | {"Last-Event-ID": position}, "?limit=1") as messages:
        assert next(messages)["type"] == "nas_file_added"


@pytest.mark.parametrize("after", ["999999", "x", "1-99999999:99999999:", "9-5:4:", "1-1:1:"])
def test_whoever_has_missed_too_much_gets_the_dashboard_and_is_told_so(
    api: Served, after: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "MOST_MISSED", 2)
    append(api.engine, "a.mov", "b.mov", "c.mov")
    with follow(api, "/api/stream", key_of(api), f"?limit=1&after={after}") as messages:
        first = next(messages)

    assert (first["type"], first["reset"]) == ("snapshot", True)


def test_of_too_much_at_once_everybody_gets_the_dashboard(api: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """A first scan of an archive adds a hundred thousand files; who may not follow any more is seen nevertheless."""
    monkeypatch.setattr(follower, "MOST_AT_ONCE", 3)
    with follow(api, "/ws/dashboard", key_of(api), "?type=render") as messages:
        next(messages)
        append(api.engine, *"abcde")
        again = next(messages)
        with api.engine.begin() as connection:
            revoke_key(connection, "viewer", BOSS)
            append_in(connection, *"abcde")
        assert read_until(messages, "close frame")["code"] == 4401

    assert (again["type"], again["reset"]) == ("snapshot", True)


def test_a_stream_tells_what_its_address_asks_for(api: Served) -> None:
    def tell(query: str) -> list[tuple[str, Any]]:
        with follow(api, "/api/stream", key_of(api), f"?{query}") as messages:
            next(messages)
            with api.engine.begin() as connection:
                opened = EventType.MONITORING_INCIDENT_OPENED
                for number, severity in enumerate(("info", "critical"), 1):
                    event = make_event(opened, incident_id=number, severity=severity)
                    append_events(connection, "monitoring", f"c{number}", [event])
                append_in(connection, "a.mov")
                append_events(connection, "render", "last", [make_event(EventType.RENDER_COMPLETED)])
            found = [next(messages)]
            while found[-1]["type"] != "render_completed":
                found.append(next(messages))
            return [(each["type"], each["data"].get("severity")) for each in found[:-1]]

    opened = "incident_opened"
    assert tell("type=render") == []
    assert tell("type=incident_opened&type=render") == [(opened, "info"), (opened, "critical")]
    assert tell("severity=critical&type=monitoring&type=render.completed") == [(opened, "critical")]
    assert tell("block=A&block=render") == [("nas_file_added", None)]


@pytest.mark.parametrize("role", [VIEWER, OPERATOR])
def test_no_stream_tells_a_text_and_no_viewer_sees_cards(api: Served, role: Role) -> None:
    with follow(api, "/ws/dashboard", key_of(api, role)) as messages:
        first = next(messages)
        with api.engine.begin() as connection:
            event = make_event(EventType.RENDER_FAILED, reason=SECRET, instruction_id=3)
            append_events(connection, "render", "one", [event])
        told = next(messages)

    assert told["data"]["instruction_id"] == 3
    assert not shows_cards(json.dumps(told))
    assert not shows_cards(json.dumps(first))
    assert shows_cards(api.get("/api/dashboard", role).text) is (role is OPERATOR)


def revoke(connection: Any) -> None:
    revoke_key(connection, "viewer", BOSS)


_EXPIRE = "update api_keys set expires_at = now() where name = 'viewer'"

ENDS: dict[str, tuple[bool, Callable[[Any], object]]] = {
    "key revoked": (False, revoke),
    "role changed": (False, lambda connection: set_role(connection, "anna", OPERATOR, BOSS)),
    "disabled": (True, lambda connection: disable_user(connection, "anna", BOSS)),
    "password changed": (True, lambda connection: set_password(connection, "anna", f"{PASSWORD} 2", BOSS)),
    "logged out": (True, lambda connection: end_sessions(connection, 1, BOSS)),
    "key expired": (False, lambda connection: connection.execute(text(_EXPIRE))),
}


@pytest.mark.parametrize("path", TRANSFERS)
@pytest.mark.parametrize("what", ENDS)
def test_a_stream_ends_with_what_let_its_client_in(
    api: Served, path: str, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_session, act = ENDS[what]
    people = make_people(api.engine)
    people.add("boss")
    headers = {"Cookie": f"{COOKIE}={people.log_in('anna').token}"} if is_session else key_of(api)
    if what == "key expired":
        monkeypatch.setattr(opening, "find_recheck", lambda *_: 0.05)
    with follow(api, path, headers) as messages:
        next(messages)
        with api.engine.begin() as connection:
            act(connection)
        closed = read_until(messages, "closed")
        ends = [each["code"] for each in messages]

    assert closed["data"]["code"] == 4401
    assert ends == ([4401] if path.startswith("/ws") else [])


def test_with_the_first_user_nobody_follows_without_a_login(opened: Served) -> None:
    with follow(opened, "/ws/dashboard", {}) as messages:
        next(messages)
        with opened.engine.begin() as connection:
            add_user(connection, "anna", PASSWORD, Role.ADMIN, BOSS)
        assert read_until(messages, "close frame")["code"] == 4401


@pytest.mark.parametrize("path", TRANSFERS)
def test_a_client_that_does_not_read_is_let_go(api: Served, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "MOST_BEHIND", 20_000)
    upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    upgrade += "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        slow.connect(("127.0.0.1", int(api.url.rpartition(":")[2])))
        head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: {api.keys[VIEWER]}\r\n"
        slow.sendall(f"{head}{upgrade if path.startswith('/ws') else ''}\r\n".encode())
        wait_until(lambda: bool(hub_of(api).streams))

        def is_gone() -> bool:
            append(api.engine, *(f"{number}" for number in range(400)))
            return not hub_of(api).streams

        wait_until(is_gone)
    with follow(api, path, key_of(api)) as messages:
        assert next(messages)["type"] == "snapshot"


def test_while_the_database_is_away_it_is_said_and_then_nothing_was_missed(api: Served) -> None:
    with follow(api, "/ws/dashboard", key_of(api), "?type=nas") as messages:
        next(messages)
        with api.engine.begin() as connection:
            connection.execute(text(_CUT))
            append_in(connection, "while.mov")
        stale, *rest = (next(messages) for _ in range(3))

    assert (stale["type"], bool(stale["data"]["stale_since"])) == ("stale", True)
    assert [each["type"] for each in rest] == ["nas_file_added", "current"]


_CUT = """
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and query like '%pg_snapshot_xmin%' and pid <> pg_backend_pid()
"""


def test_there_are_so_many_streams_and_no_more(engine: Engine, api_settings: Settings) -> None:
    limits = {"streams": {"limit": 2, "limit_per_user": 1}}
    settings = api_settings.model_copy(update={"api": api_settings.api.model_validate(limits)})
    with serve_app(settings, engine) as api:
        api.add_keys()
        with follow(api, "/api/stream", key_of(api)) as messages:
            next(messages)
            answer = api.get("/api/stream", VIEWER)
            with (
                pytest.raises(InvalidStatus) as refused,
                connect(f"ws{api.url.removeprefix('http')}/ws/dashboard", additional_headers=key_of(api)),
            ):
                pass
        wait_until(lambda: not hub_of(api).streams)
        assert api.get("/api/stream?limit=1", VIEWER).status_code == 200

    assert (answer.status_code, refused.value.response.status_code) == (503, 503)
    assert "api.streams.limit_per_user" in answer.json()["detail"]
    assert answer.headers["retry-after"]


def test_a_server_that_stops_ends_its_streams(engine: Engine, api_settings: Settings) -> None:
    """Its thread is joined within the time of a stop, whoever follows."""
    found: list[list[dict[str, Any]]] = []

    def read(api: Served, path: str, has_begun: threading.Barrier) -> None:
        with follow(api, path, {}) as messages:
            first = next(messages)
            has_begun.wait(20)
            found.append([first, *messages])

    has_begun = threading.Barrier(3)
    with serve_app(api_settings, engine) as api:
        threads = [threading.Thread(target=read, args=(api, path, has_begun)) for path in TRANSFERS]
        for each in threads:
            each.start()
        has_begun.wait(20)
    for each in threads:
        each.join(20)

    types = sorted([each["type"] for each in messages if each["type"] != Notice.HEARTBEAT] for messages in found)
    assert types == [["snapshot", "closed"], ["snapshot", "closed", "close frame"]]
    assert {messages[-1].get("code") or messages[-1]["data"]["code"] for messages in found} == {1012}


def test_no_page_of_another_site_opens_a_websocket_and_no_client_speaks(api: Served) -> None:
    url = f"ws{api.url.removeprefix('http')}/ws/dashboard"
    for origin in ("https://evil.example", "null"):
        with (
            pytest.raises(InvalidStatus, match="403"),
            connect(url, additional_headers=key_of(api) | {"Origin": origin}),
        ):
            pass
    with connect(url, additional_headers=key_of(api)) as spoken:
        spoken.send("hello")
        assert [*map(json.loads, read_socket(spoken))][-1]["code"] == 1003


def test_each_type_of_events_has_a_message_of_its_own() -> None:
    assert len(list_messages()) == len(list_types())
    assert {*list_messages()} & {*Notice} == set()


def test_the_page_shows_how_to_follow(api: Served, tmp_path: Path) -> None:
    """The commands of docs/api.md, which would not end: they are stopped when they have told an event."""
    page = Path(__file__).parents[2].joinpath("docs/api.md").read_text(encoding="utf-8").partition("\n## Follow\n")[2]
    [curl] = re.findall(r"^curl -N .*$", page, re.MULTILINE)
    [program] = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    tmp_path.joinpath("follow.py").write_text(program.replace("127.0.0.1:8080", api.url[7:]), encoding="utf-8")
    for command in (curl.replace("127.0.0.1:8080", api.url[7:]), f"exec {sys.executable} -u {tmp_path}/follow.py"):
        environ = {**os.environ, "KEY": api.keys[VIEWER]}
        with subprocess.Popen(["bash", "-c", command], env=environ, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            next(line for line in process.stdout if "snapshot" in line)
            with api.engine.begin() as connection:
                append_events(connection, "render", "one", [make_event(EventType.RENDER_COMPLETED)])
            assert next(line for line in process.stdout if "render_completed" in line)
            process.kill()
