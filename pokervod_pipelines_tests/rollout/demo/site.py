"""Run the six services and their mocks beside the folder of a plan, whose settings the test changes."""

import functools
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import yaml

from pokervod_pipelines.rollout.fixers.registry import FIXERS
from pokervod_pipelines_tests.alerts.servers import SLACK_TOKENS, HookServer, MailServer, find_free_port
from pokervod_pipelines_tests.rollout.demo.chores import LOGBOOK
from pokervod_pipelines_tests.rollout.demo.documents import ANSWERS, write_document
from pokervod_pipelines_tests.rollout.demo.prism import make_mock_command
from pokervod_pipelines_tests.rollout.demo.processes import REPOSITORY, run_module, start, wait_until

HOOK_TOKEN = "sesame-opens-the-hook"


@dataclass(kw_only=True)
class DemoSite:
    """Hold the folder with the plan, its settings, and the processes that run for it."""

    folder: Path
    slack: HookServer
    mail: MailServer
    progress: HookServer
    hook: HookServer
    plan: Path
    wait_seconds: float | None = None
    database_url: str | None = None
    """Use the embedded server in the folder if this is None."""

    real: dict[str, int] = field(default_factory=lambda: {name: find_free_port() for name in ANSWERS})
    mocks: dict[str, int] = field(default_factory=lambda: {name: find_free_port() for name in ANSWERS})

    def build(self) -> None:
        """Write the plan, its settings and valid documents; start nothing."""
        (self.folder / "source").mkdir()
        for service in ANSWERS:
            write_document(self.folder, service)
            write_document(self.folder / "source", service)
        plan = self.plan.read_text(encoding="utf-8").replace("HOOK_PORT", str(self.hook.port))
        (self.folder / "plan.yaml").write_text(plan, encoding="utf-8")
        self.write_settings()
        self.hook.before_answer = self.restart_by_hook

    def write_settings(self, **changed: Mapping[str, str]) -> None:
        """Write where everything is, except for what is ``changed`` of a service."""
        services = {
            name: {
                "address": f"http://127.0.0.1:{self.real[name]}",
                "mock": self.mock_of(name),
                "production": f"http://localhost:{self.real[name]}",
                **changed.get(name, {}),
            }
            for name in ANSWERS
        }
        channels = [
            {"name": "slack", "min_severity": "critical", "endpoint": self.slack.endpoint},
            {"name": "mail", "min_severity": "critical"},
            {"name": "progress", "min_severity": "info"},
        ]
        rollout = {
            "plans": ["plan.yaml"],
            "wait_seconds": self.wait_seconds,
            "services": services,
            "allow_commands": True,
            "programs": ["python"],
            "fixers": {"kinds": sorted(FIXERS), "commands": self.list_commands()},
        }
        tapes = [{"name": "tapes", "path": str(self.folder / "tapes")}]
        values = {"rollout": rollout, "alerts": {"channels": channels}, "archive_roots": tapes}
        (self.folder / "pokervod.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")

    def mock_of(self, service: str) -> str:
        """Return the address of the service's mock."""
        return f"http://127.0.0.1:{self.mocks[service]}"

    def list_commands(self) -> dict[str, list[str]]:
        """Return the commands that fixers may run."""
        return {
            "make_clipping_document": run_module("chores", "make_document", "clipping", "{output}"),
            "rebuild_ui_mock": run_module("chores", "rebuild_mock", "ui", "ui.yaml", self.mocks["ui"]),
            "rerun_unit_tests": run_module("chores", "rerun_tests", "unit"),
        }

    def start_service(self, service: str, *flags: str) -> None:
        """Start the service from its document, with the flags of ``server``."""
        command = run_module("server", self.folder / "source" / f"{service}.yaml", self.real[service], *flags)
        start(self.folder, service, command)
        wait_until(lambda: is_healthy(f"http://127.0.0.1:{self.real[service]}"), f"{service} is healthy")

    def start_mocks(self, documents: Mapping[str, Path]) -> None:
        """Start the mock of each service from this document."""
        for service, document in documents.items():
            start(self.folder, f"mock_{service}", make_mock_command(document, self.mocks[service]))

    def await_mocks(self) -> None:
        """Wait until every mock answers."""
        for service in self.mocks:
            wait_until(functools.partial(is_healthy, self.mock_of(service)), f"the mock of {service} is healthy")

    def restart_by_hook(self) -> None:
        """Restart the service when the hook was called with the right token."""
        if self.hook.posts[-1].headers["Authorization"] == f"Bearer {HOOK_TOKEN}":
            self.start_service("clipping")
            self.note("fix restart_service")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ``pokervod`` with these arguments in the plan's folder."""
        return subprocess.run(
            [sys.executable, "-m", "pokervod_pipelines.cli", *arguments],
            cwd=self.folder,
            env=self.make_environment(),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def start_command(self, *arguments: str) -> None:
        """Start ``pokervod`` with these arguments in the plan's folder."""
        command = [sys.executable, "-m", "pokervod_pipelines.cli", *arguments]
        start(self.folder, "runner", command, self.make_environment())

    def read_output(self) -> str:
        """Return the output of the started commands."""
        return (self.folder / "runner.log").read_text(encoding="utf-8")

    def make_environment(self) -> dict[str, str]:
        """Return what an administrator sets: the database, the addresses of the channels, the hook's token."""
        return {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(REPOSITORY),
            "COLUMNS": "200",
            "POKERVOD_HOME": "home",
            **({"POKERVOD_DATABASE_URL": self.database_url} if self.database_url else {}),
            "POKERVOD_ALERT_SLACK": f"https://hooks.slack.com/services/{SLACK_TOKENS}",
            "POKERVOD_ALERT_MAIL": f"mailto://127.0.0.1:{self.mail.port}?from=pokervod@example.org&to=eva@example.org",
            "POKERVOD_ALERT_PROGRESS": f"json://127.0.0.1:{self.progress.port}/rollout",
            "POKERVOD_HOOK_TOKEN": HOOK_TOKEN,
        }

    def runner(self) -> int:
        """Return the process of the started command."""
        return int((self.folder / "processes" / "runner").read_text())

    def note(self, line: str) -> None:
        """Append the line to the logbook."""
        with (self.folder / LOGBOOK).open("a", encoding="utf-8") as logbook:
            logbook.write(f"{line}\n")

    def read_logbook(self) -> list[str]:
        """Return what commands, fixers and the hook noted, in order."""
        logbook = self.folder / LOGBOOK
        return logbook.read_text(encoding="utf-8").splitlines() if logbook.exists() else []


def is_healthy(address: str) -> bool:
    """Return whether the service there answers."""
    try:
        return httpx2.get(f"{address}/health", trust_env=False, verify=False).status_code == 200
    except httpx2.HTTPError:
        return False


def count_passed(site: DemoSite) -> list[int]:
    """Return the weeks that were reported as passed, in order."""
    titles = [each.body["title"] for each in site.progress.posts]
    return [int(title.split()[4]) for title in titles if title.startswith("INFO: The demo: week")]
