"""Check that a marker is read as it was written, and that everything else in its place is told from it."""

import os
from pathlib import Path

import pytest

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.markers import read_marker, write_marker

ACTOR = Actor(who="은영", reason="moved to 새 공유 \udcff")


@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_a_marker_is_read_as_it_was_written_and_by_every_user(tmp_path: Path, umask: int) -> None:
    path, before = tmp_path / ".marker.json", os.umask(umask)
    try:
        ids = [write_marker(path, ACTOR) for _ in range(2)]
    finally:
        os.umask(before)

    assert read_marker(path) == ids[1] != ids[0]
    assert path.stat().st_mode & 0o777 == 0o644
    assert [*tmp_path.iterdir()] == [path]


def test_there_is_no_marker_in_an_empty_or_missing_folder_or_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    assert read_marker(tmp_path / ".marker.json") is None
    assert read_marker(tmp_path / "missing" / ".marker.json") is None
    assert read_marker(tmp_path / "file" / ".marker.json") is None


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\xff", b"{}", b'{"id": null}', b'{"id": "../x"}', b"[" * 9_999]
)
def test_other_content_is_an_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / ".marker.json").write_bytes(content)

    with pytest.raises(ValueError, match=r"."):
        read_marker(tmp_path / ".marker.json")
