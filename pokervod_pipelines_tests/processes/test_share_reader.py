"""Read paths as on a share, in a child process: what comes back, and what is said where nothing does."""

import os
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pokervod_pipelines.errors import ArchiveUnavailable
from pokervod_pipelines.files import read_file
from pokervod_pipelines.processes import path_check, share_reader
from pokervod_pipelines.processes.share_reader import PathAccess, Report, access_path, read_state
from pokervod_pipelines_tests.processes import tasks
from pokervod_pipelines_tests.processes.shares import record_processes


def read_content(path: Path, report: Report) -> bytes:
    report("begun")
    return path.read_bytes()


def find_process(_path: Path, _report: Report) -> int:
    return os.getpid()


def die(_path: Path, _report: Report) -> None:
    tasks.crash()


@pytest.fixture(params=["disk", "share"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    if request.param == "share":
        monkeypatch.setattr("pokervod_pipelines.processes.path_check.LOCAL", frozenset())
    (tmp_path / "a.csv").write_bytes(b"x" * 3_000_000)
    return tmp_path


def test_what_is_read_is_the_same_on_a_disk_and_on_a_share(place: Path) -> None:
    reported: list[object] = []

    reading = access_path(place / "a.csv", partial(read_file, limit=4_000_000), report=reported.append)

    assert reading.content == (place / "a.csv").read_bytes()
    assert not reading.was_changed
    assert reported == [1 << 20, 2 << 20, 3_000_000]
    assert read_state(place / "a.csv") == (place / "a.csv").stat()


def test_an_error_of_the_system_is_raised_as_on_a_disk(place: Path) -> None:
    with pytest.raises(FileNotFoundError):
        access_path(place / "missing.csv", read_content)


@pytest.mark.parametrize(("limit", "expected"), [(3_000_000, 3_000_000), (2_999_999, 0)])
def test_a_file_that_is_too_large_is_not_read(place: Path, limit: int, expected: int) -> None:
    assert len(access_path(place / "a.csv", partial(read_file, limit=limit)).content) == expected


def test_a_pipe_or_folder_is_not_read(place: Path) -> None:
    os.mkfifo(place / "pipe")

    for name in ("pipe", ""):
        assert access_path(place / name, partial(read_file, limit=10)).content == b""


def test_a_path_on_a_share_is_never_touched_by_this_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert access_path(tmp_path, find_process) == os.getpid()

    monkeypatch.setattr("pokervod_pipelines.processes.path_check.LOCAL", frozenset())
    assert access_path(tmp_path, find_process) != os.getpid()


def test_a_share_without_an_answer_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pokervod_pipelines.processes.path_check.LOCAL", frozenset())
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(ArchiveUnavailable, match=r"pipe: does not answer \(waited 0.5 s\). Check the mount") as caught:
        access_path(tmp_path / "pipe", read_content, 0.5)

    assert caught.value.is_absent


def test_a_reader_that_dies_is_an_error_of_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pokervod_pipelines.processes.path_check.LOCAL", frozenset())

    with pytest.raises(ArchiveUnavailable, match=r"cannot be read .its reader: SIGSEGV"):
        access_path(tmp_path, die)


def test_many_paths_of_a_folder_are_read_by_one_child_and_asked_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = record_processes(monkeypatch)
    for number in range(50):
        (tmp_path / str(number)).write_bytes(b"%d" % number)

    with closing(PathAccess()) as access:
        access(tmp_path, find_process)
        found = [access(tmp_path / str(number), read_content) for number in range(50)]

    assert found == [b"%d" % number for number in range(50)]
    assert started == ["path check", "share reader"]


def test_a_path_is_asked_again_after_one_that_was_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = record_processes(monkeypatch)
    (tmp_path / "a").touch()

    with closing(PathAccess()) as access:
        with pytest.raises(ArchiveUnavailable, match="cannot be read"):
            access(tmp_path / "a", die)
        assert access(tmp_path / "a", find_process) != os.getpid()

    assert started.count("path check") == 2


def test_mounts_and_a_local_folder_are_looked_at_once_for_all_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To ask where thousands of unchanged files are took five times as long as to read them."""
    read_text, read, looked_up = Path.read_text, [], []

    def record_read(path: Path, **options: str) -> str:
        read.append(str(path))
        return read_text(path, **options)

    def record_look(path: Path, **options: Any) -> bool:
        looked_up.append(path)
        return path_check.is_on_share(path, **options)

    monkeypatch.setattr(Path, "read_text", record_read)
    monkeypatch.setattr(share_reader, "is_on_share", record_look)
    (tmp_path / "link").symlink_to("/proc/self/stat")

    with closing(PathAccess()) as access:
        for number in range(20):
            (tmp_path / str(number)).touch()
            assert access(tmp_path / str(number), find_process) == os.getpid()
        assert read == ["/proc/self/mountinfo"]
        assert access(tmp_path / "link", find_process) != os.getpid()

    assert looked_up == [tmp_path, tmp_path / "link"]


def test_folders_below_one_that_answered_are_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = record_processes(monkeypatch)

    with closing(PathAccess()) as access:
        access(tmp_path, find_process)
        for number in range(20):
            (tmp_path / str(number) / "day").mkdir(parents=True)
            access(tmp_path / str(number) / "day", find_process)

    assert started == ["path check", "share reader"]


@pytest.mark.parametrize(("name", "asked"), [("one/a", 1), ("one/below/a", 1), ("two", 2), ("two/a", 2)])
def test_a_share_that_answered_says_nothing_of_the_one_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, asked: int
) -> None:
    local = path_check.LOCAL
    started = record_processes(monkeypatch)
    monkeypatch.setattr(path_check, "LOCAL", local)
    mounts = {"/": "ext4", f"{tmp_path}/one": "cifs", f"{tmp_path}/two": "cifs"}
    for module in (path_check, share_reader):
        monkeypatch.setattr(module, "read_mounts", lambda: mounts)
    (tmp_path / name).mkdir(parents=True)

    with closing(PathAccess()) as access:
        access(tmp_path, find_process)
        access(tmp_path / "one", find_process)
        access(tmp_path / name, find_process)

    assert started.count("path check") == asked
