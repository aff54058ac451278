"""Check what `pokervod context` prints."""

import json

from pokervod_pipelines.settings.rooms import WorkflowSettings
from pokervod_pipelines.workflows.context import SharedContext
from pokervod_pipelines_tests.cli.test_known import Run, run
from pokervod_pipelines_tests.sheets.harness import SheetHarness, harness

__all__ = ["harness", "run"]


def test_values_and_their_history_are_shown(run: Run, harness: SheetHarness) -> None:
    shared = SharedContext(harness.engine, WorkflowSettings(), "sync 1", "run 1")
    shared.set("files", 3)
    shared.set("files", 4)

    def read(*words: str) -> list[tuple[str, int, int]]:
        values = json.loads(run("context", "show", "sync 1", "--json", *words).stdout)
        return [(each["key"], each["version"], each["value"]) for each in values]

    assert read() == [("files", 2, 4)]
    assert read("--history") == [("files", 1, 3), ("files", 2, 4)]
    assert "used last at" in run("context", "show", "sync 1").stdout
    assert "unknown context 'sync 2'" in str(run("context", "show", "sync 2").exception)
    assert run("context", "purge").stdout == "0 contexts deleted\n"
