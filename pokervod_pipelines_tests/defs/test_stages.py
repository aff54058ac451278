"""Check which failures of a stage are retried, and which end it at once with a result."""

from collections.abc import Callable

import dagster as dg
import pytest

from pokervod_pipelines.defs.stages import run_or_fail, run_or_report
from pokervod_pipelines.errors import ArchiveUnavailable, BadInput, OperatorNeeded, Unavailable
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.stage_result import StageResult

FAILURES = [
    (Unavailable("no answer"), True),
    (ArchiveUnavailable("stale"), True),
    (OSError(5, "Input/output error", "/mnt/nas"), True),
    (ArchiveUnavailable("not mounted", is_absent=True), False),
    (FileNotFoundError(2, "No such file or directory", "/mnt/nas"), False),
    (BadInput("bad row"), False),
    (OperatorNeeded("decide"), False),
    (ValueError("a bug"), False),
]


def raiser(error: Exception) -> Callable[[], StageResult]:
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
def test_an_asset_is_retried_as_a_sync_is(error: Exception, is_retried: bool) -> None:
    if isinstance(error, OSError | ValueError):
        pytest.skip("Dagster shows what nobody foresaw with its traceback, and retries it")

    with pytest.raises(Unavailable if is_retried else dg.Failure):
        run_or_fail(raiser(error))
