"""The ``Pin`` column: people name a row's video in the sheet itself, and the newest word counts.

A cell that changed since the last reading is followed, so a pin set by command stands until somebody edits the cell,
and a cleared cell takes back only what the cell had said.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.sheets import pin_store
from pokervod_pipelines.sheets.edits import Identified
from pokervod_pipelines.sheets.pins import find_video

BY = "the sheet"
"""Who signs a pin that stands in a sheet; the sheet's own version history knows the person."""


class Cell(NamedTuple):
    """What stands in a row's cell, and where that is."""

    tab: str
    row_number: int
    text: str


def follow_pin_cells(
    connection: Connection, sheet: str, rows: Sequence[Identified], *, correlation_id: str
) -> list[int]:
    """Each row's pin is what its cell says, where the cell was edited; returns the ids of those rows.

    A path that is no video's is kept with the reason, and tried again with every reading.
    """
    cells = {row_id: Cell(row.tab, row.row_number, row.pin) for row_id, row in rows if row.pin is not None}
    known = pin_store.read_cells(connection, list(cells)) if cells else {}
    edited = {
        row_id: cells[row_id] for row_id, (said, problem) in known.items() if problem or said != cells[row_id].text
    }
    return _follow_all(connection, sheet, edited, known, correlation_id)


def retry_pin_cells(connection: Connection, sheet: str, *, correlation_id: str) -> list[int]:
    """The cells that named no video are followed where they do now; returns the ids of those rows."""
    failed = pin_store.read_failed_cells(connection, sheet)
    cells = {row_id: Cell(tab, number, said) for row_id, tab, number, said, _ in failed}
    known = {row_id: (said, problem) for row_id, _, _, said, problem in failed}
    return _follow_all(connection, sheet, cells, known, correlation_id)


def _follow_all(
    connection: Connection,
    sheet: str,
    cells: Mapping[int, Cell],
    known: Mapping[int, tuple[str, str | None]],
    correlation_id: str,
) -> list[int]:
    pins = pin_store.read_in_force(connection, sheet) if cells else {}
    after = {row_id: (cell.text, _follow(connection, row_id, cell, pins.get(row_id))) for row_id, cell in cells.items()}
    pin_store.store_cells(connection, after)
    followed = [row_id for row_id in cells if known[row_id] != after[row_id]]
    append_events(connection, "sheets", correlation_id, [_tell(sheet, each, cells[each]) for each in followed])
    return followed


def _follow(connection: Connection, row_id: int, cell: Cell, pin: pin_store.Pinned | None) -> str | None:
    """The row is pinned as its cell says; returns why not, where it is not."""
    where = f"Pin column, {cell.tab} row {cell.row_number}"
    if not cell.text:
        if pin is not None and pin.by == BY:
            pin_store.add_pin(connection, row_id=row_id, file_id=None, by=BY, reason=f"{where}, was cleared")
        return None
    try:
        video = find_video(connection, cell.text)
    except BadInput as error:
        return f"Pin: {error}"
    if pin is None or pin.file_id != video.id:
        pin_store.add_pin(connection, row_id=row_id, file_id=video.id, by=BY, reason=where)
    return None


def _tell(sheet: str, row_id: int, cell: Cell) -> NewEvent:
    payload = {
        "sheet": sheet, "row_id": row_id, "change": "pinned" if cell.text else "unpinned", "tab": cell.tab,
        "row_number": cell.row_number, "pin": cell.text, "by": BY,
    }  # fmt: skip
    return NewEvent(EventType.SHEETS_ROW_CHANGED, payload)
