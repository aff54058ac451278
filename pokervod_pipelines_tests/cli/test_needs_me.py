"""Check what `pokervod needs-me` prints where something needs a person, and where nothing does."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines_tests.cli.command import RunCommand
from pokervod_pipelines_tests.monitoring.looked import note_look


@pytest.fixture(autouse=True)
def looked(engine: Engine) -> None:
    """Let the detectors have looked a moment ago."""
    note_look(engine, datetime.now(UTC))


def test_nothing_to_decide_says_what_was_looked_at(pokervod: RunCommand) -> None:
    result = pokervod("needs-me")

    assert result.status == 0
    assert result.printed.startswith(
        "nothing needs you\nlooked at incidents, detectors, failed graphics, parked events,"
    )
    assert pokervod("needs-me", "--json").json["needs"] == []


def test_each_line_has_since_when_what_and_the_command(pokervod: RunCommand) -> None:
    pokervod("incidents", "open", "No hands", "--subject", "show Final", "--severity", "critical")

    printed = pokervod("needs-me").printed
    assert printed.startswith("1 thing to decide, the oldest first\n")
    assert "s ago · incident 1, critical: No hands\n    → `pokervod incidents show 1`\n" in printed


def test_what_is_not_known_is_not_nothing(
    pokervod: RunCommand, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pokervod_pipelines.monitoring.needs.kinds._FILES", text("select * from nowhere"))

    result = pokervod("needs-me")
    assert (result.status, "nothing needs you" in result.printed) == (1, False)
    assert "session files: could not be read" in result.errors
    assert result.error == "not known: session files. Run `pokervod doctor`, then run this again"
