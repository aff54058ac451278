"""Check restarts by hook, unit or command: the token stays secret, and the service must be healthy afterwards."""

import asyncio
import stat
from pathlib import Path

import pytest

from pokervod_pipelines.rollout.fixers.command_fixers import RestartService
from pokervod_pipelines.rollout.services import ServiceUnderRollout
from pokervod_pipelines_tests.rollout.fixers.conftest import MakeContext
from pokervod_pipelines_tests.rollout.fixers.http_server import LocalServer, python

TOKEN = "s3cr3t-token-of-the-hook"
CLOSED = "http://127.0.0.1:1"


def by_hook(http_server: LocalServer, **changes: object) -> RestartService:
    given = {
        "hook": f"{http_server.url}/restart/path-that-is-secret",
        "token_variable": "POKERVOD_HOOK_SEARCH",
        "service": "search",
        "wait_seconds": 60.0,
        "seconds": 60.0,
    }
    return RestartService.model_validate(given | changes)


def test_the_hook_is_called_with_its_token_and_health_awaited(
    http_server: LocalServer, make_context: MakeContext
) -> None:
    http_server.answers = {"/restart/path-that-is-secret": [202], "/health": [503, 503, 200]}

    report = by_hook(http_server, body={"revision": "new"}).fix(make_context(POKERVOD_HOOK_SEARCH=TOKEN), dry_run=False)

    assert report.done, report.summary
    assert report.summary.startswith(
        f"called the hook at {http_server.url}; search ({http_server.url}) is healthy after"
    )
    assert http_server.asked[0] == ("POST", "/restart/path-that-is-secret", f"Bearer {TOKEN}", b'{"revision":"new"}')
    assert [path for _, path, _, _ in http_server.asked[1:]] == ["/health"] * 3
    assert [token for _, _, token, _ in http_server.asked[1:]] == [None] * 3


def test_a_dry_run_calls_nothing(http_server: LocalServer, make_context: MakeContext) -> None:
    report = by_hook(http_server).fix(make_context(POKERVOD_HOOK_SEARCH=TOKEN), dry_run=True)

    assert not report.done
    assert report.summary == f"would call the hook at {http_server.url} and wait until {http_server.url} is healthy"
    assert http_server.asked == []


@pytest.mark.parametrize(
    ("status", "problem"),
    [
        (403, "answered 403; it requires a valid token in POKERVOD_HOOK_SEARCH"),
        (401, "answered 401; it requires a valid token"),
        (404, "answered 404"),
        (500, "answered 500"),
        (302, "answered 302"),
        (0, "no answer within 0.5 s"),
        (-1, "no answer within 0.5 s"),
    ],
)
def test_a_hook_that_does_not_obey_is_named_without_its_secrets(
    status: int, problem: str, http_server: LocalServer, make_context: MakeContext
) -> None:
    http_server.answers = {"/restart/path-that-is-secret": [status], "/health": [200]}
    http_server.headers = {"Location": f"{http_server.url}/elsewhere"}

    fixer = by_hook(http_server, seconds=0.5 if status <= 0 else 60.0)
    report = fixer.fix(make_context(POKERVOD_HOOK_SEARCH=TOKEN), dry_run=False)

    assert not report.done
    assert problem in report.summary
    assert TOKEN not in report.summary
    assert "path-that-is-secret" not in report.summary
    assert len(http_server.asked) == 1


def test_a_hook_that_is_not_there_is_reported(http_server: LocalServer, make_context: MakeContext) -> None:
    report = by_hook(http_server, hook=f"{CLOSED}/x").fix(make_context(POKERVOD_HOOK_SEARCH=TOKEN), dry_run=False)

    assert not report.done
    assert report.summary == f"POST of {CLOSED}: connection failed ([Errno 111] Connection refused)"


@pytest.mark.parametrize(
    ("health", "problem"),
    [(503, "it answers 503"), (0, "no answer within"), (-1, "no answer")],
)
def test_a_service_that_stays_unhealthy_is_a_failure(
    health: int, problem: str, http_server: LocalServer, make_context: MakeContext
) -> None:
    http_server.answers = {"/restart/path-that-is-secret": [200], "/health": [health]}

    report = by_hook(http_server, wait_seconds=1.0).fix(make_context(POKERVOD_HOOK_SEARCH=TOKEN), dry_run=False)

    assert not report.done
    assert f"search ({http_server.url}) is not healthy after 1 s: " in report.summary
    assert problem in report.summary


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize(
    ("token", "problem"),
    [("", "POKERVOD_HOOK_SEARCH is not set"), ("two\nlines", "contains characters that no token has")],
)
def test_without_a_valid_token_nothing_is_called(
    token: str, problem: str, dry_run: bool, http_server: LocalServer, make_context: MakeContext
) -> None:
    report = by_hook(http_server).fix(make_context(POKERVOD_HOOK_SEARCH=token), dry_run=dry_run)

    assert not report.done
    assert problem in report.summary
    assert http_server.asked == []


def test_an_allowed_command_restarts_and_health_is_asked_at_the_services_address(
    http_server: LocalServer, make_context: MakeContext, tmp_path: Path
) -> None:
    http_server.answers = {"/v1/alive": [200]}
    context = make_context(
        commands={"restart_search": python("open('restarted', 'w').close()")},
        services={"search": ServiceUnderRollout(address=http_server.url)},
    )
    fixer = RestartService(command="restart_search", service="search", health_path="/v1/alive")

    report = fixer.fix(context, dry_run=False)

    assert report.done, report.summary
    assert (tmp_path / "restarted").exists()
    assert [path for _, path, _, _ in http_server.asked] == ["/v1/alive"]


@pytest.mark.parametrize("dry_run", [True, False])
def test_what_the_settings_do_not_name_is_refused(
    dry_run: bool, http_server: LocalServer, make_context: MakeContext
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
    status: int, done: bool, http_server: LocalServer, make_context: MakeContext, tmp_path: Path
) -> None:
    systemctl = tmp_path / "bin" / "systemctl"
    systemctl.parent.mkdir()
    systemctl.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/arguments\necho "printed by it"\nexit {status}\n')
    systemctl.chmod(systemctl.stat().st_mode | stat.S_IXUSR)
    http_server.answers = {"/health": [200]}
    context = make_context(units=["search.service"], PATH=f"{systemctl.parent}:/usr/bin:/bin")

    report = RestartService(unit="search.service", service="search").fix(context, dry_run=False)

    assert report.done is done, report.summary
    assert (tmp_path / "arguments").read_text().split() == ["--no-ask-password", "restart", "search.service"]
    assert done or "failed, exit status 5: printed by it" in report.summary


def test_a_service_without_an_address_is_not_touched(make_context: MakeContext, tmp_path: Path) -> None:
    context = make_context(
        commands={"restart": python("open('restarted', 'w').close()")}, services={"search": ServiceUnderRollout()}
    )

    report = RestartService(command="restart", service="search").fix(context, dry_run=False)

    assert not report.done
    assert "set rollout.services.search.address" in report.summary
    assert list(tmp_path.iterdir()) == []


def test_a_fixer_works_where_a_loop_is_running_already(http_server: LocalServer, make_context: MakeContext) -> None:
    http_server.answers = {"/restart/path-that-is-secret": [200], "/health": [200]}

    async def fix() -> bool:
        return by_hook(http_server).fix(make_context(POKERVOD_HOOK_SEARCH=TOKEN), dry_run=False).done

    assert asyncio.run(fix())
