"""All that Dagster loads, from explicit lists: this file is the inventory.

``build_defs`` makes a fresh set; a test or a command passes its own settings, engine or listener.
"""

from typing import Any

import dagster as dg

from pokervod_pipelines.defs.automation import define_asset_jobs, define_schedules
from pokervod_pipelines.defs.catalog import define_catalog
from pokervod_pipelines.defs.checks import define_checks
from pokervod_pipelines.defs.clips import define_clips
from pokervod_pipelines.defs.nas import define_nas
from pokervod_pipelines.defs.resources import EngineResource, SettingsResource, Silent
from pokervod_pipelines.defs.sheets import define_sheets
from pokervod_pipelines.defs.sync import define_sync_jobs
from pokervod_pipelines.settings import Settings, load_settings


def build_defs(settings: Settings | None = None, **overrides: Any) -> dg.Definitions:
    """Fresh definitions for ``settings`` (default: those of the current folder); ``overrides`` replace resources."""
    settings = settings or load_settings()
    sync_jobs = define_sync_jobs(settings)
    resources = {"engine": EngineResource(), "settings": SettingsResource(), "listener": Silent(), **overrides}
    return dg.Definitions(
        assets=[*define_nas(settings), *define_catalog(settings), *define_sheets(settings), *define_clips(settings)],
        asset_checks=define_checks(),
        jobs=[*sync_jobs, *define_asset_jobs()],
        schedules=define_schedules(settings, sync_jobs),
        resources=resources,
    )


defs = build_defs()
