"""Which gone file is which fresh one: evidence by evidence, and the laws that hold for all."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.nas.moves import Fresh, Gone, match_moves


def gone(path: str, size: int = 50_000, mtime: int = 1, inode: int = 0, *, is_junk: bool = False, id_: int = 0) -> Gone:
    return Gone(id_ or abs(hash(path)), path, size, mtime, inode, is_junk)


def fresh(
    path: str, size: int = 50_000, mtime: int = 1, inode: int = 0, *, is_junk: bool = False, occupant: int | None = None
) -> Fresh:
    return Fresh(path, size, mtime, inode, is_junk, occupant)


def pairs(left: Sequence[Gone], right: Sequence[Fresh]) -> set[tuple[str, str]]:
    return {(one.path, other.path) for one, other in match_moves(left, right)}


CASES = {
    "the same inode, size and time": ([gone("A/x", inode=7)], [fresh("B/y", inode=7)], {("A/x", "B/y")}),
    "the same inode but another size": ([gone("A/x", inode=7)], [fresh("B/y", size=9, inode=7)], set()),
    "an inode that is not told": ([gone("A/x", 10)], [fresh("B/y", 10)], set()),
    "the same name, size and time": ([gone("A/x", 10)], [fresh("B/x", 10)], {("A/x", "B/x")}),
    "another name, but a size and time of its own": ([gone("A/x")], [fresh("A/y")], {("A/x", "A/y")}),
    "a size too common to be evidence": ([gone("A/x", 4_096)], [fresh("A/y", 4_096)], set()),
    "two that could be it": ([gone("A/x")], [fresh("A/y"), fresh("A/z")], set()),
    "two of which one has the name": ([gone("A/x")], [fresh("B/x"), fresh("B/y")], {("A/x", "B/x")}),
    "junk alone": ([gone("A/._x", 4_096, is_junk=True)], [fresh("B/._x", 4_096, is_junk=True)], set()),
    "an empty file alone": ([gone("A/x", 0)], [fresh("B/x", 0)], set()),
    "junk in a folder that moved": (
        [gone("A/s/x"), gone("A/s/._x", 4_096, is_junk=True), gone("A/t/empty", 0)],
        [fresh("B/s/x"), fresh("B/s/._x", 4_096, is_junk=True), fresh("B/t/empty", 0)],
        {("A/s/x", "B/s/x"), ("A/s/._x", "B/s/._x"), ("A/t/empty", "B/t/empty")},
    ),
    "equal files in equal number, by the order of their paths": (
        [gone("A/x"), gone("B/x")],
        [fresh("D/x"), fresh("C/x")],
        {("A/x", "C/x"), ("B/x", "D/x")},
    ),
    "equal files in unequal number": ([gone("A/x"), gone("B/x")], [fresh("C/x"), fresh("D/x"), fresh("E/x")], set()),
    "two names swapped": (
        [gone("a", mtime=1, id_=1), gone("b", mtime=2, id_=2)],
        [fresh("a", mtime=2, occupant=1), fresh("b", mtime=1, occupant=2)],
        {("a", "b"), ("b", "a")},
    ),
    "a chain of names": (
        [gone("a", mtime=1, id_=1), gone("b", mtime=2, id_=2)],
        [fresh("b", mtime=1, occupant=2), fresh("c", mtime=2)],
        {("a", "b"), ("b", "c")},
    ),
    "one moved over another that is nowhere else": (
        [gone("a", mtime=1, id_=1), gone("b", mtime=2, id_=2)],
        [fresh("b", mtime=1, occupant=2)],
        set(),
    ),
    "a chain that ends on an occupied path": (
        [gone("a", mtime=1, id_=1), gone("b", mtime=2, id_=2), gone("c", mtime=3, id_=3)],
        [fresh("b", mtime=1, occupant=2), fresh("c", mtime=2, occupant=3)],
        set(),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_move_needs_evidence_that_fits_one_pair(case: str) -> None:
    left, right, expected = CASES[case]

    assert pairs(left, right) == expected


PATHS = st.lists(st.sampled_from("ab"), min_size=1, max_size=3).map("/".join)
SIGNS = st.tuples(st.sampled_from([0, 4_096, 50_000]), st.integers(0, 2), st.integers(0, 2))


@given(st.dictionaries(PATHS, SIGNS), st.dictionaries(PATHS, SIGNS))
def test_no_file_and_no_path_is_used_twice_and_the_content_agrees(
    left: dict[str, tuple[int, int, int]], right: dict[str, tuple[int, int, int]]
) -> None:
    moves = match_moves([gone(path, *sign) for path, sign in left.items()], [fresh(p, *s) for p, s in right.items()])

    assert len({one.path for one, _ in moves}) == len({other.path for _, other in moves}) == len(moves)
    assert all((one.size, one.mtime_ns) == (other.size, other.mtime_ns) for one, other in moves)


@given(st.dictionaries(PATHS, SIGNS))
def test_a_folder_whose_every_file_has_its_inode_moves_whole(files: dict[str, tuple[int, int, int]]) -> None:
    left = [gone(f"old/{path}", size, 1, inode) for inode, (path, (size, *_)) in enumerate(files.items(), 1)]
    right = [fresh(f"new/{path}", size, 1, inode) for inode, (path, (size, *_)) in enumerate(files.items(), 1)]

    assert pairs(left, right) == {(f"old/{path}", f"new/{path}") for path in files}
