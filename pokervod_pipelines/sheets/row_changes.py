"""Store what people changed in a sheet since the last reading: rows added, changed, removed, restored.

Every function works inside the caller's transaction; the SQL is in ``store``, the pairing of rows in ``align``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from pokervod_pipelines.errors import SuspiciousLoss
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.sheets import store
from pokervod_pipelines.sheets.align import align_rows
from pokervod_pipelines.sheets.reading import SheetReading
from pokervod_pipelines.sheets.rows import AnnotationRow

MIN_SUSPICIOUS_LOSS = 20
SUSPICIOUS_LOSS_SHARE = 0.5
"""Of rows that vanish in one pass, fewer than the first number are an edit, more than the share never are."""

IdentifiedRow = tuple[int, AnnotationRow]
"""A row of the sheet with its id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowChanges:
    """Hold the rows that a pass changed; ``added`` includes restored ones.

    ``kept`` are all the others, ``copies`` the rows that had another row's key.
    """

    added: tuple[IdentifiedRow, ...] = ()
    changed: tuple[IdentifiedRow, ...] = ()
    removed: tuple[int, ...] = ()
    kept: tuple[IdentifiedRow, ...] = ()
    copies: tuple[AnnotationRow, ...] = ()

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
    revived, new = _restore_retired(connection, sheet, alignment.added)
    before = store.read_contents(connection, [*(row_id for row_id, _ in alignment.changed), *alignment.removed])
    ids = store.insert_rows(connection, sheet, new)
    store.update_rows(connection, [*alignment.kept, *alignment.changed, *revived])
    store.retire_rows(connection, alignment.removed)
    added = (*revived, *zip(ids, new, strict=True))
    changes = RowChanges(
        added=added,
        changed=alignment.changed,
        removed=alignment.removed,
        kept=alignment.kept,
        copies=alignment.copies,
    )
    append_events(connection, "sheets", correlation_id, make_row_events(sheet, changes, before))
    return changes


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
    returned = {id(row) for _, row in back}
    return back, [row for row in added if id(row) not in returned]


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
