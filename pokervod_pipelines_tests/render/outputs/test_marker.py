"""Check that the outputs folder is known again by its marker, and that no other folder is written into."""

import json
from pathlib import Path

import pytest

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.render.failures import BadWorker
from pokervod_pipelines.render.outputs.marker import MARKER, check_marker, has_marker, mark_known_folder, write_marker


@pytest.mark.parametrize(
    ("files", "known", "is_ours"),
    [
        ([], [], True),  # first use
        (["a/x.mov"], ["a/x.mov"], True),  # made before there were markers
        (["a/x.mov"], ["a/y.mov", "a/x.mov"], True),  # one was deleted
        ([], ["a/x.mov"], False),  # the folder below an unmounted share
        (["a/other.mov"], ["a/x.mov"], False),
        ([MARKER], ["a/x.mov"], True),  # the right share, its graphics were deleted
    ],
)
def test_a_folder_is_marked_where_it_is_evidently_right(
    files: list[str], known: list[str], is_ours: bool, tmp_path: Path
) -> None:
    for name in files:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}")

    assert mark_known_folder(tmp_path, known) is is_ours
    assert has_marker(tmp_path) is is_ours


def test_a_missing_folder_is_neither_created_nor_accepted(tmp_path: Path) -> None:
    assert not mark_known_folder(tmp_path / "share", [])
    assert not (tmp_path / "share").exists()
    with pytest.raises(BadWorker, match="mount the share"):
        check_marker(tmp_path / "share")


def test_a_folder_without_marker_is_refused_until_a_person_accepts_it(tmp_path: Path) -> None:
    with pytest.raises(BadWorker, match="pokervod render accept-folder"):
        check_marker(tmp_path)

    write_marker(tmp_path, Actor(who="eva", reason="moved to 새 공유"))
    write_marker(tmp_path, Actor(who="kim", reason="again"))

    check_marker(tmp_path)
    content = json.loads((tmp_path / MARKER).read_text(encoding="utf-8"))
    assert (content["accepted_by"], content["reason"]) == ("eva", "moved to 새 공유")
