"""Apply the ``Pin`` column: people name a row's video in the sheet itself, and the newest decision counts.

Only a cell that changed since the last reading is applied, so a pin set by command stays until somebody edits the cell,
and a cleared cell withdraws only what the cell itself had pinned. Cells that stayed on their lines while the rows moved
are not edits.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from sqlalchemy import Connection

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.sheets import pin_store
from pokervod_pipelines.sheets.align import IdentifiedRow
from pokervod_pipelines.sheets.pins import find_video, record_pin, withdraw_pin

BY = "the sheet"
"""Sign the pins of the column; the sheet's own version history knows the person."""

LEFT_BEHIND = (
    "Pin: cells were moved without the Pin column, so this one was not applied and the row keeps the video it had. "
    "Write the path of the row's video here, or clear the cell."
)


class PinCell(NamedTuple):
    """Hold the text of a row's cell, and where it is."""

    tab: str
    row_number: int
    text: str


class _PinCells(NamedTuple):
    """Gather what applying needs; ``known`` has each cell's text and problem at the last reading."""

    sheet: str
    cells: Mapping[int, PinCell]
    known: Mapping[int, tuple[str, str | None]]
    correlation_id: str


def apply_pin_cells(
    connection: Connection,
    sheet: str,
    rows: Sequence[IdentifiedRow],
    *,
    beside: Mapping[int, int],
    correlation_id: str,
) -> list[int]:
    """Pin and unpin the rows whose cell was edited, as it says; return the ids of those rows.

    ``beside`` maps the id of a row to the one that was in its place. A cell that names no video, or several, is stored
    with the problem and tried again at every reading.
    """
    cells = {row_id: PinCell(row.tab, row.row_number, row.pin) for row_id, row in rows if row.pin is not None}
    known = pin_store.read_cells(connection, sorted({*cells, *beside.values()})) if cells else {}
    left = find_left_cells(cells, {row_id: text for row_id, (text, _) in known.items()}, beside)
    edited = {
        row_id: cell
        for row_id, cell in cells.items()
        if row_id not in left and (known[row_id][1] not in {None, LEFT_BEHIND} or known[row_id][0] != cell.text)
    }
    _store_left_cells(connection, sheet, {row_id: cells[row_id].text for row_id in left})
    return _apply_all(connection, _PinCells(sheet, edited, known, correlation_id))


def find_left_cells(cells: Mapping[int, PinCell], known: Mapping[int, str], beside: Mapping[int, int]) -> set[int]:
    """Return the rows whose cell says what it said beside another row.

    In a tab where that explains more cells than edits would, the rows moved without the Pin column.
    """
    left: set[int] = set()
    for _, group in groupby(sorted(cells, key=lambda row_id: cells[row_id].tab), key=lambda row_id: cells[row_id].tab):
        ids = list(group)
        differs_from_row = {each for each in ids if cells[each].text != known[each]}
        differs_from_place = {each for each in ids if cells[each].text != known.get(beside.get(each, 0), "")}
        if len(differs_from_place) < len(differs_from_row):
            left |= differs_from_row - differs_from_place
    return left


def _store_left_cells(connection: Connection, sheet: str, texts: Mapping[int, str]) -> None:
    """Store the cells, with a problem for those that do not say what is in force."""
    pins = pin_store.read_in_force(connection, sheet) if texts else {}
    cells = {row_id: (text, _compare(connection, text, pins.get(row_id))) for row_id, text in texts.items()}
    pin_store.store_cells(connection, cells)


def _compare(connection: Connection, text: str, pin: pin_store.PinnedVideo | None) -> str | None:
    if not text:
        return LEFT_BEHIND if pin is not None and pin.by == BY else None
    try:
        return None if pin is not None and find_video(connection, text).id == pin.file_id else LEFT_BEHIND
    except BadInput:
        return LEFT_BEHIND


def retry_pin_cells(connection: Connection, sheet: str, *, correlation_id: str) -> list[int]:
    """Apply the cells that named no video at the last reading but do now; return the ids of those rows."""
    failed = pin_store.read_failed_cells(connection, sheet)
    cells = {
        row_id: PinCell(tab, number, text) for row_id, tab, number, text, problem in failed if problem != LEFT_BEHIND
    }
    known = {row_id: (text, problem) for row_id, _, _, text, problem in failed}
    return _apply_all(connection, _PinCells(sheet, cells, known, correlation_id))


def _apply_all(connection: Connection, edited: _PinCells) -> list[int]:
    cells = edited.cells
    pins = pin_store.read_in_force(connection, edited.sheet) if cells else {}
    after = {
        row_id: (cell.text, _apply(connection, row_id, cell, pins.get(row_id), edited.correlation_id))
        for row_id, cell in cells.items()
    }
    pin_store.store_cells(connection, after)
    applied = [row_id for row_id in cells if edited.known[row_id] != after[row_id]]
    events = [_make_event(edited.sheet, each, cells[each]) for each in applied]
    append_events(connection, "sheets", edited.correlation_id, events)
    return applied


def _apply(
    connection: Connection, row_id: int, cell: PinCell, pin: pin_store.PinnedVideo | None, correlation_id: str
) -> str | None:
    """Pin or unpin the row as its cell says; return the problem that prevents it."""
    where = f"Pin column, {cell.tab} row {cell.row_number}"
    if not cell.text:
        if pin is not None and pin.by == BY:
            actor = Actor(who=BY, reason=f"{where}, was cleared", correlation_id=correlation_id)
            withdraw_pin(connection, row_id, actor=actor)
        return None
    try:
        video = find_video(connection, cell.text)
    except BadInput as error:
        return f"Pin: {error}"
    if pin is None or pin.file_id != video.id:
        actor = Actor(who=BY, reason=where, correlation_id=correlation_id)
        record_pin(connection, row_id, video, actor=actor)
    return None


def _make_event(sheet: str, row_id: int, cell: PinCell) -> NewEvent:
    payload = {
        "sheet": sheet, "row_id": row_id, "change": "pinned" if cell.text else "unpinned", "tab": cell.tab,
        "row_number": cell.row_number, "pin": cell.text, "by": BY,
    }  # fmt: skip
    return NewEvent(EventType.SHEETS_ROW_CHANGED, payload)
