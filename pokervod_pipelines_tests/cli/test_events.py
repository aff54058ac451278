"""Check what `pokervod events` prints, and that a consumer reads again."""

import json

import pytest

from pokervod_pipelines.events import EventType, append_events
from pokervod_pipelines.events.cursors import advance_cursor
from pokervod_pipelines.workflows.pending_events import INSTRUCTIONS, read_pending_events
from pokervod_pipelines_tests.cli.test_known import Run, run
from pokervod_pipelines_tests.events.made import make_event
from pokervod_pipelines_tests.sheets.harness import SheetHarness, harness

__all__ = ["harness", "run"]


@pytest.mark.parametrize(("words", "count"), [((), 20), (("--since", "1h"), 25), (("--since", "1h", "-n", "3"), 3)])
def test_a_time_limits_what_is_printed_and_nothing_else_does(
    run: Run, harness: SheetHarness, words: tuple[str, ...], count: int
) -> None:
    with harness.engine.begin() as connection:
        append_events(connection, "test", "sync 1", [make_event(EventType.NAS_FILE_ADDED)] * 25)

    printed = run("events", "tail", "--json", "--type", "nas.file", *words).stdout

    assert len(printed.splitlines()) == count


def test_a_consumer_is_listed_and_reads_again(run: Run, harness: SheetHarness) -> None:
    def pending() -> int:
        return int(json.loads(run("events", "cursors", "--json").stdout)[0]["pending"])

    day = make_event(EventType.HAND_CREATED)
    with harness.engine.begin() as connection:
        append_events(connection, "test", "sync 1", [day, day])
    before = pending()
    with harness.engine.begin() as connection:
        advance_cursor(connection, INSTRUCTIONS, read_pending_events(connection).read)
    after = pending()
    again = ("events", "replay", INSTRUCTIONS.name, "--from", "1h")

    assert (before, after) == (2, 0)
    assert "would read 2 events with its next run" in run(*again, "--preview").stdout
    assert pending() == 0
    assert "reads 2 events with its next run" in run(*again).stdout
    assert pending() == 2
    assert "render instructions" in run("events", "cursors").stdout


def test_an_unknown_consumer_is_named_with_what_was_meant(run: Run, harness: SheetHarness) -> None:
    error = run("events", "replay", "render instruction", "--from", "1h").exception

    assert "unknown consumer 'render instruction'; did you mean `render instructions`?" in str(error)


@pytest.mark.parametrize("moment", ["", "soon"])
def test_a_time_that_is_none_is_refused_with_its_option(run: Run, harness: SheetHarness, moment: str) -> None:
    error = run("events", "replay", INSTRUCTIONS.name, "--from", moment).exception

    assert "--from: expected a time such as 2h, 30m" in str(error)
    assert repr(moment) in str(error)
