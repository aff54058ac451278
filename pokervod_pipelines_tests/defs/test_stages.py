"""Check which failures of a stage are retried, and which end it at once with a result."""

import errno
from collections.abc import Callable

import dagster as dg
import psycopg
import pytest
from dagster._core.errors import DagsterExecutionInterruptedError
from sqlalchemy.exc import OperationalError

from pokervod_pipelines.defs.stages import run_or_fail, run_or_report
from pokervod_pipelines.errors import ArchiveUnavailable, BadInput, OperatorNeeded, Unavailable
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.stage_result import StageResult

OPERATIONAL = OperationalError(
    "select id from nas_files where path = %(path)s",
    {"path": "A/x.mov"},
    psycopg.OperationalError("server closed the connection unexpectedly"),
)
FAILURES = [
    (Unavailable("no answer"), True),
    (ArchiveUnavailable("stale"), True),
    (OSError(5, "Input/output error", "/mnt/nas"), True),
    (OPERATIONAL, True),
    (ArchiveUnavailable("not mounted", is_absent=True), False),
    (FileNotFoundError(2, "No such file or directory", "/mnt/nas"), False),
    (BadInput("bad row"), False),
    (OperatorNeeded("decide"), False),
    (ValueError("a bug"), False),
]


def raiser(error: BaseException) -> Callable[[], StageResult]:
    def run() -> StageResult:
        raise error

    return run


@pytest.mark.parametrize(("error", "is_retried"), FAILURES)
@pytest.mark.parametrize("retries_left", [0, 2])
def test_only_what_may_answer_later_is_retried(
    settings_factory: Callable[..., Settings], error: Exception, is_retried: bool, retries_left: int
) -> None:
    def report() -> StageResult:
        settings = settings_factory()
        return run_or_report(raiser(error), settings=settings, stage="nas", name="WSOP", retries_left=retries_left)

    if is_retried and retries_left:
        with pytest.raises(Unavailable):
            report()
    else:
        assert report().error


@pytest.mark.parametrize(("error", "is_retried"), FAILURES)
def test_an_asset_is_retried_as_a_sync_is(
    settings_factory: Callable[..., Settings], error: Exception, is_retried: bool
) -> None:
    with pytest.raises(Unavailable if is_retried else dg.Failure):
        run_or_fail(raiser(error), settings_factory())


@pytest.mark.parametrize(
    ("error", "attempts", "words"),
    [
        (OPERATIONAL, 3, "the database connection failed: server closed the connection unexpectedly; check with"),
        (OSError(errno.ENOSPC, "No space left on device", "/nas/x"), 1, "/nas/x: No space left on device: free space"),
        (KeyError("oops"), 1, "unexpected KeyError: 'oops'. This is a bug of PokerVOD"),
    ],
)
def test_the_error_of_an_asset_is_named_and_tried_as_often_as_that_helps(
    settings_factory: Callable[..., Settings], error: Exception, attempts: int, words: str
) -> None:
    settings, tried = settings_factory(), []

    @dg.asset(retry_policy=dg.RetryPolicy(max_retries=2, delay=0))
    def files() -> None:
        tried.append(1)
        run_or_fail(raiser(error), settings)

    done = dg.materialize([files], instance=dg.DagsterInstance.ephemeral(), raise_on_error=False)

    (failed,) = [event for event in done.all_events if event.is_step_failure]
    assert len(tried) == attempts
    assert words in str(failed.step_failure_data.error)


@pytest.mark.parametrize("interrupt", [DagsterExecutionInterruptedError(), KeyboardInterrupt(), SystemExit(1)])
def test_an_interrupt_ends_an_asset_as_it_is(
    settings_factory: Callable[..., Settings], interrupt: BaseException
) -> None:
    with pytest.raises(type(interrupt)):
        run_or_fail(raiser(interrupt), settings_factory())
