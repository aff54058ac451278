"""Check that doctor reports broken plans and channels without address, and hides the secrets of addresses."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pokervod_pipelines.cli.app import app
from pokervod_pipelines.rollout.plans import check_rollouts

CHANNELS = "alerts: {channels: [{name: ops}, {name: mail}, {name: here}]}\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("POKERVOD_ALERT_OPS", "slack://T0SESAME1/B0SESAME2/xYzSesameOpensTheDoor")
    monkeypatch.setenv("POKERVOD_ALERT_MAIL", "mailtos://eva:sesame44@mail.example.org:465?to=ops@example.org")
    monkeypatch.setenv("POKERVOD_HOOK_SEARCH", "sesame-hook-token")
    return tmp_path


def write(folder: Path, text: str) -> None:
    (folder / "pokervod.yaml").write_text(text, encoding="utf-8")


def test_the_shipped_plan_is_valid(folder: Path) -> None:
    (plans,) = check_rollouts(folder)

    assert (plans.name, plans.summary, plans.next_step) == ("rollout plans", "production (9 weeks)", "")


def test_every_problem_of_a_plan_is_reported_with_its_line(folder: Path) -> None:
    write(folder, "rollout: {plans: [bad.yaml]}")
    (folder / "bad.yaml").write_text("name: demo\ntitle: ''\nstarts: soon\n", encoding="utf-8")

    (plans,) = check_rollouts(folder)

    assert not plans.passed
    for line, key in ((2, "title"), (3, "starts"), (1, "weeks")):
        assert f"{folder / 'bad.yaml'}:{line}: {key}: " in plans.summary


def test_the_problems_of_every_plan_are_reported(folder: Path) -> None:
    write(folder, "rollout: {plans: [bad.yaml, missing.yaml]}")
    (folder / "bad.yaml").write_text("name: demo\ntitle: ''\n", encoding="utf-8")

    (plans,) = check_rollouts(folder)

    assert f"{folder / 'bad.yaml'}:2: title: " in plans.summary
    assert f"{folder / 'missing.yaml'}: cannot be read" in plans.summary


def test_channels_are_shown_by_scheme_and_host_or_reported_as_without_address(folder: Path) -> None:
    write(folder, CHANNELS)

    _, ops, mail, here = check_rollouts(folder)

    assert (ops.summary, ops.passed) == ("slack://***", True)
    assert (mail.summary, mail.passed) == ("mailtos://mail.example.org", True)
    assert (here.name, here.summary) == ("alerts to here", "no address")
    assert "Set POKERVOD_ALERT_HERE in the environment" in here.next_step


def test_invalid_settings_are_left_to_the_other_checks(folder: Path) -> None:
    write(folder, "rollout: [")

    assert check_rollouts(folder) == []


def test_the_command_reports_everything_and_no_secret(
    folder: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POKERVOD_DATABASE_URL", database_url)
    write(folder, CHANNELS)

    result = CliRunner().invoke(app, ["doctor", "--json"])
    reported = {each["part"]: each for each in json.loads(result.stdout)}

    assert result.exit_code == 1
    assert reported["rollout plans"]["ok"]
    assert [reported[f"alerts to {name}"]["ok"] for name in ("ops", "mail", "here")] == [True, True, False]
    assert "sesame" not in (result.output + CliRunner().invoke(app, ["doctor"]).output).lower()
