"""One pass over one sheet: read it, keep every row's identity, tie each row to its video.

A sheet that cannot be read keeps its rows. A sheet that lost half of them at once is taken for broken until a person
confirms.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine

from pokervod_pipelines.errors import PokervodError, SuspiciousLoss
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.sheets import store
from pokervod_pipelines.sheets.align import Alignment, align_rows
from pokervod_pipelines.sheets.file_index import FileIndex, IdentityParser
from pokervod_pipelines.sheets.headers import PassedOver, find_layout
from pokervod_pipelines.sheets.match import match
from pokervod_pipelines.sheets.rows import AnnotationRow, read_rows
from pokervod_pipelines.sheets.workbook import Workbook, open_workbook

FEWEST_LOST = 20
LOST_SHARE = 0.5
"""Rows that vanish in one pass: fewer than the first number are always an edit, more than the share never are."""

PROBLEMS_KEPT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetReport:
    """What one pass came to; ``rows`` counts the rows in the sheet, ``skipped`` the blank, example and remark lines."""

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
    problems: tuple[tuple[str, str], ...]
    problem_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """The annotation rows of a workbook, the lines passed over, and the tabs a person should look at."""

    rows: tuple[AnnotationRow, ...] = ()
    skipped: int = 0
    problems: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Changes:
    """What the pass did to the rows; ``touched`` are the ids that must be matched again."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    touched: list[int] = field(default_factory=list)


def sync_sheet(
    engine: Engine,
    settings: Settings,
    sheet: str,
    *,
    correlation_id: str,
    full: bool = False,
    confirm_loss: bool = False,
    parsed_identity: IdentityParser | None = None,
    progress: Callable[[int], None] | None = None,
) -> SheetReport:
    """The database holds the sheet's rows as they are now, each with its match.

    An unchanged revision is read again only if ``full``. Raises what ``open_workbook`` raises, and ``SuspiciousLoss``
    when most rows vanished and ``confirm_loss`` is not given; the rows then stay and the reason is kept.
    """
    started = time.monotonic()
    source = settings.sheet(sheet)
    try:
        workbook = open_workbook(source.path)
        with engine.begin() as connection:
            store.lock_sheet(connection, sheet)
            report = _Pass(connection, sheet, correlation_id, confirm_loss=confirm_loss).run(
                workbook, full=full, parsed_identity=parsed_identity, progress=progress or (lambda _: None)
            )
    except PokervodError as error:
        _record_failure(engine, sheet, str(error), correlation_id)
        raise
    return SheetReport(sheet=sheet, seconds=time.monotonic() - started, **report)


def _record_failure(engine: Engine, sheet: str, error: str, correlation_id: str) -> None:
    with engine.begin() as connection:
        if store.record_failure(connection, sheet, error):
            event = NewEvent(EventType.SHEETS_SYNC_FAILED, {"sheet": sheet, "error": error})
            append_events(connection, "sheets", correlation_id, [event])


def read_workbook(workbook: Workbook) -> _Reading:
    """Every annotation row of every tab, in the order of the workbook."""
    rows: list[AnnotationRow] = []
    skipped = 0
    problems: list[tuple[str, str]] = []
    for tab in workbook.tabs():
        layout = find_layout(tab)
        if isinstance(layout, PassedOver):
            if layout.is_problem:
                problems.append((tab.title, layout.reason))
            continue
        read = read_rows(tab, layout)
        rows.extend(read.rows)
        skipped += read.blank + read.examples + read.remarks
    return _Reading(rows=tuple(rows), skipped=skipped, problems=tuple(problems))


class _Pass:
    """One pass inside its transaction."""

    def __init__(self, connection: Connection, sheet: str, correlation_id: str, *, confirm_loss: bool) -> None:
        self.connection = connection
        self.sheet = sheet
        self.correlation_id = correlation_id
        self.confirm_loss = confirm_loss

    def run(
        self,
        workbook: Workbook,
        *,
        full: bool,
        parsed_identity: IdentityParser | None,
        progress: Callable[[int], None],
    ) -> dict[str, object]:
        last = store.read_last_reading(self.connection, self.sheet)
        revision = workbook.revision()
        reading, changes = _Reading(skipped=last.skipped, problems=last.problems), _Changes()
        is_read = full or revision != last.revision
        if is_read:
            reading = read_workbook(workbook)
            changes = self._apply(reading.rows)
            progress(len(reading.rows))
        newest = store.read_newest_file_event(self.connection)
        everything = full or newest != last.matched_up_to
        rematched = self._match(None if everything else changes.touched, parsed_identity)
        return self._conclude(revision, newest, reading, changes, is_read=is_read, rematched=rematched)

    def _apply(self, rows: Sequence[AnnotationRow]) -> _Changes:
        stored = store.read_stored_rows(self.connection, self.sheet)
        alignment = align_rows(stored, _in_stored_order(rows))
        if not self.confirm_loss:
            self._refuse_suspicious_loss(len(stored), len(alignment.removed))
        revived, added = self._revive(alignment.added)
        before = store.read_contents(
            self.connection, [*(row_id for row_id, _ in alignment.changed), *alignment.removed]
        )
        new_ids = store.insert_rows(self.connection, self.sheet, added)
        store.update_rows(self.connection, [*alignment.kept, *alignment.changed, *revived])
        store.retire_rows(self.connection, alignment.removed)
        arrived = [*revived, *zip(new_ids, added, strict=True)]
        append_events(self.connection, "sheets", self.correlation_id, self._row_events(alignment, arrived, before))
        return _Changes(
            added=len(arrived),
            changed=len(alignment.changed),
            removed=len(alignment.removed),
            touched=[row_id for row_id, _ in (*arrived, *alignment.changed)],
        )

    def _refuse_suspicious_loss(self, known: int, lost: int) -> None:
        if lost >= FEWEST_LOST and lost > known * LOST_SHARE:
            raise SuspiciousLoss(
                f"{self.sheet}: {lost} of {known} rows vanished at once, so nothing was retired. If they were deleted "
                f"on purpose run `pokervod sheets sync {self.sheet} --confirm-loss`, else restore the workbook"
            )

    def _revive(self, added: Sequence[AnnotationRow]) -> tuple[list[tuple[int, AnnotationRow]], list[AnnotationRow]]:
        """Rows that were cut and are pasted back are the rows they were."""
        if not added:
            return [], []
        alignment = align_rows(store.read_retired_rows(self.connection, self.sheet), added)
        back = [*alignment.kept, *(pair for pair in alignment.changed if pair[1].source_id)]
        returned = {id(row) for _, row in back}
        return back, [row for row in added if id(row) not in returned]

    def _row_events(
        self,
        alignment: Alignment,
        arrived: Sequence[tuple[int, AnnotationRow]],
        before: dict[int, dict[str, object]],
    ) -> list[NewEvent]:
        def event(change: str, row_id: int, row: AnnotationRow | None) -> NewEvent:
            payload = {"sheet": self.sheet, "row_id": row_id, "change": change, "before": before.get(row_id)}
            if row is not None:
                payload |= {"tab": row.tab, "row_number": row.row_number, "after": store.content_of(row)}
            return NewEvent(EventType.SHEETS_ROW_CHANGED, payload)

        return [
            *(event("added", row_id, row) for row_id, row in arrived),
            *(event("changed", row_id, row) for row_id, row in alignment.changed),
            *(event("removed", row_id, None) for row_id in alignment.removed),
        ]

    def _match(self, ids: Sequence[int] | None, parsed_identity: IdentityParser | None) -> int:
        queries = [] if ids == [] else store.read_unmatched_queries(self.connection, self.sheet, ids)
        if not queries:
            return 0
        index = FileIndex.build(store.read_candidate_files(self.connection), parsed_identity=parsed_identity)
        answers = {pair: match(index, *pair) for pair in {(name, link) for _, name, link in queries}}
        return store.store_matches(self.connection, {row_id: answers[name, link] for row_id, name, link in queries})

    def _conclude(
        self, revision: str, newest: int, reading: _Reading, changes: _Changes, *, is_read: bool, rematched: int
    ) -> dict[str, object]:
        matches = store.count_matches(self.connection, self.sheet)
        rows = sum(matches.values())
        unmatched = rows - matches.get("matched", 0)
        problems = (*reading.problems, *store.read_match_problems(self.connection, self.sheet, PROBLEMS_KEPT))
        counts = {
            "rows": rows,
            "added": changes.added,
            "changed": changes.changed,
            "removed": changes.removed,
            "unchanged": rows - changes.added - changes.changed,
            "skipped": reading.skipped,
            "matched": matches.get("matched", 0),
            "ambiguous": matches.get("ambiguous", 0),
            "unmatched": matches.get("none", 0),
        }
        store.record_reading(
            self.connection,
            self.sheet,
            revision=revision,
            matched_up_to=newest,
            counts=counts,
            problems=reading.problems,
        )
        if changes.added or changes.changed or changes.removed or rematched:
            event = NewEvent(EventType.SHEETS_SYNC_COMPLETED, {"sheet": self.sheet, "read": is_read, **counts})
            append_events(self.connection, "sheets", self.correlation_id, [event])
        return {**counts, "problems": problems, "problem_count": len(reading.problems) + unmatched}


def _in_stored_order(rows: Sequence[AnnotationRow]) -> list[AnnotationRow]:
    return sorted(rows, key=lambda row: (row.tab, row.row_number))
