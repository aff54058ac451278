"""Mocks are made anew by an allowed command, and must be well afterwards."""

from pathlib import Path

import pytest

from pokervod_pipelines.rollout.fixers.rebuild_mocks import RebuildMocks
from pokervod_pipelines.rollout.services import Service
from pokervod_pipelines_tests.rollout.fixers.conftest import MakeWorld
from pokervod_pipelines_tests.rollout.fixers.station import FAILED, Station, picture, python

REBUILD = python("open('rebuilt', 'w').close()")


def test_the_mock_is_rebuilt_and_well(station: Station, make_world: MakeWorld, tmp_path: Path) -> None:
    station.answers = {"/health": [500, 200]}
    world = make_world(commands={"mocks": REBUILD}, services={"search": Service(mock=station.url)})

    report = RebuildMocks(command="mocks", service="search").fix(world, FAILED, dry_run=False)

    assert report.done, report.said
    assert report.said.startswith(f"ran 'mocks'; the mock at {station.url} is healthy after")
    assert (tmp_path / "rebuilt").exists()


@pytest.mark.parametrize(
    ("commands", "health", "said"),
    [
        ({}, 200, "the command 'mocks' is not allowed"),
        ({"mocks": python("print('npx: not found'); raise SystemExit(127)")}, 200, "exit status 127: npx: not found"),
        ({"mocks": python("import time; time.sleep(60)")}, 200, "did not end within 1 s"),
        ({"mocks": REBUILD}, 503, "is not healthy after 1 s: it answers 503"),
    ],
)
def test_a_mock_that_cannot_be_rebuilt_is_said(
    commands: dict[str, list[str]], health: int, said: str, station: Station, make_world: MakeWorld
) -> None:
    station.answers = {"/health": [health]}
    seconds = 1 if "sleep" in str(commands) else 60
    fixer = RebuildMocks(command="mocks", health=f"{station.url}/health", seconds=seconds, wait_seconds=1)

    report = fixer.fix(make_world(commands=commands), FAILED, dry_run=False)

    assert not report.done
    assert said in report.said


def test_a_dry_run_runs_nothing_and_asks_nobody(station: Station, make_world: MakeWorld, tmp_path: Path) -> None:
    before = picture(tmp_path)
    world = make_world(commands={"mocks": REBUILD}, services={"search": Service(mock=station.url)})

    report = RebuildMocks(command="mocks", service="search").fix(world, FAILED, dry_run=True)

    assert not report.done
    assert report.said == f"would run 'mocks' and wait until the mock at {station.url} is well"
    assert picture(tmp_path) == before
    assert station.asked == []
