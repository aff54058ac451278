"""Check that a file is replaced whole or not at all."""

import errno
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pokervod_pipelines.files import find_full_disk, replace_file


@pytest.mark.parametrize("sync", [True, False])
@pytest.mark.parametrize("before", [None, b"old"])
def test_a_file_is_written_or_replaced(tmp_path: Path, before: bytes | None, *, sync: bool) -> None:
    path = tmp_path / "page.html"
    if before is not None:
        path.write_bytes(before)

    replace_file(path, b"new", sync=sync)

    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("page.html", b"new")]


def test_a_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "page.html" / "kept").mkdir(parents=True)

    with pytest.raises(OSError, match="directory"):
        replace_file(tmp_path / "page.html", b"new")

    assert [each.name for each in tmp_path.iterdir()] == ["page.html"]


def test_a_full_disk_leaves_the_former_file(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_bytes(b"old")
    beside = tmp_path / f".page.html.{os.getpid()}-{threading.get_native_id()}"
    beside.symlink_to("/dev/full")

    with pytest.raises(OSError, match="No space left"):
        replace_file(path, b"new")

    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("page.html", b"old")]


@pytest.mark.parametrize("name", ["a" * 255, "한" * 85])
def test_the_longest_name_is_written(tmp_path: Path, name: str) -> None:
    replace_file(tmp_path / name, b"new")

    assert (tmp_path / name).read_bytes() == b"new"


def test_several_write_the_same_file_at_the_same_time(tmp_path: Path) -> None:
    contents = [bytes([65 + number]) * 100_000 for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda content: replace_file(tmp_path / "page.html", content), contents))

    assert [each.name for each in tmp_path.iterdir()] == ["page.html"]
    assert (tmp_path / "page.html").read_bytes() in contents


@pytest.mark.parametrize(("number", "is_full"), [(errno.ENOSPC, True), (errno.EDQUOT, True), (errno.EIO, False)])
def test_a_disk_is_looked_at_only_where_one_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, *, is_full: bool
) -> None:
    """A place on a share that does not answer would hang this process."""
    looked_at: list[object] = []
    monkeypatch.setattr("pokervod_pipelines.files.shutil.disk_usage", looked_at.append)
    monkeypatch.setattr(Path, "is_mount", lambda path: bool(looked_at.append(path)))

    disk = find_full_disk(OSError(number, os.strerror(number)), tmp_path)

    assert (disk == "the disk", bool(looked_at)) == (is_full, is_full)
