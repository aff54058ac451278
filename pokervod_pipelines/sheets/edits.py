"""What people did to a sheet since it was read last, written down: rows added, changed, removed, brought back.

Every function works inside the caller's transaction; the SQL is in ``store``, the pairing of rows in ``align``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from pokervod_pipelines.errors import SuspiciousLoss
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.sheets import store
from pokervod_pipelines.sheets.align import align_rows
from pokervod_pipelines.sheets.reading import Reading
from pokervod_pipelines.sheets.rows import AnnotationRow

FEWEST_LOST = 20
LOST_SHARE = 0.5
"""Rows that vanish in one pass: fewer than the first number are an edit, more than the share are never one."""

Identified = tuple[int, AnnotationRow]
"""A row of the sheet with its id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edits:
    """The rows that the pass touched; ``added`` counts those that came back too.

    ``kept`` are all the others, ``copies`` the rows that brought another row's key along.
    """

    added: tuple[Identified, ...] = ()
    changed: tuple[Identified, ...] = ()
    removed: tuple[int, ...] = ()
    kept: tuple[Identified, ...] = ()
    copies: tuple[AnnotationRow, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether every row says what it said."""
        return not (self.added or self.changed or self.removed)

    @property
    def unmatched(self) -> list[int]:
        """The ids of the rows whose video has to be looked for."""
        return [row_id for row_id, _ in (*self.added, *self.changed)]


def apply_reading(
    connection: Connection, sheet: str, reading: Reading, *, correlation_id: str, confirm_loss: bool
) -> Edits:
    """The stored rows are those of the reading; the rows of a tab that could not be read stay as they are.

    Raises ``SuspiciousLoss`` when most rows vanished and ``confirm_loss`` is not given.
    """
    stored = store.read_stored_rows(connection, sheet, except_tabs=reading.unread)
    alignment = align_rows(stored, sorted(reading.rows, key=lambda row: (row.tab, row.row_number)))
    if not confirm_loss:
        refuse_suspicious_loss(sheet, known=len(stored), lost=len(alignment.removed), present=len(reading.rows))
    revived, new = _revive(connection, sheet, alignment.added)
    before = store.read_contents(connection, [*(row_id for row_id, _ in alignment.changed), *alignment.removed])
    ids = store.insert_rows(connection, sheet, new)
    store.update_rows(connection, [*alignment.kept, *alignment.changed, *revived])
    store.retire_rows(connection, alignment.removed)
    added = (*revived, *zip(ids, new, strict=True))
    edits = Edits(
        added=added,
        changed=alignment.changed,
        removed=alignment.removed,
        kept=alignment.kept,
        copies=alignment.copies,
    )
    append_events(connection, "sheets", correlation_id, describe_edits(sheet, edits, before))
    return edits


def refuse_suspicious_loss(sheet: str, *, known: int, lost: int, present: int) -> None:
    """Return if the loss may be an edit: a few rows, or fewer than half; a sheet that had rows never loses all.

    Raises ``SuspiciousLoss`` if not; the text says how to confirm.
    """
    is_bare = lost > 1 and not present
    if is_bare or (lost >= FEWEST_LOST and lost > known * LOST_SHARE):
        raise SuspiciousLoss(
            f"{sheet}: {lost} of {known} rows vanished at once, so nothing was retired. If they were deleted on "
            f"purpose run `pokervod sheets sync {sheet} --confirm-loss`, else restore the workbook"
        )


def _revive(
    connection: Connection, sheet: str, added: Sequence[AnnotationRow]
) -> tuple[list[Identified], list[AnnotationRow]]:
    """Return the rows that were cut and are pasted back, with the ids they had, and the rows that are new."""
    if not added:
        return [], []
    alignment = align_rows(store.read_retired_rows(connection, sheet), added)
    # Among all rows that ever left a sheet "nearly the same" means little: only equal content and ids count.
    back = [*alignment.kept, *(pair for pair in alignment.changed if pair[1].source_id or pair[1].row_key)]
    returned = {id(row) for _, row in back}
    return back, [row for row in added if id(row) not in returned]


def describe_edits(sheet: str, edits: Edits, before: Mapping[int, object]) -> list[NewEvent]:
    """Return one event for each row touched, with what it said before and says now."""

    def describe(change: str, row_id: int, row: AnnotationRow | None) -> NewEvent:
        payload = {"sheet": sheet, "row_id": row_id, "change": change, "before": before.get(row_id)}
        if row is not None:
            payload |= {"tab": row.tab, "row_number": row.row_number, "after": store.content_of(row)}
        return NewEvent(EventType.SHEETS_ROW_CHANGED, payload)

    return [
        *(describe("added", row_id, row) for row_id, row in edits.added),
        *(describe("changed", row_id, row) for row_id, row in edits.changed),
        *(describe("removed", row_id, None) for row_id in edits.removed),
    ]
