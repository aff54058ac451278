"""Define the catalog: one step that builds the tree and shows it as five assets."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
from sqlalchemy import Engine

from pokervod_pipelines.defs.stages import catalog_retries, correlation_of, metadata_of, run_or_fail
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.progress import share_progress
from pokervod_pipelines.workflows.stage_result import StageResult
from pokervod_pipelines.workflows.stages import SyncRun, run_catalog_stage

LEVELS = {
    "projects": ("The shows: WSOP, Poker After Dark, Game of Gold …", "nas_files"),
    "seasons": ("A year or a numbered season of a show; either may be unknown.", "projects"),
    "events": ("The tournaments and strands of a season.", "seasons"),
    "episodes": ("One programme a viewer would name, with all its versions together.", "events"),
    "video_files": ("Every video of the inventory, as its name and folders explain it.", "episodes"),
}
"""Levels of the tree from the top: what each contains, and what it depends on."""


def define_catalog(settings: Settings) -> list[dg.AssetsDefinition]:
    """Define the assets ``projects``, ``seasons``, ``events``, ``episodes`` and ``video_files``."""

    @dg.multi_asset(
        name="catalog",
        specs=[
            dg.AssetSpec(level, deps=[above], description=description, group_name="catalog", kinds={"postgres"})
            for level, (description, above) in LEVELS.items()
        ],
        retry_policy=catalog_retries(settings),
    )
    def catalog(
        context: dg.AssetExecutionContext, engine: dg.ResourceParam[Engine], settings: dg.ResourceParam[Settings]
    ) -> Iterator[dg.MaterializeResult[None]]:
        run = SyncRun(engine=engine, settings=settings, correlation_id=correlation_of(context))
        progress = share_progress(run, "catalog", "catalog")
        outcome = run_or_fail(lambda: run_catalog_stage(run, progress), settings)
        for level in LEVELS:
            yield dg.MaterializeResult(asset_key=level, metadata=level_metadata(level, outcome))

    return [catalog]


def level_metadata(level: str, outcome: StageResult) -> dict[str, Any]:
    """Return the metadata of a level: its own count, and the result of the whole build."""
    return {"count": outcome.counts[level], **metadata_of(outcome)}
