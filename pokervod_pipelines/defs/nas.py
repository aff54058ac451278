"""Define the asset ``nas_files``, one partition a library."""

import dagster as dg
from sqlalchemy import Engine

from pokervod_pipelines.defs.partitions import library_partitions
from pokervod_pipelines.defs.stages import correlation_of, metadata_of, nas_retries, run_or_fail
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.progress import share_progress
from pokervod_pipelines.workflows.stages import SyncRun, run_nas_stage


def define_nas(settings: Settings) -> list[dg.AssetsDefinition]:
    """Define the asset ``nas_files``."""

    @dg.asset(
        partitions_def=library_partitions(settings),
        deps=["archive_disks"],
        group_name="nas",
        kinds={"filesystem", "postgres"},
        pool="nas",
        retry_policy=nas_retries(settings),
    )
    def nas_files(
        context: dg.AssetExecutionContext, engine: dg.ResourceParam[Engine], settings: dg.ResourceParam[Settings]
    ) -> dg.MaterializeResult[None]:
        """Scan the archive's disks: every file with size, time, category and version.

        A file that vanished is kept and shown as missing; a library that cannot be read fails and loses nothing.
        """
        run = SyncRun(engine=engine, settings=settings, correlation_id=correlation_of(context))
        outcome = run_or_fail(
            lambda: run_nas_stage(run, context.partition_key, share_progress(run, "nas", context.partition_key)),
            settings,
        )
        return dg.MaterializeResult(metadata=metadata_of(outcome))

    return [nas_files]
