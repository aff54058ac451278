"""Serve an OpenAPI document: each path answers its example. Print the port; end when the input does.

Started as ``python -m pokervod_pipelines.rollout.demo.service DOCUMENT PORT``; port 0 is any that is free. Its input is
a pipe of the demo, so no service outlives the demo, however that ends.
"""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import yaml


def serve(document: Path, port: int) -> None:
    """Answer until the input ends."""
    paths = yaml.safe_load(document.read_text(encoding="utf-8"))["paths"]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            operation = paths.get(self.path, {}).get("get")
            content = operation and operation["responses"]["200"]["content"]["application/json"]["example"]
            body = json.dumps(content).encode()
            self.send_response(200 if operation else 404)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    serve(Path(sys.argv[1]), int(sys.argv[2]))
