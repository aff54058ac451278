"""One pass over one sheet: read it, keep every row's identity, tie each row to its video.

A sheet that cannot be read keeps its rows, and so does a tab. A sheet that lost most of them at once is taken for
broken until a person confirms.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine

from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.sheets import store
from pokervod_pipelines.sheets.edits import Edits, apply_reading
from pokervod_pipelines.sheets.file_index import IdentityParser
from pokervod_pipelines.sheets.match import MatchStatus
from pokervod_pipelines.sheets.match_rows import match_rows
from pokervod_pipelines.sheets.reading import Problem, Reading, read_workbook
from pokervod_pipelines.sheets.tab import clean_text
from pokervod_pipelines.sheets.workbook import open_workbook

PROBLEMS_KEPT = 200

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetReport:
    """What one pass came to; ``rows`` counts the rows in the sheet, ``skipped`` the blank, example and remark lines.

    ``problems`` are the first ``PROBLEMS_KEPT`` of ``problem_count``: tabs and rows of the workbook that a person
    should mend, and rows that have no video.
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
    confirm_loss: bool = False,
    parsed_identity: IdentityParser | None = None,
    progress: Progress | None = None,
) -> SheetReport:
    """The database holds the sheet's rows as they are now, each with its match.

    An unchanged revision is read again only if ``full``. Raises what ``open_workbook`` raises, and ``SuspiciousLoss``
    when most rows vanished and ``confirm_loss`` is not given; the rows then stay and the reason is kept.
    """
    one_pass = _Pass(
        sheet=sheet,
        path=settings.sheet(sheet).path,
        correlation_id=correlation_id,
        full=full,
        confirm_loss=confirm_loss,
        parsed_identity=parsed_identity,
        progress=progress or (lambda _: None),
    )
    try:
        with engine.begin() as connection:
            return one_pass.run(connection)
    except PokervodError as error:
        _record_failure(engine, sheet, clean_text(str(error)), correlation_id)
        raise


def _record_failure(engine: Engine, sheet: str, error: str, correlation_id: str) -> None:
    with engine.begin() as connection:
        if store.record_failure(connection, sheet, error):
            event = NewEvent(EventType.SHEETS_SYNC_FAILED, {"sheet": sheet, "error": error})
            append_events(connection, "sheets", correlation_id, [event])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pass:
    """One pass, to be run inside one transaction."""

    sheet: str
    path: Path
    correlation_id: str
    full: bool
    confirm_loss: bool
    parsed_identity: IdentityParser | None
    progress: Progress

    def run(self, connection: Connection) -> SheetReport:
        started = time.monotonic()
        store.lock_sheet(connection, self.sheet)
        # Opened under the lock: who waited for it must not write an older reading over a newer one.
        workbook = open_workbook(self.path)
        last = store.read_last_reading(connection, self.sheet)
        revision = workbook.revision()
        reading, edits = Reading(skipped=last.skipped, problems=last.problems), Edits()
        is_read = self.full or revision != last.revision
        if is_read:
            reading = read_workbook(workbook)
            edits = apply_reading(
                connection,
                self.sheet,
                reading,
                correlation_id=self.correlation_id,
                confirm_loss=self.confirm_loss,
            )
            self.progress(len(reading.rows))
        horizon = store.read_horizon(connection)
        everything = self.full or store.have_files_changed(connection, since=last.matched_up_to, horizon=horizon)
        ids = None if everything else edits.unmatched
        rematched = match_rows(connection, self.sheet, ids, parsed_identity=self.parsed_identity)
        counts = _count(edits, reading, store.count_matches(connection, self.sheet))
        store.record_reading(
            connection, self.sheet, revision=revision, matched_up_to=horizon, counts=counts, problems=reading.problems
        )
        if edits != Edits() or rematched:
            event = NewEvent(EventType.SHEETS_SYNC_COMPLETED, {"sheet": self.sheet, "read": is_read, **counts})
            append_events(connection, "sheets", self.correlation_id, [event])
        return self._report(connection, counts, reading, seconds=time.monotonic() - started)

    def _report(
        self, connection: Connection, counts: dict[str, int], reading: Reading, *, seconds: float
    ) -> SheetReport:
        problems = (*reading.problems, *store.read_match_problems(connection, self.sheet, PROBLEMS_KEPT))
        return SheetReport(
            sheet=self.sheet,
            **counts,
            seconds=seconds,
            problems=problems[:PROBLEMS_KEPT],
            problem_count=len(reading.problems) + counts["rows"] - counts["matched"],
        )


def _count(edits: Edits, reading: Reading, matches: dict[str, int]) -> dict[str, int]:
    rows = sum(matches.values())
    return {
        "rows": rows,
        "added": len(edits.added),
        "changed": len(edits.changed),
        "removed": len(edits.removed),
        "unchanged": rows - len(edits.added) - len(edits.changed),
        "skipped": reading.skipped,
        "matched": matches.get(MatchStatus.MATCHED, 0),
        "ambiguous": matches.get(MatchStatus.AMBIGUOUS, 0),
        "unmatched": matches.get(MatchStatus.NONE, 0),
    }
