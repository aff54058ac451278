"""List missing files, and take the two decisions about them that only a person may take.

A scan marks a file *missing*; only ``clear_missing`` removes it for good. A scan that suspects a mount marks files
*unseen*; ``confirm_loss`` says that they were deleted after all, and looks at the disk once more before that.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Row

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.decisions import DecisionKind, record, require_expected
from pokervod_pipelines.errors import ArchiveUnavailable, BadInput
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.nas.file_system import FileSystem, has_content, stat_files
from pokervod_pipelines.nas.root_marker import check_marker
from pokervod_pipelines.nas.share import open_disk
from pokervod_pipelines.nas.store import files, scans
from pokervod_pipelines.paging import EVERYTHING, Page
from pokervod_pipelines.periods import ALWAYS, Period
from pokervod_pipelines.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingFile:
    """Hold a file that is missing, unseen or of a library to be retired: since when, and how much refers to it."""

    file_id: int
    library: str
    path: str
    state: str
    since: datetime
    size: int
    episodes: int
    clips: int
    sheet_rows: int


def list_missing(engine: Engine, library: str | None = None, period: Period = ALWAYS) -> list[MissingFile]:
    """Return the files that became missing or unseen in the period, without junk; longest missing first."""
    with engine.connect() as connection:
        return page_missing(connection, EVERYTHING, library, period)


def page_missing(
    connection: Connection, page: Page, library: str | None = None, period: Period = ALWAYS
) -> list[MissingFile]:
    """Return a page of them, within the caller's transaction."""
    return [MissingFile(**row._mapping) for row in files.read_missing(connection, library, period, None, page)]


def has_files(engine: Engine) -> bool:
    """Return whether a scan ever found a file."""
    with engine.connect() as connection:
        return files.has_rows(connection)


def list_clearable(engine: Engine, *, library: str, below: str) -> list[MissingFile]:
    """Return what ``clear_missing`` would clear at or below the folder."""
    with engine.connect() as connection:
        return describe_files(connection, files.read_in_state(connection, library, "missing", below=_fold_path(below)))


def list_lost(
    engine: Engine, settings: Settings, *, library: str, below: str, fs: FileSystem | None = None
) -> list[MissingFile]:
    """Return what ``confirm_loss`` would mark as missing. Raises what it raises."""
    deleted = _find_deleted(engine, settings, library, below, fs)
    with engine.connect() as connection:
        rows = files.read_in_state(connection, library, "unseen", below=_fold_path(below))
        return describe_files(connection, [row for row in rows if row.path in deleted])


def count_unseen(engine: Engine, *, library: str, below: str) -> int:
    """Count the files at or below the folder that the last scan did not see."""
    with engine.connect() as connection:
        return len(files.read_in_state(connection, library, "unseen", below=_fold_path(below)))


def describe_files(connection: Connection, rows: Sequence[Row[Any]]) -> list[MissingFile]:
    """Return the files of these rows with what refers to each; longest in their state first."""
    found = files.read_missing(connection, None, ALWAYS, [row.id for row in rows])
    return [MissingFile(**row._mapping) for row in found]


def clear_missing(
    engine: Engine,
    *,
    library: str,
    actor: Actor,
    paths: Sequence[str] | None = None,
    below: str | None = None,
    expected: int | None = None,
) -> int:
    """Clear the missing files at ``paths``, or at or below the folder: they leave the catalog; return how many.

    Unseen files are not touched; rows and ids stay. Raises ``BadInput`` without exactly one of ``paths`` and ``below``,
    ``Conflict`` where they are not the ``expected`` number.
    """
    if (paths is None) == (below is None):
        raise BadInput("clear missing: expected either paths or the folder below which the files were")
    keys = None if paths is None else [_fold_path(path) for path in paths]
    with engine.begin() as connection:
        rows = files.read_in_state(
            connection, library, "missing", below=None if below is None else _fold_path(below), paths=keys, lock=True
        )
        require_expected(len(rows), expected, "missing files")
        if rows:
            files.set_state(connection, [row.id for row in rows], "cleared")
            _record(connection, "clear", EventType.NAS_FILE_CLEARED, rows, library=library, below=below, actor=actor)
    return len(rows)


def confirm_loss(
    engine: Engine,
    settings: Settings,
    *,
    library: str,
    below: str,
    actor: Actor,
    fs: FileSystem | None = None,
    expected: int | None = None,
) -> int:
    """Mark unseen files at or below the folder as missing, where the disk does not have them now; return how many.

    Raises ``ArchiveUnavailable`` when the archive root cannot be read, is empty or is another one, or a path cannot be
    checked; ``Conflict`` where they are not the ``expected`` number.
    """
    # The disk is read between two transactions: an open one holds back every reader of the event log.
    deleted = _find_deleted(engine, settings, library, below, fs)
    with engine.begin() as connection:
        rows = files.read_in_state(connection, library, "unseen", below=_fold_path(below), lock=True)
        lost = [row for row in rows if row.path in deleted]
        require_expected(len(lost), expected, "lost files")
        if lost:
            files.set_state(connection, [row.id for row in lost], "missing")
            _record(
                connection, "confirm-loss", EventType.NAS_FILE_REMOVED, lost, library=library, below=below, actor=actor
            )
    return len(lost)


def _find_deleted(engine: Engine, settings: Settings, library: str, below: str, fs: FileSystem | None) -> set[str]:
    """Return the paths of the unseen files that the disk does not have now."""
    configured = settings.library(library)
    archive_root = settings.root_of(configured)
    root = str(archive_root.path)
    stall_seconds = settings.scan.stall_seconds
    with engine.begin() as connection:
        marker = scans.read_marker(connection, archive_root.name)
        unseen = [row.path for row in files.read_in_state(connection, library, "unseen", below=_fold_path(below))]
    with open_disk(Path(root), Path(root, configured.folder), stall_seconds=stall_seconds, given=fs) as disk:
        if not has_content(disk, root, stall_seconds):
            raise ArchiveUnavailable(f"{root}: unreadable or empty. Mount it, then confirm the loss again.")
        check_marker(archive_root, marker, disk, stall_seconds)
        return {path for path, status in stat_files(disk, root, unseen, stall_seconds).items() if status is None}


def _fold_path(path: str) -> str:
    parts = [part for part in unicodedata.normalize("NFC", path).split("/") if part not in {"", "."}]
    return "/".join(parts)


def _record(
    connection: Connection,
    action: str,
    event: EventType,
    rows: Sequence[Row[Any]],
    *,
    library: str,
    below: str | None,
    actor: Actor,
) -> None:
    """Record the decision, and append one event for each file that is not junk."""
    value = {"action": action, "file_ids": [row.id for row in rows]}
    subject = {"library": library, "below": below or ""}
    decision = record(connection, DecisionKind.CLEARANCE, subject, value, actor=actor)
    signed = {"library": library, "by": decision.by, "reason": decision.reason}
    events = [NewEvent(event, {"file_id": row.id, "path": row.path, **signed}) for row in rows if not row.is_junk]
    append_events(connection, "nas", decision.correlation_id, events)
