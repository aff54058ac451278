"""Prepare the folder of the demo, run its services, and receive its alerts and the calls of its hook."""

import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from jinja2 import Environment, PackageLoader

from pokervod_pipelines.rollout.plan_file import SHIPPED

CONTENTS = {
    "data_ingestion": "batches",
    "video_metadata": "videos",
    "timecode_validation": "offsets",
    "search": "hands",
    "clipping": "clips",
    "ui": "pages",
}
"""List what each service of the shipped plan answers."""

POLL_SECONDS = 0.05
"""How often a server looks whether it has to end."""


ANSWER = {"count": 2}
"""The example of each operation in a document of the demo."""


@dataclass(kw_only=True)
class DemoSite:
    """Hold the folder, its running servers with their ports by name, and what reports the progress to a person."""

    folder: Path
    report: Callable[[str], object]
    servers: dict[str, ThreadingHTTPServer] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)

    def start(self, *names: str) -> None:
        """Start the services, or the mocks of services, at their ports."""
        for name in names:
            server = ThreadingHTTPServer(("127.0.0.1", self.ports.get(name, 0)), _make_handler(self, name))
            self.servers[name], self.ports[name] = server, server.server_port
            threading.Thread(target=server.serve_forever, args=(POLL_SECONDS,), daemon=True).start()

    def stop(self, *names: str) -> None:
        """Let the services crash: their ports are closed."""
        for name in names:
            server = self.servers.pop(name)
            server.shutdown()
            server.server_close()

    def render(self, template: str, **values: object) -> str:
        """Return the file of the demo with these values in it."""
        templates = Environment(loader=PackageLoader(__package__, "files"), trim_blocks=True, autoescape=False)  # noqa: S701 - no HTML
        given = {"contents": CONTENTS, "answer": ANSWER, "ports": self.ports, "folder": self.folder}
        return templates.get_template(f"{template}.j2").render(given | values)

    def write(self, path: str, content: str) -> None:
        """Write the file below the folder."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")

    @property
    def environment(self) -> Mapping[str, str]:
        """Return the variables of its commands: none that leads to the person's own installation."""
        own = {name: value for name, value in os.environ.items() if not name.startswith(("POKERVOD_", "DAGSTER_"))}
        alerts = f"json://127.0.0.1:{self.ports['demo']}/alerts"
        return own | {"POKERVOD_ALERT_DEMO": alerts, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}


@contextmanager
def open_site(folder: Path, report: Callable[[str], object]) -> Iterator[DemoSite]:
    """Yield the site with everything running; nothing runs after it."""
    site = DemoSite(folder=folder, report=report)
    try:
        site.start("demo", *CONTENTS, *(f"mock_{name}" for name in CONTENTS))
        _write_files(site)
        yield site
    finally:
        site.stop(*site.servers)


def _write_files(site: DemoSite) -> None:
    """Write all that weeks 1 to 8 need; three files are wrong at first, and right ones are below ``later``."""
    site.write("plan.yaml", SHIPPED.read_text(encoding="utf-8") + site.render("fixers.yaml"))
    for name in CONTENTS:
        document = site.render("openapi.yaml", service=name, is_wrong=name == "clipping")
        site.write(f"services/{name}/openapi.yaml", document)
        site.write(f"later/{name}.yaml", site.render("openapi.yaml", service=name))
        site.write(f"reports/{name}/run.xml", site.render("tests.xml", failed=2 if name == "ui" else 0))
    site.write("reports/end_to_end/run.xml", site.render("tests.xml", failed=2))
    site.write("later/passed.xml", site.render("tests.xml", failed=0))
    site.write("later/final.hands.csv", site.render("hands.csv"))


def _make_handler(site: DemoSite, name: str) -> type[BaseHTTPRequestHandler]:
    """Return what answers as the service's document says; the server ``demo`` takes calls of the hook, and alerts."""
    paths = {"/health", f"/{CONTENTS.get(name.removeprefix('mock_'), '')}"}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer(*((HTTPStatus.OK, ANSWER) if self.path in paths else (HTTPStatus.NOT_FOUND, None)))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            status = HTTPStatus.OK
            if not self.path.startswith("/restart/"):
                site.report(f"    alert received: {json.loads(body)['title']}")
            else:
                try:
                    site.start(self.path.rpartition("/")[2])
                except OSError as error:
                    site.report(f"    it cannot start again: {error.strerror}")
                    status = HTTPStatus.SERVICE_UNAVAILABLE
            self.answer(status, None)

        def answer(self, status: HTTPStatus, content: object) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    return Handler
