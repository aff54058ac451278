"""Check that bins, snapshots, hidden and ignored places are not content: a video moved there was deleted."""

import shutil
from pathlib import Path

import pytest

from pokervod_pipelines.errors import SuspiciousLoss
from pokervod_pipelines.nas.missing import list_missing
from pokervod_pipelines.nas.path_rules import PathRules
from pokervod_pipelines_tests.nas.conftest import Archive

BINS = ["#recycle", ".recycle/kim", "@Recycle", ".Trash-1000/files", "$RECYCLE.BIN/S-1-5-21", "WSOP/#recycle"]


def move(archive: Archive, old: str, new: str) -> None:
    goal = archive.root / new
    goal.parent.mkdir(parents=True, exist_ok=True)
    (archive.root / old).rename(goal)


@pytest.mark.parametrize("folder", BINS)
def test_a_folder_deleted_into_a_bin_is_missing_and_comes_back(archive: Archive, folder: str) -> None:
    archive.fill("WSOP/2024", 30)
    archive.write("PAD/show.mp4")
    archive.scan()
    before, events = archive.ids(), archive.events()
    move(archive, "WSOP/2024", f"{folder}/2024")

    report = archive.scan()

    assert (report.moved, report.removed, report.missing, report.unseen, report.added) == (0, 30, 30, 0, 0)
    assert len(list_missing(archive.engine)) == 30
    assert {kind for kind, _ in archive.events()[len(events) :]} == {"nas.file.removed"}

    move(archive, f"{folder}/2024", "WSOP/2024")
    report = archive.scan()

    assert (report.returned, report.missing) == (30, 0)
    assert archive.ids() == before


@pytest.mark.parametrize("folder", ["#recycle", ".recycle/kim", "ARCHIVE/@Recycle", "ARCHIVE/WSOP/.@recycle"])
def test_a_bin_beside_or_above_the_library_explains_a_deletion(archive: Archive, folder: str) -> None:
    archive.options["libraries"] = {"wsop": "ARCHIVE/WSOP", "rest": "."}
    archive.fill("ARCHIVE/WSOP/2023", 5)
    archive.fill("ARCHIVE/WSOP/2024", 30)
    for library in ("wsop", "rest"):
        archive.scan(library)
    move(archive, "ARCHIVE/WSOP/2024", f"{folder}/2024")

    reports = [archive.scan(library) for library in ("rest", "wsop")]

    assert [(report.removed, report.moved, report.added) for report in reports] == [(0, 0, 0), (30, 0, 0)]


def test_a_loss_that_no_bin_explains_is_suspicious(archive: Archive) -> None:
    archive.fill("WSOP/2023", 30)
    archive.fill("WSOP/2024", 30)
    archive.scan()
    move(archive, "WSOP/2024", "#recycle/2024")
    shutil.rmtree(archive.root / "WSOP/2023")

    with pytest.raises(SuspiciousLoss, match="30 files were not found"):
        archive.scan()

    states = archive.states()
    assert (states["WSOP/2023/show-00.mp4"], states["WSOP/2024/show-00.mp4"]) == ("unseen", "missing")


@pytest.mark.parametrize(
    "goal",
    [
        "A/.show.mp4", ".hidden/show.mp4", "A/show.mp4.bak", "A/show.mp4.old", "A/show.mp4.part", "A/show",
        "A/Thumbs.db", "A/show.zip", ".recycle/show.mp4", "#snapshot/x/show.mp4", "~snapshot/hourly.0/A/show.mp4",
        "@tmp/show.mp4",
    ],
)  # fmt: skip
def test_a_video_moved_to_where_it_does_not_count_is_missing_and_comes_back(archive: Archive, goal: str) -> None:
    archive.fill("A", 10)
    archive.write("A/show.mp4", 77_777)
    archive.scan()
    before = archive.ids()
    move(archive, "A/show.mp4", goal)

    report = archive.scan()

    assert (report.moved, report.removed, report.missing) == (0, 1, 1)
    assert ("nas.file.removed", "A/show.mp4") in archive.events()
    assert archive.ids().get("A/show.mp4") is None

    move(archive, goal, "A/show.mp4")
    report = archive.scan()

    assert (report.returned, report.missing) == (1, 0)
    assert archive.ids()["A/show.mp4"] == before["A/show.mp4"]


def test_a_video_restored_from_a_bin_to_another_folder_keeps_its_id(archive: Archive) -> None:
    archive.fill("A", 10)
    archive.write("A/show.mp4", 77_777)
    archive.scan()
    before = archive.ids()["A/show.mp4"]
    move(archive, "A/show.mp4", ".trash/show.mp4")
    archive.scan()
    move(archive, ".trash/show.mp4", "B/show.mp4")

    report = archive.scan()

    assert (report.moved, report.missing) == (1, 0)
    assert archive.ids()["B/show.mp4"] == before


def test_a_deletion_is_seen_although_a_snapshot_has_the_file(archive: Archive) -> None:
    archive.fill("WSOP", 8)
    archive.scan()
    kept = archive.root / "#snapshot/GMT+09-2024.05.02-00.00.01/WSOP"
    kept.mkdir(parents=True)
    shutil.copy2(archive.root / "WSOP/show-07.mp4", kept)
    (archive.root / "WSOP/show-07.mp4").unlink()

    report = archive.scan()

    assert (report.moved, report.missing, report.added) == (0, 1, 0)


@pytest.mark.parametrize("folder", ["#snapshot", "@Recently-Snapshot", "~snapshot", ".snapshot", ".zfs/snapshot"])
def test_a_snapshot_that_comes_and_goes_changes_nothing(archive: Archive, folder: str) -> None:
    archive.fill("WSOP", 30)
    archive.scan()
    events, rows = archive.events(), archive.states()
    shutil.copytree(archive.root / "WSOP", archive.root / folder / "daily.0/WSOP")

    report = archive.scan()
    assert (report.seen, report.unchanged, report.added) == (30, 30, 0)

    shutil.rmtree(archive.root / folder)
    report = archive.scan()

    assert (report.seen, report.unchanged, report.removed, report.missing) == (30, 30, 0, 0)
    assert (archive.events(), archive.states()) == (events, rows)


def test_a_hidden_folder_that_comes_and_goes_changes_nothing_that_a_person_sees(archive: Archive) -> None:
    archive.fill("WSOP", 30)
    archive.scan()
    events = archive.events()
    shutil.copytree(archive.root / "WSOP", archive.root / ".backup/WSOP")

    assert archive.scan().junk == 30
    shutil.rmtree(archive.root / ".backup")
    report = archive.scan()

    assert (report.status, report.removed, report.missing, report.unseen) == ("completed", 0, 0, 0)
    assert archive.events() == events


SYSTEM = [
    "#recycle", "#snapshot", "#SnapshotReplica", "@eaDir", "@tmp", "@sharebin", "@Recycle", "@Recently-Snapshot",
    "~snapshot", ".snapshot", ".snapshots", ".zfs", "$RECYCLE.BIN", "$Extend", "System Volume Information", "RECYCLER",
    "Recycled", "FOUND.000", "found.012", "lost+found", "Network Trash Folder", "Temporary Items", ".Trash-1000",
    ".Trashes", ".Recycle.Bin", "@GMT-2024.05.02-00.00.01", "TheVolumeSettingsFolder", "Backups.backupdb",
    "DfsrPrivate", "trashbox",
    ".@recycle", "@appstore", "@SynologyDrive", ".stversions", "Network Trash Folder ", "#RECYCLE",
]  # fmt: skip
CONTENT = [
    "#1 Hits", "#TrashTalk", "@HustlerCasinoLive", "@PokerGO", "$3M GTD $3K MPP High Roller", "$25K", "Recycled Jokes",
    "Snapshots 2024", "Found Footage", "Trash Talk", "tmp", "snapshot of a hero", "~Final", "Lost and found", "FOUND",
    ".hidden", "Network", "@Home Game", "Temporary",
]  # fmt: skip


@pytest.mark.parametrize("name", SYSTEM)
def test_a_folder_of_a_system_is_not_entered(name: str) -> None:
    assert PathRules().is_skipped(f"A/{name}")
    assert PathRules().is_system_folder(f"A/{name}/B")


@pytest.mark.parametrize("name", CONTENT)
def test_a_folder_that_only_looks_like_one_is_entered(name: str) -> None:
    assert not PathRules().is_skipped(f"A/{name}")


GLOBS = [
    # ignore, keep, folder, skipped
    (("old takes",), (), "A/Old Takes", True),
    (("old*",), (), "A/older", True),
    (("A/old",), (), "A/old", True),
    (("A/old",), (), "B/A/old", False),
    (("/A/old/",), (), "A/old", True),
    (("*/proxies",), (), "A/B/proxies", True),
    (("클린",), (), "A/클린", True),
    (("old",), ("A/old",), "A/old", False),
    (("old",), ("A/old",), "B/old", True),
    ((), ("#snapshot",), "A/#snapshot", False),
    ((), ("@tmp",), "@tmp", False),
]


@pytest.mark.parametrize(("ignore", "keep", "folder", "skipped"), GLOBS)
def test_settings_add_folders_and_take_some_back(
    ignore: tuple[str, ...], keep: tuple[str, ...], folder: str, skipped: bool
) -> None:
    assert PathRules(ignore=ignore, keep=keep).is_skipped(folder) is skipped


def test_an_ignored_folder_leaves_the_catalog_and_returns_with_its_ids(archive: Archive) -> None:
    archive.fill("A", 10)
    archive.fill("old takes", 30)
    archive.scan()
    before = archive.ids()
    archive.options["scan"] = {"ignore": ["old takes"]}

    report = archive.scan()

    assert (report.seen, report.removed, report.missing, report.unseen) == (10, 30, 0, 0)
    assert "30 known files are in a folder that is ignored now" in report.problems[0].what
    assert archive.scan().problem_count == 0

    archive.options.clear()
    report = archive.scan()

    assert (report.returned, report.videos) == (30, 40)
    assert archive.ids() == before


def test_a_file_that_is_ignored_by_its_name_leaves_the_catalog_and_returns(archive: Archive) -> None:
    archive.fill("A", 10)
    archive.write("A/show_proxy.mp4")
    archive.scan()
    archive.options["scan"] = {"ignore": ["*_proxy.mp4"]}

    report = archive.scan()

    assert (report.changed, report.videos, report.junk) == (1, 10, 1)
    assert archive.events()[-1] == ("nas.file.removed", "A/show_proxy.mp4")
    assert archive.scan().unchanged == 11

    archive.options.clear()
    report = archive.scan()

    assert (report.changed, report.videos) == (1, 11)
    assert archive.events()[-1] == ("nas.file.changed", "A/show_proxy.mp4")


def test_a_kept_folder_is_content(archive: Archive) -> None:
    archive.write("#snapshot/show.mp4")
    archive.write(".hidden/show.mp4")
    assert archive.scan().videos == 0
    archive.options["scan"] = {"keep": ["#snapshot", ".hidden"]}

    assert archive.scan().videos == 2


def test_a_librarys_own_folder_is_content_whatever_its_name(archive: Archive) -> None:
    archive.options["libraries"] = {"staging": ".staging/#recycle"}
    archive.write(".staging/#recycle/A/show.mp4")

    assert archive.scan("staging").videos == 1


NAMES = [
    "show.mp4 ", "show.mp4.", "show.mp4 .", "show.mp4\uf028", "show.mp4\uf029", "Day 1\uf022 Part 2.mp4",
    "What\uf025.mp4", "show.MP4\uf028\uf028", "하이라이트.mp4\uf029", "show.mov. ", "\uf020quoted\uf020.mkv",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_windows_forbids_is_a_video(archive: Archive, name: str) -> None:
    archive.write(f"A/{name}")

    report = archive.scan()

    assert (report.videos, report.problem_count) == (1, 0)
    assert archive.scan().unchanged == 1


def test_a_version_folder_with_a_private_character_is_read(archive: Archive) -> None:
    archive.write("Clean\uf028/show.mp4")
    archive.scan()

    assert archive.ask("select version_type from nas_files") == ["clean"]


def test_a_known_file_is_classified_anew_when_the_rules_change(archive: Archive) -> None:
    archive.write("A/show.mp4 ")
    archive.scan()
    with archive.engine.begin() as connection:
        connection.exec_driver_sql("update nas_files set category = 'other'")
        connection.exec_driver_sql("update nas_scans set rules = 'older'")

    assert (archive.scan().changed, archive.scan().unchanged) == (1, 1)
    assert archive.ask("select category from nas_files") == ["video"]


@pytest.mark.parametrize(
    ("control", "size", "is_held"),
    [
        ("show.mp4.aria2", 5_000, True),  # aria2 reserves the whole file first
        ("show.mp4.st", 5_000, True),  # axel
        ("show.mp4.part", 0, True),  # Firefox keeps the name by an empty file
        ("show.mp4.part", 5_000, False),
        ("other.mp4.aria2", 5_000, False),
        ("show.mp4.txt", 5_000, False),
    ],
)
def test_a_video_beside_the_file_of_its_downloader_is_held(
    archive: Archive, control: str, size: int, is_held: bool
) -> None:
    archive.write("A/show.mp4", size)
    archive.write(f"A/{control}")
    archive.scan()

    assert ("A/show.mp4" in archive.ask("select path from held_files")) is is_held
    assert ("A/show.mp4" in archive.ids()) is not is_held

    Path(archive.root / f"A/{control}").unlink()
    archive.scan()

    assert "A/show.mp4" in archive.ids()
