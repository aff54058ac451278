"""Whether what vanished looks like people tidying up or like a mount that went away. Pure: no disk, no database.

An unmounted share looks like an empty directory. The price of a wrong alarm is one command by an operator; the price of
believing it is a catalog without its files, so doubt counts as a mount.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

_HANDFUL = 5
"""From so many files on, a folder that stands empty, or half a library gone, is not called tidying up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much may vanish in one scan: ``files`` from a folder, ``share`` of the library."""

    files: int
    share: float


@dataclass(frozen=True, slots=True)
class LostFolder:
    """A folder below which ``files`` vanished, and why that is suspicious; '' is the library's own folder."""

    folder: str
    files: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What the scan saw of folders; ``lost_mounts`` were on a device of their own and are not any more."""

    top: str
    folders: Collection[str]
    empty: Collection[str]
    lost_mounts: Collection[str]


def judge_loss(vanished: Iterable[str], known: int, look: Look, limits: Limits) -> list[LostFolder]:
    """The topmost suspicious folders, most files first; none when the loss is an ordinary deletion.

    ``vanished`` are the paths that were looked for and not there, with moves taken out; ``known`` is how many files of
    the library were believed to be there.
    """
    below = _count_below(vanished, look.top)
    suspects = {
        folder: LostFolder(folder, files, reason)
        for folder, files in below.items()
        if folder != look.top and (reason := _suspect(folder, files, look, limits))
    }
    lost = [each for folder, each in suspects.items() if not any(up in suspects for up in _above(folder))]
    if not lost:
        lost = _judge_total(below, known, look, limits)
    return sorted(lost, key=lambda each: (-each.files, each.folder))


def _suspect(folder: str, files: int, look: Look, limits: Limits) -> str:
    if folder in look.lost_mounts:
        return "was a mount point and is none any more"
    if folder in look.empty and files >= min(_HANDFUL, limits.files):
        return "is there but empty"
    if files >= limits.files and folder not in look.folders and folder not in look.empty:
        return "is gone with everything below it"
    return ""


def _judge_total(below: Counter[str], known: int, look: Look, limits: Limits) -> list[LostFolder]:
    total = below[look.top]
    is_much = total >= limits.files and total > limits.share * known
    is_half = total >= min(_HANDFUL, limits.files) and 2 * total >= known
    if not (is_much or is_half):
        return []
    reason = f"{total} of {known} files of the library vanished at once"
    depth = look.top.count("/") + 1 if look.top else 0
    tops = [(folder, files) for folder, files in below.items() if folder != look.top and folder.count("/") == depth]
    direct = total - sum(files for _, files in tops)
    return [LostFolder(folder, files, reason) for folder, files in tops] + (
        [LostFolder(look.top, direct, reason)] if direct else []
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
    """Every folder that contains the path, nearest first."""
    folder, slash, _ = path.rpartition("/")
    while slash:
        yield folder
        folder, slash, _ = folder.rpartition("/")
