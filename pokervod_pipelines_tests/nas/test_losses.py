"""What counts as tidying up and what as a mount that went away."""

import pytest

from pokervod_pipelines.nas.losses import Limits, Look, judge_loss

LIMITS = Limits(files=20, share=0.05)


def paths(folder: str, count: int) -> list[str]:
    return [f"{folder}/{number}.mp4" for number in range(count)]


def look(*folders: str, empty: tuple[str, ...] = (), lost_mounts: tuple[str, ...] = (), top: str = "") -> Look:
    return Look(top=top, folders=set(folders), empty=set(empty), lost_mounts=set(lost_mounts))


ORDINARY = {
    "nothing": ([], 100, look("A")),
    "a few files of a large library": (paths("A", 19), 1_000, look("A")),
    "many files, but a small share": (paths("A", 40), 1_000, look("A")),
    "a small folder gone": (paths("A/x", 19), 1_000, look("A")),
    "a folder emptied of a few files": (paths("A", 4), 1_000, look(empty=("A",))),
    "all of a tiny library": (paths("A", 4), 4, look("A")),
    "less than half of a small library": (paths("A", 7), 15, look("A")),
}
SUSPICIOUS = {
    "a large share": (paths("A", 60), 1_000, look("A"), [("A", 60)]),
    "half of a small library": (paths("A", 8), 15, look("A"), [("A", 8)]),
    "a folder that stands empty": (paths("A", 5), 1_000, look(empty=("A",)), [("A", 5)]),
    "a folder with subfolders that stands empty": (
        paths("A/x", 3) + paths("A/y", 3),
        1_000,
        look(empty=("A",)),
        [("A", 6)],
    ),
    "a large folder gone": (paths("A/x", 20), 1_000, look("A"), [("A/x", 20)]),
    "a mount point that is none any more": (paths("A", 1), 1_000, look(empty=("A",), lost_mounts=("A",)), [("A", 1)]),
    "two folders, the larger first": (
        paths("A", 20) + paths("B", 30),
        5_000,
        look("C"),
        [("B", 30), ("A", 20)],
    ),
    "half of the files in the library's own folder": (paths("L", 10), 20, look("L", top="L"), [("L", 10)]),
}


@pytest.mark.parametrize("case", ORDINARY)
def test_tidying_up_is_no_loss(case: str) -> None:
    vanished, known, seen = ORDINARY[case]

    assert judge_loss(vanished, known, seen, LIMITS) == []


@pytest.mark.parametrize("case", SUSPICIOUS)
def test_a_mount_that_went_away_is_named_by_its_topmost_folder(case: str) -> None:
    vanished, known, seen, told = SUSPICIOUS[case]

    assert [(each.folder, each.files) for each in judge_loss(vanished, known, seen, LIMITS)] == told


def test_the_administrators_limit_holds_for_folders_that_stand_empty() -> None:
    lost = judge_loss(paths("A", 2), 1_000, look(empty=("A",)), Limits(files=2, share=0.05))

    assert [each.reason for each in lost] == ["is there but empty"]
