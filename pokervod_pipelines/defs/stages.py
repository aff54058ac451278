"""Run a stage of the sync under Dagster: retries by kind of failure, metadata from its result.

Only ``Unavailable`` is retried, by the policy of its block; every other failure is final for this run, since the same
input would fail again, and so is a file or share that does not exist.
"""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import dagster as dg

from pokervod_pipelines.errors import PokervodError, Unavailable
from pokervod_pipelines.media.clip_previews import embed_clip_previews
from pokervod_pipelines.policies.blocks import POLICIES
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.failures import name_failure
from pokervod_pipelines.workflows.stage_result import StageResult
from pokervod_pipelines.workflows.stages import SyncRun

CORRELATION_TAG = "pokervod/correlation_id"
REVISION_TAG = "pokervod/revision"

T = TypeVar("T")

_log = logging.getLogger(__name__)


def make_retry_policy(block: str, settings: Settings) -> dg.RetryPolicy:
    """Return the retries of a block; Dagster counts them without the first attempt."""
    policy = POLICIES[block]
    backoff = dg.Backoff.EXPONENTIAL if policy.is_exponential else None
    return dg.RetryPolicy(max_retries=policy.attempts - 1, delay=policy.find_first_wait(settings), backoff=backoff)


nas_retries = partial(make_retry_policy, "A")
catalog_retries = partial(make_retry_policy, "B")
clips_retries = tables_retries = partial(make_retry_policy, "C")
sheets_retries = partial(make_retry_policy, "D")

RETRIES: dict[str, Callable[[Settings], dg.RetryPolicy]] = {
    "nas": nas_retries,
    "media": nas_retries,
    "catalog": catalog_retries,
    "sheets": sheets_retries,
    "clips": clips_retries,
    "statuses": sheets_retries,
    "hands": tables_retries,
    "tournaments": tables_retries,
    "instructions": clips_retries,
}
"""Retry policies by stage, as ``policies.blocks`` says of its block."""


def correlation_of(context: dg.OpExecutionContext | dg.AssetExecutionContext | dg.InitResourceContext) -> str:
    """Return the correlation id the run was started with, or the run's own id."""
    assert context.run is not None  # noqa: S101 - only a resource outside of a run has none
    return context.run.tags.get(CORRELATION_TAG, context.run.run_id)


def run_or_fail(run: Callable[[], T], settings: Settings) -> T:
    """Call ``run``; name whatever ends it, and let Dagster retry only what a retry may fix."""
    try:
        return run()
    except Exception as error:
        failure = name_failure(error, settings)
        if is_worth_a_retry(failure):
            _log.info("the step is tried again, as often as its policy says: %s", failure)
            raise failure from (error.__cause__ if failure is error else error)
        raise dg.Failure(description=str(failure), allow_retries=False) from error


def run_or_report(
    run: Callable[[], StageResult], *, settings: Settings, stage: str, name: str, retries_left: int
) -> StageResult:
    """Return the stage's result, also of a failure, so that the other libraries and sheets continue.

    Raises ``Unavailable`` while a retry may help and some are left; the step's policy then retries it.
    """
    try:
        return run()
    except Exception as error:
        failure = name_failure(error, settings)
        if retries_left > 0 and is_worth_a_retry(failure):
            _log.info("%s %s is tried again, up to %d times", stage, name, retries_left)
            raise failure from error
        return StageResult(stage=stage, name=name, seconds=0.0, error=str(failure))


def is_worth_a_retry(error: PokervodError) -> bool:
    """Return whether the same call may succeed within the same run."""
    return isinstance(error, Unavailable) and not error.is_absent


def metadata_of(result: StageResult) -> dict[str, Any]:
    """Return the metadata of a materialization: every count, the seconds, and a table of problems."""
    if result.held:
        return {"held": result.held}
    metadata: dict[str, Any] = {**result.counts, "seconds": round(result.seconds, 3)}
    metadata["problems"] = result.problem_count
    if result.problems:
        metadata["problem_table"] = dg.MetadataValue.table(
            [dg.TableRecord({"where": problem.where, "what": problem.what}) for problem in result.problems]
        )
    return metadata


def clips_metadata(run: SyncRun, result: StageResult) -> dict[str, Any]:
    """Return the metadata of a clips stage with previews of the sheet's newest clips."""
    previews = embed_clip_previews(run.engine, run.settings, result.name)
    return metadata_of(result) | ({"pictures": dg.MetadataValue.md(previews)} if previews else {})
