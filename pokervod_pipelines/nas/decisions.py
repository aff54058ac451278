"""What is missing, and the two decisions about it that only a person takes.

A scan says *missing*; nothing but ``clear_missing`` says *gone for good*. A scan that suspects a mount says *unseen*;
``confirm_loss`` says that it was a deletion after all, and looks at the disk once more before it believes that.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine

from pokervod_pipelines.errors import ArchiveUnavailable, BadInput
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.nas.scan import LOCAL, FileSystem, has_content, look_again
from pokervod_pipelines.nas.store import decisions, files
from pokervod_pipelines.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingFile:
    """A file that is not there: missing or unseen, since when, and what hangs on it."""

    file_id: int
    library: str
    path: str
    state: str
    since: datetime
    size: int
    episodes: int
    clips: int
    sheet_rows: int


def list_missing(engine: Engine, library: str | None = None) -> list[MissingFile]:
    """The files, no junk, that the inventory knows and the disk does not show; longest gone first."""
    with engine.connect() as connection:
        return [MissingFile(**row._mapping) for row in decisions.read_missing(connection, library)]


def clear_missing(
    engine: Engine,
    *,
    library: str,
    by: str,
    reason: str,
    correlation_id: str,
    paths: Sequence[str] | None = None,
    below: str | None = None,
) -> int:
    """Missing files at ``paths``, or at or below the folder, are cleared: gone for good, by whom and why on record.

    Returns how many. Only missing files are touched, never unseen ones; their rows and ids stay. Raises ``BadInput``
    without a person, a reason, or exactly one of ``paths`` and ``below``.
    """
    if (paths is None) == (below is None):
        raise BadInput("clear missing: say which files: either paths or the folder below which they were")
    _check_signature(by, reason)
    wanted = None if paths is None else [_key(path) for path in paths]
    with engine.begin() as connection:
        rows = decisions.read_in_state(
            connection, library, "missing", below=None if below is None else _key(below), paths=wanted
        )
        if not rows:
            return 0
        ids = [row.id for row in rows]
        files.set_state(connection, ids, "cleared")
        decisions.audit(
            connection, action="clear", by=by, reason=reason, library=library, below=below or "", file_ids=ids
        )
        told = [(row.id, row.path) for row in rows if not row.is_junk]
        signed = {"library": library, "by": by, "reason": reason}
        _append(connection, EventType.NAS_FILE_CLEARED, told, signed, correlation_id)
    return len(rows)


def confirm_loss(
    engine: Engine,
    settings: Settings,
    *,
    library: str,
    below: str,
    by: str,
    reason: str,
    correlation_id: str,
    fs: FileSystem = LOCAL,
) -> int:
    """Unseen files at or below the folder that are really not there now are missing; returns how many.

    Each is looked for again. Raises ``ArchiveUnavailable`` when the archive root cannot be read, stands empty, or a
    place cannot be judged; ``BadInput`` without a person or a reason.
    """
    _check_signature(by, reason)
    root = str(settings.root_of(settings.library(library)).path)
    stall_seconds = settings.scan.stall_seconds
    if not has_content(fs, root, stall_seconds):
        raise ArchiveUnavailable(f"{root}: cannot be read or stands empty, so no loss can be confirmed: mount it first")
    # The disk is read between two transactions: an open one holds back every reader of the event log.
    with engine.begin() as connection:
        unseen = [row.path for row in decisions.read_in_state(connection, library, "unseen", below=_key(below))]
    now = look_again(fs, root, unseen, stall_seconds)
    with engine.begin() as connection:
        rows = decisions.read_in_state(connection, library, "unseen", below=_key(below))
        lost = [row for row in rows if row.path in now and now[row.path] is None]
        if not lost:
            return 0
        ids = [row.id for row in lost]
        files.set_state(connection, ids, "missing")
        decisions.audit(
            connection, action="confirm-loss", by=by, reason=reason, library=library, below=below, file_ids=ids
        )
        told = [(row.id, row.path) for row in lost if not row.is_junk]
        signed = {"library": library, "by": by, "reason": reason}
        _append(connection, EventType.NAS_FILE_REMOVED, told, signed, correlation_id)
    return len(lost)


def _check_signature(by: str, reason: str) -> None:
    if not by.strip() or not reason.strip():
        raise BadInput("a decision about missing files needs who decides (--by) and why (--reason)")


def _key(path: str) -> str:
    parts = [part for part in unicodedata.normalize("NFC", path).split("/") if part not in {"", "."}]
    return "/".join(parts)


def _append(
    connection: Connection,
    what: EventType,
    told: Sequence[tuple[int, str]],
    signed: dict[str, str],
    correlation_id: str,
) -> None:
    events = [NewEvent(what, {"file_id": file_id, "path": path, **signed}) for file_id, path in told]
    append_events(connection, "nas", correlation_id, events)
