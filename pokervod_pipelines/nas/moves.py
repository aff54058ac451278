"""Match files that left one path with files that are new at another. Pure: no disk, no database.

A path is not an identity: folders are renamed between scans, and everything known about a file depends on its row. A
move needs evidence that fits one pair and no other; size and mtime must be the same in all of it, and what the file
counts as: a video that is now in a recycle bin, hidden or called ``.bak`` was deleted, not moved.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

_MIN_BYTES = 4_096
"""Size above which size and mtime alone are evidence; AppleDouble files all have exactly this size."""


@dataclass(frozen=True, slots=True)
class MoveSource:
    """Hold a known file that is not at its path any more: nothing is there, or another content."""

    file_id: int
    path: str
    size: int
    mtime_ns: int
    inode: int
    is_junk: bool
    is_video: bool


@dataclass(frozen=True, slots=True)
class MoveTarget:
    """Hold a content that is new at its path; ``occupant`` is the row that has the path, if any."""

    path: str
    size: int
    mtime_ns: int
    inode: int
    is_junk: bool
    is_video: bool
    occupant: int | None = None


Move = tuple[MoveSource, MoveTarget]
_Feature = Callable[[MoveSource | MoveTarget], Hashable | None]


def match_moves(sources: Sequence[MoveSource], targets: Sequence[MoveTarget]) -> list[Move]:
    """Return the moves, each file and each path at most once, strongest evidence first.

    Then drop those whose target path belongs to a row that does not move itself: a file moved over another one is a
    rewrite of that other one. Cycles (two names swapped) and chains are moves.
    """
    matching = _Matching(sources, targets)
    matching.match_unique(_by_inode)
    matching.match_unique(_by_name)
    matching.match_folders()
    matching.match_groups(_by_name)
    matching.match_unique(_by_size_and_time)
    matching.match_folders()
    return _drop_blocked(matching.moves)


def _describe_content(file: MoveSource | MoveTarget) -> Hashable:
    return (file.size, file.mtime_ns, file.is_junk, file.is_video)


def _by_inode(file: MoveSource | MoveTarget) -> Hashable | None:
    return (file.inode, _describe_content(file)) if file.inode else None


def _by_name(file: MoveSource | MoveTarget) -> Hashable | None:
    if file.is_junk or not file.size:
        return None
    return (file.path.rpartition("/")[2], _describe_content(file))


def _by_size_and_time(file: MoveSource | MoveTarget) -> Hashable | None:
    return None if file.is_junk or file.size <= _MIN_BYTES else _describe_content(file)


class _Matching:
    """Keep the moves found so far, and what is left to match."""

    def __init__(self, sources: Iterable[MoveSource], targets: Iterable[MoveTarget]) -> None:
        self.sources = {file.path: file for file in sources}
        self.targets = {file.path: file for file in targets}
        self.moves: list[Move] = []

    def match_unique(self, feature: _Feature) -> None:
        """Match files whose feature no other file on their side has."""
        for ours, theirs in self._groups(feature):
            if len(ours) == len(theirs) == 1:
                self._match(self.sources[ours[0]], self.targets[theirs[0]])

    def match_groups(self, feature: _Feature) -> None:
        """Match equal files in equal number, in the order of their paths: any pairing keeps their content."""
        for ours, theirs in self._groups(feature):
            if len(ours) == len(theirs):
                for one, other in zip(sorted(ours), sorted(theirs), strict=True):
                    self._match(self.sources[one], self.targets[other])

    def match_folders(self) -> None:
        """Match what is at the same place below a folder that moved, junk and empty files too."""
        folders = _moved_folders(self.moves)
        for old in sorted(self.sources):
            file = self.sources[old]
            target = self.targets.get(_relocate(old, folders))
            if target is not None and _describe_content(target) == _describe_content(file):
                self._match(file, target)

    def _groups(self, feature: _Feature) -> list[tuple[list[str], list[str]]]:
        groups: dict[Hashable, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
        sided: list[tuple[int, MoveSource | MoveTarget]] = [(0, file) for file in self.sources.values()]
        sided += [(1, file) for file in self.targets.values()]
        for side, file in sided:
            key = feature(file)
            if key is not None:
                groups[key][side].append(file.path)
        return [group for group in groups.values() if group[0] and group[1]]

    def _match(self, source: MoveSource, target: MoveTarget) -> None:
        self.moves.append((source, target))
        del self.sources[source.path], self.targets[target.path]


def _moved_folders(moves: Iterable[Move]) -> dict[str, str]:
    """Return old folder → new folder, for every level at which the two paths still end alike."""
    folders: dict[str, str] = {}
    for source, target in moves:
        old, new = source.path.split("/")[:-1], target.path.split("/")[:-1]
        while old and new and old != new:
            folders.setdefault("/".join(old), "/".join(new))
            if old.pop() != new.pop():
                break
    return folders


def _relocate(path: str, folders: dict[str, str]) -> str:
    """Return where the path is after the move of the nearest folder above it that moved; '' if none did."""
    folder, slash, rest = path.rpartition("/")
    while slash:
        if folder in folders:
            return f"{folders[folder]}/{rest}"
        folder, slash, name = folder.rpartition("/")
        rest = f"{name}/{rest}"
    return ""


def _drop_blocked(moves: list[Move]) -> list[Move]:
    while True:
        leaving = {source.file_id for source, _ in moves}
        free = [move for move in moves if move[1].occupant is None or move[1].occupant in leaving]
        if len(free) == len(moves):
            return free
        moves = free
