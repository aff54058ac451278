"""Run the stages of a broadcast day: hands, tournaments and render instructions.

Each reads whatever is due, of any day, and returns the result of the requested day; instructions are made for
every day that changed.
"""

import time
from datetime import date
from pathlib import Path

from sqlalchemy import Engine

from pokervod_pipelines.errors import Unavailable
from pokervod_pipelines.events.cursors import advance_cursor
from pokervod_pipelines.hands.listing import count_day
from pokervod_pipelines.render.instructions import InstructionReport, make_instructions
from pokervod_pipelines.render.outputs.program_outputs import verify_program_outputs
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.tournaments.imports import ImportStatus, import_exports
from pokervod_pipelines.tournaments.program_import import import_program_tournaments
from pokervod_pipelines.workflows.arrivals import find_arrivals
from pokervod_pipelines.workflows.hands import import_and_link_hands
from pokervod_pipelines.workflows.pending_events import INSTRUCTIONS, read_pending_events
from pokervod_pipelines.workflows.programs import take_hands
from pokervod_pipelines.workflows.stage_log import log_stage
from pokervod_pipelines.workflows.stage_result import StageResult, make_result
from pokervod_pipelines.workflows.stages import SyncRun

REPLAY_SECONDS = 2.0
"""Graphics do not wait for the rules; hands that are not replayed in this time are replayed by a later run."""


@log_stage("hands", "hands")
def run_hands_stage(run: SyncRun, day: date) -> StageResult:
    """Store every finished session file of the drop folders, or quarantine it, and the hands that programs wrote.

    The counts are the day's.

    Raises ``Unavailable`` when no drop folder can be listed.
    """
    started = time.monotonic()
    written = take_hands(run.engine, run.settings, correlation_id=run.correlation_id)  # whether or not a share answers
    due = find_arrivals(run.engine, run.settings)
    if due.unfinished:
        time.sleep(run.settings.hands.settle_seconds)
        due = find_arrivals(run.engine, run.settings, due)
    folders = {str(folder) for folder in run.settings.hands.drop_folders}
    if folders and folders <= {each.where for each in due.problems}:
        raise Unavailable("; ".join(f"{each.where} {each.what}" for each in due.problems))
    report = import_and_link_hands(
        run.engine,
        run.settings,
        [Path(seen.path) for seen in due.hands],
        correlation_id=run.correlation_id,
        replay_seconds_limit=REPLAY_SECONDS,
        may_vanish=True,
    )
    with run.engine.connect() as connection:
        counts = count_day(connection, day)
    done = report.imported
    counts |= {
        "files_read": done.read,
        "files_waiting": done.waiting + len(due.unfinished),
        "files_in_quarantine": done.quarantined,
        "hands_created": done.created + len(written.stored),
        "hands_changed": done.changed,
        "clips_linked": report.links.linked,
        "disagreements": report.links.disagreements,
    }
    problems = (*due.problems, *written.problems, *done.problems)
    problem_count = len(due.problems) + len(written.problems) + done.problem_count
    return make_result("hands", str(day), time.monotonic() - started, counts, problems, problem_count)


@log_stage("tournaments", "tournaments")
def run_tournaments_stage(run: SyncRun, day: date) -> StageResult:
    """Import every export of the export folders, and what programs wrote of tournaments.

    Raises ``Unavailable`` when an export folder cannot be listed.
    """
    started = time.monotonic()
    written = import_program_tournaments(run.engine, zone=run.settings.zone, correlation_id=run.correlation_id)
    try:
        report = import_exports(
            run.engine,
            run.settings.tournaments.export_folders,
            zone=run.settings.zone,
            correlation_id=run.correlation_id,
        )
    except OSError as error:
        raise Unavailable(f"{error.filename}: the export folder cannot be listed ({error.strerror})") from error
    counts = {f"files_{status}": report.count(status) for status in ImportStatus}
    counts |= {
        "changed": report.changed + written.changed,
        "eliminated": report.eliminated + written.eliminated,
    }
    problems = [
        (str(file.path), what)
        for file in report.files
        for what in (*((str(file.error),) if file.error else ()), *file.problems)
    ]
    problems += [(each.where, each.what) for each in written.problems]
    return make_result("tournaments", str(day), time.monotonic() - started, counts, problems, len(problems))


@log_stage("instructions", "render")
def run_instructions_stage(run: SyncRun, day: date) -> StageResult:
    """Make the instructions that the rules ask for, of the day and of every day that changed.

    The files that programs reported meanwhile are verified.
    """
    started = time.monotonic()
    reports = make_touched_instructions(run.engine, run.settings, day, correlation_id=run.correlation_id)
    names = ("triggers", "created", "superseded", "flagged", "withdrawn", "restored", "unchanged", "postponed")
    counts = {name: sum(getattr(each, name) for each in reports) for name in names}
    written = verify_program_outputs(run.engine, run.settings)
    problems = [*(problem for each in reports for problem in each.problems), *written.problems]
    return make_result(
        "instructions",
        str(day),
        time.monotonic() - started,
        counts,
        problems,
        sum(each.problem_count for each in reports) + len(written.problems),
    )


def make_touched_instructions(
    engine: Engine, settings: Settings, *days: date, correlation_id: str
) -> list[InstructionReport]:
    """Make the instructions of these days, and of every day that changed since the last call.

    The changes are read from the event log, from where the last completed call had read to: a run that dies between
    the hands and their instructions leaves them to the next. An export may concern any day, so after one all days are
    made.
    """
    with engine.connect() as connection:
        pending = read_pending_events(connection)
    due: list[date | None] = [None] if pending.has_exports else [*sorted({*days, *pending.days})]
    made = [make_instructions(engine, settings, day=day, correlation_id=correlation_id) for day in due]
    with engine.begin() as connection:
        advance_cursor(connection, INSTRUCTIONS, pending.read)
    return made
