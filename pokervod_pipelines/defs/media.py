"""Define the asset ``media_facts``, one partition a library."""

import dagster as dg
from sqlalchemy import Engine

from pokervod_pipelines.defs.partitions import library_partitions
from pokervod_pipelines.defs.stages import correlation_of, metadata_of, nas_retries, run_or_fail
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.progress import share_progress
from pokervod_pipelines.workflows.stages import SyncRun, run_media_stage


def define_media(settings: Settings) -> list[dg.AssetsDefinition]:
    """Define the asset ``media_facts``."""

    @dg.asset(
        partitions_def=library_partitions(settings),
        deps=["nas_files"],
        group_name="media",
        kinds={"filesystem", "postgres"},
        pool="nas",
        retry_policy=nas_retries(settings),
    )
    def media_facts(
        context: dg.AssetExecutionContext, engine: dg.ResourceParam[Engine], settings: dg.ResourceParam[Settings]
    ) -> dg.MaterializeResult[None]:
        """Probe each video for duration, frame rate, size and tracks; a broken one has its reason."""
        run = SyncRun(engine=engine, settings=settings, correlation_id=correlation_of(context))
        outcome = run_or_fail(
            lambda: run_media_stage(run, context.partition_key, share_progress(run, "media", context.partition_key)),
            settings,
        )
        return dg.MaterializeResult(metadata=metadata_of(outcome))

    return [media_facts]
