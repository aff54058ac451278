"""Check what `pokervod kpis` and `pokervod detectors` print."""

import pytest

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
    assert ["no_data", "0", "0", "0", "0", "1", "–", "0", "%", "–", "–"] in lines
    assert ["disk_full", "0", "0", "0", "0", "0", "–", "–", "–", "–"] in lines
    document = pokervod("detectors", "--json").json
    assert (document["total"]["missed"], document["total"]["recall"], document["total"]["precision"]) == (1, 0, None)


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
