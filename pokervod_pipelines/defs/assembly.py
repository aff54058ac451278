"""Assemble everything that Dagster loads.

A room of a block has a file of its name here, with ``define_<room>(settings)`` for its assets and, where it has some,
``define_<room>_sensors(settings, open_engine)``: the list of blocks is the list of these files. Jobs over several
rooms, schedules, checks and resources are listed here.
"""

from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import dagster as dg

from pokervod_pipelines.defs.alerts import alerts, define_alert_sensors
from pokervod_pipelines.defs.anomalies import define_anomalies, define_pipeline_health
from pokervod_pipelines.defs.automation import define_schedules
from pokervod_pipelines.defs.checks import define_checks
from pokervod_pipelines.defs.dead_runs import define_run_sensors
from pokervod_pipelines.defs.health import define_health_sensor
from pokervod_pipelines.defs.lineage import complete_spec, define_sources
from pokervod_pipelines.defs.measures import define_measure_sensors
from pokervod_pipelines.defs.resources import SilentListener, define_engine, define_shared_context
from pokervod_pipelines.defs.rollout import define_rollout, define_rollout_jobs, define_rollout_sensors, read_plans
from pokervod_pipelines.defs.router import define_router
from pokervod_pipelines.defs.run_failures import define_failure_sensor
from pokervod_pipelines.defs.sensors import define_sensors, keep_engine
from pokervod_pipelines.defs.sync import define_sync_jobs
from pokervod_pipelines.defs.weeks import define_weekly_close, define_weekly_job, define_weeks
from pokervod_pipelines.defs.workflows import define_workflow_jobs
from pokervod_pipelines.settings import load_settings
from pokervod_pipelines.workflows.blocks import list_rooms
from pokervod_pipelines.workflows.first_day import fix_first_day


def build_defs(**overrides: Any) -> dg.Definitions:
    """Build fresh definitions; ``settings``, ``engine`` and ``listener`` default to those of the folder."""
    settings = fix_first_day(overrides.get("settings") or load_settings())
    sync_jobs, plans = define_sync_jobs(settings), read_plans(settings)
    workflow_jobs, weekly_job = define_workflow_jobs(settings), define_weekly_job(settings)
    open_engine = (lambda: overrides["engine"]) if "engine" in overrides else keep_engine(settings)
    assets: list[dg.AssetsDefinition | dg.AssetSpec] = [
        *define_sources(settings),
        *(asset for define in _list_definers("define_{}") for asset in define(settings)),
        *define_weeks(settings),
        *define_pipeline_health(settings),
        *define_rollout(plans),
    ]
    return dg.Definitions(
        assets=[*dg.map_asset_specs(lambda spec: complete_spec(spec, settings), assets)],
        asset_checks=define_checks(),
        jobs=[*sync_jobs, *workflow_jobs, *define_rollout_jobs(plans), weekly_job, alerts],
        schedules=[*define_schedules(settings, sync_jobs, open_engine), define_weekly_close(settings, weekly_job)],
        sensors=[
            *define_run_sensors(open_engine),
            *define_sensors(settings, open_engine),
            *define_router(settings, open_engine, workflow_jobs),
            *(each for define in _list_definers("define_{}_sensors") for each in define(settings, open_engine)),
            *define_rollout_sensors(plans, open_engine),
            *define_alert_sensors(settings, open_engine),
            *define_measure_sensors(settings, open_engine),
            define_failure_sensor(settings, open_engine),
            define_health_sensor(settings, open_engine),
            define_anomalies(settings, open_engine),
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


def _list_definers(name: str) -> Iterator[Callable[..., Any]]:
    """Yield the function of that name of each room whose file has one."""
    for room in list_rooms():
        if find_spec(module := f"{__package__}.{room}") and (
            define := getattr(import_module(module), name.format(room), None)
        ):
            yield define
