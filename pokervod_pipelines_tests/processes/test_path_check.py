"""Check which places are asked in a process of their own, and what is said of each."""

import os
from pathlib import Path

import pytest

from pokervod_pipelines.processes.path_check import check_paths, is_on_share, require_answer
from pokervod_pipelines_tests.sizes import choose

pytestmark = pytest.mark.skipif(not Path("/proc/self/mountinfo").exists(), reason="only Linux lists its mounts")


def test_a_local_disk_is_looked_at_and_anything_else_is_asked(tmp_path: Path) -> None:
    """The files of /proc are on no disk, as those of a share."""
    (tmp_path / "link").symlink_to("/proc/1")
    (tmp_path / "again").symlink_to("link")
    (tmp_path / "up").symlink_to("../" * 20 + "proc")
    (tmp_path / "above").symlink_to("/")
    (tmp_path / "broken").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")

    shared, local = ("link/stat", "again", "up/1", "above"), ("broken", "loop")

    on_share = {name: is_on_share(tmp_path / name) for name in (*shared, *local)}

    assert on_share == dict.fromkeys(shared, True) | dict.fromkeys(local, False)
    assert not is_on_share(tmp_path / "missing" / "too")
    assert is_on_share(Path("/proc/1"))


@pytest.mark.parametrize("through", ["", "share"])
def test_what_is_wrong_is_said_the_same_on_a_disk_and_through_a_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, through: str
) -> None:
    if through:
        monkeypatch.setattr("pokervod_pipelines.processes.path_check.LOCAL", frozenset())
    (tmp_path / "empty").mkdir()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    places = [tmp_path / name for name in ("empty", "full", "full/file", "missing", "full/file/below")]

    faults = [fault for _, fault in sorted(check_paths(places).items(), key=lambda each: places.index(each[0]))]

    assert faults == ["is empty", "", "is a file", "does not exist", os.strerror(20)]
    require_answer(*places)


def test_thousands_of_paths_are_asked_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Arguments may have 2 MB in all; 5,000 paths have more than one."""
    monkeypatch.setattr("pokervod_pipelines.processes.path_check.LOCAL", frozenset())
    paths = [tmp_path / f"{'x' * 200}-{number}" for number in range(choose(500, long=5_000))]

    assert set(check_paths(paths).values()) == {"does not exist"}
