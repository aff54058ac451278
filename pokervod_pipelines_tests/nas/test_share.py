"""Read the disk through a child process, as a share is read: what is found is the same."""

import errno
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from pokervod_pipelines.errors import ArchiveUnavailable
from pokervod_pipelines.nas import share
from pokervod_pipelines.nas.file_system import LOCAL, FileSystem, has_content, stat_files
from pokervod_pipelines.nas.path_rules import MARKER
from pokervod_pipelines.nas.root_marker import find_marker, find_marker_fault
from pokervod_pipelines.nas.scan import WalkResult, find_library_folder, walk
from pokervod_pipelines.nas.share import ShareFileSystem, open_disk
from pokervod_pipelines.settings.rooms import ArchiveRoot


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ShareFileSystem]:
    monkeypatch.setattr("pokervod_pipelines.processes.path_check.LOCAL", frozenset())
    with open_disk(tmp_path, stall_seconds=20) as opened:
        assert isinstance(opened, ShareFileSystem)
        yield opened


def make_tree(root: Path) -> None:
    for number in range(2 * share.CHUNK_ENTRIES + 1):
        (root / f"{number}.mp4").write_bytes(b"x" * (number % 7))
    (root / "Großes Haus" / "day 1").mkdir(parents=True)
    (root / "Großes Haus" / "day 1" / "찐최종 🏆.mov").touch()
    (root / "empty").mkdir()
    (root / os.fsdecode(b"\xff.mp4")).touch()
    (root / "link.mp4").symlink_to("0.mp4")
    (root / "loop").symlink_to(root)


def look(root: Path, fs: FileSystem) -> tuple[object, ...]:
    result = WalkResult()
    place = find_library_folder(fs, str(root), "", (), 20)
    entries = sorted(entry for batch in walk(fs, place, result, 20) for entry in batch)
    return entries, result.folders, result.empty, result.links, result.problems, result.identities


def test_a_walk_finds_the_same_as_on_a_disk(tmp_path: Path, disk: ShareFileSystem) -> None:
    make_tree(tmp_path)

    found = look(tmp_path, disk)

    assert found == look(tmp_path, LOCAL)
    assert len(found[0]) == 2 * share.CHUNK_ENTRIES + 2  # type: ignore[arg-type]


def test_single_files_and_folders_are_read(tmp_path: Path, disk: ShareFileSystem) -> None:
    (tmp_path / "a.mp4").write_bytes(b"12345")
    (tmp_path / "empty").mkdir()

    now = stat_files(disk, str(tmp_path), ["a.mp4", "missing.mp4", "a.mp4/below.mp4"], 20)

    assert {path: state and state[0] for path, state in now.items()} == {
        "a.mp4": 5,
        "missing.mp4": None,
        "a.mp4/below.mp4": None,
    }
    assert has_content(disk, str(tmp_path), 20)
    assert not has_content(disk, f"{tmp_path}/empty", 20)


def test_an_error_of_a_folder_has_its_number(tmp_path: Path, disk: ShareFileSystem) -> None:
    with pytest.raises(FileNotFoundError), disk.scandir(f"{tmp_path}/missing"):
        pass


def test_a_reader_that_is_killed_is_not_the_end_of_a_folder(tmp_path: Path, disk: ShareFileSystem) -> None:
    make_tree(tmp_path)

    def read_on() -> list[str]:
        with disk.scandir(str(tmp_path)) as entries:
            found = [next(entries).name]
            os.kill(disk.reader.ask(tmp_path, os.getpid), signal.SIGKILL)
            return [*found, *(each.name for each in entries)]

    with pytest.raises(OSError, match=os.strerror(errno.ESTALE)):
        read_on()
    assert has_content(disk, str(tmp_path), 20)


def test_a_reader_that_gives_no_answer_makes_the_archive_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pokervod_pipelines.processes.path_check.LOCAL", frozenset())
    os.mkfifo(tmp_path / "pipe")

    unanswered = pytest.raises(ArchiveUnavailable, match=r"does not answer \(waited 0.5 s\)")
    with open_disk(tmp_path, stall_seconds=0.5) as disk, unanswered:
        disk.reader.ask(tmp_path / "pipe", (tmp_path / "pipe").read_bytes)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "content", [b"", b'{"id": "0123', b"\xff", b"[]", b"[" * 9_999, b'{"id": ' + b"1" * 5_000 + b"}"]
)
def test_a_damaged_marker_is_found_as_on_a_disk(tmp_path: Path, disk: ShareFileSystem, content: bytes) -> None:
    (tmp_path / MARKER).write_bytes(content)
    root = ArchiveRoot(name="main", path=tmp_path)

    for fs in (LOCAL, disk):
        assert "is damaged or may not be read" in find_marker_fault(root, "0" * 32, fs, 20)
        assert find_marker(root, fs, 20) is None


@pytest.mark.parametrize("link", [".", "..", "/proc"])
def test_a_library_folder_that_leads_to_a_share_is_read_in_a_child_process(tmp_path: Path, link: str) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "PAD").symlink_to(link)

    with open_disk(tmp_path / "root", tmp_path / "root" / "PAD", stall_seconds=20) as opened:
        assert isinstance(opened, ShareFileSystem) == (link == "/proc")


def test_a_walk_below_a_link_is_the_same_as_on_a_disk(tmp_path: Path, disk: ShareFileSystem) -> None:
    (tmp_path / "real" / "day 1").mkdir(parents=True)
    (tmp_path / "real" / "day 1" / "a.mp4").touch()
    (tmp_path / "PAD").symlink_to("real")

    assert look(tmp_path / "PAD", disk) == look(tmp_path / "PAD", LOCAL)
