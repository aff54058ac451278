"""A finished graphic moves to its final place, whole or not at all, whenever the machine stops.

What is left behind by workers that died is swept here as well. That only the holder of a claim publishes, and where
to, is the caller's to know.
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
"""What file systems say that keep no folders to write out, as some shares do."""

_log = logging.getLogger(__name__)


def publish(target: Path, final: Path) -> None:
    """The target, a file or a folder of files, is at its final place, and both are on disk.

    At no moment there is half of it: the final place holds nothing, what was there, or the whole. A file takes the
    place of a file at once; whatever else is there is moved beside the target first, and removed afterwards.
    Raises ``OSError`` with the system's number; the target is then still there, or was moved whole.
    """
    _write_out(target)
    _make_folders(final.parent)
    aside = _move_aside(final, target) if _is_in_the_way(final, target) else None
    target.replace(final)
    _sync_folder(final.parent)
    _sync_folder(target.parent)
    if aside is not None:
        delete_output(aside)


def unpublish(target: Path, final: Path, measure: OutputStat, sha256: str) -> bool:
    """The file or folder that was published from the target is gone from its final place; returns whether it was there.

    It is known by its size, its time and its hash; anything else that lies there stays. Raises ``OSError``.
    """
    try:
        if stat_output(final) != measure or hash_output(final) != sha256:
            return False
    except (FileNotFoundError, NotADirectoryError):
        return False
    aside = _move_aside(final, target)
    _sync_folder(final.parent)
    delete_output(aside)
    return True


def _is_in_the_way(final: Path, target: Path) -> bool:
    """The system replaces a file by a file in one step, and nothing else."""
    return os.path.lexists(final) and (final.is_dir() or target.is_dir())


def _move_aside(final: Path, target: Path) -> Path:
    """Return where it is now: under a name that no claim has, so that it is swept if we die here."""
    aside = target.parent / f"{uuid4()}.old"
    final.replace(aside)
    return aside


def _write_out(target: Path) -> None:
    """The bytes of a file, or of all files of a folder, are on disk, and so are their names."""
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
    """The folder is there, and each one that had to be made is known to its parent on disk."""
    if folder.is_dir():
        return
    _make_folders(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync_folder(folder.parent)


def sweep_unfinished(root: Path, alive: Collection[UUID], older_than_seconds: float) -> list[Path]:
    """Remove what was made for no claim that lives and has not changed for so long; return what was removed.

    What bears no claim in its name is not ours and stays. ``alive`` may be older than the listing, hence the age.
    What cannot be removed is logged and left for the next time. Raises ``OSError`` where the folder cannot be read.
    """
    folder = root / UNFINISHED
    if not folder.is_dir() or folder.is_symlink():
        return []
    living = {str(claim) for claim in alive}
    before = time.time() - older_than_seconds
    return [path for path in sorted(folder.iterdir()) if _is_leftover(path, living, before) and _try_remove(path)]


def _is_leftover(path: Path, living: Collection[str], before: float) -> bool:
    claim = _CLAIM.search(path.name)
    return claim is not None and claim[0] not in living and _find_last_change(path) < before


def _find_last_change(path: Path) -> float:
    """Of the entry, or of what lies right below it; one that vanishes meanwhile is somebody else's to remove."""
    try:
        found = path.lstat()
        below = [each.lstat() for each in path.iterdir()] if stat.S_ISDIR(found.st_mode) else []
    except FileNotFoundError:
        return time.time()
    return max(max(each.st_mtime, each.st_ctime) for each in (found, *below))


def _try_remove(path: Path) -> bool:
    try:
        delete_output(path)
    except OSError as error:
        _log.warning("a leftover cannot be removed", extra={"path": str(path), "reason": str(error)})
        return False
    return True


def delete_output(path: Path) -> None:
    """Nothing is there any more, whether it was a file, a folder or nothing. Raises ``OSError``."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
