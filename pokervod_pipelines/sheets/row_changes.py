"""Store what people changed in a sheet since the last reading: rows added, changed, removed, restored.

Every function works inside the caller's transaction; the SQL is in ``store``, the pairing of rows in ``align``.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import starmap
from typing import Any

from sqlalchemy import Connection

from pokervod_pipelines.errors import SuspiciousLoss
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.problems import Problem
from pokervod_pipelines.sheets import store
from pokervod_pipelines.sheets.align import Alignment, IdentifiedRow, align_rows
from pokervod_pipelines.sheets.reading import SheetReading, join_cells
from pokervod_pipelines.sheets.row_problems import find_row_problems
from pokervod_pipelines.sheets.rows import AnnotationRow
from pokervod_pipelines.sheets.stored_rows import StoredRow

MIN_SUSPICIOUS_LOSS = 20
SUSPICIOUS_LOSS_SHARE = 0.5
"""Of rows that vanish in one pass, fewer than the first number are an edit, more than the share never are."""

NOT_COMPUTED = (
    "Most rows are blank beside cells that are not computed yet ({cells}), so the rows of this tab stay as they were. "
    "Correct the formula if it stays so. If the rows were deleted on purpose, run "
    "`pokervod sheets sync {sheet} --confirm-loss`."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowChanges:
    """Hold the rows that a pass changed; ``added`` includes restored ones.

    ``kept`` are all the others. ``beside`` maps the id of a row to the one whose key, or else whose line, it now has.
    """

    added: tuple[IdentifiedRow, ...] = ()
    changed: tuple[IdentifiedRow, ...] = ()
    removed: tuple[int, ...] = ()
    kept: tuple[IdentifiedRow, ...] = ()
    beside: Mapping[int, int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Tell whether no row changed."""
        return not (self.added or self.changed or self.removed)

    @property
    def unmatched(self) -> list[int]:
        """List the ids of the rows that need a match."""
        return [row_id for row_id, _ in (*self.added, *self.changed)]


def apply_reading(
    connection: Connection, sheet: str, reading: SheetReading, *, correlation_id: str, confirm_loss: bool
) -> RowChanges:
    """Store the rows of the reading; the rows of a tab that could not be read stay as they are.

    Raises ``SuspiciousLoss`` when most rows vanished and ``confirm_loss`` is not given.
    """
    stored = store.read_stored_rows(connection, sheet, except_tabs=reading.unread)
    alignment = align_rows(stored, sorted(reading.rows, key=lambda row: (row.tab, row.row_number)))
    if not confirm_loss:
        check_loss(sheet, known=len(stored), lost=len(alignment.removed), present=len(reading.rows))
    revived, new = _restore_retired(connection, sheet, [row for row in alignment.added if not row.uncomputed])
    kept = (*alignment.kept, *_keep_content(connection, alignment.uncomputed))
    before = store.read_contents(connection, [*(row_id for row_id, _ in alignment.changed), *alignment.removed])
    ids = store.insert_rows(connection, sheet, new)
    store.update_rows(connection, [*kept, *alignment.changed, *revived])
    store.retire_rows(connection, alignment.removed)
    added = (*revived, *zip(ids, new, strict=True))
    changes = RowChanges(
        added=added,
        changed=alignment.changed,
        removed=alignment.removed,
        kept=kept,
        beside=_find_places(stored, alignment, [*kept, *alignment.changed, *added]),
        problems=tuple(find_row_problems(alignment)),
    )
    append_events(connection, "sheets", correlation_id, make_row_events(sheet, changes, before))
    return changes


def leave_computing_tabs(connection: Connection, sheet: str, reading: SheetReading) -> SheetReading:
    """Return the reading without the tabs that lost most of their rows while a formula for many cells is computed."""
    found = Counter(row.tab for row in reading.rows if not row.uncomputed)
    stored = Counter(row.tab for row in store.read_stored_rows(connection, sheet)) if reading.computing else {}
    left = {
        tab: NOT_COMPUTED.format(cells=join_cells(cells), sheet=sheet)
        for tab, cells in sorted(reading.computing.items())
        if stored.get(tab, 0) > 1 and found[tab] * 2 < stored[tab]
    }
    if not left:
        return reading
    return replace(
        reading,
        rows=tuple(row for row in reading.rows if row.tab not in left),
        unread={**reading.unread, **left},
        problems=(*starmap(Problem, left.items()), *reading.problems),
        layouts={tab: layout for tab, layout in reading.layouts.items() if tab not in left},
    )


def _keep_content(connection: Connection, rows: Sequence[IdentifiedRow]) -> list[IdentifiedRow]:
    """Return the rows with the content that they had."""
    contents = store.read_contents(connection, [row_id for row_id, _ in rows]) if rows else {}
    return [(row_id, _with_content(row, contents[row_id])) for row_id, row in rows]


def _with_content(row: AnnotationRow, content: Mapping[str, Any]) -> AnnotationRow:
    lists = {"tags": tuple(map(tuple, content["tags"])), "players": tuple(content["players"])}
    return replace(row, **{**content, **lists}, uncomputed=())


def _find_places(stored: Sequence[StoredRow], alignment: Alignment, rows: Sequence[IdentifiedRow]) -> dict[int, int]:
    """Return by the id of each row the id of the one that had its place: that of the key, else that of the line."""
    places = {(row.tab, row.row_number): row.id for row in stored}
    places |= {(row.tab, row.row_number): row_id for row_id, row in alignment.displaced}
    return {row_id: places[place] for row_id, row in rows if (place := (row.tab, row.row_number)) in places}


def check_loss(sheet: str, *, known: int, lost: int, present: int) -> None:
    """Raise ``SuspiciousLoss`` unless the loss may be an edit: a few rows, or fewer than half, but never all."""
    is_empty = lost > 1 and not present
    if is_empty or (lost >= MIN_SUSPICIOUS_LOSS and lost > known * SUSPICIOUS_LOSS_SHARE):
        raise SuspiciousLoss(
            f"{sheet}: {lost} of {known} rows vanished at once, so all were kept. If they were deleted on "
            f"purpose, run `pokervod sheets sync {sheet} --confirm-loss`; else restore the workbook."
        )


def _restore_retired(
    connection: Connection, sheet: str, added: Sequence[AnnotationRow]
) -> tuple[list[IdentifiedRow], list[AnnotationRow]]:
    """Return the rows that were cut and pasted back, with their former ids, and the new rows."""
    if not added:
        return [], []
    alignment = align_rows(store.read_retired_rows(connection, sheet), added)
    # Among all rows that ever left a sheet similar content means little: only equal content and ids count.
    back = [*alignment.kept, *(pair for pair in alignment.changed if pair[1].source_id or pair[1].row_key)]
    returned = {(row.tab, row.row_number) for _, row in back}
    return back, [row for row in added if (row.tab, row.row_number) not in returned]


def make_row_events(sheet: str, changes: RowChanges, before: Mapping[int, object]) -> list[NewEvent]:
    """Return one event for each changed row, with its content before and after."""

    def describe(change: str, row_id: int, row: AnnotationRow | None) -> NewEvent:
        payload = {"sheet": sheet, "row_id": row_id, "change": change, "before": before.get(row_id)}
        if row is not None:
            payload |= {"tab": row.tab, "row_number": row.row_number, "after": store.content_of(row)}
        return NewEvent(EventType.SHEETS_ROW_CHANGED, payload)

    return [
        *(describe("added", row_id, row) for row_id, row in changes.added),
        *(describe("changed", row_id, row) for row_id, row in changes.changed),
        *(describe("removed", row_id, None) for row_id in changes.removed),
    ]
