"""Write the status of each row into a sheet that allows it: the last stage of a sheet."""

import time

from pokervod_pipelines.problems import Problem
from pokervod_pipelines.sheets.write_back import WriteBackReport, write_back
from pokervod_pipelines.workflows.stage_result import StageResult, make_result
from pokervod_pipelines.workflows.stages import SyncRun, run_clips_stage, run_sheets_stage

STILL_EDITED = "the sheet is being edited, so some statuses are not written yet; the next sync writes them"

MAX_ROUNDS = 4
"""Columns, ids, statuses, and one more for edits that came in between."""


def run_statuses_stage(run: SyncRun, sheet: str) -> StageResult:
    """Write the status of every row, new ones included.

    An id identifies a row once it was read beside it, so the sheet is read again after ids were written. Without
    write-back the sheet is not touched.
    """
    started = time.monotonic()
    if not run.settings.sheet(sheet).write_back:
        return StageResult(stage="statuses", name=sheet, seconds=0.0, counts={})
    rounds: list[WriteBackReport] = []
    while not rounds or (rounds[-1].needs_reading and len(rounds) < MAX_ROUNDS):
        if rounds:
            run_sheets_stage(run, sheet, reread=True)
            run_clips_stage(run, sheet)
        rounds.append(write_back(run.engine, run.settings, sheet))
    counts = {
        "rows": rounds[-1].rows,
        "written": sum(each.written for each in rounds),
        "gave_way": sum(each.overtaken for each in rounds),
        "cleared": sum(each.cleared for each in rounds),
        "keyed": sum(each.keyed for each in rounds),
        "tabs_set_up": sum(each.set_up for each in rounds),
        "api_calls": sum(each.calls for each in rounds),
    }
    problems = [Problem(sheet, STILL_EDITED)] if rounds[-1].needs_reading else []
    return make_result("statuses", sheet, time.monotonic() - started, counts, problems)
