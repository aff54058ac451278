"""Check that a command runs without a shell, is stopped with all that it started, and shows no secret."""

import os
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from pokervod_pipelines.rollout.commands import MAX_OUTPUT_BYTES, CommandResult
from pokervod_pipelines.rollout.context import RolloutContext
from pokervod_pipelines.rollout.criteria.result import CriterionFailed
from pokervod_pipelines.rollout.fixers.command_fixers import HIDDEN, RerunTests
from pokervod_pipelines_tests.rollout.fixers.commands import python
from pokervod_pipelines_tests.rollout.fixers.conftest import MakeContext

SPAWN = ["sh", "-c", "(trap '' TERM; exec sleep 60) & echo $! > child; wait"]
"""Leaves a child that does not listen."""


def run(context: RolloutContext, name: str, arguments: Sequence[str], seconds: float) -> CommandResult:
    return context.run_command(name, arguments, seconds, hidden=HIDDEN, keeps_children=True)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_command_that_lasts_too_long_ends_with_its_children(make_context: MakeContext, tmp_path: Path) -> None:
    with pytest.raises(CriterionFailed, match="did not finish within 1 s and was stopped"):
        run(make_context(), "spawn", SPAWN, 1)

    child = int((tmp_path / "child").read_text())
    until = time.monotonic() + 10
    while is_alive(child) and time.monotonic() < until:
        os.sched_yield()
    assert not is_alive(child)


def test_any_amount_of_output_is_taken_and_its_end_kept(make_context: MakeContext) -> None:
    code = f"import sys; sys.stdout.write('x' * {MAX_OUTPUT_BYTES * 20}); print(); print('the end'); print(' ')"

    assert run(make_context(), "loud", python(code), 30).lines[-1] == "the end"


def test_a_line_whose_beginning_is_lost_is_not_shown(make_context: MakeContext) -> None:
    code = f"print('s3cr3t' * {MAX_OUTPUT_BYTES}, end='')"

    assert run(make_context(), "loud", python(code), 30).lines == []


def test_a_command_gets_nothing_to_read_and_no_token_of_a_hook(make_context: MakeContext) -> None:
    context = make_context(POKERVOD_HOOK_SEARCH="hook-token", OTHER="other", STARTED_BY_POKERVOD_DEV="tag of dev")
    names = ("POKERVOD_HOOK_SEARCH", "STARTED_BY_POKERVOD_DEV", "OTHER")  # what has the tag ends with `dev`
    code = f"import os, sys; print(repr(sys.stdin.read()), *map(os.environ.get, {names}))"

    assert run(context, "env", python(code), 30).lines[-1] == "'' None None other"


def test_a_secret_in_the_output_is_not_shown(make_context: MakeContext) -> None:
    context = make_context(
        commands={"tests": python("import os; print('using', os.environ['SEARCH_API_KEY'])")},
        SEARCH_API_KEY="abc-very-secret",
    )

    report = RerunTests(command="tests", report="a.xml").fix(context, dry_run=False)

    assert report.summary == "ran 'tests', exit status 0: using ***; it wrote no report a.xml"
