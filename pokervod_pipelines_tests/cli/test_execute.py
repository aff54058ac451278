"""Check what `pokervod execute` and `pokervod routes` say to a person."""

import contextlib
import os
import re
import signal
from pathlib import Path
from unittest import mock

import dagster as dg
import pytest

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.settings import load_settings
from pokervod_pipelines.workflows.setup import find_dagster_home, prepare_folder
from pokervod_pipelines_tests.cli.test_known import Run, run
from pokervod_pipelines_tests.defs.test_launch import beat
from pokervod_pipelines_tests.sheets.harness import harness
from pokervod_pipelines_tests.sync.installation import build_installation

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


def test_ctrl_c_ends_the_wait_for_a_run_and_tells_that_it_goes_on(tmp_path: Path, database_url: str) -> None:
    installation = build_installation(tmp_path, database_url=database_url)
    with contextlib.chdir(tmp_path), mock.patch.dict(os.environ, installation.environ):
        prepare_folder(tmp_path)
        with dg.DagsterInstance.from_config(str(find_dagster_home(load_settings()))) as instance:
            beat(instance)  # as if a daemon ran, which starts nothing
    process = installation.start("execute", "nas_sync", "--input", '{"library": "PAD"}', "--wait", PYTHONUNBUFFERED="1")
    assert process.stdout is not None
    started, state = process.stdout.readline(), process.stdout.readline()
    os.killpg(process.pid, signal.SIGINT)
    errors = process.communicate(timeout=60)[1]

    (run_id,) = re.findall("run ([0-9a-f-]{36})", started)
    assert (process.returncode, state) == (130, "  queued\n")
    assert errors == f"the run goes on; `pokervod logs --run {run_id} --follow` shows it\n"
