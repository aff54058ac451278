"""Check the grid of weeks that `pokervod weeks` prints, its cases, and its JSON."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import Engine
from typer.testing import CliRunner

from pokervod_pipelines.cli.app import app
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.monitoring.weeks.validation import find_current_week
from pokervod_pipelines.settings import Settings, load_settings
from pokervod_pipelines_tests.monitoring.week_data import ARCHIVE, WeekData, at

Run = Callable[..., Any]
LAST = find_current_week(Settings(home=Path("home"))).shift(-2)
MONDAY = LAST.monday


@pytest.fixture
def data(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WeekData:
    (tmp_path / "pokervod.yaml").write_text(yaml.safe_dump(ARCHIVE), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("POKERVOD_HOME", "home")
    monkeypatch.setenv("POKERVOD_DATABASE_URL", engine.url.render_as_string(hide_password=False))
    made = WeekData(engine=engine, settings=load_settings())
    made.put_week(MONDAY)
    return made


def run(*words: str) -> Any:
    return CliRunner().invoke(app, words)


def read_lines(*words: str) -> list[str]:
    result = run("weeks", *words)
    assert result.exit_code == 0, result.output
    return [line.rstrip() for line in result.stdout.splitlines()]


def test_the_grid_has_a_row_for_each_week_and_a_tick_only_where_all_is_good(data: WeekData) -> None:
    data.put_row(at(MONDAY, 9), None)

    lines = read_lines("--last", "4")

    rows = {line.split()[0]: line.split()[1:] for line in lines if line.startswith(" 20")}
    assert [*rows] == [LAST.shift(weeks).name for weeks in (2, 1, 0, -1)]
    assert rows[LAST.name] == ["✓", "10", "✓", "5", "✗", "1", "✓", "5", "✓", "5", "✓", "5", "✓", "10", "✓", "10"]
    assert rows[LAST.shift(-1).name] == ["–"] * 8
    assert f"→ what is missing, and where: `pokervod weeks --week {LAST.name}`" in lines


def test_the_grid_says_which_weeks_go_on_or_are_not_closed_in_80_columns(data: WeekData) -> None:
    read_lines("close", LAST.name)

    lines = read_lines("--last", "3")

    first = next(number for number, line in enumerate(lines) if line.startswith(f" {LAST.shift(2).name} "))
    assert [line.split()[0] for line in lines[first : first + 5]] == [
        LAST.shift(2).name,
        "(running)",
        LAST.shift(1).name,
        "(open)",
        LAST.name,
    ]
    assert lines[first + 5] == ""
    assert max(map(len, lines)) <= 80


def test_a_week_lists_its_cases_and_what_to_do(data: WeekData) -> None:
    for _ in range(23):
        data.put_row(at(MONDAY, 9), None)

    lines = read_lines("--week", LAST.name)

    assert lines[0].endswith(": 7 complete, 1 incomplete, of 8 stages")
    assert "✓ hands: all 5 days" in lines
    at_rows = lines.index("✗ rows: notes: 23 of 28 rows without video; all 5 videos")
    assert lines[at_rows + 1].startswith("    notes Hands row ")
    assert lines[at_rows + 21] == "    and 3 more"
    assert lines[at_rows + 22].startswith("    → Correct File Name")
    assert read_lines("--week", str(MONDAY + timedelta(days=3))) == lines


def test_closing_is_told_and_so_is_what_changes_later(data: WeekData) -> None:
    assert ", closed " in read_lines("close", LAST.name)[0]
    assert "was closed already" in read_lines("close", LAST.name)[0]
    data.put_slot(LAST.sunday)

    assert f"{LAST.name} hands: closed 5 of 5, now 5 of 6" in read_lines()
    (found,) = json.loads(run("weeks", "--week", LAST.name, "--json").stdout)
    (hands,) = [each for each in found["stages"] if each["stage"] == "hands_whole"]
    assert hands["closed"] == {"looked_at": 5, "good": 5, "sentence": "all 5 days"}
    assert (hands["state"], hands["looked_at"], hands["good"]) == ("incomplete", 6, 5)
    assert not found["is_complete"]
    assert found["from"] == f"{MONDAY}T06:00:00+00:00"


def test_the_current_week_is_not_closed(data: WeekData) -> None:
    result = run("weeks", "close", LAST.shift(2).name)

    assert isinstance(result.exception, BadInput)
    assert "is not over: it ends" in str(result.exception)


@pytest.mark.parametrize(
    "words",
    [
        ("--week", "48"),
        ("--week", "9999-W52"),
        ("close", "2026-W60"),
        ("validate", "--from", "x"),
        ("--last", "0"),
        ("--last", "999"),
    ],
)
def test_what_names_no_week_is_refused(data: WeekData, words: tuple[str, ...]) -> None:
    result = run("weeks", *words)

    assert result.exit_code == 2
    assert "Traceback" not in result.output


@pytest.mark.parametrize(("first", "last"), [(0, -1), (0, 3), (-300, 0)])
def test_only_weeks_until_now_and_in_order_are_validated(data: WeekData, first: int, last: int) -> None:
    result = run("weeks", "validate", "--from", LAST.shift(first).name, "--to", LAST.shift(last).name)

    assert isinstance(result.exception, BadInput)
    assert "weeks until the present one, oldest first" in str(result.exception)


def test_without_settings_it_ends_before_it_asks_a_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert isinstance(run("weeks").exception, BadInput)
    assert not (tmp_path / ".pokervod").exists()


def test_its_help_has_its_options_and_an_example() -> None:
    shown = run("weeks", "--help").stdout

    assert "--last" in shown
    assert "Example: pokervod weeks --week 2026-W19" in shown
