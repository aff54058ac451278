"""Run real HTTP services for criteria and fixers: a server in a thread, with the answers of a test."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any


@dataclass
class Reply:
    """Describe an answer: status, body (JSON unless text), headers, and the pause before it."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    media: str = "application/json"
    after_seconds: float = 0.0
    breaks_off: bool = False
    drips: bool = False


Answers = Mapping[str, Reply | Sequence[Reply] | Callable[[], Reply]]
"""By method and path, as ``GET /health``; of several the last one repeatedly. What is not there is answered by 404."""


@dataclass
class RunningService:
    """Hold the address of a running service, its answers, and the requests so far."""

    address: str
    answers: Answers
    asked: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    authorizations: list[str | None] = field(default_factory=list)


@contextmanager
def run_service(answers: Answers = MappingProxyType({})) -> Iterator[RunningService]:
    """Run a service on a free port of this machine until the context ends."""
    service = RunningService("", answers)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _make_handler(service))
    server.daemon_threads = True
    service.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02), daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()


def _drip(connection: socket.socket) -> None:
    """Answer byte by byte until the client has enough."""
    with suppress(OSError):
        connection.sendall(b"HTTP/1.1 200 OK\r\nx-slow: ")
        while True:
            time.sleep(0.02)
            connection.sendall(b"a")


def find_closed_address() -> str:
    """Return an address where no service listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return f"http://127.0.0.1:{listening.getsockname()[1]}"


def _make_handler(service: RunningService) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            service.asked.append(f"{self.command} {self.path}")
            service.authorizations.append(self.headers.get("authorization"))
            service.bodies.append(self.rfile.read(int(self.headers.get("content-length") or 0)))
            key = f"{self.command} {self.path.partition('?')[0]}"
            told = service.answers.get(key, Reply(404, {"error": "no such thing"}))
            if isinstance(told, Sequence):
                told = told[min(sum(each.startswith(key) for each in service.asked), len(told)) - 1]
            self.send(told if isinstance(told, Reply) else told())

        def send(self, reply: Reply) -> None:
            time.sleep(reply.after_seconds)
            if reply.breaks_off:
                self.connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nhalf")
                self.close_connection = True
                return
            if reply.drips:
                _drip(self.connection)
                return
            body = reply.body if isinstance(reply.body, str) else json.dumps(reply.body)
            self.send_response(reply.status)
            if reply.media:
                self.send_header("content-type", reply.media)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body.encode())))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body.encode())

        do_GET = do_POST = do_HEAD = do_PUT = answer  # noqa: N815 - the names of http.server

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    return Handler
