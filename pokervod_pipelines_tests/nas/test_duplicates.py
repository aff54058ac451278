"""Find files that are there twice, labelled by how much a listing can know."""

import os
from datetime import UTC, datetime, timedelta

from pokervod_pipelines.nas.duplicates import find_duplicates
from pokervod_pipelines.periods import Period
from pokervod_pipelines_tests.nas.conftest import Archive


def test_each_group_says_how_sure_it_is(archive: Archive) -> None:
    archive.write("2023/XX23-01.mp4", 50_000)
    archive.write("Clips/XX23-01.mp4", 50_000)
    archive.write("2024/Day 2.mp4", 60_000)
    archive.write("2024/NC/Day 2 (1)-003.mp4", 60_000)
    archive.write("H/1213_Hand_62_Roe vs Poe_Clean.mp4", 70_000)
    archive.write("H/1213_Hand_67_Roe vs Poe_Clean.mp4", 70_000)
    archive.write("R/HyperDeck_0028.mp4", 80_000)
    archive.write("S/HyperDeck_0028.mp4", 80_001)
    archive.write("T/one title.mp4", 90_000)
    archive.write("T/other title.mp4", 90_000)
    original, copy = archive.write("U/title.mp4", 95_000), archive.write("U/same under another name.mp4", 95_000)
    os.utime(copy, ns=(0, original.stat().st_mtime_ns))
    archive.write("A/._x.mp4", 50_000)
    archive.write("A/alone.mp4", 123_456)
    archive.write("V/small.mp4", 100)
    archive.write("W/small.mp4", 100)
    archive.scan()

    groups = find_duplicates(archive.engine, archive.settings)

    assert [(group.kind, group.size, group.paths) for group in groups] == [
        ("copy", 60_000, ("main/2024/Day 2.mp4", "main/2024/NC/Day 2 (1)-003.mp4")),
        ("copy", 50_000, ("main/2023/XX23-01.mp4", "main/Clips/XX23-01.mp4")),
        (
            "mislabelled",
            70_000,
            ("main/H/1213_Hand_62_Roe vs Poe_Clean.mp4", "main/H/1213_Hand_67_Roe vs Poe_Clean.mp4"),
        ),
        ("renamed_copy", 95_000, ("main/U/same under another name.mp4", "main/U/title.mp4")),
        ("same_size", 90_000, ("main/T/one title.mp4", "main/T/other title.mp4")),
        ("same_name", 0, ("main/R/HyperDeck_0028.mp4", "main/S/HyperDeck_0028.mp4")),
    ]


def test_a_file_that_is_missing_is_not_a_duplicate(archive: Archive) -> None:
    archive.write("A/x.mp4", 50_000)
    archive.write("B/x.mp4", 50_000)
    archive.scan()
    (archive.root / "B/x.mp4").unlink()
    archive.scan()

    assert find_duplicates(archive.engine, archive.settings) == []


def test_hard_links_are_one_file(archive: Archive) -> None:
    file = archive.write("A/x.mp4", 50_000)
    (archive.root / "A/x (1).mp4").hardlink_to(file)
    (archive.root / "B").mkdir()
    (archive.root / "B/x.mp4").hardlink_to(file)
    archive.scan()

    assert find_duplicates(archive.engine, archive.settings) == []

    archive.write("C/x.mp4", 50_000)
    archive.scan()

    assert [(group.kind, group.paths) for group in find_duplicates(archive.engine, archive.settings)] == [
        ("copy", ("main/A/x (1).mp4", "main/C/x.mp4"))
    ]


def test_files_without_an_inode_are_files_of_their_own(archive: Archive) -> None:
    original, copy = archive.write("A/x.mp4", 50_000), archive.write("B/x.mp4", 50_000)
    os.utime(copy, ns=(0, original.stat().st_mtime_ns))
    archive.scan()
    with archive.engine.begin() as connection:
        connection.exec_driver_sql("update nas_files set inode = 0")

    assert [group.kind for group in find_duplicates(archive.engine, archive.settings)] == ["copy"]


def test_duplicates_are_filtered_by_when_a_file_came(archive: Archive) -> None:
    for name in ("A/old.mp4", "B/old.mp4", "A/grown.mp4"):
        archive.write(name, 50_000 if "old" in name else 60_000)
    archive.scan()
    with archive.engine.begin() as connection:
        connection.exec_driver_sql("update nas_files set first_seen_at = now() - interval '2 days'")
    archive.write("B/grown.mp4", 60_000)
    archive.scan()

    recent = find_duplicates(archive.engine, archive.settings, Period(since=datetime.now(UTC) - timedelta(days=1)))

    assert [group.paths for group in recent] == [("main/A/grown.mp4", "main/B/grown.mp4")]
