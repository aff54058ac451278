"""Check that a command runs only where it is allowed, without a shell and our secrets, and leaves no process."""

import time
from pathlib import Path

import pytest

from pokervod_pipelines.rollout.context import RolloutContext
from pokervod_pipelines.rollout.criteria.result import ErrorClass
from pokervod_pipelines.rollout.record import ResultRecord
from pokervod_pipelines_tests.processes.system import wait_until_gone
from pokervod_pipelines_tests.rollout.criteria.conftest import MakeContext, check


@pytest.fixture
def context(make_context: MakeContext) -> RolloutContext:
    """Return a context that allows ``sh``."""
    return make_context(rollout={"allow_commands": True, "programs": ["sh", "true", "no-such-program"]})


def run(context: RolloutContext, *arguments: str, **parameters: object) -> ResultRecord:
    return check(context, "command", run=[*arguments], **parameters)


@pytest.mark.parametrize(
    ("arguments", "exit_status", "error_class", "problem"),
    [
        (["true"], 0, None, "'true' ended with 0"),
        (["sh", "-c", "exit 3"], 3, None, "'sh' ended with 3"),
        (["sh", "-c", "exit 3"], 0, ErrorClass.CHECK, "'sh' ended with 3, expected 0"),
        (["sh", "-c", "kill -9 $$"], 0, ErrorClass.CHECK, "'sh' ended with -9"),
        (["no-such-program"], 0, ErrorClass.UNREACHABLE, "cannot be started"),
        (["rm", "notes"], 0, ErrorClass.NOT_ALLOWED, "rollout.programs"),
    ],
)
def test_the_exit_status_decides(
    context: RolloutContext, arguments: list[str], exit_status: int, error_class: ErrorClass | None, problem: str
) -> None:
    result = run(context, *arguments, exit_status=exit_status)

    assert result.error_class is error_class
    assert problem in result.summary


def test_nothing_is_started_where_the_settings_do_not_allow_it(make_context: MakeContext) -> None:
    context = make_context(rollout={"programs": ["touch"]})

    result = run(context, "touch", "made")

    assert result.error_class is ErrorClass.NOT_ALLOWED
    assert not (context.folder / "made").exists()


def test_no_shell_reads_the_arguments(make_context: MakeContext) -> None:
    context = make_context(rollout={"allow_commands": True, "programs": ["echo"]})

    result = run(context, "echo", "$HOME; touch made", "&& false")

    assert result.details == ("$HOME; touch made && false",)
    assert not (context.folder / "made").exists()


def test_a_command_runs_in_the_folder_without_our_variables(
    context: RolloutContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POKERVOD_DATABASE_URL", "postgresql://ada:hush@db/x")

    place = run(context, "sh", "-c", "pwd")
    environment = run(context, "sh", "-c", "env | grep -c -e ^POKERVOD_ -e hush", exit_status=1)

    assert Path(place.details[0]) == context.folder.resolve()
    assert environment.details == ("0",)


def test_of_its_output_the_end_is_shown(context: RolloutContext) -> None:
    result = run(context, "sh", "-c", "seq 1 9999; echo broken >&2; exit 1")

    assert (result.details[-2:], len(result.details)) == (("9999", "broken"), 20)


def test_a_password_in_its_output_is_not_shown(context: RolloutContext) -> None:
    result = run(context, "sh", "-c", "echo cannot reach https://ada:hush@example.org/x")

    assert result.details == ("cannot reach https://***@example.org/x",)


def test_a_command_that_hangs_is_stopped_with_all_that_it_started(context: RolloutContext) -> None:
    begun = time.monotonic()
    result = run(context, "sh", "-c", "sleep 600 & echo $! ; sleep 600", seconds=0.5)

    assert result.error_class is ErrorClass.UNREACHABLE
    assert "was stopped" in result.summary
    assert time.monotonic() - begun < 60
    wait_until_gone(int(result.details[0]))


def test_what_a_command_left_in_the_background_ends_with_it(context: RolloutContext) -> None:
    result = run(context, "sh", "-c", "sleep 600 & echo $!")

    assert result.passed
    wait_until_gone(int(result.details[0]))
