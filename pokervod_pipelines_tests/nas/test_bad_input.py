"""Check names and files as real disks have them: each is stored or reported, and the scan continues."""

import errno
import os
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pokervod_pipelines.errors import ArchiveUnavailable, OperatorNeeded
from pokervod_pipelines_tests.nas.conftest import Archive
from pokervod_pipelines_tests.nas.faults import FaultyDisk, VanishingDisk

STRANGE_NAMES = [
    "new\nline.mp4",
    "tab\tand\rreturn.mp4",
    "back\\slash.mp4",
    "\\N.mp4",
    "quote ' \" and % and :name.mp4",
    "🏆 €10,350 – Negreanu’s   hand.mp4",
    "e\u0301 in NFD.mp4",
    "zero\u200bwidth.mp4",
    " leading and trailing .mp4",
    "control \x01\x1b.mp4",
    "최종 " + "긴" * 70 + ".mp4",
    "x" * 250 + ".mp4",
    "-rf.mp4",
]


@pytest.mark.parametrize("name", STRANGE_NAMES)
def test_a_strange_name_is_stored_untouched_and_found_again(archive: Archive, name: str) -> None:
    archive.write(f"A/{name}")

    first, second = archive.scan(), archive.scan()

    assert (first.added, first.problem_count, second.unchanged) == (1, 0, 1)
    assert archive.ask("select path from nas_files") == [f"A/{name}"]


def test_a_path_of_300_characters_and_more_is_stored(archive: Archive) -> None:
    path = "/".join(["폴더 " + "x" * 60] * 5) + "/show.mp4"
    archive.write(path)

    assert archive.scan().added == 1
    assert archive.scan().unchanged == 1


def test_a_path_too_long_for_the_index_is_reported_and_the_scan_continues(archive: Archive) -> None:
    folder = archive.root
    for _ in range(14):
        folder = folder / ("y" * 200)
    folder.mkdir(parents=True)
    (folder / "deep.mp4").touch()
    archive.write("A/show.mp4")

    report = archive.scan()

    assert (report.added, report.problem_count) == (1, 1)
    assert "Shorten it" in report.problems[0].what


def test_a_name_that_is_not_utf8_is_reported_and_the_scan_continues(archive: Archive) -> None:
    archive.write("A/show.mp4")
    (archive.root / "A" / os.fsdecode(b"\xc7\xff.mp4")).touch()
    (archive.root / os.fsdecode(b"\xc7\xd1")).mkdir()

    report = archive.scan()

    assert (report.seen, report.added) == (1, 1)
    assert [problem.where for problem in report.problems] == ["A/\\udcc7\\udcff.mp4", "\\udcc7\\udcd1"]
    assert all("not UTF-8" in problem.what and "Rename it" in problem.what for problem in report.problems)


def test_an_unreadable_folder_fails_the_scan_and_its_files_are_unseen_not_missing(archive: Archive) -> None:
    archive.fill("A", 3)
    archive.fill("locked", 3)
    archive.fill("locked too", 1)
    archive.scan()
    (archive.root / "A/show-00.mp4").unlink()

    with pytest.raises(OperatorNeeded, match="may not list locked; 3 known files below are marked as unseen"):
        archive.scan(fs=FaultyDisk({"/locked": errno.EACCES}))

    [(status, problems)] = archive.ask("select status, problems from nas_scans order by id desc limit 1")
    assert status == "failed"
    assert problems == [["locked", "cannot be read (Permission denied). Give the scanning user the right to list it."]]
    states = archive.states()
    assert (states["A/show-00.mp4"], states["locked/show-00.mp4"]) == ("missing", "unseen")

    report = archive.scan()

    assert (report.missing, report.unseen, report.returned) == (1, 0, 0)


def test_a_folder_that_was_never_readable_fails_the_scan_too(archive: Archive) -> None:
    archive.write("A/show.mp4")
    archive.write("locked/show.mp4")

    with pytest.raises(OperatorNeeded, match="may not list locked; 0 known files"):
        archive.scan(fs=FaultyDisk({"/locked": errno.EACCES}))

    assert archive.states() == {"A/show.mp4": "present"}


@pytest.mark.parametrize("folder", [".Trashes", "A/.private", "#recycle"])
def test_an_unreadable_folder_of_the_system_is_not_a_failure(archive: Archive, folder: str) -> None:
    archive.write("A/show.mp4")
    archive.write(f"{folder}/show.mp4")

    report = archive.scan(fs=FaultyDisk({f"/{folder}": errno.EACCES}))

    assert report.status == "completed"


def test_an_unreadable_folder_that_is_ignored_is_not_a_failure(archive: Archive) -> None:
    archive.options["scan"] = {"ignore": ["locked"]}
    archive.write("A/show.mp4")
    archive.write("locked/show.mp4")

    assert archive.scan(fs=FaultyDisk({"/locked": errno.EACCES})).status == "completed"


def test_a_folder_that_vanishes_while_it_is_read_fails_the_scan_if_files_of_it_are_known(archive: Archive) -> None:
    archive.fill("A", 3)
    archive.fill("B", 3)
    archive.scan()

    with pytest.raises(ArchiveUnavailable, match="B vanished while it was read; 3 known files"):
        archive.scan(fs=FaultyDisk({"/B": errno.ENOENT}))

    assert set(archive.states().values()) == {"present", "unseen"}


def test_a_new_folder_that_vanishes_while_it_is_read_is_not_a_failure(archive: Archive) -> None:
    archive.fill("A", 3)
    archive.fill("B", 3)

    report = archive.scan(fs=FaultyDisk({"/B": errno.ENOENT}))

    assert (report.status, report.problem_count) == ("completed", 1)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_without_rights_fails_the_scan(archive: Archive) -> None:
    archive.fill("locked", 2)
    archive.scan()
    (archive.root / "locked").chmod(0)

    with pytest.raises(OperatorNeeded):
        archive.scan()
    (archive.root / "locked").chmod(0o755)

    assert set(archive.states().values()) == {"unseen"}


@pytest.mark.parametrize(
    "number", [errno.ESTALE, errno.EIO, errno.ENOTCONN, errno.EHOSTDOWN, errno.ENODEV, errno.EMFILE]
)
def test_an_error_of_the_share_fails_the_whole_library(archive: Archive, number: int) -> None:
    archive.fill("A", 3)
    archive.fill("B", 3)
    archive.scan()

    with pytest.raises(ArchiveUnavailable, match="/B"):
        archive.scan(fs=FaultyDisk({"/B": number}))

    assert "missing" not in archive.states().values()


def test_a_file_that_vanishes_during_the_scan_is_missing_and_breaks_nothing(archive: Archive) -> None:
    archive.fill("A", 3)
    archive.scan()

    report = archive.scan(fs=VanishingDisk("show-01.mp4"))

    assert (report.seen, report.missing, report.problem_count) == (2, 1, 0)


def test_a_root_that_is_a_file_is_named(archive: Archive) -> None:
    archive.options["root"] = archive.write("A/show.mp4")

    with pytest.raises(ArchiveUnavailable, match=r"show.mp4: expected a folder, got a file"):
        archive.scan()


def test_a_library_whose_folder_is_missing_is_named(archive: Archive) -> None:
    archive.options["libraries"] = {"GOG": "ARCHIVE/GOG"}
    (archive.root / "ARCHIVE").mkdir()

    with pytest.raises(ArchiveUnavailable, match="folder 'GOG' is missing"):
        archive.scan("GOG")


def test_a_library_folder_is_found_in_either_normalisation(archive: Archive) -> None:
    archive.options["libraries"] = {"GOG": unicodedata.normalize("NFC", "GOG 최종")}
    archive.write(unicodedata.normalize("NFD", "GOG 최종") + "/e01.mp4")

    assert archive.scan("GOG").added == 1
    assert archive.scan("GOG").unchanged == 1


def test_a_name_that_changes_only_its_normalisation_is_the_same_file(archive: Archive) -> None:
    composed, decomposed = "A/é.mp4", "A/e\u0301.mp4"
    archive.write(decomposed)
    archive.scan()
    before = archive.ids()[decomposed]
    (archive.root / decomposed).rename(archive.root / composed)

    report = archive.scan()

    assert (report.moved, report.added, report.removed) == (1, 0, 0)
    assert archive.ids() == {composed: before}


@pytest.mark.parametrize("first", ["A/é.mp4", "A/e\u0301.mp4"])
def test_twins_in_both_normalisations_are_two_files_and_reported(archive: Archive, first: str) -> None:
    composed, decomposed = "A/é.mp4", "A/e\u0301.mp4"
    archive.write(first, 10_000)
    archive.scan()
    id_of_first = archive.ids()[first]
    for path in {composed, decomposed} - {first}:
        archive.write(path, 20_000)

    report = archive.scan()

    assert (report.added, report.problem_count) == (1, 1)
    assert archive.ids()[first] == id_of_first
    assert archive.scan().unchanged == 2

    (archive.root / composed).unlink()
    report = archive.scan()

    assert (report.removed, report.unchanged, report.problem_count) == (1, 1, 0)
    assert list(archive.ids()) == [decomposed]


def test_times_and_inodes_beyond_the_database_do_not_stop_the_scan(archive: Archive) -> None:
    os.utime(archive.write("A/old.mp4"), (-2_000_000_000, -2_000_000_000))
    os.utime(archive.write("A/new.mp4"), (15_000_000_000, 15_000_000_000))

    assert archive.scan().added == 2
    assert archive.scan().unchanged == 2


@contextmanager
def writing(file: Path) -> Iterator[None]:
    """Append to the file all the while."""
    stop = threading.Event()

    def grow() -> None:
        with file.open("ab", buffering=0) as stream:
            while not stop.wait(0.002):
                stream.write(b"x" * 512)

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        yield
    finally:
        stop.set()
        writer.join()


def test_a_file_that_is_being_written_is_held_until_it_rests(archive: Archive) -> None:
    archive.options["scan"] = {"settle_seconds": 0.2}
    archive.write("resting.mp4")
    (archive.root / "growing.mp4").touch()

    with writing(archive.root / "growing.mp4"):
        report = archive.scan()

    assert (report.seen, report.held, report.added) == (2, 1, 1)
    assert archive.ask("select path, reason from held_files") == [("growing.mp4", "still growing")]
    assert archive.scan().added == 1
    assert archive.ask("select count(*) from held_files") == [0]


def test_a_known_file_that_is_being_rewritten_keeps_its_row_meanwhile(archive: Archive) -> None:
    archive.options["scan"] = {"settle_seconds": 0.2}
    file = archive.write("show.mp4")
    archive.scan()
    before = archive.ask("select id, size, mtime_ns, state from nas_files")

    with writing(file):
        report = archive.scan()

    assert (report.held, report.changed, report.missing) == (1, 0, 0)
    assert archive.ask("select id, size, mtime_ns, state from nas_files") == before
    assert archive.scan().changed == 1
