"""Live through the demo: its services, its files, and all of it as a person starts it."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
import yaml
from sqlalchemy import Engine

from pokervod_pipelines.db.embedded.folders import HOMES
from pokervod_pipelines.db.embedded.location import OWNER_FILE
from pokervod_pipelines.errors import Unavailable
from pokervod_pipelines.rollout.context import RolloutContext
from pokervod_pipelines.rollout.criteria.base import check_criterion
from pokervod_pipelines.rollout.demo.site import CONTENTS, DemoSite, open_site
from pokervod_pipelines.rollout.demo.story import call_command
from pokervod_pipelines.rollout.plan import RolloutPlan
from pokervod_pipelines.rollout.plan_file import SHIPPED, load_plan
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.settings.rollout import RolloutService

DEMO = [sys.executable, "-m", "pokervod_pipelines.cli", "rollout", "demo"]


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def site(tmp_path: Path, told: list[str]) -> Iterator[DemoSite]:
    with open_site(tmp_path, told.append) as site:
        yield site


def test_services_and_mocks_answer_until_the_site_closes(tmp_path: Path) -> None:
    with open_site(tmp_path, print) as site:
        names = [*CONTENTS, *(f"mock_{name}" for name in CONTENTS)]
        answers = {name: get(site, name, "/health").status_code for name in names}

    assert answers == dict.fromkeys(names, 200)
    for name in site.ports:
        with pytest.raises(httpx2.ConnectError):
            get(site, name, "/health")


def test_what_a_document_does_not_describe_is_not_found(site: DemoSite) -> None:
    assert get(site, "ui", "/pages").json() == {"count": 2}
    assert get(site, "ui", "/clips").status_code == 404


def test_the_hook_restarts_a_service_at_its_address(site: DemoSite) -> None:
    site.stop("search")

    call = httpx2.post(f"http://127.0.0.1:{site.ports['demo']}/restart/search", json={}, trust_env=False)

    assert call.status_code == 200
    assert get(site, "search", "/hands").status_code == 200


def test_a_service_that_cannot_start_is_told(site: DemoSite, told: list[str]) -> None:
    call = httpx2.post(f"http://127.0.0.1:{site.ports['demo']}/restart/search", json={}, trust_env=False)

    assert call.status_code == 503
    assert told == ["    it cannot start again: Address already in use"]


@pytest.mark.parametrize(
    ("words", "escalates", "problem"),
    [
        (["rollout", "report"], None, "pokervod.yaml is missing"),
        (["--help"], 4, ""),
    ],
)
def test_a_command_that_ends_otherwise_is_named_with_its_error(
    site: DemoSite, words: list[str], escalates: int | None, problem: str
) -> None:
    with pytest.raises(Unavailable, match=re.escape(f"the demo ended at `pokervod {' '.join(words)}`: ")) as failed:
        call_command(site, *words, escalates=escalates)

    assert problem in str(failed.value)


def test_an_alert_is_told(site: DemoSite, told: list[str]) -> None:
    alert = {"title": "CRITICAL: week 4", "message": "no hands"}
    httpx2.post(f"http://127.0.0.1:{site.ports['demo']}/alerts", json=alert, trust_env=False)

    assert told == ["    alert received: CRITICAL: week 4"]


def test_the_plan_is_the_shipped_one_with_more_fixers(site: DemoSite) -> None:
    plan, shipped = read_plan(site), load_plan(SHIPPED)

    assert [(each.title, [*map(name_of, each.criteria)]) for each in plan.weeks] == [
        (each.title, [*map(name_of, each.criteria)]) for each in shipped.weeks
    ]
    assert plan.fixers[: len(shipped.fixers)] == shipped.fixers
    commands = yaml.safe_load(site.render("settings.yaml"))["rollout"]["fixers"]["commands"]
    assert {each.parameters["command"] for each in plan.fixers if "command" in each.parameters} == {*commands}


def test_at_first_fails_only_what_the_demo_wants(
    site: DemoSite, engine: Engine, settings_factory: Callable[..., Settings]
) -> None:
    plan = read_plan(site)
    context = RolloutContext(
        engine=engine, settings=settings_factory(), folder=site.folder, services=plan.services, seconds=10.0
    )

    failing = {week: find_failing(plan, context, week) for week in (1, 2, 3, 6, 7, 8)}

    assert failing == {1: ["document_clipping"], 2: [], 3: ["tests_ui"], 6: [], 7: [], 8: ["end_to_end"]}


@pytest.mark.parametrize("page", ["missing/rollout.html", "."])
def test_a_page_that_cannot_be_written_is_refused_at_once(tmp_path: Path, page: str) -> None:
    ended = subprocess.run([*DEMO, "--html", page], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert (ended.returncode, ended.stderr) == (2, f"error: {page}: cannot be written; name another file by --html\n")


def test_a_demo_that_the_system_does_not_let_run_says_why(tmp_path: Path) -> None:
    command = ["sh", "-c", f"ulimit -n 20; exec {shlex.join(DEMO)}"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert ended.returncode == 1
    assert "Too many open files" in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr


@pytest.mark.long
def test_the_demo_shows_nine_weeks_and_leaves_only_its_report(tmp_path: Path) -> None:
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    ended = subprocess.run(
        DEMO, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=600
    )

    assert ended.returncode == 0, ended.stderr
    told = [line.strip() for line in ended.stderr.splitlines()]
    assert [line for line in told if line.endswith(": passed")] == [f"week {at}: passed" for at in range(1, 10)]
    assert {line.split(":")[1].strip() for line in told if ": ran " in line or ": called " in line} == {
        "regenerate_document",
        "rerun_tests",
        "restart_service",
    }
    assert sum("alert received: CRITICAL: Rollout escalated" in line for line in told) == 2
    assert ended.stdout.endswith(f"report: {tmp_path / 'rollout-demo.html'}\n")
    assert "100 %" in (tmp_path / "rollout-demo.html").read_text(encoding="utf-8")
    assert [each.name for each in tmp_path.iterdir()] == ["rollout-demo.html"]
    assert find_databases(tmp_path) == []


def take_signals() -> None:
    """Let the program be interrupted, also where these tests run in the background or under nohup."""
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_DFL)


@pytest.mark.parametrize(
    ("moment", "number"),
    [
        ("$ pokervod sync", signal.SIGHUP),
        *(
            pytest.param(moment, number, marks=pytest.mark.long)
            for moment, number in [
                ("$ pokervod setup", signal.SIGTERM),
                ("$ pokervod sync", signal.SIGINT),
                ("week 1, attempt 1", signal.SIGTERM),
            ]
        ),
    ],
)
def test_an_interrupted_demo_leaves_nothing(tmp_path: Path, moment: str, number: int) -> None:
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        DEMO,
        cwd=tmp_path,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=take_signals,  # noqa: PLW1509
    ) as demo:
        assert demo.stderr is not None
        assert any(moment in line for line in demo.stderr)
        demo.send_signal(number)
        said = demo.stderr.read()

    assert (demo.returncode, said.splitlines()[-1]) == (130, "stopped; nothing of the demo is left")
    assert wait_for_end(str(tmp_path)) == []
    assert [*tmp_path.iterdir()] == []
    assert find_databases(tmp_path) == []


def get(site: DemoSite, name: str, path: str) -> httpx2.Response:
    return httpx2.get(f"http://127.0.0.1:{site.ports[name]}{path}", trust_env=False)


def read_plan(site: DemoSite) -> RolloutPlan:
    services = {
        name: RolloutService(
            owner="Kim",
            address=f"http://127.0.0.1:{site.ports[name]}",
            mock=f"http://127.0.0.1:{site.ports[f'mock_{name}']}",
        )
        for name in CONTENTS
    }
    return load_plan(site.folder / "plan.yaml", services=services)


def name_of(criterion: object) -> str:
    return str(getattr(criterion, "name", ""))


def find_failing(plan: RolloutPlan, context: RolloutContext, week: int) -> list[str]:
    return [each.name for each in plan.week(week).criteria if not check_criterion(each, context).passed]


def wait_for_end(mark: str) -> list[str]:
    """Return the processes that have the text in their command after ten seconds; none as soon as all ended."""
    deadline = time.monotonic() + 10
    while (found := find_processes(mark)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def find_databases(folder: Path) -> list[Path]:
    """Return the databases that are elsewhere because their user, as root starts them, cannot enter the folder."""
    notes = [each for home in HOMES for each in home.glob(f"*/{OWNER_FILE}")]
    return [each.parent for each in notes if each.read_text().startswith(str(folder))]


def find_processes(mark: str) -> list[str]:
    found = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = each.read_text(errors="replace").replace("\0", " ")
        except OSError:
            continue
        if mark in command:
            found.append(command)
    return found
