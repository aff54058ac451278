"""Block D in Dagster: the annotation rows, one partition a sheet."""

import dagster as dg
from sqlalchemy import Engine

from pokervod_pipelines.defs.partitions import sheet_partitions
from pokervod_pipelines.defs.stages import OWNERS, correlation_of, metadata_of, run_or_fail, sheets_retries
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.stages import SyncRun, run_sheets_stage


def define_sheets(settings: Settings) -> list[dg.AssetsDefinition]:
    """The asset ``sheet_rows``."""

    @dg.asset(
        partitions_def=sheet_partitions(settings),
        deps=["video_files"],
        group_name="sheets",
        kinds={"excel", "postgres"},
        owners=OWNERS,
        pool="sheets",
        retry_policy=sheets_retries(settings),
    )
    def sheet_rows(
        context: dg.AssetExecutionContext, engine: dg.ResourceParam[Engine], settings: dg.ResourceParam[Settings]
    ) -> dg.MaterializeResult[None]:
        """What people annotated, row by row, each tied to its video or carrying the reason why not."""
        run = SyncRun(engine=engine, settings=settings, correlation_id=correlation_of(context))
        outcome = run_or_fail(lambda: run_sheets_stage(run, context.partition_key))
        return dg.MaterializeResult(metadata=metadata_of(outcome))

    return [sheet_rows]
