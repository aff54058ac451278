"""The doctor finds broken plans and channels without an address, and shows of an address scheme and host only."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pokervod_pipelines.cli.app import app
from pokervod_pipelines.rollout.soundness import examine_rollout

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


def test_the_plan_that_ships_is_sound(folder: Path) -> None:
    (plans,) = examine_rollout(folder)

    assert (plans.part, plans.found, plans.fix) == ("rollout plans", "production (9 weeks)", "")


def test_every_fault_of_a_plan_is_named_with_its_line(folder: Path) -> None:
    write(folder, "rollout: {plans: [bad.yaml]}")
    (folder / "bad.yaml").write_text("name: demo\ntitle: ''\nstarts: soon\n", encoding="utf-8")

    (plans,) = examine_rollout(folder)

    assert not plans.is_sound
    for line, key in ((2, "title"), (3, "starts"), (1, "weeks")):
        assert f"{folder / 'bad.yaml'}:{line}: {key}: " in plans.found


def test_the_faults_of_every_plan_are_named(folder: Path) -> None:
    write(folder, "rollout: {plans: [bad.yaml, gone.yaml]}")
    (folder / "bad.yaml").write_text("name: demo\ntitle: ''\n", encoding="utf-8")

    (plans,) = examine_rollout(folder)

    assert f"{folder / 'bad.yaml'}:2: title: " in plans.found
    assert f"{folder / 'gone.yaml'}: cannot be read" in plans.found


def test_a_plan_that_is_not_there_is_named(folder: Path) -> None:
    write(folder, "rollout: {plans: [gone.yaml]}")

    (plans,) = examine_rollout(folder)

    assert f"{folder / 'gone.yaml'}: cannot be read" in plans.found


def test_channels_are_shown_by_scheme_and_host_or_told_to_get_an_address(folder: Path) -> None:
    write(folder, CHANNELS)

    _, ops, mail, here = examine_rollout(folder)

    assert (ops.found, ops.is_sound) == ("slack://***", True)
    assert (mail.found, mail.is_sound) == ("mailtos://mail.example.org", True)
    assert (here.part, here.found) == ("alerts to here", "no address")
    assert "set POKERVOD_ALERT_HERE in the environment" in here.fix


def test_of_settings_that_cannot_be_read_only_the_doctor_speaks(folder: Path) -> None:
    write(folder, "rollout: [")

    assert examine_rollout(folder) == []


def test_the_command_tells_all_of_it_and_no_secret(
    folder: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POKERVOD_DATABASE_URL", database_url)
    write(folder, CHANNELS)

    result = CliRunner().invoke(app, ["doctor", "--json"])
    told = {each["part"]: each for each in json.loads(result.stdout)}

    assert result.exit_code == 1
    assert told["rollout plans"]["ok"]
    assert [told[f"alerts to {name}"]["ok"] for name in ("ops", "mail", "here")] == [True, True, False]
    assert "sesame" not in (result.output + CliRunner().invoke(app, ["doctor"]).output).lower()
