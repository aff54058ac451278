"""Assemble everything that Dagster loads from explicit lists.

A new asset, check, job, schedule or resource is defined in the file of its room and listed here.
"""

from typing import Any

import dagster as dg

from pokervod_pipelines.defs.alerts import alerts, define_alert_sensors
from pokervod_pipelines.defs.automation import define_asset_jobs, define_schedules
from pokervod_pipelines.defs.catalog import define_catalog
from pokervod_pipelines.defs.checks import define_checks
from pokervod_pipelines.defs.clips import define_clips
from pokervod_pipelines.defs.dead_runs import define_run_sensors
from pokervod_pipelines.defs.hands import define_hands
from pokervod_pipelines.defs.lineage import complete_spec, define_sources
from pokervod_pipelines.defs.media import define_media
from pokervod_pipelines.defs.nas import define_nas
from pokervod_pipelines.defs.renders import define_render_sensors, define_renders
from pokervod_pipelines.defs.resources import SilentListener, define_engine, define_shared_context
from pokervod_pipelines.defs.rollout import define_rollout, define_rollout_jobs, define_rollout_sensors, read_plans
from pokervod_pipelines.defs.sensors import define_sensors, keep_engine
from pokervod_pipelines.defs.sheets import define_sheets
from pokervod_pipelines.defs.sync import define_sync_jobs
from pokervod_pipelines.settings import load_settings
from pokervod_pipelines.workflows.first_day import fix_first_day


def build_defs(**overrides: Any) -> dg.Definitions:
    """Build fresh definitions; ``settings``, ``engine`` and ``listener`` default to those of the folder."""
    settings = fix_first_day(overrides.get("settings") or load_settings())
    sync_jobs, plans = define_sync_jobs(settings), read_plans(settings)
    open_engine = (lambda: overrides["engine"]) if "engine" in overrides else keep_engine(settings)
    assets: list[dg.AssetsDefinition | dg.AssetSpec] = [
        *define_sources(settings),
        *define_nas(settings),
        *define_media(settings),
        *define_catalog(settings),
        *define_sheets(settings),
        *define_clips(settings),
        *define_hands(settings),
        *define_renders(settings),
        *define_rollout(plans),
    ]
    return dg.Definitions(
        assets=[*dg.map_asset_specs(lambda spec: complete_spec(spec, settings), assets)],
        asset_checks=define_checks(),
        jobs=[*sync_jobs, *define_asset_jobs(), *define_rollout_jobs(plans), alerts],
        schedules=define_schedules(settings, sync_jobs),
        sensors=[
            *define_run_sensors(open_engine),
            *define_sensors(settings, open_engine),
            *define_render_sensors(settings, open_engine),
            *define_rollout_sensors(plans, open_engine),
            *define_alert_sensors(settings, open_engine),
        ],
        # A spawned step costs 1.5 s and 110 MB; ours are short and talk to one database.
        executor=dg.in_process_executor,
        resources={
            "settings": settings,
            "engine": define_engine(settings),
            "listener": SilentListener(),
            "shared_context": define_shared_context(settings),
            **overrides,
        },
    )
