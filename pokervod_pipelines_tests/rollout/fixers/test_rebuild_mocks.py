"""Check that mocks are rebuilt by an allowed command, and must be healthy afterwards."""

from pathlib import Path

import pytest

from pokervod_pipelines.rollout.fixers.command_fixers import RebuildMocks
from pokervod_pipelines.rollout.services import ServiceUnderRollout
from pokervod_pipelines_tests.rollout.fixers.conftest import MakeContext
from pokervod_pipelines_tests.rollout.fixers.http_server import LocalServer, list_files, python

REBUILD = python("open('rebuilt', 'w').close()")


def test_the_mock_is_rebuilt_and_healthy(http_server: LocalServer, make_context: MakeContext, tmp_path: Path) -> None:
    http_server.answers = {"/health": [500, 200]}
    context = make_context(commands={"mocks": REBUILD}, services={"search": ServiceUnderRollout(mock=http_server.url)})

    report = RebuildMocks(command="mocks", service="search").fix(context, dry_run=False)

    assert report.done, report.summary
    assert report.summary.startswith(f"ran 'mocks', exit status 0; search ({http_server.url}) is healthy after")
    assert (tmp_path / "rebuilt").exists()


@pytest.mark.parametrize(
    ("commands", "health", "problem"),
    [
        ({}, 200, "the command 'mocks' is not allowed"),
        ({"mocks": python("print('npx: not found'); raise SystemExit(127)")}, 200, "exit status 127: npx: not found"),
        ({"mocks": python("import time; time.sleep(60)")}, 200, "did not finish within 1 s"),
        ({"mocks": REBUILD}, 503, "is not healthy after 1 s: "),
    ],
)
def test_a_mock_that_cannot_be_rebuilt_is_reported(
    commands: dict[str, list[str]], health: int, problem: str, http_server: LocalServer, make_context: MakeContext
) -> None:
    http_server.answers = {"/health": [health]}
    seconds = 1 if "sleep" in str(commands) else 60
    fixer = RebuildMocks(command="mocks", service="search", seconds=seconds, wait_seconds=1)

    report = fixer.fix(make_context(commands=commands), dry_run=False)

    assert not report.done
    assert problem in report.summary


def test_a_dry_run_runs_and_calls_nothing(http_server: LocalServer, make_context: MakeContext, tmp_path: Path) -> None:
    before = list_files(tmp_path)
    context = make_context(commands={"mocks": REBUILD}, services={"search": ServiceUnderRollout(mock=http_server.url)})

    report = RebuildMocks(command="mocks", service="search").fix(context, dry_run=True)

    assert not report.done
    assert report.summary == f"would run 'mocks' and wait until {http_server.url} is healthy"
    assert list_files(tmp_path) == before
    assert http_server.asked == []
