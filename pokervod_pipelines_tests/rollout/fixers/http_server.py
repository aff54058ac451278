"""Provide the outside of fixers: an HTTP server with given answers, and commands that are real programs."""

import sys
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self

from pokervod_pipelines.rollout.fixers.registry import FIXERS

ALL_KINDS = frozenset(FIXERS)


def python(code: str, *arguments: str) -> list[str]:
    """Return a command that runs the Python code."""
    return [sys.executable, "-c", code, *arguments]


def list_files(folder: Path) -> Mapping[str, tuple[int, bytes]]:
    """Return all files below the folder with time and content."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


class LocalServer:
    """Serve at ``url``; ``answers`` has the statuses of each path in turn, the last one repeatedly.

    The status 0 hangs until the end, -1 answers byte by byte without an end. ``asked`` has the requests.
    """

    def __init__(self) -> None:
        self.answers: dict[str, list[int]] = {}
        self.headers: dict[str, str] = {}
        self.asked: list[tuple[str, str, str | None, bytes]] = []
        self._over = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._make_handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()

    def _make_handler(server) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - the handler has a self of its own
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                server.asked.append((self.command, self.path, self.headers.get("Authorization"), body))
                statuses = server.answers.get(self.path, [404])
                status = statuses.pop(0) if len(statuses) > 1 else statuses[0]
                if status > 0:
                    self._answer(status)
                elif status == 0:
                    server._over.wait(60)
                else:
                    self._trickle()

            do_POST = do_GET  # noqa: N815

            def _answer(self, status: int) -> None:
                self.send_response(status)
                for name, value in server.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def _trickle(self) -> None:
                try:
                    self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                    while not server._over.wait(0.05):
                        self.wfile.write(b"x")
                except OSError:
                    return

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's
                """Say nothing."""

        return Handler
