"""Check what `pokervod health` prints for a person and for a program, and how it ends."""

import contextlib
import json
import os
import signal
import subprocess
import time
from datetime import UTC, datetime
from io import StringIO

import psutil
import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.checks import CheckResult, report_part
from pokervod_pipelines.cli.health import STATUSES
from pokervod_pipelines.cli.health_pages import make_page
from pokervod_pipelines.cli.output import SafeConsole
from pokervod_pipelines.monitoring.health.shape import (
    RunFigures,
    ServiceHealth,
    ServiceState,
    SystemHealth,
    WorkflowHealth,
    judge_service,
    judge_system,
    sort_services,
)
from pokervod_pipelines_tests.cli.command import RunCommand
from pokervod_pipelines_tests.rollout.plan_folder import PlanFolder
from pokervod_pipelines_tests.sync.installation import COMMAND

NOW = datetime(2026, 5, 4, 12, 30, tzinfo=UTC)
WORDS = "/mnt/wsop: does not answer (waited 4 s)"


def judge(name: str, *checks: CheckResult, is_vital: bool = False) -> ServiceHealth:
    return judge_service(name, checks, is_vital=is_vital, latency_ms=3.21)


def make_health(*services: ServiceHealth, workflows: tuple[WorkflowHealth, ...] = ()) -> SystemHealth:
    ranked = sort_services(services)
    return SystemHealth(state=judge_system(services), at=NOW, seconds=0.2, services=ranked, workflows=workflows)


def draw(health: SystemHealth) -> list[str]:
    console = SafeConsole(highlight=False, width=80, file=StringIO())
    console.print(make_page(health, width=80))
    return [line.rstrip() for line in console.file.getvalue().splitlines()]  # type: ignore[attr-defined]


def test_the_worst_is_first_with_what_to_do_in_80_columns() -> None:
    away = report_part("root wsop", WORDS, "mount the share again and check its server")
    lines = draw(
        make_health(
            judge("memory", report_part("memory", "23 GB free")),
            judge("root wsop", away, report_part("library wsop", WORDS, "mount the share again and check its server")),
            judge("database", report_part("database", "it is away", "start it"), is_vital=True),
            ServiceHealth(name="sensors", state=ServiceState.UNKNOWN, summary="not looked at: x"),
        )
    )

    assert lines[0] == "unhealthy: nothing works without what is named first"
    assert lines[1] == "unhealthy     3.2 ms database: it is away"
    assert lines[2] == "                     → start it"
    assert lines[3].startswith("degraded      3.2 ms root wsop: /mnt/wsop: does not answer")
    assert lines[4] == "                     library wsop)"
    assert sum("→ mount the share" in each for each in lines) == 1
    assert [each.split()[0] for each in lines if each[0] != " "][-3:] == ["unknown", "healthy", "looked"]
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize(
    ("checks", "is_vital", "state"),
    [
        ((), True, "unused"),
        ((CheckResult(name="x", passed=True, summary="none", looked_at=0),), True, "unused"),
        ((report_part("x", "fine"),), True, "healthy"),
        ((report_part("x", "fine"), report_part("y", "away", "mount it")), False, "degraded"),
        ((report_part("x", "away", "mount it"),), True, "unhealthy"),
    ],
)
def test_a_service_is_judged_by_its_checks(checks: tuple[CheckResult, ...], state: str, *, is_vital: bool) -> None:
    assert judge("x", *checks, is_vital=is_vital).state == state


def test_what_is_unused_or_unknown_does_not_decide() -> None:
    unused = judge("x")
    unknown = ServiceHealth(name="y", state=ServiceState.UNKNOWN, summary="not looked at")

    assert judge_system([unused, unknown]) is ServiceState.HEALTHY
    assert judge_system([unused, unknown, judge("z", report_part("z", "away", "x"))]) is ServiceState.DEGRADED


def test_workflows_are_shown_beside_the_week_before() -> None:
    some = RunFigures(ended=12, succeeded=9, seconds=31.5)
    lines = draw(make_health(workflows=(WorkflowHealth(name="full_sync", today=some, week=RunFigures()),)))

    assert any(each.split() == ["full_sync", "12", "75%", "31.5", "s", "–", "–"] for each in lines)


def test_json_has_the_shape_of_the_api(pokervod: RunCommand) -> None:
    done = pokervod("health", "--json")
    document = done.json

    assert done.status == STATUSES[ServiceState(document["status"])]
    assert document["services"]["database"]["status"] == "healthy"
    assert document["services"]["database"]["latency"] > 0
    assert document["memory"]["total_bytes"] > 0
    assert document["workflows"] == {}
    assert datetime.fromisoformat(document["at"]).utcoffset() is not None


def test_nothing_is_recorded_where_that_is_asked(pokervod: RunCommand, engine: Engine) -> None:
    pokervod("health", "--look-only")
    with engine.connect() as connection:
        assert connection.scalar(text("select count(*) from health_states")) == 0

    pokervod("health")
    with engine.connect() as connection:
        assert connection.scalar(text("select count(*) from health_states")) > 0


def test_the_page_is_printed_before_the_hook_and_once(plans: PlanFolder, engine: Engine) -> None:
    hooks = {"after_seconds": 0, "remount": {"gone": ["sh", "-c", "echo tried"]}}
    more = {"archive_roots": [{"name": "gone", "path": "/nowhere/gone"}], "monitoring": {"hooks": hooks}}
    (plans.folder / "pokervod.yaml").write_text(json.dumps(plans.sections | more))

    done = subprocess.run([*COMMAND, "health"], cwd=plans.folder, capture_output=True, text=True, check=False)

    lines = done.stdout.splitlines()
    assert sum(each.startswith("looked at") for each in lines) == 1
    assert any("hook `remount gone` is run now, for 30 s at most" in each for each in lines)
    assert lines[-1].startswith("root gone: hook `remount gone` ended with status 0: tried;")
    with engine.connect() as connection:
        assert connection.scalar(text("select repair from health_states where service = 'root gone'"))


@pytest.mark.parametrize(("option", "number"), [("--json", signal.SIGTERM), ("--follow", signal.SIGINT)])
def test_a_hook_ends_with_the_command(plans: PlanFolder, option: str, number: int) -> None:
    pid = plans.folder / "pid"
    hook = ["sh", "-c", f"echo $$ > {pid}.new; mv {pid}.new {pid}; sleep 60"]
    more = {
        "archive_roots": [{"name": "gone", "path": "/nowhere/gone"}],
        "monitoring": {"hooks": {"after_seconds": 0, "remount": {"gone": hook}}},
    }
    (plans.folder / "pokervod.yaml").write_text(json.dumps(plans.sections | more))
    with subprocess.Popen([*COMMAND, "health", option], cwd=plans.folder, stdout=subprocess.DEVNULL) as process:
        while not pid.exists():
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(number)

    with contextlib.suppress(psutil.NoSuchProcess):  # a dead child without its parent waits for the system to reap it
        psutil.wait_procs([psutil.Process(int(pid.read_text()))], timeout=5)
        assert psutil.Process(int(pid.read_text())).status() == psutil.STATUS_ZOMBIE


def test_without_a_database_it_ends_with_3_and_says_so(pokervod: RunCommand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POKERVOD_DATABASE_URL", "postgresql://me:hunter2@127.0.0.1:1/pokervod")

    done = pokervod("health")

    assert done.status == 3
    assert "does not answer" in done.printed
    assert "hunter2" not in done.printed + done.errors


def test_following_it_prints_a_look_and_ends_with_0(plans: PlanFolder) -> None:
    plans.write_settings()
    process = subprocess.Popen(
        [*COMMAND, "health", "--follow", "--json"], cwd=plans.folder, stdout=subprocess.PIPE, env={**os.environ}
    )
    assert process.stdout is not None
    with process.stdout:
        first = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    assert first["services"]["database"]["status"] == "healthy"
