"""Move a finished graphic to its final path, whole or not at all, whenever the machine stops.

Files left by dead workers are deleted here as well. The caller ensures that only the holder of a claim publishes.
"""

import errno
import logging
import os
import re
import shutil
import stat
import time
from collections.abc import Collection
from pathlib import Path
from uuid import UUID, uuid4

from pokervod_pipelines.render.outputs.digest import OutputStat, hash_output, stat_output
from pokervod_pipelines.render.outputs.paths import UNFINISHED

_CLAIM = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_CANNOT_SYNC = frozenset({errno.EINVAL, errno.ENOTSUP, errno.ENOSYS})
"""Errors of file systems that cannot flush folders, as some shares."""

_log = logging.getLogger(__name__)


def publish(target: Path, final: Path) -> None:
    """Move the target, a file or a folder of files, to its final path, and flush both to disk.

    At no moment is half of it there: the final path has nothing, what was there, or the whole. A file replaces a file
    in one step; anything else is moved beside the target first, and deleted afterwards. Raises ``OSError`` with the
    system's number; the target is then still there, or was moved whole.
    """
    _write_out(target)
    _make_folders(final.parent)
    aside = _move_aside(final, target) if _is_in_the_way(final, target) else None
    target.replace(final)
    _sync_folder(final.parent)
    _sync_folder(target.parent)
    if aside is not None:
        delete_output(aside)


def unpublish(target: Path, final: Path, expected: OutputStat, sha256: str) -> bool:
    """Delete the published file or folder from its final path; return whether it was there.

    It is identified by size, time and hash; any other file is kept. Raises ``OSError``.
    """
    try:
        if stat_output(final) != expected or hash_output(final) != sha256:
            return False
    except (FileNotFoundError, NotADirectoryError):
        return False
    aside = _move_aside(final, target)
    _sync_folder(final.parent)
    delete_output(aside)
    return True


def _is_in_the_way(final: Path, target: Path) -> bool:
    """Return whether something must be moved first: the system replaces only a file by a file in one step."""
    return os.path.lexists(final) and (final.is_dir() or target.is_dir())


def _move_aside(final: Path, target: Path) -> Path:
    """Return the new path: a name that no claim has, so that it is swept if this process dies here."""
    aside = target.parent / f"{uuid4()}.old"
    final.replace(aside)
    return aside


def _write_out(target: Path) -> None:
    """Flush a file, or all files of a folder, and their names to disk."""
    if target.is_dir():
        for each in sorted(target.iterdir()):
            _sync(each)
        _sync_folder(target)
    else:
        _sync(target)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # folders cannot be opened there
        return
    try:
        _sync(folder)
    except OSError as error:
        if error.errno not in _CANNOT_SYNC:
            raise


def _make_folders(folder: Path) -> None:
    """Create the folder and its parents, each flushed to disk."""
    if folder.is_dir():
        return
    _make_folders(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync_folder(folder.parent)


def sweep_unfinished(root: Path, alive: Collection[UUID], older_than_seconds: float) -> list[Path]:
    """Delete files of claims that are not active and that are older than the limit; return their paths.

    A file without a claim in its name is kept. ``alive`` may be older than the listing, hence the age. A file that
    cannot be deleted is logged and left for the next sweep. Raises ``OSError`` if the folder cannot be read.
    """
    folder = root / UNFINISHED
    if not folder.is_dir() or folder.is_symlink():
        return []
    living = {str(claim) for claim in alive}
    before = time.time() - older_than_seconds
    return [path for path in sorted(folder.iterdir()) if _is_leftover(path, living, before) and _try_delete(path)]


def _is_leftover(path: Path, living: Collection[str], before: float) -> bool:
    claim = _CLAIM.search(path.name)
    return claim is not None and claim[0] not in living and _find_last_change(path) < before


def _find_last_change(path: Path) -> float:
    """Return the last change of the entry or of its direct children; a vanished entry counts as changed now."""
    try:
        found = path.lstat()
        below = [each.lstat() for each in path.iterdir()] if stat.S_ISDIR(found.st_mode) else []
    except FileNotFoundError:
        return time.time()
    return max(max(each.st_mtime, each.st_ctime) for each in (found, *below))


def _try_delete(path: Path) -> bool:
    try:
        delete_output(path)
    except OSError as error:
        _log.warning("an unfinished file cannot be deleted", extra={"path": str(path), "reason": str(error)})
        return False
    return True


def delete_output(path: Path) -> None:
    """Delete the file or folder, if there is one. Raises ``OSError``."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
