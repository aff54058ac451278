"""Check restarts by hook, unit or command: the token stays secret, and the service must be healthy afterwards."""

import asyncio
import stat
from pathlib import Path

import pytest

from pokervod_pipelines.rollout.fixers.command_fixers import RebuildMocks, RestartService
from pokervod_pipelines.settings.rollout import RolloutService
from pokervod_pipelines_tests.rollout.fixers.commands import python
from pokervod_pipelines_tests.rollout.fixers.conftest import MakeContext
from pokervod_pipelines_tests.rollout.http_services import Answers, Reply, RunningService

TOKEN = "s3cr3t-token-of-the-hook"
HOOK = "/restart/path-that-is-secret"
CLOSED = "http://127.0.0.1:1"
REBUILD = python("open('rebuilt', 'w').close()")


def answer(*health: int, restart: Reply | int = 200) -> Answers:
    """Return the statuses of the health check in turn, and the answer of the hook."""
    hook = Reply(restart) if isinstance(restart, int) else restart
    return {"GET /health": [Reply(each) for each in health], f"POST {HOOK}": hook}


def by_hook(http_server: RunningService, **changes: object) -> RestartService:
    given = {
        "hook": f"{http_server.address}{HOOK}",
        "token_variable": "POKERVOD_HOOK_SEARCH",
        "service": "search",
        "wait_seconds": 60.0,
        "seconds": 60.0,
    }
    return RestartService.model_validate(given | changes)


def test_the_hook_is_called_with_its_token_and_health_awaited(
    http_server: RunningService, make_context: MakeContext
) -> None:
    http_server.answers = answer(503, 503, 200, restart=202)

    report = by_hook(http_server, body={"revision": "new"}).fix(make_context(POKERVOD_HOOK_SEARCH=TOKEN), dry_run=False)

    assert report.done, report.summary
    assert report.summary.startswith(
        f"called the hook at {http_server.address}; search ({http_server.address}) is healthy after"
    )
    assert http_server.asked == [f"POST {HOOK}", *["GET /health"] * 3]
    assert http_server.authorizations == [f"Bearer {TOKEN}", None, None, None]
    assert http_server.bodies[0] == b'{"revision":"new"}'


def test_a_dry_run_calls_nothing(http_server: RunningService, make_context: MakeContext) -> None:
    report = by_hook(http_server).fix(make_context(POKERVOD_HOOK_SEARCH=TOKEN), dry_run=True)

    assert not report.done
    assert (
        report.summary
        == f"would call the hook at {http_server.address} and wait until {http_server.address} is healthy"
    )
    assert http_server.asked == []


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        (403, "answered 403; it requires a valid token in POKERVOD_HOOK_SEARCH"),
        (401, "answered 401; it requires a valid token"),
        (404, "answered 404"),
        (500, "answered 500"),
        (302, "answered 302"),
        (Reply(after_seconds=30), "no answer within 0.5 s"),
        (Reply(drips=True), "no answer within 0.5 s"),
    ],
)
def test_a_hook_that_does_not_obey_is_named_without_its_secrets(
    reply: Reply | int, problem: str, http_server: RunningService, make_context: MakeContext
) -> None:
    moved = {"location": f"{http_server.address}/elsewhere"}
    http_server.answers = answer(200, restart=Reply(reply, headers=moved) if isinstance(reply, int) else reply)

    fixer = by_hook(http_server, seconds=60.0 if isinstance(reply, int) else 0.5)
    report = fixer.fix(make_context(POKERVOD_HOOK_SEARCH=TOKEN), dry_run=False)

    assert not report.done
    assert problem in report.summary
    assert TOKEN not in report.summary
    assert "path-that-is-secret" not in report.summary
    assert len(http_server.asked) == 1


def test_a_hook_that_is_not_there_is_reported(http_server: RunningService, make_context: MakeContext) -> None:
    report = by_hook(http_server, hook=f"{CLOSED}/x").fix(make_context(POKERVOD_HOOK_SEARCH=TOKEN), dry_run=False)

    assert not report.done
    assert report.summary == f"POST of {CLOSED}: connection failed ([Errno 111] Connection refused)"


@pytest.mark.parametrize(
    ("health", "problem"),
    [
        (Reply(503), "it answers 503"),
        (Reply(after_seconds=30), "no answer within"),
        (Reply(drips=True), "no answer within"),
    ],
)
def test_a_service_that_stays_unhealthy_is_a_failure(
    health: Reply, problem: str, http_server: RunningService, make_context: MakeContext
) -> None:
    http_server.answers = {**answer(), "GET /health": health}

    report = by_hook(http_server, wait_seconds=1.0).fix(make_context(POKERVOD_HOOK_SEARCH=TOKEN), dry_run=False)

    assert not report.done
    assert f"search ({http_server.address}) is not healthy after 1 s: " in report.summary
    assert problem in report.summary


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize(
    ("token", "problem"),
    [("", "POKERVOD_HOOK_SEARCH is not set"), ("two\nlines", "contains characters that no token has")],
)
def test_without_a_valid_token_nothing_is_called(
    token: str, problem: str, dry_run: bool, http_server: RunningService, make_context: MakeContext
) -> None:
    report = by_hook(http_server).fix(make_context(POKERVOD_HOOK_SEARCH=token), dry_run=dry_run)

    assert not report.done
    assert problem in report.summary
    assert http_server.asked == []


def test_an_allowed_command_restarts_and_health_is_asked_at_the_services_address(
    http_server: RunningService, make_context: MakeContext, tmp_path: Path
) -> None:
    http_server.answers = {"GET /v1/alive": Reply()}
    context = make_context(
        commands={"restart_search": python("open('restarted', 'w').close()")},
        services={"search": RolloutService(address=http_server.address)},
    )
    fixer = RestartService(command="restart_search", service="search", health_path="/v1/alive")

    report = fixer.fix(context, dry_run=False)

    assert report.done, report.summary
    assert (tmp_path / "restarted").exists()
    assert http_server.asked == ["GET /v1/alive"]


@pytest.mark.parametrize("dry_run", [True, False])
def test_what_the_settings_do_not_name_is_refused(
    dry_run: bool, http_server: RunningService, make_context: MakeContext
) -> None:
    context = make_context(commands={"other": python("pass")}, units=["other.service"])

    by_command = RestartService(command="restart", service="search").fix(context, dry_run=dry_run)
    by_unit = RestartService(unit="search.service", service="search").fix(context, dry_run=dry_run)

    assert "the command 'restart' is not allowed (allowed: other)" in by_command.summary
    assert "the unit 'search.service' is not allowed (allowed: other.service)" in by_unit.summary
    assert not by_command.done
    assert not by_unit.done
    assert http_server.asked == []


@pytest.mark.parametrize(("status", "done"), [(0, True), (5, False)])
def test_a_unit_is_restarted_by_systemctl(
    status: int, done: bool, http_server: RunningService, make_context: MakeContext, tmp_path: Path
) -> None:
    systemctl = tmp_path / "bin" / "systemctl"
    systemctl.parent.mkdir()
    systemctl.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/arguments\necho "printed by it"\nexit {status}\n')
    systemctl.chmod(systemctl.stat().st_mode | stat.S_IXUSR)
    http_server.answers = answer(200)
    context = make_context(units=["search.service"], PATH=f"{systemctl.parent}:/usr/bin:/bin")

    report = RestartService(unit="search.service", service="search").fix(context, dry_run=False)

    assert report.done is done, report.summary
    assert (tmp_path / "arguments").read_text().split() == ["--no-ask-password", "restart", "search.service"]
    assert done or "failed, exit status 5: printed by it" in report.summary


@pytest.mark.parametrize(
    ("command", "health", "problem"),
    [
        (REBUILD, [500, 200], ""),
        (python("print('npx: not found'); raise SystemExit(127)"), [200], "exit status 127: npx: not found"),
        (python("import time; time.sleep(60)"), [200], "did not finish within 1 s"),
        (REBUILD, [503], "is not healthy after 1 s: it answers 503"),
    ],
)
def test_a_mock_is_rebuilt_by_a_command_and_asked_at_its_own_address(
    command: list[str], health: list[int], problem: str, http_server: RunningService, make_context: MakeContext
) -> None:
    http_server.answers = answer(*health)
    services = {"search": RolloutService(address=CLOSED, mock=http_server.address)}
    seconds = 1.0 if "sleep" in str(command) else 60.0
    fixer = RebuildMocks(command="mocks", service="search", seconds=seconds, wait_seconds=1.0)

    report = fixer.fix(make_context(commands={"mocks": command}, services=services), dry_run=False)

    assert report.done is (not problem), report.summary
    assert problem in report.summary


def test_a_service_without_an_address_is_not_touched(make_context: MakeContext, tmp_path: Path) -> None:
    context = make_context(
        commands={"restart": python("open('restarted', 'w').close()")}, services={"search": RolloutService()}
    )

    report = RestartService(command="restart", service="search").fix(context, dry_run=False)

    assert not report.done
    assert "set rollout.services.search.address" in report.summary
    assert list(tmp_path.iterdir()) == []


def test_a_fixer_works_where_a_loop_is_running_already(http_server: RunningService, make_context: MakeContext) -> None:
    http_server.answers = answer(200)

    async def fix() -> bool:
        return by_hook(http_server).fix(make_context(POKERVOD_HOOK_SEARCH=TOKEN), dry_run=False).done

    assert asyncio.run(fix())
