"""The ``Pin`` column: people name a row's video in the sheet itself, and the newest word counts.

A cell that changed since the last reading is followed, so a pin set by command stands until somebody edits the cell,
and a cleared cell takes back only what the cell had said.
"""

from collections.abc import Sequence

from sqlalchemy import Connection

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.sheets import pin_store
from pokervod_pipelines.sheets.edits import Identified
from pokervod_pipelines.sheets.pins import find_video
from pokervod_pipelines.sheets.rows import AnnotationRow

BY = "the sheet"
"""Who signs a pin that stands in a sheet; the sheet's own version history knows the person."""


def follow_pin_cells(
    connection: Connection, sheet: str, rows: Sequence[Identified], *, correlation_id: str
) -> list[int]:
    """Each row's pin is what its cell says, where the cell was edited; returns the ids of those rows.

    A path that is no video's is kept with the reason, and tried again with every reading.
    """
    cells = {row_id: row for row_id, row in rows if row.pin is not None}
    known = pin_store.read_cells(connection, list(cells)) if cells else {}
    edited = [row_id for row_id, (text, problem) in known.items() if problem or text != cells[row_id].pin]
    pins = pin_store.read_in_force(connection, sheet) if edited else {}
    problems = {row_id: _follow(connection, row_id, cells[row_id], pins.get(row_id)) for row_id in edited}
    pin_store.store_cells(connection, {row_id: (cells[row_id].pin or "", problems[row_id]) for row_id in edited})
    followed = [row_id for row_id in edited if known[row_id] != (cells[row_id].pin, problems[row_id])]
    append_events(connection, "sheets", correlation_id, [_tell(sheet, each, cells[each]) for each in followed])
    return followed


def _follow(connection: Connection, row_id: int, row: AnnotationRow, pin: pin_store.Pinned | None) -> str | None:
    """The row is pinned as its cell says; returns why not, where it is not."""
    where = f"Pin column, {row.tab} row {row.row_number}"
    if not row.pin:
        if pin is not None and pin.by == BY:
            pin_store.add_pin(connection, row_id=row_id, file_id=None, by=BY, reason=f"{where}, was cleared")
        return None
    try:
        video = find_video(connection, row.pin)
    except BadInput as error:
        return f"Pin: {error}"
    if pin is None or pin.file_id != video.id:
        pin_store.add_pin(connection, row_id=row_id, file_id=video.id, by=BY, reason=where)
    return None


def _tell(sheet: str, row_id: int, row: AnnotationRow) -> NewEvent:
    payload = {
        "sheet": sheet, "row_id": row_id, "change": "pinned" if row.pin else "unpinned", "tab": row.tab,
        "row_number": row.row_number, "pin": row.pin, "by": BY,
    }  # fmt: skip
    return NewEvent(EventType.SHEETS_ROW_CHANGED, payload)
