"""What runs by itself, and when: the asset jobs and the schedules, with the reason for each time."""

from collections.abc import Sequence

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from pokervod_pipelines.settings import Settings


def define_asset_jobs() -> list[UnresolvedAssetJobDefinition]:
    """The jobs of one partition a run: a library, a sheet, a broadcast day."""
    return [
        dg.define_asset_job("nas_sync", selection=["nas_files"], description="Scan one library."),
        dg.define_asset_job(
            "sheets_sync",
            selection=["sheet_rows", "hand_clips", "sheet_statuses"],
            description="Read one sheet, make its clips, and tell its people where it lets us.",
        ),
        dg.define_asset_job(
            "hands_to_renders",
            selection=["hands", "tournaments", "render_instructions"],
            description="Read what the tables and the tournament system dropped, and decide what is to be drawn.",
        ),
        dg.define_asset_job(
            "renders",
            selection=["render_outputs"],
            description="Render what waits of one broadcast day, and look after what is finished.",
        ),
    ]


def define_schedules(settings: Settings, jobs: Sequence[dg.JobDefinition]) -> list[dg.ScheduleDefinition]:
    """The nightly full sync, and the hourly look for changes."""
    by_name = {job.name: job for job in jobs}
    return [
        dg.ScheduleDefinition(
            name="nightly_full_sync",
            job=by_name["full_sync"],
            cron_schedule=settings.schedules.full_sync,
            execution_timezone=settings.time_zone,
            description="At night, when nobody edits: whatever an incremental look may have missed is found.",
            default_status=dg.DefaultScheduleStatus.RUNNING,
        ),
        dg.ScheduleDefinition(
            name="hourly_nas_changes",
            job=by_name["incremental_sync"],
            cron_schedule=settings.schedules.nas_changes,
            execution_timezone=settings.time_zone,
            description="Every hour: new files reach the catalog, and rows that waited for them find them.",
            default_status=dg.DefaultScheduleStatus.RUNNING,
        ),
    ]
