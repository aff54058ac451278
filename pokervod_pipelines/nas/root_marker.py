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
from pokervod_pipelines.markers import read_marker, write_marker
from pokervod_pipelines.nas.file_system import FileSystem, has_content, make_unavailable
from pokervod_pipelines.nas.path_rules import MARKER
from pokervod_pipelines.nas.share import open_disk
from pokervod_pipelines.nas.stall import ReadProgress, read_watched
from pokervod_pipelines.nas.store import scans
from pokervod_pipelines.nas.store.staging import lock_root
from pokervod_pipelines.processes.path_check import require_answer
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.settings.rooms import Library

FIRST_SCAN = Actor(who="nas scan", reason="first scan")

_UNREADABLE = ""


def check_marker(settings: Settings, library: Library, known: str | None, fs: FileSystem) -> None:
    """Raise ``ArchiveUnavailable`` where the library's root has another marker than the known one, or none.

    Whether a root without any content is there is for the scan to say.
    """
    root, seconds = settings.root_of(library), settings.scan.stall_seconds
    if known is None or (found := _read(fs, root.path, seconds)) == known:
        return
    if not found and not has_content(fs, str(root.path), seconds):
        return
    faults = {None: "is missing", _UNREADABLE: "is damaged or may not be read"}
    raise ArchiveUnavailable(
        f"library {library.name!r}: the marker {root.path / MARKER} of archive root {root.name!r} "
        f"{faults.get(found, 'is that of another archive')}, so this may not be the share that was scanned before. "
        "Nothing was removed. Mount the share, then scan again. If it is the right one, accept it: "
        f"pokervod nas accept-folder --library {library.name} --reason 'why'",
        is_absent=True,
    )


def find_marker(settings: Settings, library: Library, fs: FileSystem) -> str | None:
    """Return the id in the marker of the library's root, which is marked now where that is possible."""
    root, seconds = settings.root_of(library).path, settings.scan.stall_seconds
    found = _read(fs, root, seconds)
    return (_write(fs, root, FIRST_SCAN, seconds) if found is None else found) or None


def accept_root(engine: Engine, settings: Settings, library: Library, *, actor: Actor) -> str | None:
    """Accept the library's root as it is mounted now; return the id in its marker, None where none can be written.

    Raises ``ArchiveUnavailable`` when the root cannot be read or is empty.
    """
    root, seconds = settings.root_of(library), settings.scan.stall_seconds
    with open_disk(root.path, seconds) as disk:
        if not has_content(disk, str(root.path), seconds):
            raise ArchiveUnavailable(f"{root.path}: unreadable or empty. Mount it, then accept it again.")
        marker = _read(disk, root.path, seconds) or _write(disk, root.path, actor, seconds)
    with engine.begin() as connection:
        lock_root(connection, root.name)
        before = {"marker": scans.read_marker(connection, root.name)}
        scans.replace_marker(connection, root.name, marker)
        record(
            connection,
            DecisionKind.CLEARANCE,
            {"library": library.name, "below": ""},
            {"action": "accept-folder", "file_ids": [], "marker": marker},
            before=before,
            actor=actor,
        )
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
