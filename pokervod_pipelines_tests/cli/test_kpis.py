"""Check what `pokervod kpis` and `pokervod detectors` print."""

import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.cli.detectors import list_simulated
from pokervod_pipelines.monitoring.detectors import simulated
from pokervod_pipelines.monitoring.detectors.simulated import SimulatedDays, SimulatedScore
from pokervod_pipelines_tests.cli.command import RunCommand

BY = ("--by", "eva")


def test_each_promise_has_its_target_and_says_why_it_was_not_measured(
    pokervod: RunCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    pokervod("incidents", "open", "No hands", "--subject", "show Final", "--missed", "no_data", *BY)

    lines = [" ".join(line.split()) for line in pokervod("kpis").printed.splitlines()]
    assert lines[0] == "0 reached, 1 missed, 12 not measured in 24h"
    assert "✗ detection > 95 % 0 % 0 found, 1 missed" in lines
    assert "– full sync, p95 < 10 min – no run of it succeeded" in lines
    assert any(
        line.startswith("– monitoring API, average < 50 ms – not measured yet: it needs the API") for line in lines
    )
    document = pokervod("kpis", "--window", "7d", "--json").json
    assert {each["name"]: each["is_met"] for each in document["kpis"]}["detection"] is False


def test_a_detector_shows_what_people_said_of_it(pokervod: RunCommand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    pokervod("incidents", "open", "No hands", "--subject", "show Final", "--missed", "no_data", *BY)

    lines = [line.split() for line in pokervod("detectors").printed.splitlines()]
    assert ["no_data", "0", "–", "1", "–", "0", "%", "–", "–"] in lines
    assert ["disk_full", "0", "–", "0", "–", "–", "–", "–"] in lines
    document = pokervod("detectors", "--json").json
    assert (document["total"]["missed"], document["total"]["recall"], document["total"]["precision"]) == (1, 0, None)


def test_a_terminal_of_80_columns_has_a_line_for_each_detector_also_with_wide_figures(
    pokervod: RunCommand, monkeypatch: pytest.MonkeyPatch, engine: Engine
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for verdict in ("real", "real", "noise"):
        opened = pokervod("incidents", "open", verdict, "--subject", "queue all", *BY).printed
        with engine.begin() as connection:
            connection.execute(
                text("""
                    update monitoring_events set detector = 'processing_too_long', figures = '{"seconds": 1296}'
                    where summary = :verdict and detector = 'person'
                """),
                {"verdict": verdict},
            )
        pokervod("incidents", "verdict", opened.split()[1], verdict, "--reason", "r", *BY)
        pokervod("incidents", "resolve", opened.split()[1], "--reason", "r", *BY)

    lines = [line.split() for line in pokervod("detectors").printed.splitlines()]
    figures = ["3", "2", "real,", "1", "noise", "0", "66.7", "%", "100", "%", "21.6", "min", "1"]
    assert ["processing_too_long", *figures] in lines


def test_a_simulated_score_has_what_was_injected_and_found() -> None:
    found = SimulatedScore(injected=40, detected=39, median_seconds=90, p95_seconds=240, alarms=41, false=2)
    days = SimulatedDays(
        days=200,
        quiet_days=60,
        first_seed=1,
        last_seed=200,
        false_on_quiet_days=0,
        detectors={"no_data": found, "disk_full": SimulatedScore(injected=0, detected=0)},
    )

    assert list_simulated(days) == [
        ("no_data", "40", "97.5 %", "90 s", "4.0 min", "41", "2"),
        ("disk_full", "0", "–", "–", "–", "0", "0"),
    ]


def test_a_package_without_simulated_figures_says_so(pokervod: RunCommand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulated, "FILE", "nothing.json")
    simulated.load_simulated.cache_clear()

    assert pokervod("detectors", "--json").json["simulated"] is None
    assert pokervod("detectors", "--simulated").error.startswith("this version comes without figures")
    simulated.load_simulated.cache_clear()
