"""The stages of a sync: each calls one room for one library, one sheet or the catalog, and answers with an outcome.

A stage raises the room's named errors and changes nothing about them; retrying and going on is the caller's decision.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy import Engine

from pokervod_pipelines.catalog.build import build_catalog
from pokervod_pipelines.clips.build import build_clips
from pokervod_pipelines.media.library import probe_library
from pokervod_pipelines.nas.inventory import scan_library
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.sheets.sync import sync_sheet
from pokervod_pipelines.workflows.hands import link_hands
from pokervod_pipelines.workflows.identity import identify_name
from pokervod_pipelines.workflows.outcome import PROBLEMS_SHOWN, Outcome, Problem
from pokervod_pipelines.workflows.words import follow_words

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncRun:
    """What all stages of one sync share.

    A full sync reads every sheet and parses every name again; an incremental one trusts revisions and parsed paths.
    """

    engine: Engine
    settings: Settings
    correlation_id: str
    full: bool = False


def run_nas_stage(run: SyncRun, library: str, progress: Progress | None = None) -> Outcome:
    """The inventory holds what the library holds."""
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
    return _outcome("nas", library, report.seconds, counts, report.problems, report.problem_count)


def run_media_stage(run: SyncRun, library: str, progress: Progress | None = None) -> Outcome:
    """The library's videos have told their length, rate and tracks, as far as they can."""
    report = probe_library(run.engine, run.settings, library, correlation_id=run.correlation_id, progress=progress)
    counts = {"read": report.probed, "changed": report.changed, "waiting": report.left, **report.standing}
    return _outcome("media", library, report.seconds, counts, report.problems, report.problem_count)


def run_catalog_stage(run: SyncRun, progress: Progress | None = None) -> Outcome:
    """Every video of the inventory stands in the catalog."""
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
    return _outcome("catalog", "catalog", report.seconds, counts, reasons, report.unknown)


def run_sheets_stage(
    run: SyncRun,
    sheet: str,
    progress: Progress | None = None,
    *,
    confirm_loss: bool = False,
    reread: bool = False,
    known_revision: str | None = None,
) -> Outcome:
    """The sheet's rows are stored and each is tied to its video, or carries the reason why not."""
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
    unfollowed = follow_words(run.engine, sheet, correlation_id=run.correlation_id, confirm_loss=confirm_loss)
    problems, count = (*unfollowed, *report.problems), len(unfollowed) + report.problem_count
    return _outcome("sheets", sheet, report.seconds, counts, problems, count)


def run_clips_stage(run: SyncRun, sheet: str, progress: Progress | None = None) -> Outcome:
    """Every row of the sheet has its clip, usable or with the reason why not, tied to its hand where that is known."""
    started = time.monotonic()
    report = build_clips(run.engine, sheet, correlation_id=run.correlation_id, progress=progress)
    if report.created or report.changed or report.retired:
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
    return _outcome("clips", sheet, time.monotonic() - started, counts, report.problems, report.problem_count)


def _outcome(
    stage: str,
    name: str,
    seconds: float,
    counts: dict[str, int],
    problems: Iterable[tuple[str, str]],
    problem_count: int,
) -> Outcome:
    shown = tuple(Problem(where=where, what=what) for where, what in list(problems)[:PROBLEMS_SHOWN])
    return Outcome(stage=stage, name=name, seconds=seconds, counts=counts, problems=shown, problem_count=problem_count)
