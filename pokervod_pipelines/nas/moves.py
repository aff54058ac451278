"""Which file that is gone from one path is the file that is new at another. Pure: no disk, no database.

A path is no identity: folders are renamed between scans, and everything known about a file hangs on its row. A move is
believed only on evidence that fits one pair and no other; size and mtime must be the same in all of it.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

_WORTH_GUESSING = 4_096
"""Bytes above which size and mtime alone are evidence; AppleDouble files all have exactly this size."""


@dataclass(frozen=True, slots=True)
class Gone:
    """A known file that is not at its path any more: nothing is there, or another content."""

    file_id: int
    path: str
    size: int
    mtime_ns: int
    inode: int
    is_junk: bool


@dataclass(frozen=True, slots=True)
class Fresh:
    """A content seen at a path where it was not known; ``occupant`` is the row that has the path, if any."""

    path: str
    size: int
    mtime_ns: int
    inode: int
    is_junk: bool
    occupant: int | None = None


Move = tuple[Gone, Fresh]
_Sign = Callable[[Gone | Fresh], Hashable | None]


def match_moves(gone: Sequence[Gone], fresh: Sequence[Fresh]) -> list[Move]:
    """The moves, each file and each path at most once, strongest evidence first.

    Then those are dropped whose goal is still held by a row that does not move itself: a file moved over another one
    is a rewrite of that other one. Cycles (two names swapped) and chains are moves.
    """
    matching = _Matching(gone, fresh)
    matching.pair_alone(_by_inode)
    matching.pair_alone(_by_name)
    matching.pair_folders()
    matching.pair_groups(_by_name)
    matching.pair_alone(_by_size_and_time)
    matching.pair_folders()
    return _drop_blocked(matching.moves)


def _by_inode(file: Gone | Fresh) -> Hashable | None:
    return (file.inode, file.size, file.mtime_ns) if file.inode else None


def _by_name(file: Gone | Fresh) -> Hashable | None:
    if file.is_junk or not file.size:
        return None
    return (file.path.rpartition("/")[2], file.size, file.mtime_ns)


def _by_size_and_time(file: Gone | Fresh) -> Hashable | None:
    return None if file.is_junk or file.size <= _WORTH_GUESSING else (file.size, file.mtime_ns)


class _Matching:
    """What is matched so far, and what is left to match."""

    def __init__(self, gone: Iterable[Gone], fresh: Iterable[Fresh]) -> None:
        self.gone = {file.path: file for file in gone}
        self.fresh = {file.path: file for file in fresh}
        self.moves: list[Move] = []

    def pair_alone(self, sign: _Sign) -> None:
        """Files whose sign no other file on their side has."""
        for ours, theirs in self._groups(sign):
            if len(ours) == len(theirs) == 1:
                self._take(self.gone[ours[0]], self.fresh[theirs[0]])

    def pair_groups(self, sign: _Sign) -> None:
        """Equal files in equal number, in the order of their paths: any pairing keeps their content."""
        for ours, theirs in self._groups(sign):
            if len(ours) == len(theirs):
                for one, other in zip(sorted(ours), sorted(theirs), strict=True):
                    self._take(self.gone[one], self.fresh[other])

    def pair_folders(self) -> None:
        """What lies at the same place below a folder that moved moved with it, junk and empty files too."""
        folders = _moved_folders(self.moves)
        for old in sorted(self.gone):
            file = self.gone[old]
            goal = self.fresh.get(_relocate(old, folders))
            if goal is not None and (goal.size, goal.mtime_ns) == (file.size, file.mtime_ns):
                self._take(file, goal)

    def _groups(self, sign: _Sign) -> list[tuple[list[str], list[str]]]:
        groups: dict[Hashable, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
        sided: list[tuple[int, Gone | Fresh]] = [(0, file) for file in self.gone.values()]
        sided += [(1, file) for file in self.fresh.values()]
        for side, file in sided:
            key = sign(file)
            if key is not None:
                groups[key][side].append(file.path)
        return [group for group in groups.values() if group[0] and group[1]]

    def _take(self, gone: Gone, fresh: Fresh) -> None:
        self.moves.append((gone, fresh))
        del self.gone[gone.path], self.fresh[fresh.path]


def _moved_folders(moves: Iterable[Move]) -> dict[str, str]:
    """Old folder → new folder, for every level at which the two paths still end alike."""
    folders: dict[str, str] = {}
    for gone, fresh in moves:
        old, new = gone.path.split("/")[:-1], fresh.path.split("/")[:-1]
        while old and new and old != new:
            folders.setdefault("/".join(old), "/".join(new))
            if old.pop() != new.pop():
                break
    return folders


def _relocate(path: str, folders: dict[str, str]) -> str:
    """Where the path would be after the move of the nearest folder above it that moved; '' if none did."""
    folder, slash, rest = path.rpartition("/")
    while slash:
        if folder in folders:
            return f"{folders[folder]}/{rest}"
        folder, slash, name = folder.rpartition("/")
        rest = f"{name}/{rest}"
    return ""


def _drop_blocked(moves: list[Move]) -> list[Move]:
    while True:
        leaving = {gone.file_id for gone, _ in moves}
        free = [move for move in moves if move[1].occupant is None or move[1].occupant in leaving]
        if len(free) == len(moves):
            return free
        moves = free
