"""What people said of a row's video against the rules: kept with who, when and why, in force at once, undone at will.

A pin hangs on the row's id and the file's id, so it outlives edits, sorting, renames and moves.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, Engine

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.sheets import pin_store, store
from pokervod_pipelines.sheets.file_index import IdentityParser
from pokervod_pipelines.sheets.links import split_link
from pokervod_pipelines.sheets.match import MOST_CANDIDATES
from pokervod_pipelines.sheets.match_rows import match_rows
from pokervod_pipelines.sheets.pin_store import Pin, Video
from pokervod_pipelines.sheets.store import ListedRow
from pokervod_pipelines.sheets.tab import clean_text


def pin_row(engine: Engine, *, row_id: int, path: str, by: str, reason: str, correlation_id: str) -> ListedRow:
    """The row's video is the one at ``path``, whatever the rules find, until somebody unpins it; returns the row.

    ``path`` is that from the archive root, or any end of it that no other video has. To pin what is pinned already adds
    nothing. A sync that is running is waited for. Raises ``BadInput`` for a row or path that cannot be.
    """
    by, reason = _check_signature(by, reason)
    with engine.begin() as connection:
        before = _lock_row(connection, row_id)
        video = find_video(connection, path, candidates=before.candidates)
        standing = pin_store.read_in_force(connection, before.sheet).get(row_id)
        if standing is not None and standing.file_id == video.id:
            return before
        pin_store.add_pin(connection, row_id=row_id, file_id=video.id, by=by, reason=reason)
        return _conclude(connection, before, "pinned", by, reason, correlation_id, None)


def unpin_row(
    engine: Engine,
    *,
    row_id: int,
    by: str,
    reason: str,
    correlation_id: str,
    parsed_identity: IdentityParser | None = None,
) -> ListedRow:
    """The rules decide which video the row speaks of, and have done so already; returns the row.

    Raises ``BadInput`` for a row that is not pinned.
    """
    by, reason = _check_signature(by, reason)
    with engine.begin() as connection:
        before = _lock_row(connection, row_id)
        if row_id not in pin_store.read_in_force(connection, before.sheet):
            raise BadInput(f"row {row_id} is not pinned; `pokervod sheets pins` lists the rows that are")
        pin_store.add_pin(connection, row_id=row_id, file_id=None, by=by, reason=reason)
        return _conclude(connection, before, "unpinned", by, reason, correlation_id, parsed_identity)


def list_pins(engine: Engine, sheet: str | None = None) -> list[Pin]:
    """The whole history of the sheet, or of all sheets; oldest first."""
    with engine.connect() as connection:
        return pin_store.list_history(connection, sheet=sheet)


def _check_signature(by: str, reason: str) -> tuple[str, str]:
    signature = clean_text(by.strip()), clean_text(reason.strip())
    if not all(signature):
        raise BadInput("a pin needs who sets it and why: both are kept with it for ever")
    return signature


def _lock_row(connection: Connection, row_id: int) -> ListedRow:
    """The row, on whose sheet no other process works until the transaction ends."""
    store.lock_sheet(connection, _find_row(connection, row_id).sheet)
    return _find_row(connection, row_id)


def _find_row(connection: Connection, row_id: int) -> ListedRow:
    rows = store.list_rows(connection, sheet=None, status=None, limit=1, row_id=row_id)
    if not rows:
        raise BadInput(f"no sheet has a row with the id {row_id} now; `pokervod sheets rows` shows the ids")
    return rows[0]


def find_video(connection: Connection, path: str, *, candidates: Sequence[str] = ()) -> Video:
    """The one video whose path from the archive root is this, or ends so.

    Raises ``BadInput`` for none or several; the text names the candidates.
    """
    wanted = clean_text("/".join(split_link(path)))
    videos = pin_store.find_videos(connection, wanted) if wanted else []
    whole = [video for video in videos if video.path == wanted]
    found = whole or videos
    if len(found) == 1:
        return found[0]
    if not found:
        nearest = "".join(f"\n  {candidate}" for candidate in candidates)
        known = f". Candidates of the row:{nearest}" if nearest else "; `pokervod catalog search` finds paths"
        raise BadInput(f"{path}: no video in the inventory has this path, or a path that ends so{known}")
    listed = "".join(f"\n  {name}" for name in _name_apart(found)[:MOST_CANDIDATES])
    raise BadInput(f"{path}: {len(found)} videos have a path that ends so; give more of the right one's:{listed}")


def _name_apart(videos: list[Video]) -> list[str]:
    """Return the videos' paths, with the archive roots in front where several hold the same path."""
    paths = [video.path for video in videos]
    return paths if len({*paths}) == len(paths) else [f"{video.root}/{video.path}" for video in videos]


def _conclude(
    connection: Connection,
    before: ListedRow,
    change: str,
    by: str,
    reason: str,
    correlation_id: str,
    parsed_identity: IdentityParser | None,
) -> ListedRow:
    """The row has the match that holds now, and the log says what became of it."""
    match_rows(connection, before.sheet, [before.id], parsed_identity=parsed_identity)
    after = _find_row(connection, before.id)
    payload = {
        "sheet": before.sheet, "row_id": before.id, "change": change, "tab": after.tab, "row_number": after.row_number,
        "before": _describe(before), "after": _describe(after), "by": by, "reason": reason,
    }  # fmt: skip
    append_events(connection, "sheets", correlation_id, [NewEvent(EventType.SHEETS_ROW_CHANGED, payload)])
    return after


def _describe(row: ListedRow) -> dict[str, str | None]:
    return {"match_status": row.status, "match_stage": row.stage, "path": row.path}
