"""Check which losses count as a deletion and which as a lost mount."""

import pytest

from pokervod_pipelines.nas.losses import LossLimits, SeenFolders, find_suspicious_losses

LIMITS = LossLimits(files=20, share=0.05)


def paths(folder: str, count: int) -> list[str]:
    return [f"{folder}/{number}.mp4" for number in range(count)]


def see(*folders: str, empty: tuple[str, ...] = (), lost_mounts: tuple[str, ...] = (), top: str = "") -> SeenFolders:
    return SeenFolders(top=top, folders=set(folders), empty=set(empty), lost_mounts=set(lost_mounts))


ORDINARY = {
    "nothing": ([], 100, see("A")),
    "a few files of a large library": (paths("A", 19), 1_000, see("A")),
    "many files, but a small share": (paths("A", 40), 1_000, see("A")),
    "a small folder gone": (paths("A/x", 19), 1_000, see("A")),
    "a folder emptied of a few files": (paths("A", 4), 1_000, see(empty=("A",))),
    "all of a tiny library": (paths("A", 4), 4, see("A")),
    "less than half of a small library": (paths("A", 7), 15, see("A")),
}
SUSPICIOUS = {
    "a large share": (paths("A", 60), 1_000, see("A"), [("A", 60)]),
    "half of a small library": (paths("A", 8), 15, see("A"), [("A", 8)]),
    "an emptied folder": (paths("A", 5), 1_000, see(empty=("A",)), [("A", 5)]),
    "an emptied folder with subfolders": (
        paths("A/x", 3) + paths("A/y", 3),
        1_000,
        see(empty=("A",)),
        [("A", 6)],
    ),
    "a large folder gone": (paths("A/x", 20), 1_000, see("A"), [("A/x", 20)]),
    "a lost mount point": (paths("A", 1), 1_000, see(empty=("A",), lost_mounts=("A",)), [("A", 1)]),
    "two folders, the larger first": (
        paths("A", 20) + paths("B", 30),
        5_000,
        see("C"),
        [("B", 30), ("A", 20)],
    ),
    "half of the files in the library's own folder": (paths("L", 10), 20, see("L", top="L"), [("L", 10)]),
}


@pytest.mark.parametrize("case", ORDINARY)
def test_an_ordinary_deletion_is_not_suspicious(case: str) -> None:
    vanished, known, seen = ORDINARY[case]

    assert find_suspicious_losses(vanished, known, seen, LIMITS) == []


@pytest.mark.parametrize("case", SUSPICIOUS)
def test_a_lost_mount_is_named_by_its_topmost_folder(case: str) -> None:
    vanished, known, seen, expected = SUSPICIOUS[case]

    assert [(each.folder, each.files) for each in find_suspicious_losses(vanished, known, seen, LIMITS)] == expected


def test_the_configured_limit_applies_to_emptied_folders() -> None:
    lost = find_suspicious_losses(paths("A", 2), 1_000, see(empty=("A",)), LossLimits(files=2, share=0.05))

    assert [each.reason for each in lost] == ["exists but is empty"]
