"""The whole sync as one run: every library, the catalog, every sheet and its clips.

The assets have different partitions, which one asset job cannot hold, so the sync is a job of ops over the same stages.
Each op reports the partitions it materialized and, at the end, every check. A stage that fails is reported and the
others go on; the run as a whole then fails and names them.
"""

from collections.abc import Callable, Iterator
from typing import Any

import dagster as dg
from sqlalchemy import Engine

from pokervod_pipelines.defs.catalog import LEVELS, level_metadata
from pokervod_pipelines.defs.checks import evaluate_all
from pokervod_pipelines.defs.resources import Listener
from pokervod_pipelines.defs.stages import (
    clips_retries,
    correlation_of,
    metadata_of,
    nas_retries,
    run_or_report,
    sheets_retries,
)
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.outcome import Outcome
from pokervod_pipelines.workflows.stages import (
    Progress,
    SyncRun,
    run_catalog_stage,
    run_clips_stage,
    run_nas_stage,
    run_sheets_stage,
)

RESOURCES = {"engine", "settings", "listener"}


def define_sync_jobs(settings: Settings) -> list[dg.JobDefinition]:
    """The jobs ``full_sync`` and ``incremental_sync``."""
    return [
        _define_job(settings, "full_sync", "Everything again: scan, catalog, sheets, clips, checks.", full=True),
        _define_job(
            settings, "incremental_sync", "What changed: every library is scanned, only changed sheets read.", full=False
        ),
    ]


def _define_job(settings: Settings, name: str, description: str, *, full: bool) -> dg.JobDefinition:
    suffix = "" if full else "_incremental"

    @dg.op(name=f"libraries{suffix}", out=dg.DynamicOut(str))
    def libraries() -> Iterator[dg.DynamicOutput[str]]:
        """The configured libraries."""
        for library in settings.libraries:
            yield dg.DynamicOutput(library.name, mapping_key=_mapping_key(library.name))

    @dg.op(
        name=f"scan_library{suffix}", required_resource_keys=RESOURCES, pool="nas", retry_policy=nas_retries(settings)
    )
    def scan_library(context: dg.OpExecutionContext, library: str) -> dict[str, Any]:
        """The library's inventory is up to date, or the outcome says why not."""
        return _report(context, full, "nas", library, "nas_files", lambda run, seen: run_nas_stage(run, library, seen))

    @dg.op(name=f"build_catalog{suffix}", required_resource_keys=RESOURCES, retry_policy=nas_retries(settings))
    def build_catalog(context: dg.OpExecutionContext, scans: list[dict[str, Any]]) -> dict[str, Any]:
        """The catalog is up to date with the inventory."""
        return _report(context, full, "catalog", "catalog", None, run_catalog_stage)

    @dg.op(name=f"sheets{suffix}", out=dg.DynamicOut(str))
    def sheets(catalog: dict[str, Any]) -> Iterator[dg.DynamicOutput[str]]:
        """The configured sheets, once the catalog stands."""
        for sheet in settings.sheets:
            yield dg.DynamicOutput(sheet.name, mapping_key=_mapping_key(sheet.name))

    @dg.op(
        name=f"sync_sheet{suffix}", required_resource_keys=RESOURCES, pool="sheets", retry_policy=sheets_retries(settings)
    )
    def sync_sheet(context: dg.OpExecutionContext, sheet: str) -> dict[str, Any]:
        """The sheet's rows are stored and tied to their videos, or the outcome says why not."""
        return _report(context, full, "sheets", sheet, "sheet_rows", lambda run, seen: run_sheets_stage(run, sheet, seen))

    @dg.op(name=f"build_clips{suffix}", required_resource_keys=RESOURCES, retry_policy=clips_retries(settings))
    def build_clips(context: dg.OpExecutionContext, rows: dict[str, Any]) -> dict[str, Any]:
        """The sheet's clips are up to date with its rows."""
        sheet = rows["name"]
        return _report(context, full, "clips", sheet, "hand_clips", lambda run, seen: run_clips_stage(run, sheet, seen))

    @dg.op(name=f"conclude{suffix}", required_resource_keys=RESOURCES)
    def conclude(
        context: dg.OpExecutionContext,
        scans: list[dict[str, Any]],
        catalog: dict[str, Any],
        rows: list[dict[str, Any]],
        clips: list[dict[str, Any]],
    ) -> None:
        """Every check is evaluated; the run fails if a stage did."""
        for evaluation in evaluate_all(context.resources.engine):
            context.log_event(evaluation)
        failed = [Outcome.from_dict(each) for each in (*scans, catalog, *rows, *clips) if each["error"]]
        if failed:
            lines = "\n".join(f"{outcome.stage} {outcome.name}: {outcome.error}" for outcome in failed)
            raise dg.Failure(description=f"the rest is up to date, but:\n{lines}", allow_retries=False)

    @dg.job(name=name, description=description, executor_def=dg.in_process_executor)
    def sync() -> None:
        scans = libraries().map(scan_library).collect()
        catalog = build_catalog(scans)
        rows = sheets(catalog).map(sync_sheet)
        clips = rows.map(build_clips)
        conclude(scans, catalog, rows.collect(), clips.collect())

    return sync


def _report(
    context: dg.OpExecutionContext,
    full: bool,  # noqa: FBT001 - bound by position in one place
    stage: str,
    name: str,
    asset: str | None,
    run_stage: Callable[[SyncRun, Progress], Outcome],
) -> dict[str, Any]:
    listener: Listener = context.resources.listener
    run = SyncRun(
        engine=context.resources.engine,
        settings=context.resources.settings,
        correlation_id=correlation_of(context),
        full=full,
    )
    policy = context.op_def.retry_policy
    listener.started(stage, name)
    outcome = run_or_report(
        lambda: run_stage(run, lambda done: listener.advanced(stage, name, done)),
        stage=stage,
        name=name,
        tries_left=(policy.max_retries if policy else 0) - context.retry_number,
    )
    listener.finished(outcome)
    _log_outcome(context, outcome, asset)
    return outcome.as_dict()


def _log_outcome(context: dg.OpExecutionContext, outcome: Outcome, asset: str | None) -> None:
    if not outcome.succeeded:
        context.log.error(f"{outcome.stage} {outcome.name}: {outcome.error}")
    elif asset is None:
        for level in LEVELS:
            context.log_event(dg.AssetMaterialization(level, metadata=level_metadata(level, outcome)))
    else:
        context.log_event(dg.AssetMaterialization(asset, partition=outcome.name, metadata=metadata_of(outcome)))


def _mapping_key(name: str) -> str:
    return name.replace("-", "_")
