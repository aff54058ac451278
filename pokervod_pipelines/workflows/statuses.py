"""The last stage of a sheet that lets us write: its people are told what became of each row."""

import time

from pokervod_pipelines.sheets.write_back import Told, write_back
from pokervod_pipelines.workflows.outcome import Outcome, Problem
from pokervod_pipelines.workflows.stages import SyncRun, run_clips_stage, run_sheets_stage

UNSETTLED = "somebody works in the sheet, so its statuses are not all written yet; the next pass goes on"

MOST_ROUNDS = 4
"""Columns, ids, statuses, and one more for edits that came in between."""


def run_statuses_stage(run: SyncRun, sheet: str) -> Outcome:
    """The sheet shows what became of each of its rows, new ones included.

    An id means a row once it was read beside it, so the sheet is read again after ids were given. Without write-back
    the sheet is not touched, and the outcome says so.
    """
    started = time.monotonic()
    if not run.settings.sheet(sheet).write_back:
        return Outcome(stage="statuses", name=sheet, seconds=0.0, counts={})
    rounds: list[Told] = []
    while not rounds or (rounds[-1].needs_reading and len(rounds) < MOST_ROUNDS):
        if rounds:
            run_sheets_stage(run, sheet, reread=True)
            run_clips_stage(run, sheet)
        rounds.append(write_back(run.engine, run.settings, sheet))
    counts = {
        "rows": rounds[-1].rows,
        "written": sum(told.written for told in rounds),
        "gave_way": sum(told.gave_way for told in rounds),
        "cleared": sum(told.cleared for told in rounds),
        "keyed": sum(told.keyed for told in rounds),
        "tabs_set_up": sum(told.set_up for told in rounds),
        "api_calls": sum(told.calls for told in rounds),
    }
    problems = (Problem(where=sheet, what=UNSETTLED),) if rounds[-1].needs_reading else ()
    return Outcome(
        stage="statuses",
        name=sheet,
        seconds=time.monotonic() - started,
        counts=counts,
        problems=problems,
        problem_count=len(problems),
    )
