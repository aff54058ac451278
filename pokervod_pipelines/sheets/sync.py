"""Sync one sheet: read it, keep the identity of every row, match each row to its video.

A sheet that cannot be read keeps its rows, and so does a tab. A sheet that lost most of its rows at once counts as
broken until a person confirms.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from pokervod_pipelines.db.locks import hold_lock
from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.policies.breakers import find_lasting
from pokervod_pipelines.problems import Problem
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.sheets import store
from pokervod_pipelines.sheets.column_setup import locate_managed_columns
from pokervod_pipelines.sheets.directive_store import store_directives
from pokervod_pipelines.sheets.file_index import IdentityParser
from pokervod_pipelines.sheets.google.clock import SYSTEM_CLOCK, Clock
from pokervod_pipelines.sheets.match import MatchStatus
from pokervod_pipelines.sheets.match_rows import match_rows
from pokervod_pipelines.sheets.pin_cells import apply_pin_cells, retry_pin_cells
from pokervod_pipelines.sheets.reading import SheetReading, TabFilter, choose_tabs, read_workbook
from pokervod_pipelines.sheets.reading_digest import digest_reading, store_digest
from pokervod_pipelines.sheets.row_changes import RowChanges, apply_reading, leave_computing_tabs
from pokervod_pipelines.sheets.sources import count_calls, open_sheet
from pokervod_pipelines.sheets.statuses import store_managed_columns
from pokervod_pipelines.sheets.tab import replace_unstorable
from pokervod_pipelines.sheets.workbook import Workbook

MAX_PROBLEMS = 200

NEW_ADDRESS = (
    "The address in the settings changed, so this is a new sheet: rows of the former one that are not in it count as "
    "deleted. If the address is wrong, correct it; the rows then return with their clips."
)

Progress = Callable[[int], None]
Counts = dict[str, int]
Problems = tuple[Problem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetReport:
    """Report one sync; ``rows`` counts the rows in the sheet, ``skipped`` the blank, example and remark lines.

    ``with_id`` rows are recognized by the id column in the sheet, all others by content and neighbours. ``calls`` are
    those to Google, failed ones included; None for a file.

    ``problems`` are the first ``MAX_PROBLEMS`` of ``problem_count``: tabs and rows of the workbook that a person
    should correct, and rows without a video.
    """

    sheet: str
    rows: int
    added: int
    changed: int
    removed: int
    unchanged: int
    skipped: int
    matched: int
    ambiguous: int
    unmatched: int
    with_id: int
    calls: int | None
    seconds: float
    problems: tuple[Problem, ...]
    problem_count: int


def sync_sheet(
    engine: Engine,
    settings: Settings,
    sheet: str,
    *,
    correlation_id: str,
    full: bool = False,
    reread: bool = False,
    confirm_loss: bool = False,
    parsed_identity: IdentityParser | None = None,
    known_revision: str | None = None,
    clock: Clock = SYSTEM_CLOCK,
    progress: Progress | None = None,
) -> SheetReport:
    """Store the sheet's rows as they are now, each with the video that it matches.

    An unchanged revision is read again only if ``full``, ``reread`` or ``confirm_loss``: after we wrote into the sheet,
    Google may still report the revision before. ``known_revision`` is one that was seen just before. A lock keeps other
    processes from reading the sheet at the same time, and no transaction is open during the wait for the sheet.
    Raises what ``open_sheet`` and reading raise, and ``SuspiciousLoss`` when most rows vanished and ``confirm_loss`` is
    not given; the rows then stay and the error is recorded.
    """
    source = settings.sheet(sheet)
    sheet_pass = _SheetPass(
        sheet=sheet,
        spreadsheet=source.spreadsheet,
        correlation_id=correlation_id,
        full=full,
        reread=reread,
        confirm_loss=confirm_loss,
        tab_filter=choose_tabs(source),
        parsed_identity=parsed_identity,
        progress=progress or (lambda _: None),
    )
    with hold_lock(engine, f"reading of sheet {sheet}"):
        try:
            # Opened under the lock: a process that waited must not write an older reading over a newer one.
            with open_sheet(engine, settings, source, known_revision=known_revision, clock=clock) as workbook:
                return sheet_pass.run(engine, workbook)
        except PokervodError as error:
            record_failure(engine, sheet, replace_unstorable(find_lasting(error)), correlation_id)
            raise


def record_failure(engine: Engine, sheet: str, error: str, correlation_id: str) -> None:
    """Store why the sheet could not be read; the event is appended once for each error."""
    with engine.begin() as connection:
        if store.record_failure(connection, sheet, error):
            event = NewEvent(EventType.SHEETS_SYNC_FAILED, {"sheet": sheet, "error": error})
            append_events(connection, "sheets", correlation_id, [event])


@dataclass(frozen=True, slots=True, kw_only=True)
class _SheetPass:
    """Run one pass over an open workbook."""

    sheet: str
    spreadsheet: str | None
    correlation_id: str
    full: bool
    reread: bool
    confirm_loss: bool
    tab_filter: TabFilter
    parsed_identity: IdentityParser | None
    progress: Progress

    def run(self, engine: Engine, workbook: Workbook) -> SheetReport:
        started = time.monotonic()
        with engine.connect() as connection:
            last = store.read_last_reading(connection, self.sheet, self.spreadsheet)
        revision = workbook.revision()
        is_due = self.full or self.reread or self.confirm_loss or revision != last.revision
        reading = read_workbook(workbook, self.tab_filter) if is_due else None
        columns = {} if reading is None else locate_managed_columns(workbook, reading)
        digest = digest_reading(reading, columns) if reading is not None and self.spreadsheet else None
        with engine.begin() as connection:
            store.lock_sheet(connection, self.sheet)
            if reading is None:
                counts, problems = self._match_again(connection, revision, last)
            else:
                if not self.confirm_loss:
                    reading = leave_computing_tabs(connection, self.sheet, reading)
                counts, problems = self._store_reading(connection, revision, last, reading)
                store.record_unread_tabs(connection, self.sheet, reading.unread)
                columns = {tab: each for tab, each in columns.items() if tab in reading.layouts}
                store_managed_columns(connection, self.sheet, columns)
                store_digest(connection, self.sheet, place=self.spreadsheet, digest=digest)
                store_directives(connection, self.sheet, reading.directives)
            return self._report(connection, workbook, counts, problems, seconds=time.monotonic() - started)

    def _store_reading(
        self, connection: Connection, revision: str, last: store.LastReading, reading: SheetReading
    ) -> tuple[Counts, Problems]:
        changes = apply_reading(
            connection,
            self.sheet,
            reading,
            correlation_id=self.correlation_id,
            confirm_loss=self.confirm_loss or (last.was_elsewhere and bool(reading.layouts)),
        )
        self.progress(len(reading.rows))
        rows = (*changes.kept, *changes.changed, *changes.added)
        pinned = apply_pin_cells(
            connection, self.sheet, rows, beside=changes.beside, correlation_id=self.correlation_id
        )
        moved = [Problem(self.sheet, NEW_ADDRESS)] if last.was_elsewhere else []
        problems = (*moved, *reading.problems, *changes.problems)
        return self._match(connection, revision, last, changes, pinned, (reading.skipped, problems)), problems

    def _match_again(self, connection: Connection, revision: str, last: store.LastReading) -> tuple[Counts, Problems]:
        retried = retry_pin_cells(connection, self.sheet, correlation_id=self.correlation_id)
        return self._match(
            connection, revision, last, RowChanges(), retried, (last.skipped, last.problems)
        ), last.problems

    def _match(
        self,
        connection: Connection,
        revision: str,
        last: store.LastReading,
        changes: RowChanges,
        pinned: Sequence[int],
        skipped_lines: tuple[int, Problems],
    ) -> Counts:
        """Match the changed rows, or all after a change of files, and record the pass."""
        horizon = store.read_horizon(connection)
        everything = self.full or store.have_files_changed(connection, since=last.matched_up_to, horizon=horizon)
        ids = None if everything else sorted({*changes.unmatched, *pinned})
        rematched = match_rows(connection, self.sheet, ids, parsed_identity=self.parsed_identity)
        skipped, problems = skipped_lines
        matches, with_id = store.count_matches(connection, self.sheet), store.count_keys(connection, self.sheet)
        counts = _count(changes, skipped, matches) | {"with_id": with_id}
        store.record_reading(
            connection, self.sheet, revision=revision, matched_up_to=horizon, counts=counts, problems=problems
        )
        if rematched or pinned or not changes.is_empty:
            event = NewEvent(EventType.SHEETS_SYNC_COMPLETED, {"sheet": self.sheet, **counts})
            append_events(connection, "sheets", self.correlation_id, [event])
        return counts

    def _report(
        self, connection: Connection, workbook: Workbook, counts: Counts, problems: Problems, *, seconds: float
    ) -> SheetReport:
        listed = (*problems, *store.read_match_problems(connection, self.sheet, MAX_PROBLEMS))
        return SheetReport(
            sheet=self.sheet,
            calls=count_calls(workbook),
            seconds=seconds,
            problems=listed[:MAX_PROBLEMS],
            problem_count=len(problems) + counts["rows"] - counts["matched"],
            **counts,
        )


def _count(changes: RowChanges, skipped: int, matches: dict[str, int]) -> dict[str, int]:
    rows = sum(matches.values())
    return {
        "rows": rows,
        "added": len(changes.added),
        "changed": len(changes.changed),
        "removed": len(changes.removed),
        "unchanged": rows - len(changes.added) - len(changes.changed),
        "skipped": skipped,
        "matched": matches.get(MatchStatus.MATCHED, 0),
        "ambiguous": matches.get(MatchStatus.AMBIGUOUS, 0),
        "unmatched": matches.get(MatchStatus.NONE, 0),
    }
