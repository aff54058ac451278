"""Prepare the folder of the demo, run its services, and receive its alerts and the calls of its hook."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
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


@dataclass(kw_only=True)
class DemoSite:
    """Hold the folder, its running services by name, and what tells a person about the progress."""

    folder: Path
    tell: Callable[[str], object]
    services: dict[str, subprocess.Popen[str]] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)

    def start(self, *names: str) -> None:
        """Start the services, or the mocks of services, at their ports."""
        for name in names:
            document = self.folder / "later" / f"{name.removeprefix('mock_')}.yaml"
            command = [sys.executable, "-m", f"{__package__}.service", str(document), str(self.ports.get(name, 0))]
            self.services[name] = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
            )
        for name in names:
            output = self.services[name].stdout
            assert output is not None  # noqa: S101 - narrows the type
            self.ports[name] = int(output.readline())

    def stop(self, *names: str) -> None:
        """Kill the services."""
        for name in names:
            with self.services.pop(name) as process:
                process.kill()

    def render(self, template: str, **values: object) -> str:
        """Return the file of the demo with these values in it."""
        templates = Environment(loader=PackageLoader(__package__, "files"), trim_blocks=True, autoescape=False)  # noqa: S701 - no HTML
        given = {"contents": CONTENTS, "ports": self.ports, "folder": self.folder}
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
def open_site(folder: Path, tell: Callable[[str], object]) -> Iterator[DemoSite]:
    """Yield the site with everything running; nothing runs after it."""
    site = DemoSite(folder=folder, tell=tell)
    with ExitStack() as stack:
        server = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), _make_handler(site)))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        stack.callback(server.shutdown)
        stack.callback(lambda: site.stop(*site.services))
        site.ports["demo"] = server.server_port
        _write_files(site)
        site.start(*CONTENTS, *(f"mock_{name}" for name in CONTENTS))
        yield site


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


def _make_handler(site: DemoSite) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            if self.path.startswith("/restart/"):
                site.start(self.path.rpartition("/")[2])
            else:
                site.tell(f"    alert received: {json.loads(body)['title']}")
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    return Handler
