"""Check how many events `pokervod events tail` prints."""

import pytest

from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines_tests.cli.test_known import Run, run
from pokervod_pipelines_tests.sheets.harness import SheetHarness, harness

__all__ = ["harness", "run"]


@pytest.mark.parametrize(("words", "count"), [((), 20), (("--since", "1h"), 25), (("--since", "1h", "-n", "3"), 3)])
def test_a_time_limits_what_is_printed_and_nothing_else_does(
    run: Run, harness: SheetHarness, words: tuple[str, ...], count: int
) -> None:
    with harness.engine.begin() as connection:
        append_events(connection, "test", "sync 1", [NewEvent(EventType.NAS_FILE_ADDED, {})] * 25)

    printed = run("events", "tail", "--json", "--type", "nas.file", *words).stdout

    assert len(printed.splitlines()) == count
