"""How a stage of the sync runs under Dagster: retries by kind of failure, metadata from its outcome.

Only ``Unavailable`` is retried, by the policy of its room; every other named failure is final for this run, since the
same input would fail again.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import dagster as dg

from pokervod_pipelines.errors import PokervodError, Unavailable
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.pictures import show_pictures
from pokervod_pipelines.workflows.stage_result import StageResult
from pokervod_pipelines.workflows.stages import SyncRun

CORRELATION_TAG = "pokervod/correlation_id"
REVISION_TAG = "pokervod/revision"
OWNERS = ["team:archive"]

T = TypeVar("T")


def nas_retries(settings: Settings) -> dg.RetryPolicy:
    """Blocks A and B: a share that hiccups is back within a minute."""
    return dg.RetryPolicy(max_retries=3, delay=settings.retries.nas_seconds, backoff=dg.Backoff.EXPONENTIAL)


def clips_retries(settings: Settings) -> dg.RetryPolicy:
    """Block C works on the database only, so a second try comes at once."""
    return dg.RetryPolicy(max_retries=2, delay=settings.retries.clips_seconds)


def sheets_retries(settings: Settings) -> dg.RetryPolicy:
    """Block D: a quota window is a minute, and five growing waits outlast it."""
    return dg.RetryPolicy(max_retries=5, delay=settings.retries.sheets_seconds, backoff=dg.Backoff.EXPONENTIAL)


def tables_retries(settings: Settings) -> dg.RetryPolicy:
    """Drop folders and exports lie on shares, as the archive does."""
    return nas_retries(settings)


RETRIES: dict[str, Callable[[Settings], dg.RetryPolicy]] = {
    "nas": nas_retries,
    "media": nas_retries,
    "catalog": nas_retries,
    "sheets": sheets_retries,
    "clips": clips_retries,
    "statuses": sheets_retries,
}
"""The retry policy of each stage."""


def correlation_of(context: dg.OpExecutionContext | dg.AssetExecutionContext) -> str:
    """The correlation id the run was started with, or the run's own id."""
    return context.run.tags.get(CORRELATION_TAG, context.run.run_id)


def run_or_fail(run: Callable[[], T]) -> T:
    """What the run answers; a failure that no retry can mend is raised as one that is not retried."""
    try:
        return run()
    except Unavailable:
        raise
    except PokervodError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from error


def run_or_report(run: Callable[[], StageResult], *, stage: str, name: str, tries_left: int) -> StageResult:
    """The stage's outcome, failed ones included, so that the other libraries and sheets go on.

    Raises ``Unavailable`` while tries are left; the step's retry policy then comes back.
    """
    try:
        return run()
    except Unavailable as error:
        if tries_left > 0:
            raise
        return StageResult(stage=stage, name=name, seconds=0.0, error=str(error))
    except PokervodError as error:
        return StageResult(stage=stage, name=name, seconds=0.0, error=str(error))


def metadata_of(outcome: StageResult) -> dict[str, Any]:
    """What an operator asks of a materialization: every count, the seconds, and a table of problems."""
    metadata: dict[str, Any] = {**outcome.counts, "seconds": round(outcome.seconds, 3)}
    metadata["problems"] = outcome.problem_count
    if outcome.problems:
        metadata["problem_table"] = dg.MetadataValue.table(
            [dg.TableRecord({"where": problem.where, "what": problem.what}) for problem in outcome.problems]
        )
    return metadata


def clips_metadata(run: SyncRun, outcome: StageResult) -> dict[str, Any]:
    """``metadata_of`` a clips stage, and what the sheet's newest clips look like."""
    pictures = show_pictures(run, outcome.name)
    return metadata_of(outcome) | ({"pictures": dg.MetadataValue.md(pictures)} if pictures else {})
