"""Serve HTTP/1.1 on 127.0.0.1: answers that are whole, halved, never sent or cut off. Knows nothing of Google."""

import select
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

from pokervod_pipelines_tests.google.clock import Clock
from pokervod_pipelines_tests.google.routes import Request


@dataclass(frozen=True, slots=True)
class Answer:
    """Say what to send and how: whole, ``truncate``, ``hang`` or ``reset``."""

    status: int
    body: bytes
    content_type: str
    headers: Mapping[str, str] = field(default_factory=dict)
    manner: str = ""


Answering = Callable[[Request], Answer]


class _Server(ThreadingHTTPServer):
    """Keep the open connections, so that none outlives it."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, port: int, answer: Answering, clock: Clock) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.answer, self.clock = answer, clock
        self.open: set[socket.socket] = set()
        self.errors: list[Exception] = []
        self.released, self.release = socket.socketpair()

    def close_all(self) -> None:
        """Let waiting answers go and hang up on everybody."""
        self.release.close()
        for connection in list(self.open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep what the emulator itself did wrong; clients that hang up are none of it."""
        error = sys.exception()
        if isinstance(error, Exception) and not isinstance(error, OSError):
            self.errors.append(error)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body leave together; two packets wait for each other's receipt
    disable_nagle_algorithm = True
    server: _Server
    served: ClassVar[tuple[str, ...]] = ("GET", "POST", "PUT", "DELETE")

    def setup(self) -> None:
        super().setup()
        self.server.open.add(self.connection)

    def finish(self) -> None:
        self.server.open.discard(self.connection)
        with suppress(OSError):
            super().finish()

    def answer_request(self) -> None:
        """Read one request, and send its answer in the manner it asks for."""
        length = int(self.headers.get("Content-Length") or 0)
        request = Request(self.command, self.path, self.rfile.read(length), self.headers.get("Authorization", ""))
        answer = self.server.answer(request)
        if answer.manner == "hang":
            self._hang()
        elif answer.manner == "reset":
            self._reset()
        else:
            self._send(answer)

    do_GET = do_POST = do_PUT = do_DELETE = answer_request  # noqa: N815 - the names that http.server calls

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        half = answer.manner == "truncate"
        self.wfile.write(answer.body[: len(answer.body) // 2] if half else answer.body)
        self.close_connection = self.close_connection or half

    def _hang(self) -> None:
        """Wait until the client hangs up or the server stops."""
        self.close_connection = True
        with suppress(OSError, ValueError):
            select.select([self.connection, self.server.released], [], [])

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        for side in (self.rfile, self.wfile, self.connection):
            side.close()
        raise ConnectionAbortedError

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return the emulator's time for the Date header."""
        return format_datetime(self.server.clock.now(), usegmt=True)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Write nothing: the emulator keeps its own log."""


@contextmanager
def serving(answer: Answering, clock: Clock, port: int = 0) -> Iterator[str]:
    """Answer requests inside the block; yields the root address.

    Raises:
        ExceptionGroup: at the end, with the errors of the answering function itself.

    """
    server = _Server(port, answer, clock)
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.005), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.close_all()
        thread.join()
        server.released.close()
    if server.errors:
        message = "the emulator failed"
        raise ExceptionGroup(message, server.errors)
