"""Define the whole sync as one run: libraries, the catalog, sheets and their clips, then hands and instructions.

The assets have different partitions, which one asset job cannot have, so the sync is a job of ops over the same stages.
Each op reports the partitions it materialized; the last one evaluates every check. A failed stage is reported and the
others continue; then the run fails and names it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import dagster as dg

from pokervod_pipelines.catalog.search import refresh_search
from pokervod_pipelines.defs.catalog import LEVELS, level_metadata
from pokervod_pipelines.defs.checks import evaluate_asset_checks
from pokervod_pipelines.defs.resources import SyncListener
from pokervod_pipelines.defs.stages import (
    RETRIES,
    clips_metadata,
    correlation_of,
    metadata_of,
    run_or_fail,
    run_or_report,
)
from pokervod_pipelines.defs.workflows import EXCLUSIVE_TAG, limit_tags
from pokervod_pipelines.errors import Unavailable
from pokervod_pipelines.events.retention import prune_events
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.sheets.own_rows import BY_HAND, has_own_rows
from pokervod_pipelines.sheets.store import find_last_reading
from pokervod_pipelines.workflows.blocks import initialize_blocks
from pokervod_pipelines.workflows.context import purge_contexts
from pokervod_pipelines.workflows.day_stages import run_hands_stage, run_instructions_stage, run_tournaments_stage
from pokervod_pipelines.workflows.declared import list_workflows
from pokervod_pipelines.workflows.fallbacks import note_fallback, skip_stage
from pokervod_pipelines.workflows.progress import share_progress
from pokervod_pipelines.workflows.stage_result import StageResult
from pokervod_pipelines.workflows.stages import (
    Progress,
    SyncRun,
    run_catalog_stage,
    run_clips_stage,
    run_media_stage,
    run_nas_stage,
    run_sheets_stage,
)
from pokervod_pipelines.workflows.statuses import run_statuses_stage
from pokervod_pipelines.workflows.sync_events import record_end, record_failure, record_start
from pokervod_pipelines.workflows.workflow import Workflow, find_today

FULL, INCREMENTAL = "full_sync", "incremental_sync"
RESOURCES = {"engine", "settings", "listener"}
ASSETS = {
    "nas": "nas_files",
    "media": "media_facts",
    "sheets": "sheet_rows",
    "clips": "hand_clips",
    "statuses": "sheet_statuses",
    "hands": "hands",
    "tournaments": "tournaments",
    "instructions": "render_instructions",
}
"""Partitioned assets by stage; the catalog's levels have no partitions."""

Report = dict[str, Any]
"""A stage result as plain values, for the way between ops."""


def define_sync_jobs(settings: Settings) -> list[dg.JobDefinition]:
    """Define the jobs ``full_sync`` and ``incremental_sync``."""
    workflows = list_workflows()
    return [_define_job(settings, workflows[name]) for name in (FULL, INCREMENTAL)]


def _define_job(settings: Settings, workflow: Workflow) -> dg.JobDefinition:
    scan, probe, build, read, cut, cut_own, write, hands, tournaments, instructions = (
        op.with_retry_policy(RETRIES[stage](settings))
        for stage, op in (
            ("nas", scan_library),
            ("media", probe_library),
            ("catalog", build_catalog),
            ("sheets", sync_sheet),
            ("clips", build_clips),
            ("clips", build_own_clips),
            ("statuses", write_statuses),
            ("hands", import_hands),
            ("tournaments", import_tournaments),
            ("instructions", make_instructions),
        )
    )

    @dg.job(
        name=workflow.name,
        description=workflow.description,
        executor_def=dg.in_process_executor,
        tags=limit_tags(workflow, settings) | EXCLUSIVE_TAG,
    )
    def sync() -> None:
        scans = libraries().map(scan)
        media = scans.map(probe).collect()
        catalog = build(scans.collect(), media)
        rows = sheets(catalog).map(read)
        clips = rows.map(cut)
        own = cut_own(clips.collect())
        statuses = clips.map(write).collect()
        of_hands, of_exports = hands(clips.collect(), own), tournaments(clips.collect())
        day = [of_hands, of_exports, instructions(of_hands, of_exports)]
        conclude(scans.collect(), media, catalog, rows.collect(), clips.collect(), own, statuses, day)
        delete_old(statuses, day)

    return sync


@dg.op(out=dg.DynamicOut(str), required_resource_keys=RESOURCES)
def libraries(context: dg.OpExecutionContext) -> Iterator[dg.DynamicOutput[str]]:
    """List the configured libraries, once the blocks are ready and it is recorded that the sync began."""
    initialize_blocks(context.resources.engine, context.resources.settings)
    record_start(_make_run(context), context.run_id)
    for library in context.resources.settings.libraries:
        yield dg.DynamicOutput(library.name, mapping_key=_mapping_key(library.name))


@dg.op(required_resource_keys=RESOURCES, pool="nas")
def scan_library(context: dg.OpExecutionContext, library: str) -> Report:
    """Scan a library into the inventory."""
    return _run(context, "nas", library, lambda run, progress: run_nas_stage(run, library, progress))


@dg.op(required_resource_keys=RESOURCES, pool="nas")
def probe_library(context: dg.OpExecutionContext, scan: Report) -> Report:
    """Probe the library's new and changed videos for duration, frame rate and tracks."""
    library = scan["name"]
    return _run(context, "media", library, lambda run, progress: run_media_stage(run, library, progress), after=[scan])


@dg.op(required_resource_keys=RESOURCES)
def build_catalog(context: dg.OpExecutionContext, scans: list[Report], media: list[Report]) -> Report:
    """Build the catalog from the inventory."""
    return _run(context, "catalog", "catalog", run_catalog_stage, after=scans)


@dg.op(out=dg.DynamicOut(str), required_resource_keys={"settings"})
def sheets(context: dg.OpExecutionContext, catalog: Report) -> Iterator[dg.DynamicOutput[str]]:
    """List the configured sheets, once the catalog is built."""
    for sheet in context.resources.settings.sheets:
        yield dg.DynamicOutput(sheet.name, mapping_key=_mapping_key(sheet.name))


@dg.op(required_resource_keys=RESOURCES, pool="sheets")
def sync_sheet(context: dg.OpExecutionContext, sheet: str) -> Report:
    """Store the sheet's rows and match them to their videos."""
    return _run(context, "sheets", sheet, lambda run, progress: run_sheets_stage(run, sheet, progress))


@dg.op(required_resource_keys=RESOURCES)
def build_clips(context: dg.OpExecutionContext, rows: Report) -> Report:
    """Make the sheet's clips from its rows, also from those of an earlier read."""
    sheet = rows["name"]

    def build(run: SyncRun, progress: Progress) -> StageResult:
        result = run_clips_stage(run, sheet, progress)
        if not rows["error"]:
            return result
        with run.engine.connect() as connection:
            return replace(result, stale_since=find_last_reading(connection, sheet))

    return {**_run(context, "clips", sheet, build, after=[rows]), "rows": rows}


@dg.op(required_resource_keys=RESOURCES)
def build_own_clips(context: dg.OpExecutionContext, clips: list[Report]) -> Report | None:
    """Make the clips of no sheet again, which follow videos and aliases; return None where there are none."""
    with context.resources.engine.connect() as connection:
        if not has_own_rows(connection):
            return None
    return _run(context, "clips", BY_HAND, lambda run, progress: run_clips_stage(run, BY_HAND, progress))


@dg.op(required_resource_keys=RESOURCES, pool="sheets")
def write_statuses(context: dg.OpExecutionContext, clips: Report) -> Report | None:
    """Write the status of each row into the sheet; return None where write-back is off."""
    sheet = clips["name"]
    if not context.resources.settings.sheet(sheet).write_back:
        return None
    return _run(context, "statuses", sheet, lambda run, _: run_statuses_stage(run, sheet), after=[clips["rows"]])


@dg.op(required_resource_keys=RESOURCES, pool="hands")
def import_hands(context: dg.OpExecutionContext, clips: list[Report], own: Report | None) -> Report | None:
    """Read the new session files of the tables; return None where no drop folder is configured."""
    if not context.resources.settings.hands.drop_folders:
        return None
    return _run_day(context, "hands", run_hands_stage)


@dg.op(required_resource_keys=RESOURCES, pool="tournaments")
def import_tournaments(context: dg.OpExecutionContext, clips: list[Report]) -> Report | None:
    """Read the new exports of the tournament system; return None where no export folder is configured."""
    if not context.resources.settings.tournaments.export_folders:
        return None
    return _run_day(context, "tournaments", run_tournaments_stage)


@dg.op(required_resource_keys=RESOURCES, pool="render")
def make_instructions(
    context: dg.OpExecutionContext, hands: Report | None, tournaments: Report | None
) -> Report | None:
    """Make the instructions of the days that changed; return None where hands and exports come from nowhere."""
    if hands is None and tournaments is None:
        return None
    return _run_day(context, "instructions", run_instructions_stage, after=[*filter(None, (hands, tournaments))])


@dg.op(required_resource_keys=RESOURCES)
def conclude(
    context: dg.OpExecutionContext,
    scans: list[Report],
    media: list[Report],
    catalog: Report,
    rows: list[Report],
    clips: list[Report],
    own: Report | None,
    statuses: list[Report | None],
    day: list[Report | None],
) -> None:
    """Refresh the search, evaluate every check, record the end, and fail the run if a stage failed."""
    refresh_search(context.resources.engine)
    for evaluation in evaluate_asset_checks(context.resources.engine, context.resources.settings):
        context.log_event(evaluation)  # type: ignore[arg-type]
    results = (*scans, *media, catalog, *rows, *clips, *filter(None, (own, *statuses, *day)))
    failed = {f"{each['stage']} {each['name']}": each["error"] for each in results if each["error"]}
    record_end(_make_run(context), context.run_id, [*failed])
    if failed:
        lines = ["everything else is up to date, but:", *(f"{stage}: {error}" for stage, error in failed.items())]
        raise dg.Failure(description="\n".join(lines), allow_retries=False)


@dg.op(required_resource_keys=RESOURCES)
def delete_old(context: dg.OpExecutionContext, statuses: list[Report | None], day: list[Report | None]) -> None:
    """Delete contexts that have ended and, in a full sync, old events; a failure here is none of the stages'."""
    engine, settings = context.resources.engine, context.resources.settings
    with engine.begin() as connection:
        purge_contexts(connection, settings.workflows)
    if context.job_name == FULL:
        run_or_fail(lambda: prune_events(engine, settings.events), settings)


def _make_run(context: dg.OpExecutionContext) -> SyncRun:
    return SyncRun(
        engine=context.resources.engine,
        settings=context.resources.settings,
        correlation_id=correlation_of(context),
        full=context.job_name == FULL,
    )


def _run_day(
    context: dg.OpExecutionContext,
    stage: str,
    run_stage: Callable[[SyncRun, date], StageResult],
    after: Sequence[Report] = (),
) -> Report:
    """Run a stage of the present broadcast day."""
    today = find_today(context.resources.settings)
    return _run(context, stage, str(today), lambda run, _: run_stage(run, today), after=after)


def _run(
    context: dg.OpExecutionContext,
    stage: str,
    name: str,
    run_stage: Callable[[SyncRun, Progress], StageResult],
    *,
    after: Sequence[Report] = (),
) -> Report:
    """Run a stage and report its result to the listener and Dagster's log.

    Where a stage ``after`` which it comes failed, it goes on as ``FALLBACKS`` says, or is skipped.
    """
    listener: SyncListener = context.resources.listener
    run = _make_run(context)
    failed = [f"{each['stage']} {each['name']}" for each in after if each["error"]]
    result = skip_stage(stage, name, failed) if failed else None
    if result is None:
        listener.started(stage, name)
        progress = share_progress(run, stage, name, lambda done: listener.advanced(stage, name, done))
        result = note_fallback(_try(context, stage, name, lambda: run_stage(run, progress)), failed)
    listener.finished(result)
    _log_result(context, run, result)
    return result.as_dict()


def _try(context: dg.OpExecutionContext, stage: str, name: str, run_stage: Callable[[], StageResult]) -> StageResult:
    """Return the result; raise ``Unavailable`` where the step's policy tries again, and tell the listener."""
    settings: Settings = context.resources.settings
    retries_left = RETRIES[stage](settings).max_retries - context.retry_number
    try:
        return run_or_report(run_stage, settings=settings, stage=stage, name=name, retries_left=retries_left)
    except Unavailable as error:
        listener: SyncListener = context.resources.listener
        listener.waiting(f"{stage} {name}: {str(error).rstrip('.')}. Trying again, up to {retries_left} times.")
        raise


def _log_result(context: dg.OpExecutionContext, run: SyncRun, result: StageResult) -> None:
    if not result.succeeded:
        record_failure(run, context.run_id, result)
        context.log.error(f"{result.stage} {result.name}: {result.error}")
    elif result.held:
        context.log.info(f"{result.stage} {result.name}: {result.held}")
    elif result.stage in ASSETS:
        asset = ASSETS[result.stage]
        metadata = clips_metadata(run, result) if result.stage == "clips" else metadata_of(result)
        context.log_event(dg.AssetMaterialization(asset, partition=result.name, metadata=metadata))
    else:
        for level in LEVELS:
            context.log_event(dg.AssetMaterialization(level, metadata=level_metadata(level, result)))


def _mapping_key(name: str) -> str:
    """Return the name as a mapping key of Dagster, which does not allow hyphens."""
    return name.replace("-", "_")
