"""Recognise an archive root by a marker file, so that files of an unmounted or replaced share never count as missing.

The first scan that finds content in a root writes the marker where it may, and the database keeps its id. A root that
cannot be written to has none: only ``losses`` protects its files.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from sqlalchemy import Engine

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.decisions import DecisionKind, record
from pokervod_pipelines.errors import ArchiveUnavailable
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.markers import read_marker, write_marker
from pokervod_pipelines.nas.file_system import FileSystem, has_content, make_unavailable
from pokervod_pipelines.nas.path_rules import MARKER
from pokervod_pipelines.nas.share import open_disk
from pokervod_pipelines.nas.stall import ReadProgress, read_watched
from pokervod_pipelines.nas.store import scans
from pokervod_pipelines.nas.store.staging import lock_root
from pokervod_pipelines.processes.path_check import require_answer
from pokervod_pipelines.settings.rooms import ArchiveRoot

FIRST_SCAN = Actor(who="nas scan", reason="first scan")

_UNREADABLE = ""


def check_marker(root: ArchiveRoot, known: str | None, fs: FileSystem, stall_seconds: float) -> None:
    """Raise ``ArchiveUnavailable`` where the root has another marker than the known one, or none."""
    if fault := find_marker_fault(root, known, fs, stall_seconds):
        raise ArchiveUnavailable(
            f"archive root {root.name!r}: {fault}, so this may not be the share that was scanned before. Nothing was "
            "removed. Mount the share, then scan again. If it is the right one, accept it: "
            f"pokervod nas accept-folder --root {root.name} --reason 'why'",
            is_absent=True,
        )


def find_marker_fault(root: ArchiveRoot, known: str | None, fs: FileSystem, stall_seconds: float) -> str:
    """Return what is wrong with the root's marker, "" where it is the known one or none is known.

    Whether a root without any content is there is for others to say.
    """
    if known is None or (found := _read(fs, root.path, stall_seconds)) == known:
        return ""
    if not found and not has_content(fs, str(root.path), stall_seconds):
        return ""
    faults = {None: "is missing", _UNREADABLE: "is damaged or may not be read"}
    return f"the marker {root.path / MARKER} {faults.get(found, 'is that of another archive')}"


def find_marker(root: ArchiveRoot, fs: FileSystem, stall_seconds: float) -> str | None:
    """Return the id in the root's marker, which is written now where there is none and that is possible."""
    found = _read(fs, root.path, stall_seconds)
    return (_write(fs, root.path, FIRST_SCAN, stall_seconds) if found is None else found) or None


def accept_root(engine: Engine, root: ArchiveRoot, stall_seconds: float, *, actor: Actor) -> str | None:
    """Accept the root as it is mounted now; return the id in its marker, None where none can be written.

    Raises ``ArchiveUnavailable`` when the root cannot be read or is empty.
    """
    with open_disk(root.path, stall_seconds=stall_seconds) as disk:
        if not has_content(disk, str(root.path), stall_seconds):
            raise ArchiveUnavailable(f"{root.path}: unreadable or empty. Mount it, then accept it again.")
        marker = _read(disk, root.path, stall_seconds) or _write(disk, root.path, actor, stall_seconds)
    with engine.begin() as connection:
        lock_root(connection, root.name)
        before = scans.read_marker(connection, root.name)
        scans.replace_marker(connection, root.name, marker)
        decision = record(
            connection,
            DecisionKind.ROOT,
            {"root": root.name},
            {"marker": marker},
            before={"marker": before},
            actor=actor,
        )
        signed = {"by": decision.by, "reason": decision.reason}
        event = NewEvent(EventType.NAS_ROOT_ACCEPTED, {"root": root.name, "marker": marker, "before": before, **signed})
        append_events(connection, "nas", decision.correlation_id, [event])
    return marker


def _read(fs: FileSystem, root: Path, seconds: float) -> str | None:
    """Return the id in the marker; None where there is none, ``_UNREADABLE`` where it cannot be read."""
    require_answer(root, seconds=seconds)
    return next(read_watched(partial(_yield_id, fs, str(root / MARKER)), seconds))


def _yield_id(fs: FileSystem, path: str, progress: ReadProgress) -> Iterator[str | None]:
    progress.enter(path)
    try:
        yield fs.access(path, read_marker)
    except (ValueError, PermissionError, IsADirectoryError):
        yield _UNREADABLE
    except OSError as error:
        raise make_unavailable(path, error) from None


def _write(fs: FileSystem, root: Path, actor: Actor, seconds: float) -> str | None:
    """Write a marker and return its id, None where the file system refuses it."""
    return next(read_watched(partial(_yield_written, fs, str(root / MARKER), actor), seconds))


def _yield_written(fs: FileSystem, path: str, actor: Actor, progress: ReadProgress) -> Iterator[str | None]:
    progress.enter(path)
    try:
        yield fs.access(path, partial(write_marker, actor=actor))
    except OSError:
        yield None
