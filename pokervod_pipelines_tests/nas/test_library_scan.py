"""Check that a scan recognises each change, and that a scan of the same disk changes nothing."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine

from pokervod_pipelines.errors import BadSettings
from pokervod_pipelines.nas.file_system import LOCAL
from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.nas.conftest import Archive

ROWS = "select id, library, path, size, mtime_ns, inode, state, state_since, changed_at, xmin::text from nas_files"


@pytest.fixture
def small(archive: Archive) -> Archive:
    """Return six files in three folders, scanned once."""
    archive.fill("WSOP/2011", 3)
    archive.fill("PAD", 2)
    archive.write("WSOP/2011/._show-00.mp4", 4_096)
    archive.scan()
    return archive


def test_the_first_scan_adds_every_file_once(archive: Archive) -> None:
    archive.fill("WSOP/2011", 3)
    archive.write("WSOP/._show.mp4", 4_096)

    report = archive.scan()

    assert (report.seen, report.added, report.videos, report.junk) == (4, 4, 3, 1)
    assert archive.events() == [("nas.file.added", f"WSOP/2011/show-0{number}.mp4") for number in range(3)]


def test_a_second_scan_changes_no_row_and_appends_no_event(small: Archive) -> None:
    rows, events = small.ask(ROWS), small.events()

    report = small.scan()

    assert (report.seen, report.unchanged) == (6, 6)
    assert small.ask(ROWS) == rows
    assert small.events() == events


def test_added_changed_removed_and_moved_are_recognised(small: Archive) -> None:
    ids = small.ids()
    small.write("PAD/new.mp4", 123_456)
    small.write("PAD/show-00.mp4", 77_777)
    (small.root / "PAD/show-01.mp4").unlink()
    (small.root / "WSOP/2011").rename(small.root / "WSOP/WSOP 2011")

    report = small.scan()

    assert (report.added, report.changed, report.removed, report.moved) == (1, 1, 1, 4)
    assert small.events()[5:] == [
        *[("nas.file.moved", f"WSOP/WSOP 2011/show-0{number}.mp4") for number in range(3)],
        ("nas.file.added", "PAD/new.mp4"),
        ("nas.file.changed", "PAD/show-00.mp4"),
        ("nas.file.removed", "PAD/show-01.mp4"),
    ]
    assert small.ids()["WSOP/WSOP 2011/show-01.mp4"] == ids["WSOP/2011/show-01.mp4"]
    assert small.ids()["PAD/show-00.mp4"] == ids["PAD/show-00.mp4"]


def test_a_moved_event_says_from_where_to_where(small: Archive) -> None:
    (small.root / "PAD/show-00.mp4").rename(small.root / "renamed.mp4")

    small.scan()

    moved = small.ask("select payload->>'from', payload->>'to' from events where type = 'nas.file.moved'")
    assert moved == [("PAD/show-00.mp4", "renamed.mp4")]


def test_a_file_that_comes_back_returns_with_its_id(small: Archive) -> None:
    file = small.root / "PAD/show-00.mp4"
    before = small.ids()["PAD/show-00.mp4"]
    shutil.copy2(file, small.root.with_name("kept"))
    file.unlink()
    small.scan()
    shutil.copy2(small.root.with_name("kept"), file)

    report = small.scan()

    assert (report.returned, report.added, report.missing) == (1, 0, 0)
    assert small.ids()["PAD/show-00.mp4"] == before
    assert small.events()[-1] == ("nas.file.returned", "PAD/show-00.mp4")


def test_a_missing_file_that_turns_up_elsewhere_has_moved(small: Archive) -> None:
    before = small.ids()["PAD/show-00.mp4"]
    shutil.move(small.root / "PAD/show-00.mp4", small.root.with_name("kept"))
    small.scan()
    shutil.move(small.root.with_name("kept"), small.root / "WSOP/found.mp4")

    report = small.scan()

    assert (report.moved, report.missing) == (1, 0)
    assert small.ids()["WSOP/found.mp4"] == before


def test_names_that_swap_keep_their_contents_ids(small: Archive) -> None:
    one, other, aside = (small.root / path for path in ("PAD/show-00.mp4", "PAD/show-01.mp4", "PAD/aside"))
    before = small.ids()
    one.rename(aside)
    other.rename(one)
    aside.rename(other)

    report = small.scan()

    assert (report.moved, report.changed) == (2, 0)
    assert small.ids()["PAD/show-00.mp4"] == before["PAD/show-01.mp4"]
    assert small.ids()["PAD/show-01.mp4"] == before["PAD/show-00.mp4"]


def test_a_file_moved_over_another_rewrites_that_one(small: Archive) -> None:
    before = small.ids()
    (small.root / "PAD/show-00.mp4").replace(small.root / "PAD/show-01.mp4")

    report = small.scan()

    assert (report.changed, report.removed, report.moved) == (1, 1, 0)
    assert small.ids()["PAD/show-01.mp4"] == before["PAD/show-01.mp4"]


def test_a_file_moved_to_the_place_of_a_missing_one_keeps_its_id_and_both_rows(small: Archive) -> None:
    before = small.ids()
    (small.root / "PAD/show-01.mp4").unlink()
    small.scan()
    (small.root / "PAD/show-00.mp4").rename(small.root / "PAD/show-01.mp4")

    report = small.scan()

    assert (report.moved, report.returned) == (1, 0)
    assert small.ids()["PAD/show-01.mp4"] == before["PAD/show-00.mp4"]
    assert small.ask("select state from nas_files where id = :id", id=before["PAD/show-01.mp4"]) == ["missing"]


def test_a_remount_with_new_inodes_and_a_renamed_library_are_no_change(small: Archive) -> None:
    with small.engine.begin() as connection:
        connection.exec_driver_sql("update nas_files set inode = inode + 1000000, library = 'old name'")
    events = small.events()

    report = small.scan()

    assert (report.unchanged, report.missing) == (6, 0)
    assert set(small.ask("select library from nas_files")) == {"all"}
    assert small.events() == events


@pytest.fixture
def two(archive: Archive) -> Archive:
    """Return two libraries, one inside the other's folder, each scanned once."""
    archive.options["libraries"] = {"rest": ".", "PAD": "shows/PAD"}
    archive.fill("shows/PAD/S12", 4)
    archive.fill("shows/GOG", 3)
    archive.scan("rest")
    archive.scan("PAD")
    return archive


def test_a_file_belongs_to_the_innermost_library(two: Archive) -> None:
    assert two.ask("select library, count(*) from nas_files group by 1 order by 1") == [("PAD", 4), ("rest", 3)]
    assert two.scan("rest").seen == 3


@pytest.mark.parametrize("order", [("rest", "PAD"), ("PAD", "rest")])
def test_a_file_moved_to_another_library_keeps_its_id(two: Archive, order: tuple[str, str]) -> None:
    before = two.ids()["shows/PAD/S12/show-01.mp4"]
    (two.root / "shows/PAD/S12/show-01.mp4").rename(two.root / "shows/GOG/moved.mp4")

    reports = [two.scan(name) for name in order]

    assert sum(report.moved for report in reports) == 1
    assert two.ids()["shows/GOG/moved.mp4"] == before
    assert two.ask("select library from nas_files where id = :id", id=before) == ["rest"]
    assert "missing" not in two.states().values()


def test_a_copy_in_another_library_whose_share_is_away_is_no_move(two: Archive) -> None:
    shutil.copy2(two.root / "shows/PAD/S12/show-01.mp4", two.root / "shows/GOG/copy.mp4")
    shutil.rmtree(two.root / "shows/PAD")
    (two.root / "shows/PAD").mkdir()

    report = two.scan("rest")

    assert (report.added, report.moved) == (1, 0)


def test_a_link_is_not_followed_and_is_counted(archive: Archive, tmp_path: Path) -> None:
    archive.write("A/show.mp4")
    (archive.root / "A/again.mp4").symlink_to(archive.root / "A/show.mp4")
    (archive.root / "up").symlink_to(archive.root, target_is_directory=True)

    report = archive.scan()

    assert (report.seen, report.links) == (1, 2)


def test_progress_gets_the_number_of_files(archive: Archive) -> None:
    archive.fill("A", 7)
    counts: list[int] = []

    archive.scan(progress=counts.append)

    assert counts[-1] == 7


def test_a_scan_leaves_a_record_and_an_event(small: Archive) -> None:
    assert small.ask("select status, (counts->>'added')::int, correlation_id from nas_scans") == [
        ("completed", 6, "test")
    ]
    assert small.ask("select payload->>'library' from events where type = 'nas.scan.completed'") == ["all"]


def test_an_unknown_library_is_named_with_the_known_ones(archive: Archive) -> None:
    with pytest.raises(BadSettings, match="unknown library 'nope'; known: all"):
        archive.scan("nope")


def test_an_unfinished_copy_is_held_and_taken_when_it_has_its_name(archive: Archive) -> None:
    archive.write("A/show.mp4.part", 5_000)

    report = archive.scan()

    assert (report.seen, report.held, report.added) == (1, 1, 0)
    assert archive.ask("select path, reason from held_files") == [("A/show.mp4.part", "unfinished by its name")]

    (archive.root / "A/show.mp4.part").rename(archive.root / "A/show.mp4")
    report = archive.scan()

    assert (report.held, report.added) == (0, 1)
    assert archive.ask("select count(*) from held_files") == [0]


def test_a_file_just_copied_is_taken_in_the_same_scan(archive: Archive) -> None:
    archive.options["scan"] = {"settle_seconds": 0.05}
    os.utime(archive.write("A/show.mp4"))

    report = archive.scan()

    assert (report.added, report.held) == (1, 0)


def test_the_real_listing_is_stored_once_and_a_second_scan_changes_nothing(
    engine: Engine, tmp_path: Path, settings_factory: Callable[..., Settings], shared_data: Path
) -> None:
    archive = Archive(engine, tmp_path / "real", settings_factory)
    for line in (shared_data / "archive_listing.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        path, kind, size = line.split("\t")
        if kind == "file":
            archive.write(path, int(size))

    first, second = archive.scan(), archive.scan(fs=LOCAL)

    assert (first.seen, first.added, first.videos, first.junk) == (1_877, 1_877, 1_380, 495)
    assert (second.seen, second.unchanged, second.problem_count) == (1_877, 1_877, 0)
