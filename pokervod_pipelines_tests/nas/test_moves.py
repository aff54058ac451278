"""Test which missing file is which new one: evidence by evidence, and the laws that hold for all."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.nas.moves import MoveSource, MoveTarget, match_moves


def source(
    path: str, size: int = 50_000, mtime: int = 1, inode: int = 0, *, is_junk: bool = False, id_: int = 0
) -> MoveSource:
    return MoveSource(id_ or abs(hash(path)), path, size, mtime, inode, is_junk, path.endswith(".mp4"))


def target(
    path: str, size: int = 50_000, mtime: int = 1, inode: int = 0, *, is_junk: bool = False, occupant: int | None = None
) -> MoveTarget:
    return MoveTarget(path, size, mtime, inode, is_junk, path.endswith(".mp4"), occupant)


def pairs(left: Sequence[MoveSource], right: Sequence[MoveTarget]) -> set[tuple[str, str]]:
    return {(one.path, other.path) for one, other in match_moves(left, right)}


CASES = {
    "the same inode, size and time": ([source("A/x", inode=7)], [target("B/y", inode=7)], {("A/x", "B/y")}),
    "the same inode but another size": ([source("A/x", inode=7)], [target("B/y", size=9, inode=7)], set()),
    "an unknown inode": ([source("A/x", 10)], [target("B/y", 10)], set()),
    "the same name, size and time": ([source("A/x", 10)], [target("B/x", 10)], {("A/x", "B/x")}),
    "another name, but a size and time of its own": ([source("A/x")], [target("A/y")], {("A/x", "A/y")}),
    "a size too common to be evidence": ([source("A/x", 4_096)], [target("A/y", 4_096)], set()),
    "a video hidden in its folder": ([source("A/x.mp4", inode=7)], [target("A/.x.mp4", inode=7, is_junk=True)], set()),
    "a video renamed to a backup": ([source("A/x.mp4", inode=7)], [target("A/x.mp4.bak", inode=7)], set()),
    "a backup renamed to a video": ([source("A/x.mp4.bak", inode=7)], [target("A/x.mp4", inode=7)], set()),
    "a video in a folder that moved, hidden meanwhile": (
        [source("A/s/x.mp4"), source("A/s/y.mp4", 9_000)],
        [target("B/s/x.mp4"), target("B/s/y.mp4", 9_000, is_junk=True)],
        {("A/s/x.mp4", "B/s/x.mp4")},
    ),
    "two that could be it": ([source("A/x")], [target("A/y"), target("A/z")], set()),
    "two of which one has the name": ([source("A/x")], [target("B/x"), target("B/y")], {("A/x", "B/x")}),
    "junk alone": ([source("A/._x", 4_096, is_junk=True)], [target("B/._x", 4_096, is_junk=True)], set()),
    "an empty file alone": ([source("A/x", 0)], [target("B/x", 0)], set()),
    "junk in a folder that moved": (
        [source("A/s/x"), source("A/s/._x", 4_096, is_junk=True), source("A/t/empty", 0)],
        [target("B/s/x"), target("B/s/._x", 4_096, is_junk=True), target("B/t/empty", 0)],
        {("A/s/x", "B/s/x"), ("A/s/._x", "B/s/._x"), ("A/t/empty", "B/t/empty")},
    ),
    "equal files in equal number, by the order of their paths": (
        [source("A/x"), source("B/x")],
        [target("D/x"), target("C/x")],
        {("A/x", "C/x"), ("B/x", "D/x")},
    ),
    "equal files in unequal number": (
        [source("A/x"), source("B/x")],
        [target("C/x"), target("D/x"), target("E/x")],
        set(),
    ),
    "two names swapped": (
        [source("a", mtime=1, id_=1), source("b", mtime=2, id_=2)],
        [target("a", mtime=2, occupant=1), target("b", mtime=1, occupant=2)],
        {("a", "b"), ("b", "a")},
    ),
    "a chain of names": (
        [source("a", mtime=1, id_=1), source("b", mtime=2, id_=2)],
        [target("b", mtime=1, occupant=2), target("c", mtime=2)],
        {("a", "b"), ("b", "c")},
    ),
    "one moved over another that is nowhere else": (
        [source("a", mtime=1, id_=1), source("b", mtime=2, id_=2)],
        [target("b", mtime=1, occupant=2)],
        set(),
    ),
    "a chain that ends on an occupied path": (
        [source("a", mtime=1, id_=1), source("b", mtime=2, id_=2), source("c", mtime=3, id_=3)],
        [target("b", mtime=1, occupant=2), target("c", mtime=2, occupant=3)],
        set(),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_move_needs_evidence_that_fits_one_pair(case: str) -> None:
    left, right, expected = CASES[case]

    assert pairs(left, right) == expected


PATHS = st.lists(st.sampled_from("ab"), min_size=1, max_size=3).map("/".join)
CONTENTS = st.tuples(st.sampled_from([0, 4_096, 50_000]), st.integers(0, 2), st.integers(0, 2))


@given(st.dictionaries(PATHS, CONTENTS), st.dictionaries(PATHS, CONTENTS))
def test_no_file_and_no_path_is_used_twice_and_the_content_agrees(
    left: dict[str, tuple[int, int, int]], right: dict[str, tuple[int, int, int]]
) -> None:
    moves = match_moves(
        [source(path, *content) for path, content in left.items()], [target(p, *s) for p, s in right.items()]
    )

    assert len({one.path for one, _ in moves}) == len({other.path for _, other in moves}) == len(moves)
    assert all((one.size, one.mtime_ns) == (other.size, other.mtime_ns) for one, other in moves)


@given(st.dictionaries(PATHS, CONTENTS))
def test_a_folder_whose_every_file_has_its_inode_moves_whole(files: dict[str, tuple[int, int, int]]) -> None:
    left = [source(f"old/{path}", size, 1, inode) for inode, (path, (size, *_)) in enumerate(files.items(), 1)]
    right = [target(f"new/{path}", size, 1, inode) for inode, (path, (size, *_)) in enumerate(files.items(), 1)]

    assert pairs(left, right) == {(f"old/{path}", f"new/{path}") for path in files}
