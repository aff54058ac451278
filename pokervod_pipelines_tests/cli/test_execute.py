"""Check what `pokervod execute` and `pokervod routes` say to a person."""

import pytest

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines_tests.cli.test_known import Run, run
from pokervod_pipelines_tests.sheets.harness import harness

__all__ = ["harness", "run"]


@pytest.mark.parametrize("given", ["{x", "[1]", "", "[/] [red]"])
def test_an_input_that_is_not_an_object_is_shown_next_to_what_is_expected(run: Run, given: str) -> None:
    refused = run("execute", "nas_sync", "--input", given).exception

    assert isinstance(refused, BadInput)
    assert str(refused) == f"--input: expected a JSON object such as '{{\"sheet\": \"hands\"}}', got '{given}'"


def test_a_route_is_told_with_its_condition_and_what_its_workflow_is_told(run: Run) -> None:
    shown = run("routes").stdout

    assert "nas.scan.completed with added, changed, moved, removed or returned" in shown
    assert "catalog.updated with created, changed or removed" in shown
    assert "sheets_sync: each sheet with rows to match" in shown
    assert "media_sync: library" in shown
