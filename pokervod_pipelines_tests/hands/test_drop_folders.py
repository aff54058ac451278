"""List the drop folders and find the files that are due."""

import os
from pathlib import Path

import pytest

from pokervod_pipelines.files import SeenFile
from pokervod_pipelines.hands.drop_folders import FolderListing, find_due_files, list_hand_files, name_path
from pokervod_pipelines.problems import Problem
from pokervod_pipelines.processes.share_reader import Report
from pokervod_pipelines_tests.processes.shares import record_followed

SECOND = 1_000_000_000
NOW = 1_000 * SECOND


def test_session_and_history_files_are_listed_at_any_depth(tmp_path: Path) -> None:
    names = ("a.json", "New/b.JSON", "New/c.phh", "export.txt", "._a.json", ".hidden/d.json", "e.json.part")
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}", encoding="utf-8")

    listing = list_hand_files([tmp_path])

    assert [Path(seen.path).name for seen in listing.files] == ["b.JSON", "c.phh", "a.json"]
    assert not listing.problems


def test_a_link_out_of_the_folder_is_a_problem_and_not_followed(tmp_path: Path) -> None:
    outside, folder = tmp_path / "secret.json", tmp_path / "drop"
    outside.write_text("{}")
    (folder / "day").mkdir(parents=True)
    (folder / "a.json").write_text("{}")
    (folder / "day" / "inside.json").symlink_to(folder / "a.json")
    (folder / "outside.json").symlink_to(outside)
    (folder / "relative.json").symlink_to("../secret.json")
    (folder / "all").symlink_to(tmp_path)

    listing = list_hand_files([folder])

    assert [Path(each.path).name for each in listing.files] == ["a.json", "inside.json"]
    assert sorted(Path(each.where).name for each in listing.problems) == ["outside.json", "relative.json"]


def test_a_link_to_a_share_is_not_followed_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A share that does not answer would hang this process; a listing asks of every link whether it is a folder."""
    followed = record_followed(monkeypatch)
    (tmp_path / "day").mkdir()
    (tmp_path / "day" / "a.json").symlink_to("/proc/version")
    (tmp_path / "b.json").symlink_to("day/a.json")
    (tmp_path / "folder").symlink_to("/proc/self")

    listing = list_hand_files([tmp_path])

    assert [each.what for each in listing.problems] == [f"is a link out of {tmp_path}; put the file itself there"] * 2
    assert not followed & {str(tmp_path / name) for name in ("day/a.json", "b.json", "folder")}


def test_a_link_to_a_folder_is_neither_a_file_nor_a_problem(tmp_path: Path) -> None:
    (tmp_path / "day").mkdir()
    (tmp_path / "day.json").symlink_to("day")
    (tmp_path / "up.json").symlink_to("..")

    assert list_hand_files([tmp_path]) == FolderListing(())


def test_a_folder_that_cannot_be_listed_is_a_problem(tmp_path: Path) -> None:
    listing = list_hand_files([tmp_path / "unmounted"])

    assert listing.files == ()
    assert listing.problems == (Problem(str(tmp_path / "unmounted"), "cannot be listed: No such file or directory"),)


def die(_folder: Path, _report: Report) -> FolderListing:
    os._exit(3)


def test_a_reader_that_dies_is_told_from_a_share_without_an_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pokervod_pipelines.processes.path_check.LOCAL", frozenset())
    monkeypatch.setattr("pokervod_pipelines.hands.drop_folders._list_folder", die)

    problem = "cannot be listed: cannot be read (its reader: exit code 3). Run it again."
    assert list_hand_files([tmp_path]).problems == (Problem(str(tmp_path), problem),)


@pytest.mark.parametrize(
    ("known", "age", "expected"),
    [
        ({}, 10, "due"),
        ({}, 1, "unfinished"),
        ({"a": (5, NOW - 10 * SECOND)}, 10, "known"),
        ({"a": (4, NOW - 10 * SECOND)}, 10, "due"),
        ({"a": (5, NOW - 60 * SECOND)}, 10, "due"),
        ({"a": (4, NOW - 60 * SECOND)}, 0, "unfinished"),
        ({}, -50, "unfinished"),
    ],
)
def test_a_new_or_changed_file_is_due_when_it_is_finished(
    known: dict[str, tuple[int, int]], age: int, expected: str
) -> None:
    listing = FolderListing((SeenFile("a", 5, NOW - age * SECOND),))

    files = find_due_files(listing, known, now_ns=NOW, quiet_seconds=2)

    found = {"due": len(files.due), "unfinished": len(files.unfinished), "known": files.known}
    assert found == dict.fromkeys(found, 0) | {expected: 1}


def test_a_second_listing_decides_where_the_clock_of_the_share_is_ahead() -> None:
    seen = SeenFile("a", 5, NOW + 50 * SECOND)

    assert find_due_files(FolderListing((seen,)), {}, now_ns=NOW, quiet_seconds=2, before={"a": seen}).due == (seen,)
    grown = {"a": SeenFile("a", 4, seen.mtime_ns)}
    assert find_due_files(FolderListing((seen,)), {}, now_ns=NOW, quiet_seconds=2, before=grown).unfinished == (seen,)


def test_a_name_that_is_not_utf_8_can_be_stored(tmp_path: Path) -> None:
    path = str(tmp_path / "a\udcff.json")

    assert name_path(path).endswith("a\\xff.json")
    assert name_path("/drop/한글.json") == "/drop/한글.json"
