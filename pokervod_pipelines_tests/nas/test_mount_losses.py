"""Check that a lost share never looks like a deletion, and that a deletion is seen."""

import errno
import shutil
from collections.abc import Callable

import pytest

from pokervod_pipelines.errors import ArchiveUnavailable, PokervodError, SuspiciousLoss
from pokervod_pipelines.nas.file_system import LOCAL, FileSystem
from pokervod_pipelines_tests.nas.conftest import Archive
from pokervod_pipelines_tests.nas.faults import FaultyDisk, HangingDisk

Loss = Callable[[Archive], FileSystem]


def unmount(archive: Archive) -> FileSystem:
    archive.root.rename(archive.root.with_name("elsewhere"))
    return LOCAL


def empty(archive: Archive) -> FileSystem:
    unmount(archive)
    archive.root.mkdir()
    return LOCAL


def go_stale(_: Archive) -> FileSystem:
    return FaultyDisk({"/WSOP/2011": errno.ESTALE})


def halve(archive: Archive) -> FileSystem:
    shutil.copytree(archive.root, archive.root.with_name("elsewhere"))
    for file in sorted(archive.root.rglob("*.mp4"))[::2]:
        file.unlink()
    return LOCAL


def lose_sub_mount(archive: Archive) -> FileSystem:
    shutil.copytree(archive.root, archive.root.with_name("elsewhere"))
    shutil.rmtree(archive.root / "PAD")
    (archive.root / "PAD").mkdir()
    return LOCAL


def rename_root(archive: Archive) -> FileSystem:
    unmount(archive)
    archive.root.with_name("archive (1)").mkdir()
    return LOCAL


def hang(archive: Archive) -> FileSystem:
    archive.options["scan"] = {"stall_seconds": 0.2}
    return HangingDisk("/WSOP/2011")


def restore(archive: Archive) -> None:
    kept = archive.root.with_name("elsewhere")
    if kept.exists():
        if archive.root.exists():
            shutil.rmtree(archive.root)
        shutil.copytree(kept, archive.root)
    archive.options.clear()


@pytest.fixture
def full(archive: Archive) -> Archive:
    """Return an archive of 60 videos that was scanned once."""
    archive.fill("WSOP/2011", 30)
    archive.fill("WSOP/2012", 12)
    archive.fill("PAD", 18)
    archive.scan()
    return archive


@pytest.mark.parametrize(
    ("lose", "error", "text"),
    [
        (unmount, ArchiveUnavailable, "Mount the share"),
        (empty, ArchiveUnavailable, "is empty, but 60 files are known"),
        (go_stale, ArchiveUnavailable, "Mount the share again"),
        (halve, SuspiciousLoss, "30 of 60 files"),
        (lose_sub_mount, SuspiciousLoss, "PAD: 18 files: exists but is empty"),
        (rename_root, ArchiveUnavailable, "Mount the share"),
        (hang, ArchiveUnavailable, "does not answer .waited 0.2 s"),
    ],
)
def test_a_lost_mount_removes_nothing_and_a_later_deletion_is_seen_at_once(
    full: Archive, lose: Loss, error: type[PokervodError], text: str
) -> None:
    before, events_before = full.ids(), full.events()

    with pytest.raises(error, match=text.replace("(", r"\(")):
        full.scan(fs=lose(full))

    states = full.states()
    assert len(states) == 60
    assert set(states.values()) <= {"present", "unseen"}
    assert "unseen" in states.values()
    assert full.ask("select status from nas_scans order by id") == ["completed", "failed"]

    restore(full)
    (full.root / "WSOP/2012/show-03.mp4").unlink()
    report = full.scan()

    assert (report.removed, report.missing, report.unseen, report.added, report.changed) == (1, 1, 0, 0, 0)
    assert full.ids() == {path: id_ for path, id_ in before.items() if path != "WSOP/2012/show-03.mp4"}
    assert full.events() == [*events_before, ("nas.file.removed", "WSOP/2012/show-03.mp4")]


@pytest.mark.parametrize("lose", [unmount, empty, go_stale, halve, lose_sub_mount, rename_root, hang])
def test_a_lost_mount_that_stays_lost_removes_nothing_however_often_it_is_scanned(full: Archive, lose: Loss) -> None:
    fs = lose(full)

    for _ in range(3):
        with pytest.raises(PokervodError):
            full.scan(fs=fs)

    assert "missing" not in full.states().values()
    assert len(full.states()) == 60


def test_what_was_really_seen_is_stored_even_when_so_much_vanished(full: Archive) -> None:
    lose_sub_mount(full)
    full.write("WSOP/new.mp4")
    (full.root / "WSOP/2012/show-00.mp4").rename(full.root / "WSOP/renamed.mp4")
    before = full.ids()["WSOP/2012/show-00.mp4"]

    with pytest.raises(SuspiciousLoss):
        full.scan()

    assert full.states()["WSOP/new.mp4"] == "present"
    assert full.ids()["WSOP/renamed.mp4"] == before


def test_the_message_gives_the_command_for_each_folder(full: Archive) -> None:
    lose_sub_mount(full)

    with pytest.raises(SuspiciousLoss, match="pokervod nas confirm-loss --library all --below PAD --reason"):
        full.scan()


def test_a_folder_that_was_a_mount_point_and_is_none_is_suspicious_whatever_the_count(archive: Archive) -> None:
    archive.fill("WSOP", 40)
    archive.fill("PAD", 2)
    archive.scan()
    archive.ask("select 1")
    with archive.engine.begin() as connection:
        connection.exec_driver_sql("""update nas_scans set mounts = '["PAD"]'""")
    shutil.rmtree(archive.root / "PAD")
    (archive.root / "PAD").mkdir()

    with pytest.raises(SuspiciousLoss, match="PAD: 2 files: was a mount point"):
        archive.scan()

    assert "missing" not in archive.states().values()


def test_a_few_deleted_files_are_missing_within_one_scan(full: Archive) -> None:
    (full.root / "PAD/show-01.mp4").unlink()
    (full.root / "WSOP/2011/show-01.mp4").unlink()

    report = full.scan()

    assert (report.removed, report.missing) == (2, 2)


def test_an_empty_archive_that_never_had_a_file_is_scanned_with_a_hint(archive: Archive) -> None:
    report = archive.scan()

    assert (report.seen, report.problem_count) == (0, 1)
    assert "Check that the share is mounted" in report.problems[0].what


def test_the_next_scan_after_a_loss_appends_no_event_for_files_that_came_back(full: Archive) -> None:
    before = full.events()
    with pytest.raises(PokervodError):
        full.scan(fs=go_stale(full))

    report = full.scan()

    assert (report.unchanged, report.unseen) == (60, 0)
    assert full.events() == before
