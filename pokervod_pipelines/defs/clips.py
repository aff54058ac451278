"""Define the asset ``hand_clips``, one partition a sheet."""

import dagster as dg
from sqlalchemy import Engine

from pokervod_pipelines.defs.partitions import sheet_partitions
from pokervod_pipelines.defs.stages import clips_metadata, clips_retries, correlation_of, metadata_of, run_or_fail
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.progress import share_progress
from pokervod_pipelines.workflows.stages import SyncRun, run_clips_stage, run_own_clips_stage


def define_clips(settings: Settings) -> list[dg.AssetsDefinition]:
    """Define the asset ``hand_clips``."""

    @dg.asset(
        partitions_def=sheet_partitions(settings),
        deps=[
            "sheet_rows",
            # A row may mean a video of any library.
            dg.AssetDep("media_facts", partition_mapping=dg.AllPartitionMapping()),
        ],
        group_name="clips",
        kinds={"postgres"},
        retry_policy=clips_retries(settings),
    )
    def hand_clips(
        context: dg.AssetExecutionContext, engine: dg.ResourceParam[Engine], settings: dg.ResourceParam[Settings]
    ) -> dg.MaterializeResult[None]:
        """Make the clips: which stretch of which video shows which hand, with grade, players and tags."""
        run = SyncRun(engine=engine, settings=settings, correlation_id=correlation_of(context))
        outcome = run_or_fail(
            lambda: run_clips_stage(run, context.partition_key, share_progress(run, "clips", context.partition_key)),
            settings,
        )
        own = run_or_fail(
            lambda: run_own_clips_stage(run), settings
        )  # the sheet's directives may be about their players
        if own is not None:
            context.log_event(dg.AssetMaterialization("hand_clips", partition=own.name, metadata=metadata_of(own)))
        return dg.MaterializeResult(metadata=clips_metadata(run, outcome))

    return [hand_clips]
