"""Define the schedules, with the reason for each time."""

from collections.abc import Callable, Sequence

import dagster as dg
from sqlalchemy import Engine

from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.held import find_workflow_hold


def define_schedules(
    settings: Settings, jobs: Sequence[dg.JobDefinition], open_engine: Callable[[], Engine]
) -> list[dg.ScheduleDefinition]:
    """Define the nightly full sync and the hourly scan for changes; a held one waits for its next time."""

    def is_free(workflow: str) -> Callable[[dg.ScheduleEvaluationContext], bool]:
        return lambda _: find_workflow_hold(open_engine(), workflow) is None

    by_name = {job.name: job for job in jobs}
    return [
        dg.ScheduleDefinition(
            name="nightly_full_sync",
            job=by_name["full_sync"],
            should_execute=is_free("full_sync"),
            cron_schedule=settings.schedules.full_sync,
            execution_timezone=settings.time_zone,
            description="At night, when nobody edits: finds whatever an incremental sync missed.",
            default_status=dg.DefaultScheduleStatus.RUNNING,
        ),
        dg.ScheduleDefinition(
            name="hourly_nas_changes",
            job=by_name["incremental_sync"],
            should_execute=is_free("incremental_sync"),
            cron_schedule=settings.schedules.nas_changes,
            execution_timezone=settings.time_zone,
            description="Every hour: new files reach the catalog, and unmatched rows are matched to them.",
            default_status=dg.DefaultScheduleStatus.RUNNING,
        ),
    ]
