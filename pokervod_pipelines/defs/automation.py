"""Define the asset jobs and the schedules, with the reason for each time."""

from collections.abc import Sequence

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from pokervod_pipelines.settings import Settings


def define_asset_jobs() -> list[UnresolvedAssetJobDefinition]:
    """Define the jobs that run one partition: a library, a sheet, a broadcast day."""
    return [
        dg.define_asset_job("nas_sync", selection=["nas_files"], description="Scan one library."),
        dg.define_asset_job(
            "sheets_sync",
            selection=["sheet_rows", "hand_clips", "sheet_statuses"],
            description="Read one sheet, make its clips, and write its status columns where write-back is on.",
        ),
        dg.define_asset_job(
            "hands_to_renders",
            selection=["hands", "tournaments", "render_instructions"],
            description="Read new files of the tables and the tournament system, and decide which graphics to render.",
        ),
        dg.define_asset_job(
            "renders",
            selection=["render_outputs"],
            description="Render the pending graphics of one broadcast day, and check the finished ones.",
        ),
    ]


def define_schedules(settings: Settings, jobs: Sequence[dg.JobDefinition]) -> list[dg.ScheduleDefinition]:
    """Define the nightly full sync and the hourly scan for changes."""
    by_name = {job.name: job for job in jobs}
    return [
        dg.ScheduleDefinition(
            name="nightly_full_sync",
            job=by_name["full_sync"],
            cron_schedule=settings.schedules.full_sync,
            execution_timezone=settings.time_zone,
            description="At night, when nobody edits: finds whatever an incremental sync missed.",
            default_status=dg.DefaultScheduleStatus.RUNNING,
        ),
        dg.ScheduleDefinition(
            name="hourly_nas_changes",
            job=by_name["incremental_sync"],
            cron_schedule=settings.schedules.nas_changes,
            execution_timezone=settings.time_zone,
            description="Every hour: new files reach the catalog, and unmatched rows are matched to them.",
            default_status=dg.DefaultScheduleStatus.RUNNING,
        ),
    ]
