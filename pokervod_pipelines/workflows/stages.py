"""Run the stages of a sync: each calls one room for one library, one sheet or the catalog, and returns a result.

A stage raises the room's named errors; the caller decides about retries and about the other stages.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Engine

from pokervod_pipelines.catalog.build import build_catalog
from pokervod_pipelines.catalog.name_identity import identify_name
from pokervod_pipelines.clips.build import build_clips
from pokervod_pipelines.media.library import probe_library
from pokervod_pipelines.nas.library_scan import scan_library
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.sheets.own_rows import BY_HAND, has_own_rows
from pokervod_pipelines.sheets.sync import sync_sheet
from pokervod_pipelines.subjects import SubjectKind
from pokervod_pipelines.workflows.directives import apply_directives
from pokervod_pipelines.workflows.hands import link_hands
from pokervod_pipelines.workflows.held import skip_held
from pokervod_pipelines.workflows.stage_log import log_stage
from pokervod_pipelines.workflows.stage_result import StageResult, make_result

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncRun:
    """Carry what all stages of one sync share.

    A full sync reads every sheet and parses every name again; an incremental one trusts revisions and parsed paths.
    """

    engine: Engine
    settings: Settings
    correlation_id: str
    full: bool = False


@log_stage("nas", "nas")
@skip_held("nas", SubjectKind.LIBRARY)
def run_nas_stage(run: SyncRun, library: str, progress: Progress | None = None) -> StageResult:
    """Scan a library into the inventory."""
    report = scan_library(run.engine, run.settings, library, correlation_id=run.correlation_id, progress=progress)
    counts = {
        "files": report.seen,
        "videos": report.videos,
        "junk": report.junk,
        "added": report.added,
        "changed": report.changed,
        "moved": report.moved,
        "removed": report.removed,
        "returned": report.returned,
        "unchanged": report.unchanged,
        "held": report.held,
        "missing": report.missing,
        "unseen": report.unseen,
    }
    return make_result("nas", library, report.seconds, counts, report.problems, report.problem_count)


@log_stage("media", "media")
@skip_held("media", SubjectKind.LIBRARY)
def run_media_stage(run: SyncRun, library: str, progress: Progress | None = None) -> StageResult:
    """Probe the new and changed videos of a library for duration, frame rate and tracks."""
    report = probe_library(run.engine, run.settings, library, correlation_id=run.correlation_id, progress=progress)
    counts = {"read": report.probed, "changed": report.changed, "waiting": report.pending, **report.by_status}
    return make_result("media", library, report.seconds, counts, report.problems, report.problem_count)


@log_stage("catalog", "catalog")
def run_catalog_stage(run: SyncRun, progress: Progress | None = None) -> StageResult:
    """Build the catalog from every video of the inventory."""
    report = build_catalog(run.engine, correlation_id=run.correlation_id, full=run.full, progress=progress)
    counts = {
        "projects": report.projects,
        "seasons": report.seasons,
        "events": report.events,
        "episodes": report.episodes,
        "video_files": report.video_files,
        "created": sum(report.created.values()),
        "changed": sum(report.changed.values()),
        "removed": sum(report.removed.values()),
        "names_read": report.reparsed,
        "not_understood": report.unknown,
    }
    reasons = [(f"{count} videos in OTHER", reason) for reason, count in report.reasons.items()]
    return make_result("catalog", "catalog", report.seconds, counts, reasons, report.unknown)


@log_stage("sheets", "sheets")
@skip_held("sheets", SubjectKind.SHEET)
def run_sheets_stage(
    run: SyncRun,
    sheet: str,
    progress: Progress | None = None,
    *,
    confirm_loss: bool = False,
    reread: bool = False,
    known_revision: str | None = None,
) -> StageResult:
    """Store the rows of a sheet and match each to its video, or store the reason why none matches."""
    report = sync_sheet(
        run.engine,
        run.settings,
        sheet,
        correlation_id=run.correlation_id,
        full=run.full,
        reread=reread,
        confirm_loss=confirm_loss,
        parsed_identity=identify_name,
        known_revision=known_revision,
        progress=progress,
    )
    counts = {
        "rows": report.rows,
        "added": report.added,
        "changed": report.changed,
        "removed": report.removed,
        "unchanged": report.unchanged,
        "skipped": report.skipped,
        "matched": report.matched,
        "ambiguous": report.ambiguous,
        "unmatched": report.unmatched,
        "with_id": report.with_id,
        **({} if report.calls is None else {"api_calls": report.calls}),
    }
    unapplied = apply_directives(run.engine, sheet, correlation_id=run.correlation_id, confirm_loss=confirm_loss)
    problems, count = (*unapplied, *report.problems), len(unapplied) + report.problem_count
    return make_result("sheets", sheet, report.seconds, counts, problems, count)


@log_stage("clips", "clips")
def run_clips_stage(run: SyncRun, sheet: str, progress: Progress | None = None) -> StageResult:
    """Make the clip of every row, usable or with its problem, and link clips to hands."""
    started = time.monotonic()
    report = build_clips(run.engine, sheet, correlation_id=run.correlation_id, progress=progress)
    if any((report.created, report.changed, report.retired)):
        link_hands(run.engine, run.settings.zone, correlation_id=run.correlation_id)
    counts = {
        "clips": report.clips,
        "usable": report.usable,
        "created": report.created,
        "changed": report.changed,
        "retired": report.retired,
        "unchanged": report.unchanged,
        "failed": report.failed,
        "unknown_tags": report.unknown_tags,
    }
    return make_result("clips", sheet, time.monotonic() - started, counts, report.problems, report.problem_count)


def run_own_clips_stage(run: SyncRun, progress: Progress | None = None) -> StageResult | None:
    """Make the clips of no sheet as their videos and the aliases of their players are now; None where there are none.

    Once after all sheets: the row of such a clip never changes, and a directive of any sheet may be about its players.
    """
    with run.engine.connect() as connection:
        is_needed = has_own_rows(connection)
    return run_clips_stage(run, BY_HAND, progress) if is_needed else None
