"""Record how the runs of workflows ended, as Dagster has them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial

import dagster as dg
from sqlalchemy import Engine

from pokervod_pipelines.defs.ended_runs import describe_failure, is_started_again, page_ended
from pokervod_pipelines.defs.stages import CORRELATION_TAG
from pokervod_pipelines.defs.workflows import WORKFLOW_TAG, read_attempt, read_input
from pokervod_pipelines.settings.alerts import AlertChannel
from pokervod_pipelines.workflows.ends import EndedWorkflowRun, record_workflow_ends
from pokervod_pipelines.workflows.workflow import Workflow


def record_ends(
    instance: dg.DagsterInstance,
    engine: Engine,
    workflows: Mapping[str, Workflow],
    channels: Sequence[AlertChannel],
    *,
    since: datetime | None,
) -> datetime:
    """Record each run that ended since; return up to when ends are recorded now, never less than before.

    The first call has nothing to do.
    """
    now = datetime.now(UTC)
    if since is None:
        return now
    describe = partial(describe_failure, instance)
    for records in page_ended(instance, since, tags={WORKFLOW_TAG: [*workflows]}):
        ends = [_make_end(record, workflows) for record in records if not is_started_again(record.dagster_run)]
        if ends:
            record_workflow_ends(engine, ends, workflows, channels, describe_failure=describe)
    return max(since, now)


def _make_end(record: dg.RunRecord, workflows: Mapping[str, Workflow]) -> EndedWorkflowRun:
    run = record.dagster_run
    began = record.start_time or record.create_timestamp.timestamp()
    return EndedWorkflowRun(
        workflow=run.tags[WORKFLOW_TAG],
        input=read_input(run.tags, workflows[run.tags[WORKFLOW_TAG]]),
        run_id=run.run_id,
        correlation_id=run.tags.get(CORRELATION_TAG, run.run_id),
        attempt=read_attempt(run.tags),
        seconds=round((record.end_time or datetime.now(UTC).timestamp()) - began, 3),
        failed=run.status is dg.DagsterRunStatus.FAILURE,
    )
