"""Define the assets of block D: annotation rows and their statuses, one partition per sheet."""

import dagster as dg
from sqlalchemy import Engine

from pokervod_pipelines.defs.partitions import sheet_partitions
from pokervod_pipelines.defs.stages import (
    REVISION_TAG,
    correlation_of,
    metadata_of,
    run_or_fail,
    sheets_retries,
)
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.progress import share_progress
from pokervod_pipelines.workflows.stages import SyncRun, run_sheets_stage
from pokervod_pipelines.workflows.statuses import run_statuses_stage


def define_sheets(settings: Settings) -> list[dg.AssetsDefinition]:
    """Return the assets ``sheet_rows`` and ``sheet_statuses``."""

    @dg.asset(
        partitions_def=sheet_partitions(settings),
        deps=["annotation_sheets", "video_files"],
        group_name="sheets",
        kinds={"excel", "postgres"},
        pool="sheets",
        retry_policy=sheets_retries(settings),
    )
    def sheet_rows(
        context: dg.AssetExecutionContext, engine: dg.ResourceParam[Engine], settings: dg.ResourceParam[Settings]
    ) -> dg.MaterializeResult[None]:
        """Read the annotation rows, each matched to its video or with the reason why not."""
        run = SyncRun(engine=engine, settings=settings, correlation_id=correlation_of(context))
        seen = context.run.tags.get(REVISION_TAG)
        is_google = settings.sheet(context.partition_key).spreadsheet is not None
        progress = share_progress(run, "sheets", context.partition_key)
        outcome = run_or_fail(
            # What was seen to have changed is read, also where Drive still tells the version before.
            lambda: run_sheets_stage(
                run, context.partition_key, progress, known_revision=seen, reread=is_google and bool(seen)
            ),
            settings,
        )
        return dg.MaterializeResult(metadata=metadata_of(outcome))

    @dg.asset(
        partitions_def=sheet_partitions(settings),
        deps=["hand_clips"],
        group_name="sheets",
        kinds={"googlesheets"},
        pool="sheets",
        retry_policy=sheets_retries(settings),
    )
    def sheet_statuses(
        context: dg.AssetExecutionContext, engine: dg.ResourceParam[Engine], settings: dg.ResourceParam[Settings]
    ) -> dg.MaterializeResult[None]:
        """Write the state of each row into the sheet's status columns, where `write_back` is on."""
        run = SyncRun(engine=engine, settings=settings, correlation_id=correlation_of(context))
        outcome = run_or_fail(lambda: run_statuses_stage(run, context.partition_key), settings)
        may_write = settings.sheet(context.partition_key).write_back
        return dg.MaterializeResult(metadata=metadata_of(outcome) | {"write_back": may_write})

    return [sheet_rows, sheet_statuses]
