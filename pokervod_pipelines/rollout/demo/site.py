"""Prepare the folder of the demo, run its services, and receive its alerts and the calls of its hook."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

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

COMMANDS = {
    "describe_clipping": ["cp", "later/clipping.yaml", "{output}"],
    "test_ui": ["cp", "later/passed.xml", "reports/ui/run.xml"],
    "test_end_to_end": ["cp", "later/passed.xml", "reports/end_to_end/run.xml"],
}
"""Name the commands that fixers run: what the developers of a service would do, here a copy of their result."""

HAND = """hand,date,time,time_zone,event,variant,antes,blinds_or_straddles,min_bet,starting_stacks,players,actions
1,2026-05-04,21:30,Asia/Seoul,Open,NT,0;0,100;200,200,20000;20000,Ann;Bob,d dh p1 AsKs;d dh p2 7h2c;p2 f
"""


@dataclass(kw_only=True)
class DemoSite:
    """Hold the folder, its running services by name, and what tells a person about the progress."""

    folder: Path
    tell: Callable[[str], object]
    services: dict[str, subprocess.Popen[str]] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)

    def start(self, name: str) -> None:
        """Start the service, or the mock of one, at its port."""
        document = self.folder / "later" / f"{name.removeprefix('mock_')}.yaml"
        port = self.ports.get(name, 0)
        command = [sys.executable, "-m", f"{__package__}.service", str(document), str(port)]
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        self.services[name] = process
        assert process.stdout is not None  # noqa: S101 - narrows the type
        self.ports[name] = int(process.stdout.readline())

    def stop(self, name: str) -> None:
        """Kill the service."""
        with self.services.pop(name) as process:
            process.kill()

    def close(self) -> None:
        """Kill all services."""
        for name in [*self.services]:
            self.stop(name)

    def write(self, path: str, content: str) -> None:
        """Write the file below the folder."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")

    @property
    def environment(self) -> dict[str, str]:
        """Return the variables of its commands: none that leads to the person's own installation."""
        own = {name: value for name, value in os.environ.items() if not name.startswith(("POKERVOD_", "DAGSTER_"))}
        return own | {"POKERVOD_ALERT_DEMO": f"json://127.0.0.1:{self.ports['demo']}/alerts"}


@contextmanager
def open_site(folder: Path, tell: Callable[[str], object]) -> Iterator[DemoSite]:
    """Yield the site with everything running; nothing runs after it."""
    site = DemoSite(folder=folder, tell=tell)
    with ExitStack() as stack:
        server = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), _make_handler(site)))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        stack.callback(server.shutdown)
        stack.callback(site.close)
        site.ports["demo"] = server.server_port
        _write_files(site)
        for name in CONTENTS:
            site.start(name)
            site.start(f"mock_{name}")
        yield site


def write_settings(site: DemoSite) -> None:
    """Add the rollout to the settings of the sample."""
    services = {
        name: {
            "owner": "Kim",
            "address": f"http://127.0.0.1:{site.ports[name]}",
            "production": f"http://127.0.0.1:{site.ports[name]}",
            "mock": f"http://127.0.0.1:{site.ports[f'mock_{name}']}",
        }
        for name in CONTENTS
    }
    kinds = ["regenerate_document", "rerun_tests", "restart_service"]
    rollout = {
        "plans": [str(site.folder / "plan.yaml")],
        "services": services,
        "attempts": 2,
        "wait_seconds": 0,
        "fixers": {"kinds": kinds, "commands": COMMANDS},
    }
    alerts = {"channels": [{"name": "demo", "min_severity": "info"}]}
    with (site.folder / ".pokervod" / "sample" / "pokervod.yaml").open("a", encoding="utf-8") as settings:
        settings.write(yaml.safe_dump({"rollout": rollout, "alerts": alerts}))


def make_document(service: str, **operation: str) -> str:
    """Return an OpenAPI document of the service, as JSON, which is YAML too."""
    paths: dict[str, dict[str, Any]] = {"/health": {"state": "well"}, f"/{CONTENTS[service]}": {"count": 2}}
    info = {"title": service, "version": "1"}
    described = {path: {"get": _describe(path, answer) | operation} for path, answer in paths.items()}
    return json.dumps({"openapi": "3.1.0", "info": info, "paths": described}, indent=1)


def _describe(path: str, answer: dict[str, Any]) -> dict[str, Any]:
    schema = {"type": "object", "required": [*answer]}
    content = {"application/json": {"schema": schema, "example": answer}}
    name = path.strip("/")
    responses = {"200": {"description": name, "content": content}}
    return {"operationId": name, "summary": f"Return {name}.", "responses": responses}


def make_tests(*, failed: int) -> str:
    """Return a JUnit report of twelve tests, of which so many failed."""
    cases = (f'<testcase name="case_{at}">{"<failure/>" * (at < failed)}</testcase>' for at in range(12))
    return f'<testsuite name="demo">{"".join(cases)}</testsuite>'


def _write_files(site: DemoSite) -> None:
    """Write all that weeks 1 to 8 need; three of them are wrong at first."""
    fixers = Path(__file__).with_name("fixers.yaml").read_text(encoding="utf-8")
    hook = f"http://127.0.0.1:{site.ports['demo']}"
    site.write("plan.yaml", SHIPPED.read_text(encoding="utf-8") + fixers.replace("HOOK", hook))
    for name in CONTENTS:
        site.write(f"later/{name}.yaml", make_document(name))
        wrong = {"summary": ""} if name == "clipping" else {}
        site.write(f"services/{name}/openapi.yaml", make_document(name, **wrong))
        site.write(f"reports/{name}/run.xml", make_tests(failed=2 if name == "ui" else 0))
    site.write("reports/end_to_end/run.xml", make_tests(failed=2))
    site.write("later/passed.xml", make_tests(failed=0))
    site.write("later/final.hands.csv", HAND)


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
