"""Serve an OpenAPI document: each path answers its example.

``python -m … DOCUMENT PORT [--wrong] [--mock]``: ``--wrong`` answers all but ``/health`` with what no document allows,
``--mock`` says in a header that it is a mock.
"""

import json
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

MOCK_HEADER = "x-pokervod-mock"
WRONG = {"surprise": None}


def read_answers(document: Path) -> dict[str, Any]:
    """Return the example answer by pattern of paths."""
    paths = yaml.safe_load(document.read_text(encoding="utf-8"))["paths"]
    return {
        re.sub(r"\{\w+\}", "[^/]+", path): item["get"]["responses"]["200"]["content"]["application/json"]["example"]
        for path, item in paths.items()
    }


def serve(document: Path, port: int, *, is_wrong: bool, is_mock: bool) -> None:
    """Answer until killed."""
    answers = read_answers(document)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            found = next((answer for pattern, answer in answers.items() if re.fullmatch(pattern, path)), None)
            body = json.dumps(WRONG if is_wrong and path != "/health" else found).encode()
            self.send_response(404 if found is None else 200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            if is_mock:
                self.send_header(MOCK_HEADER, "yes")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's
            """Say nothing."""

    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()


if __name__ == "__main__":
    serve(Path(sys.argv[1]), int(sys.argv[2]), is_wrong="--wrong" in sys.argv, is_mock="--mock" in sys.argv)
