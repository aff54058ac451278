"""Check what `pokervod breakers` and `pokervod doctor` say of services that do not answer."""

import json

import pytest

from pokervod_pipelines.monitoring.doctor import check_installation
from pokervod_pipelines_tests.cli.test_known import Run, run
from pokervod_pipelines_tests.policies.breaker_harness import BreakerHarness
from pokervod_pipelines_tests.sheets.harness import SheetHarness, harness

__all__ = ["harness", "run"]


@pytest.fixture
def breakers(harness: SheetHarness) -> BreakerHarness:
    """Return breakers of the same database, by its own clock."""
    return BreakerHarness(harness.engine, now=None)


def read(run: Run) -> dict[str, tuple[str, int, bool]]:
    listed = json.loads(run("breakers", "list", "--json").stdout)
    return {each["name"]: (each["state"], each["failures"], each["next_probe_at"] is None) for each in listed}


def test_all_are_listed_and_an_open_one_is_reset_with_a_reason(run: Run, breakers: BreakerHarness) -> None:
    assert read(run) == dict.fromkeys(("nexrender", "sheets", "drive"), ("closed", 0, True))
    assert "3 breakers, 0 open" in run("breakers", "list").stdout
    breakers.open(breakers.make(), "drive.files.get: no answer")

    assert read(run)["sheets"] == ("open", 5, False)
    shown = run("breakers", "list").stdout
    assert "3 breakers, 1 open" in shown
    assert "Google Sheets" in shown
    assert "drive.files.get: no answer" in shown
    reset = run("breakers", "reset", "sheets", "--reason", "they repaired it", "--by", "ana")
    assert reset.stdout == (
        "Google Sheets is called again; its breaker was open, "
        "after 5 failures in a row, the last: drive.files.get: no answer\n"
    )
    assert read(run)["sheets"] == ("closed", 0, True)
    assert "was closed already" in run("breakers", "reset", "sheets", "--reason", "again").stdout
    assert [type_ for type_, _ in breakers.list_changes()] == ["system.breaker.opened", "system.breaker.reset"]


def test_a_half_open_one_says_that_it_is_tried_now(run: Run, breakers: BreakerHarness) -> None:
    breaker = breakers.make()
    breakers.open(breaker)
    breakers.execute("update breakers set next_probe_at = now() returning 1")
    assert read(run)["sheets"][0] == "half-open"
    assert "now" in run("breakers", "list").stdout
    assert breaker.enter().is_probe
    assert "tries now, else " in run("breakers", "list").stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("reset", "sheet", "--reason", "x"), "unknown breaker 'sheet'; did you mean `sheets`?"),
        (("reset", "sheets", "--reason", " "), "--reason is required for the audit log"),
    ],
)
def test_a_mistake_is_named(run: Run, words: tuple[str, ...], says: str) -> None:
    assert says in str(run("breakers", *words).exception)


def test_doctor_names_what_is_open(run: Run, breakers: BreakerHarness) -> None:
    (line,) = [each for each in check_installation() if each.name.startswith("breaker")]
    assert (line.passed, line.summary) == (True, "closed: nexrender, sheets, drive")
    breakers.open(breakers.make())

    (line,) = [each for each in check_installation() if each.name.startswith("breaker")]

    assert not line.passed
    assert line.name == "breaker sheets"
    assert line.summary.startswith("Google Sheets does not answer: 5 failures in a row, the last at ")
