"""Tell a lost mount from a deletion by what vanished in one scan. Pure: no disk, no database.

An unmounted share looks like an empty directory. A wrong alarm costs one command of an operator; a missed one costs
the catalog its files, so a doubtful case counts as a lost mount.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

_MIN_FILES = 5
"""Fewer files are a deletion even if they emptied a folder or were half of a library."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LossLimits:
    """Limit how much may vanish in one scan: ``files`` from a folder, ``share`` of the library."""

    files: int
    share: float


@dataclass(frozen=True, slots=True)
class LostFolder:
    """Name a folder below which ``files`` vanished, and why that is suspicious; '' is the library's own folder."""

    folder: str
    files: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenFolders:
    """Describe the folders of one scan; ``lost_mounts`` were mount points at the last scan and are not now."""

    top: str
    folders: Collection[str]
    empty: Collection[str]
    lost_mounts: Collection[str]


def find_suspicious_losses(
    vanished: Iterable[str], known: int, seen: SeenFolders, limits: LossLimits
) -> list[LostFolder]:
    """Return the topmost suspicious folders, most files first; none when the loss is an ordinary deletion.

    ``vanished`` are the paths that were not found, without moves; ``known`` is how many files the library had.
    """
    below = _count_below(vanished, seen.top)
    suspects = {
        folder: LostFolder(folder, files, reason)
        for folder, files in below.items()
        if folder != seen.top and (reason := _find_reason(folder, files, seen, limits))
    }
    lost = [each for folder, each in suspects.items() if not any(up in suspects for up in _above(folder))]
    if not lost:
        lost = _check_total(below, known, seen, limits)
    return sorted(lost, key=lambda each: (-each.files, each.folder))


def _find_reason(folder: str, files: int, seen: SeenFolders, limits: LossLimits) -> str:
    if folder in seen.lost_mounts:
        return "was a mount point and is not one now"
    if folder in seen.empty and files >= min(_MIN_FILES, limits.files):
        return "exists but is empty"
    if files >= limits.files and folder not in seen.folders and folder not in seen.empty:
        return "was deleted with everything below it, or unmounted"
    return ""


def _check_total(below: Counter[str], known: int, seen: SeenFolders, limits: LossLimits) -> list[LostFolder]:
    total = below[seen.top]
    is_much = total >= limits.files and total > limits.share * known
    is_half = total >= min(_MIN_FILES, limits.files) and 2 * total >= known
    if not (is_much or is_half):
        return []
    reason = f"{total} of {known} files of the library vanished at once"
    depth = seen.top.count("/") + 1 if seen.top else 0
    tops = [(folder, files) for folder, files in below.items() if folder != seen.top and folder.count("/") == depth]
    direct = total - sum(files for _, files in tops)
    return [LostFolder(folder, files, reason) for folder, files in tops] + (
        [LostFolder(seen.top, direct, reason)] if direct else []
    )


def _count_below(paths: Iterable[str], top: str) -> Counter[str]:
    below: Counter[str] = Counter()
    for path in paths:
        below[top] += 1
        for folder in _above(path):
            if len(folder) <= len(top):
                break
            below[folder] += 1
    return below


def _above(path: str) -> Iterable[str]:
    """Yield every folder that contains the path, nearest first."""
    folder, slash, _ = path.rpartition("/")
    while slash:
        yield folder
        folder, slash, _ = folder.rpartition("/")
