"""In front of Dagster's webserver: who is let through to which one, and what of a request and an answer passes."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import uvicorn
from sqlalchemy import Engine
from starlette.types import Message, Receive, Scope, Send
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from pokervod_pipelines.access.keys import revoke_key
from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.api.clients import COOKIE
from pokervod_pipelines.api.dagster_ui import mount, proxy, relay
from pokervod_pipelines.api.dagster_ui.programs import Folder
from pokervod_pipelines.api.dagster_ui.webservers import GivenWebserver
from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.access.people import make_people
from pokervod_pipelines_tests.api.serving import OPERATOR, VIEWER, Served, serve_app

ASKED = "/dagster/graphql"
QUERY, MUTATION = {"query": "{ version }"}, {"operationName": "Launch", "query": "mutation Launch { launchRun }"}


class Upstream:
    """Be a webserver that tells what it was asked, and sends headers that nobody should get."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.seen: list[tuple[str, str]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._echo(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        while (message := await receive()).get("more_body"):
            body += message["body"]
        body += message.get("body", b"")
        path = scope["raw_path"].decode()
        self.seen.append((scope["method"], path))
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        told = {"by": self.name, "path": path, "query": scope["query_string"].decode(), "headers": headers}
        content = json.dumps({**told, "body": body.decode()}).encode()
        if path == "/dagster/large":
            content = b"x" * 100_000
        given = [
            (b"content-type", b"text/html"), (b"set-cookie", b"theirs=1"), (b"x-powered-by", b"them"),
            (b"access-control-allow-origin", b"*"), (b"connection", b"x-secret"), (b"x-secret", b"1"),
            (b"content-security-policy", b"script-src 'nonce-0123456789abcdef0123456789abcdef' https:"),
            (b"content-length", str(len(content)).encode()),
        ]  # fmt: skip
        if path == "/dagster/moved":
            given.append((b"location", b"http://evil.example/dagster/x"))
        await send(
            {"type": "http.response.start", "status": 307 if path == "/dagster/moved" else 200, "headers": given}
        )
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else content})

    async def _echo(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept", "subprotocol": "graphql-ws"})
        message: Message
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": f"{self.name}: {message['text']}"})


@contextmanager
def serve(app: Upstream) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=1))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def upstreams() -> Iterator[dict[Role, tuple[Upstream, str]]]:
    viewers, operators = Upstream("viewers"), Upstream("operators")
    with serve(viewers) as one, serve(operators) as other:
        yield {VIEWER: (viewers, one), OPERATOR: (operators, other)}


@pytest.fixture
def ui(
    engine: Engine,
    api_settings: Settings,
    upstreams: dict[Role, tuple[Upstream, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Served]:
    """Serve the API in front of two webservers that are not Dagster's."""
    given = {role: GivenWebserver(address) for role, (_, address) in upstreams.items()}

    def make_ui(context: Any, _: Any) -> proxy.DagsterUi:
        return proxy.DagsterUi(context=context, viewers=given[VIEWER], operators=given[OPERATOR], folder=Folder())

    monkeypatch.setattr(mount, "make_ui", make_ui)
    monkeypatch.setattr(relay, "CHECK_SECONDS", 0.05)
    with serve_app(api_settings, engine) as served:
        served.add_keys()
        yield served


def open_socket(ui: Served, role: Role | None = VIEWER, path: str = ASKED, **headers: str) -> ClientConnection:
    own = {"X-API-Key": ui.keys[role]} if role else {}
    return connect(
        f"{ui.url}{path}".replace("http", "ws", 1),
        additional_headers={**own, **headers},
        subprotocols=["graphql-ws"],  # type: ignore[list-item]
        proxy=None,
    )


def test_viewers_are_answered_by_the_webserver_for_viewers(ui: Served) -> None:
    told = {role: ui.get("/dagster/runs", role).json()["by"] for role in Role}

    assert told == {Role.VIEWER: "viewers", Role.OPERATOR: "operators", Role.ADMIN: "operators"}
    for path in ("/dagster", "/dagster/", "/dagster/runs", ASKED):
        assert ui.get(path, None).status_code == 401


def test_only_what_is_named_passes(ui: Served) -> None:
    """Who asks, cookies and the headers of a connection stay here, and the webserver's own policy stays there."""
    given = {"Cookie": f"{COOKIE}=x; a=b", "Connection": "x-a", "X-A": "1", "X-Forwarded-For": "1.2.3.4",
             "If-None-Match": '"1"', "Upgrade": "h2c", "TE": "trailers", "X-CSRF-Token": "t"}  # fmt: skip
    answer = ui.get("/dagster/runs?a=%2F..%2F&b=ä", VIEWER, headers=given)

    passed = answer.json()["headers"]
    assert {*passed} <= {"accept", "accept-encoding", "connection", "host", "if-none-match", "user-agent"}
    assert ui.keys[VIEWER] not in answer.text
    assert answer.json()["query"] == "a=%2F..%2F&b=%C3%A4"
    assert {*answer.headers} & {"set-cookie", "x-powered-by", "x-secret", "access-control-allow-origin"} == set()
    policy = answer.headers["content-security-policy"]
    assert "script-src 'nonce-0123456789abcdef0123456789abcdef' 'strict-dynamic'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "http" not in policy


def test_nobody_is_led_away(ui: Served) -> None:
    assert ui.get("/dagster/moved", VIEWER).headers["location"] == "/dagster/"


REFUSED = (
    ("GET", f"{ASKED}?query=mutation+%7Bx%7D", 405),
    ("HEAD", ASKED, 405),
    ("PUT", ASKED, 405),
    ("DELETE", "/dagster/runs", 405),
    ("POST", "/dagster/report_asset_materialization/nas_files", 405),
    ("POST", "/dagster/graphql/", 405),
    ("POST", "/dagster/%67raphql", 405),
    ("OPTIONS", ASKED, 405),
    ("GET", "/dagster/..%2fapi", 400),
    ("GET", "/dagster/%2e%2e/%2e%2e/etc", 400),
    ("GET", "/dagster/%252e%252e/x", 400),
    ("GET", "/dagster//runs", 400),
    ("GET", "/dagster/a%5c..%5cb", 400),
    ("GET", "/dagster/a%00", 400),
    ("GET", f"/dagster/{'a' * 9000}", 400),
    ("GET", "/dagster/logs/run/compute_logs/x/out", 403),
    ("GET", "/dagster/download_debug/run", 403),
)


def test_what_no_page_of_the_ui_asks_does_not_pass(ui: Served, upstreams: dict[Role, tuple[Upstream, str]]) -> None:
    for method, path, status in REFUSED:
        options = {"json": MUTATION} if method in {"POST", "PUT"} else {}

        assert ui.ask(method, path, VIEWER, **options).status_code == status, path
    assert upstreams[VIEWER][0].seen == upstreams[OPERATOR][0].seen == []


def test_a_mutation_passes_for_operators_only_and_is_recorded(
    ui: Served, upstreams: dict[Role, tuple[Upstream, str]]
) -> None:
    hidden = b'{"query": "\\u006dutation { launchRun }"}'
    kind = {"Content-Type": "application/json"}

    assert ui.ask("POST", ASKED, VIEWER, json=QUERY).json()["body"] == json.dumps(QUERY, separators=(",", ":"))
    assert ui.ask("POST", ASKED, VIEWER, json=MUTATION).status_code == 403
    assert ui.ask("POST", ASKED, VIEWER, content=hidden, headers=kind).status_code == 403
    assert ui.ask("POST", ASKED, OPERATOR, json=MUTATION).status_code == 200
    assert upstreams[VIEWER][0].seen == [("POST", ASKED)]
    rows = make_people(ui.engine).execute("select payload from events where type = 'api.dagster.acted'")
    assert [row[0] for row in rows] == [{"by": "anna", "operation": "Launch", "reason": "in Dagster's UI"}]


def test_a_page_of_another_site_asks_nothing(ui: Served) -> None:
    """A session asks from a page of this server only; neither a form nor a program without a key can."""
    cookie = {"Cookie": f"{COOKIE}={make_people(ui.engine).log_in('anna').token}"}
    ours = {"Origin": ui.url}

    def ask(**headers: str) -> int:
        options: dict[str, Any] = {"json": MUTATION, "headers": {**cookie, **headers}}
        return ui.ask("POST", ASKED, None, **options).status_code

    assert ask(**ours) == ask(**{"Sec-Fetch-Site": "same-origin"}) == 200
    refused = ({}, {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "none"})
    assert [ask(**headers) for headers in refused] == [403] * 4
    assert ask(**ours, **{"Content-Type": "text/plain"}) == 415
    for headers in refused:
        with pytest.raises(InvalidStatus, match="403"):
            open_socket(ui, None, **cookie, **headers)
    with open_socket(ui, None, **cookie, **ours) as opened:
        opened.send("x")
        assert opened.recv(10) == "operators: x"


def test_a_websocket_ends_with_the_key_that_opened_it(ui: Served) -> None:
    with open_socket(ui) as opened:
        opened.send("x")
        assert opened.recv(10) == "viewers: x"
        make_people(ui.engine).change(revoke_key, VIEWER.value)
        with pytest.raises(ConnectionClosed) as closed:
            opened.recv(10)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == relay.NO_LOGIN
    for role, path in ((None, ASKED), (VIEWER, ASKED), (OPERATOR, "/dagster/other")):
        with pytest.raises(InvalidStatus, match=r"401|404"):
            open_socket(ui, role, path)


def test_a_message_that_is_too_large_ends_a_websocket(ui: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "MOST_ASKED", 100)
    with open_socket(ui) as opened:
        opened.send("x" * 101)
        with pytest.raises(ConnectionClosed, match="1009"):
            opened.recv(10)


def test_websockets_have_an_end_of_their_number(ui: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "MOST_SOCKETS", 1)
    with open_socket(ui), pytest.raises(InvalidStatus, match="503"):
        open_socket(ui)


def test_an_answer_that_is_too_large_is_cut(ui: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(ui.get("/dagster/large", VIEWER).content) == 100_000
    monkeypatch.setattr(proxy, "MOST_BYTES", 50_000)
    with pytest.raises(Exception, match=r"closed|incomplete|peer"):
        ui.get("/dagster/large", VIEWER)


FRAMINGS = (
    b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
    b"Content-Length: 5\r\nContent-Length: 6\r\n",
    b"Content-Length: 5, 6\r\n",
    b"Content-Length: +5\r\n",
    b"Transfer-Encoding: xchunked\r\nContent-Length: 0\r\n",
    b"Transfer-Encoding : chunked\r\nContent-Length: 0\r\n",
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
)


def test_no_second_request_is_hidden_in_the_first(ui: Served, upstreams: dict[Role, tuple[Upstream, str]]) -> None:
    key = f"X-API-Key: {ui.keys[VIEWER]}\r\n".encode()
    head = b"POST /dagster/graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n" + key
    hidden = b"GET /dagster/hidden HTTP/1.1\r\nHost: x\r\n\r\n"
    for framing in FRAMINGS:
        with socket.create_connection(("127.0.0.1", int(ui.url.rpartition(":")[2])), timeout=20) as client:
            client.sendall(head + framing + b"Connection: close\r\n\r\n0\r\n\r\n" + hidden)
            answer = b""
            while more := client.recv(65536):
                answer += more

        assert answer.count(b"HTTP/1.1 ") <= 1, framing
    assert [path for _, path in upstreams[VIEWER][0].seen if "hidden" in path] == []
    assert upstreams[OPERATOR][0].seen == []


def test_a_webserver_that_is_away_is_said_in_words(ui: Served) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
    ui.app.state.dagster.viewers = GivenWebserver(address)
    told = ui.get("/dagster/runs", VIEWER)
    page = ui.get("/dagster/runs", VIEWER, headers={"Accept": "text/html"})

    assert (told.status_code, told.headers["content-type"]) == (502, "application/problem+json")
    assert page.headers["content-type"].startswith("text/html")
    assert "Load the page again in a few seconds." in page.text
    with pytest.raises(InvalidStatus, match="503"):
        open_socket(ui)


def test_the_settings_leave_it_out(engine: Engine, api_settings: Settings) -> None:
    without = api_settings.api.model_copy(
        update={"dagster": api_settings.api.dagster.model_copy(update={"enabled": False})}
    )
    with serve_app(api_settings.model_copy(update={"api": without}), engine) as served:
        assert served.get("/dagster/").status_code == 404
