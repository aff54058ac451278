"""Write the status of each row into a sheet that allows it: the last stage of a sheet."""

import time
from dataclasses import replace

from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.problems import Problem
from pokervod_pipelines.sheets.statuses import store_write_problem
from pokervod_pipelines.sheets.write_back import WriteBackReport, write_back
from pokervod_pipelines.subjects import SubjectKind
from pokervod_pipelines.workflows.held import skip_held
from pokervod_pipelines.workflows.stage_log import log_stage
from pokervod_pipelines.workflows.stage_result import StageResult, make_result
from pokervod_pipelines.workflows.stages import SyncRun, run_clips_stage, run_sheets_stage

NOT_SHOWN = (
    "the sheet shows other text than was written into the PokerVOD columns; choose Format > Number > Automatic for "
    "them, and remove scripts that change them"
)
STILL_EDITED = "the sheet is being edited, so some statuses are not written yet; the next sync writes them"

MAX_ROUNDS = 5
"""Columns, ids, statuses, one more for edits that came in between, and one that finds nothing to write."""


@log_stage("statuses", "sheets")
@skip_held("statuses", SubjectKind.SHEET)
def run_statuses_stage(run: SyncRun, sheet: str) -> StageResult:
    """Write the status of every row, new ones included; what hinders it is stored for ``sheets list``.

    Without write-back the sheet is not touched.
    """
    started = time.monotonic()
    if not run.settings.sheet(sheet).write_back:
        return StageResult(stage="statuses", name=sheet, seconds=0.0, counts={})
    try:
        rounds, is_edited = _write_until_shown(run, sheet)
    except PokervodError as error:
        _store_problem(run, sheet, str(error))
        raise
    counts = {
        "rows": rounds[-1].rows,
        "written": sum(each.written for each in rounds),
        "overtaken": sum(each.overtaken for each in rounds),
        "cleared": sum(each.cleared for each in rounds),
        "keyed": sum(each.keyed for each in rounds),
        "tabs_set_up": sum(each.set_up for each in rounds),
        "api_calls": sum(each.calls for each in rounds),
    }
    problems = [Problem(sheet, STILL_EDITED if is_edited else NOT_SHOWN)] if rounds[-1].needs_reading else []
    _store_problem(run, sheet, problems[0].what if problems else None)
    return make_result("statuses", sheet, time.monotonic() - started, counts, problems)


def _store_problem(run: SyncRun, sheet: str, problem: str | None) -> None:
    with run.engine.begin() as connection:
        store_write_problem(connection, sheet, problem)


def _write_until_shown(run: SyncRun, sheet: str) -> tuple[list[WriteBackReport], bool]:
    """Write, and read after each write, until there is nothing to write; tell whether people edited meanwhile.

    The reading makes ids belong to their rows, and our own write the last known revision, so that it starts no run.
    Only edits that never stop are left unread: the next run is theirs.
    """
    again, is_edited = replace(run, full=False), False
    rounds = [write_back(run.engine, run.settings, sheet, everything=run.full)]
    while rounds[-1].needs_reading and not (is_edited and len(rounds) == MAX_ROUNDS):
        reading = run_sheets_stage(again, sheet, reread=True)
        if reading.held:  # since the writing began
            return rounds, is_edited
        counts = reading.counts
        run_clips_stage(again, sheet)
        is_edited = is_edited or any(counts[name] for name in ("added", "changed", "removed"))
        if len(rounds) == MAX_ROUNDS:
            break
        rounds.append(write_back(run.engine, run.settings, sheet))
    return rounds, is_edited
