"""Test the walk without a database: what it yields and what it keeps apart."""

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.errors import ArchiveUnavailable
from pokervod_pipelines.nas.file_system import LOCAL, FileSystem, has_content, stat_files
from pokervod_pipelines.nas.scan import LibraryFolder, WalkResult, find_library_folder, to_key, walk
from pokervod_pipelines.nas.store.scope import find_scope
from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.nas.faults import FaultyDisk, HangingDisk


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Create three files in nested folders, an empty folder, and a folder of another library."""
    for path in ("a.mp4", "A/b.mp4", "A/x/c.mp4", "B/other.mp4"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(b"12345")
    (tmp_path / "empty").mkdir()
    return tmp_path


def paths(place: LibraryFolder, result: WalkResult, fs: FileSystem = LOCAL) -> list[str]:
    return sorted(path for batch in walk(fs, place, result, 20) for path, *_ in batch)


def test_every_file_is_met_with_its_size_time_and_inode(root: Path) -> None:
    entries = {
        path: facts for batch in walk(LOCAL, LibraryFolder(str(root), ""), WalkResult(), 20) for path, *facts in batch
    }

    state = (root / "A/b.mp4").stat()
    assert sorted(entries) == ["A/b.mp4", "A/x/c.mp4", "B/other.mp4", "a.mp4"]
    assert entries["A/b.mp4"] == [5, state.st_mtime_ns, state.st_ino]


def test_folders_with_and_without_content_are_listed(root: Path) -> None:
    result = WalkResult()

    paths(LibraryFolder(str(root), ""), result)

    assert result.folders == {"", "A", "A/x", "B"}
    assert result.empty == {"empty"}


def test_another_librarys_folder_is_not_entered(root: Path) -> None:
    assert paths(LibraryFolder(str(root), "", frozenset({"B"})), WalkResult()) == ["A/b.mp4", "A/x/c.mp4", "a.mp4"]


def test_a_librarys_paths_start_at_the_archive_root(root: Path) -> None:
    assert paths(LibraryFolder(str(root), "A"), WalkResult()) == ["A/b.mp4", "A/x/c.mp4"]


@pytest.mark.parametrize(("number", "word"), [(errno.EACCES, "cannot be read"), (errno.ENOENT, "vanished")])
def test_one_unreadable_folder_does_not_stop_the_walk(root: Path, number: int, word: str) -> None:
    result = WalkResult()

    met = paths(LibraryFolder(str(root), ""), result, FaultyDisk({"/A": number}))

    assert met == ["B/other.mp4", "a.mp4"]
    assert result.unreadable == {"A"}
    assert [problem.where for problem in result.problems if word in problem.what] == ["A"]


def test_a_librarys_own_folder_that_cannot_be_read_is_an_error(root: Path) -> None:
    with pytest.raises(ArchiveUnavailable, match="Give the scanning user the right"):
        paths(LibraryFolder(str(root), "A"), WalkResult(), FaultyDisk({"/A": errno.EACCES}))


def test_stat_files_returns_what_is_there_now(root: Path) -> None:
    state = (root / "a.mp4").stat()

    now = stat_files(LOCAL, str(root), ["a.mp4", "missing.mp4", "a.mp4/below.mp4"], 20)

    assert now == {"a.mp4": (5, state.st_mtime_ns), "missing.mp4": None, "a.mp4/below.mp4": None}


@pytest.mark.parametrize(("folder", "expected"), [("A", True), ("empty", False), ("nowhere", False), ("a.mp4", False)])
def test_a_folder_has_content_or_not(root: Path, folder: str, expected: bool) -> None:
    assert has_content(LOCAL, f"{root}/{folder}", 20) is expected


def test_a_folder_that_hangs_counts_as_without_content(root: Path) -> None:
    disk = HangingDisk("/A")

    assert has_content(disk, f"{root}/A", 0.05) is False
    disk.release.set()


@pytest.mark.parametrize("folder", ["", ".", "A", "A/", "./A/x"])
def test_a_place_is_found(root: Path, folder: str) -> None:
    place = find_library_folder(LOCAL, str(root), folder, (), 20)

    assert Path(place.top) == root / folder


@given(st.text())
def test_a_key_is_its_own_key(path: str) -> None:
    assert to_key(to_key(path)) == to_key(path)


SCOPES = [
    # library, folder, what of other libraries is left out
    ("all", "", ("A", "B/deep")),
    ("A", "A", ("A/inner",)),
    ("inner", "A/inner", ()),
    ("deep", "B/deep", ()),
]


@pytest.mark.parametrize(("name", "folder", "pruned"), SCOPES)
def test_a_library_answers_for_its_folder_without_the_others_inside_it(
    tmp_path: Path, name: str, folder: str, pruned: tuple[str, ...]
) -> None:
    folders = {"all": ".", "A": "A/", "inner": "A/inner", "deep": "./B/deep"}
    settings = Settings.model_validate(
        {
            "home": tmp_path,
            "archive_roots": [{"name": "r", "path": tmp_path}, {"name": "s", "path": tmp_path}],
            "libraries": [{"name": each, "root": "r", "folder": where} for each, where in folders.items()]
            + [{"name": "elsewhere", "root": "s", "folder": "A/x"}],
        }
    )

    scope = find_scope(settings, settings.library(name))

    assert scope.folder == folder
    assert set(pruned) <= set(scope.pruned)
    assert all(os.path.commonpath([each, folder]) == folder for each in scope.pruned if folder)
    assert "A/x" not in scope.pruned
