"""Explain files that a scan did not find: in a recycle bin, in a folder that cannot be listed, or a suspicious loss."""

import shlex
from collections.abc import Iterable
from contextlib import suppress
from functools import partial

from pokervod_pipelines.errors import ArchiveUnavailable, OperatorNeeded, PokervodError, SuspiciousLoss
from pokervod_pipelines.nas.file_system import FileSystem, list_names
from pokervod_pipelines.nas.losses import LostFolder
from pokervod_pipelines.nas.path_rules import is_bin
from pokervod_pipelines.nas.scan import LibraryFolder, WalkResult, walk
from pokervod_pipelines.nas.stall import ReadProgress, read_watched
from pokervod_pipelines.nas.store.files import KnownFile


def list_bins_above(fs: FileSystem, root: str, folder: str, stall_seconds: float) -> list[str]:
    """Return the recycle bins beside and above the library's folder: a share has one at its root."""
    bins: list[str] = []
    while folder:
        folder = folder.rpartition("/")[0]
        with suppress(ArchiveUnavailable):
            bins += read_watched(partial(_read_bins, fs, root, folder), stall_seconds)
    return bins


def _read_bins(fs: FileSystem, root: str, folder: str, progress: ReadProgress) -> list[str]:
    prefix = f"{folder}/" if folder else ""
    progress.enter(f"{root}/{folder}")
    return [prefix + name for name in sorted(list_names(fs, f"{root}/{folder}")) if is_bin(name)]


def find_in_bins(
    fs: FileSystem, root: str, bins: Iterable[str], files: Iterable[KnownFile], stall_seconds: float
) -> set[KnownFile]:
    """Return the files that are in one of the recycle bins now: a person deleted them, a mount was not lost."""
    contents: set[tuple[object, ...]] = set()
    for folder in bins:
        with suppress(ArchiveUnavailable):
            for batch in walk(fs, LibraryFolder(root, folder), WalkResult(), stall_seconds):
                contents |= {(path.rpartition("/")[2], size, mtime_ns) for path, size, mtime_ns, _ in batch}
                contents |= {(size, inode) for _, size, _, inode in batch if inode}
    return {
        each
        for each in files
        if (each.size, each.inode) in contents or (each.path.rpartition("/")[2], each.size, each.mtime_ns) in contents
    }


def make_unreadable_error(library: str, result: WalkResult, hidden: Iterable[KnownFile]) -> PokervodError | None:
    """Return the error of folders that may hide files: one that is refused, or that vanished with known files."""
    count = sum(not each.is_junk for each in hidden)
    known = f"{count} known files below are marked as unseen, none as missing"
    if result.refused:
        more = f" and {len(result.refused) - 1} more folders" if len(result.refused) > 1 else ""
        return OperatorNeeded(
            f"library {library!r}: the scanning user may not list {min(result.refused)}{more}; {known}. "
            "Give the right to list it, or add it to scan.ignore; then scan again."
        )
    if count:
        folder = min(result.unreadable)
        return ArchiveUnavailable(f"library {library!r}: {folder} vanished while it was read; {known}. Scan again.")
    return None


def make_loss_error(library: str, lost: list[LostFolder]) -> SuspiciousLoss:
    """Return the error of a suspicious loss, with the command for each folder that was deleted after all."""
    total = sum(each.files for each in lost)
    lines = [f"library {library!r}: {total} files were not found, which looks like a lost mount, not like a deletion:"]
    lines += [f"  {each.folder or '.'}: {each.files} files: {each.reason}" for each in lost[:10]]
    lines.append(
        "Nothing was removed; they are marked as unseen. Mount the share and scan again. If they were deleted:"
    )
    command = f"pokervod nas confirm-loss --library {library} --below"
    lines += [f"  {command} {shlex.quote(each.folder or '.')} --reason 'why'" for each in lost[:10]]
    if len(lost) > 10:
        lines.append(f"and {len(lost) - 10} more folders")
    return SuspiciousLoss("\n".join(lines))
