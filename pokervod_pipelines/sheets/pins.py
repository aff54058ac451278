"""Pin a row to its video against the rules: recorded with who, when and why, in force at once, undone at will.

A pin belongs to the row's id and the file's id, so it outlives edits, sorting, renames and moves.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, Engine

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.decisions import Decision, DecisionKind, record, withdraw
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.paging import EVERYTHING, Page
from pokervod_pipelines.sheets import pin_store, store
from pokervod_pipelines.sheets.file_index import IdentityParser
from pokervod_pipelines.sheets.listing import ListedRow, find_row
from pokervod_pipelines.sheets.match import MAX_CANDIDATES
from pokervod_pipelines.sheets.match_rows import match_rows
from pokervod_pipelines.sheets.names import split_link
from pokervod_pipelines.sheets.pin_store import InventoryVideo, Pin
from pokervod_pipelines.text.folding import make_storable


def pin_row(engine: Engine, *, row_id: int, path: str, actor: Actor) -> ListedRow:
    """Pin the row to the video at ``path``, whatever the rules find, until it is unpinned; return the row.

    ``path`` is that from the archive root, or any end of it that no other video has. A pin in force already is not
    recorded again. Waits for a running sync of the sheet. Raises ``BadInput`` for an unknown row or path.
    """
    with engine.begin() as connection:
        before = _lock_row(connection, row_id)
        video = find_video(connection, path, candidates=before.candidates)
        pin = pin_store.read_in_force(connection, before.sheet).get(row_id)
        if pin is not None and pin.file_id == video.id:
            return before
        decision = record_pin(connection, row_id, video, actor=actor)
        return _conclude(connection, before, "pinned", decision)


def unpin_row(engine: Engine, *, row_id: int, actor: Actor, parsed_identity: IdentityParser | None = None) -> ListedRow:
    """Unpin the row and match it again; return the row. Raises ``BadInput`` for a row that is not pinned."""
    with engine.begin() as connection:
        before = _lock_row(connection, row_id)
        if row_id not in pin_store.read_in_force(connection, before.sheet):
            raise BadInput(f"row {row_id} is not pinned; `pokervod sheets pins` lists the rows that are")
        decision = withdraw_pin(connection, row_id, actor=actor)
        return _conclude(connection, before, "unpinned", decision, parsed_identity)


def list_pins(engine: Engine, sheet: str | None = None, page: Page = EVERYTHING) -> list[Pin]:
    """Return the history of the sheet, or of all sheets; oldest first."""
    with engine.connect() as connection:
        return pin_store.read_history(connection, sheet=sheet, page=page)


def record_pin(connection: Connection, row_id: int, video: InventoryVideo, *, actor: Actor) -> Decision:
    """Record the pin for the next matching, which the caller starts."""
    return record(connection, DecisionKind.PIN, {"row_id": row_id}, {"file_id": video.id}, actor=actor)


def withdraw_pin(connection: Connection, row_id: int, *, actor: Actor) -> Decision:
    """Record the end of the pin for the next matching, which the caller starts."""
    return withdraw(connection, DecisionKind.PIN, {"row_id": row_id}, actor=actor)


def _lock_row(connection: Connection, row_id: int) -> ListedRow:
    """Return the row; keep other processes from its sheet until the transaction ends."""
    store.lock_sheet(connection, find_row(connection, row_id).sheet)
    return find_row(connection, row_id)


def find_video(connection: Connection, path: str, *, candidates: Sequence[str] = ()) -> InventoryVideo:
    """Return the one video whose path from the archive root is this, or ends with it.

    Raises ``BadInput`` for none or several; the text names the candidates.
    """
    end = make_storable("/".join(split_link(path)), "\ufffd")
    videos = pin_store.find_videos(connection, end) if end else []
    whole = [video for video in videos if video.path == end]
    found = whole or videos
    if len(found) == 1:
        return found[0]
    if not found:
        nearest = "".join(f"\n  {candidate}" for candidate in candidates)
        hint = f". Candidates of the row:{nearest}" if nearest else "; `pokervod catalog search` finds paths"
        raise BadInput(f"{path}: no video has this path, or a path that ends with it{hint}")
    listed = "".join(f"\n  {name}" for name in _name_apart(found)[:MAX_CANDIDATES])
    raise BadInput(f"{path}: {len(found)} videos have a path that ends with this; give more of the right path:{listed}")


def _name_apart(videos: list[InventoryVideo]) -> list[str]:
    """Return the videos' paths, with the archive roots in front where several have the same path."""
    paths = [video.path for video in videos]
    return paths if len({*paths}) == len(paths) else [f"{video.root}/{video.path}" for video in videos]


def _conclude(
    connection: Connection,
    before: ListedRow,
    change: str,
    decision: Decision,
    parsed_identity: IdentityParser | None = None,
) -> ListedRow:
    """Match the row again, append the event, return the row."""
    match_rows(connection, before.sheet, [before.id], parsed_identity=parsed_identity)
    after = find_row(connection, before.id)
    payload = {
        "sheet": before.sheet, "row_id": before.id, "change": change, "tab": after.tab, "row_number": after.row_number,
        "before": _describe(before), "after": _describe(after), "by": decision.by, "reason": decision.reason,
    }  # fmt: skip
    append_events(connection, "sheets", decision.correlation_id, [NewEvent(EventType.SHEETS_ROW_CHANGED, payload)])
    return after


def _describe(row: ListedRow) -> dict[str, str | None]:
    return {"match_status": row.status, "matcher": row.matcher, "path": row.path}
