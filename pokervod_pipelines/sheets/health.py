"""Check the annotation sheets: each is read as the sync reads it, and one at Google is asked for once."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from sqlalchemy import Engine

from pokervod_pipelines.checks import CheckResult, Severity, report_part
from pokervod_pipelines.errors import PokervodError, Unavailable
from pokervod_pipelines.processes.folder_check import report_folder
from pokervod_pipelines.processes.path_check import check_paths
from pokervod_pipelines.processes.path_check_child import EMPTY, IS_FILE
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.settings.rooms import SheetSource
from pokervod_pipelines.sheets.google.client import GoogleClient
from pokervod_pipelines.sheets.google.clock import SYSTEM_CLOCK, Clock
from pokervod_pipelines.sheets.google.credentials import load_account
from pokervod_pipelines.sheets.reading import SheetReading, choose_tabs, read_workbook
from pokervod_pipelines.sheets.sources import make_client
from pokervod_pipelines.sheets.workbook import open_workbook

ATTEMPTS, SECONDS_PER_CALL = 2, 10.0
"""The doctor does not wait as long for an answer as a sync does."""

FILE_SECONDS = 4.0

NO_HEADER = "No tab has a header of annotations (docs/sheets.md). Add one, or correct the address in the settings."
NO_DATABASE = (
    "Not asked for, since the database does not answer or has another schema. Start it or run `pokervod db upgrade`, "
    "then doctor again."
)


def check_sheets(settings: Settings, engine: Engine | None = None, *, clock: Clock = SYSTEM_CLOCK) -> list[CheckResult]:
    """Return a result for every sheet; without an engine, whose database counts the calls, Google is not asked."""
    found = [_check_file(sheet, sheet.path) for sheet in settings.sheets if sheet.path is not None]
    google = [sheet for sheet in settings.sheets if sheet.spreadsheet is not None]
    if not google:
        return found
    options = settings.google
    impatient = options.model_copy(
        update={
            "attempts": min(options.attempts, ATTEMPTS),
            "seconds_per_call": min(options.seconds_per_call, SECONDS_PER_CALL),
        }
    )
    settings = settings.model_copy(update={"google": impatient})
    try:
        load_account(settings)
        if engine is None:
            return [*found, *(_report(sheet, NO_DATABASE, Severity.WARNING) for sheet in google)]
        with closing(make_client(engine, settings, clock)) as client:
            return [*found, *_check_google(client, google)]
    except PokervodError as error:
        return [*found, *(_report(sheet, str(error)) for sheet in google)]


def check_access(settings: Settings, engine: Engine, *, clock: Clock = SYSTEM_CLOCK) -> list[CheckResult]:
    """Return whether each sheet is there, by a look at each file and one call for all of Google's; none is read.

    Where the breaker of Google is open nothing is called, and that is said.
    """
    files = [each for each in settings.sheets if each.path is not None]
    faults = check_paths([each.path for each in files if each.path is not None], FILE_SECONDS)
    results = [_judge_file(each, each.path, faults[each.path]) for each in files if each.path is not None]
    google = [each for each in settings.sheets if each.spreadsheet is not None]
    return [*results, *_ask_drive(settings, engine, google, clock)] if google else results


def _judge_file(sheet: SheetSource, path: Path, fault: str) -> CheckResult:
    if fault in {"", EMPTY}:
        return report_part(f"sheet {sheet.name}", f"{path}: is a folder", "expected a file; correct the path")
    return report_folder(f"sheet {sheet.name}", path, "" if fault == IS_FILE else fault)


def _ask_drive(
    settings: Settings, engine: Engine, sheets: Sequence[SheetSource], clock: Clock
) -> Iterator[CheckResult]:
    """Yield a result for each sheet at Google, by the call with which a sync finds what was edited."""
    limit = min(settings.google.seconds_per_call, FILE_SECONDS)
    options = settings.google.model_copy(update={"attempts": 1, "seconds_per_call": limit})
    try:
        with closing(make_client(engine, settings.model_copy(update={"google": options}), clock)) as client:
            versions = client.read_versions(each.spreadsheet for each in sheets if each.spreadsheet)
    except PokervodError as error:
        yield from (_report(sheet, str(error)) for sheet in sheets)
        return
    for sheet in sheets:
        version = versions.get(sheet.spreadsheet or "")
        yield _report(sheet, str(version) if isinstance(version, PokervodError) else "")


def _check_google(client: GoogleClient, sheets: Sequence[SheetSource]) -> Iterator[CheckResult]:
    """Yield a result for each sheet; after the first without an answer the others are not asked for."""
    silent: str | None = None
    for sheet in sheets:
        assert sheet.spreadsheet is not None  # noqa: S101 - narrows the type
        if silent:
            yield _report(sheet, f"Not asked for, since Google did not answer for {silent}. Run doctor again.")
            continue
        workbook = client.open(sheet.spreadsheet, sheet.name)
        try:
            reading = read_workbook(workbook, choose_tabs(sheet))
            workbook.check_access(may_write=sheet.write_back)
        except PokervodError as error:
            silent = sheet.name if isinstance(error, Unavailable) else None
            yield _report(sheet, str(error))
        else:
            yield _judge(sheet, reading)


def _check_file(sheet: SheetSource, path: Path) -> CheckResult:
    try:
        workbook = open_workbook(path, sheet.encoding or "", seconds=FILE_SECONDS)
        return _judge(sheet, read_workbook(workbook, choose_tabs(sheet)))
    except PokervodError as error:
        return _report(sheet, str(error))


def _judge(sheet: SheetSource, reading: SheetReading) -> CheckResult:
    """Return the result of a sheet that can be read: beside tabs that are read, a passed over one is a warning."""
    fix = " ".join(f"Tab {title}: {reason}" for title, reason in reading.unread.items())
    if not reading.layouts:
        return _report(sheet, fix or NO_HEADER)
    return _report(sheet, fix, Severity.WARNING)


def _report(sheet: SheetSource, fix: str, severity: Severity = Severity.ERROR) -> CheckResult:
    """Return the result; an error that begins with the place, which is the summary, is told without it."""
    return CheckResult(
        name=f"sheet {sheet.name}",
        passed=not fix,
        summary=sheet.place,
        severity=severity,
        next_step=fix.removeprefix(f"{sheet.place}: "),
    )
