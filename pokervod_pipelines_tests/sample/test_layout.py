"""Check the sample on a disk: complete, the same each time, repaired when interrupted, and left alone otherwise."""

import json
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.sample import SampleLayout, lay_out_sample
from pokervod_pipelines.sample.archive import list_all
from pokervod_pipelines.sample.layout import MARKER, VERSION, WORKBOOKS
from pokervod_pipelines.sample.videos import PLAYABLE

Take = Callable[[Path], dict[str, tuple[int, int]]]
MARKER_TIME_VARIES = {MARKER}


def without_marker(taken: dict[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    return {path: facts for path, facts in taken.items() if path not in MARKER_TIME_VARIES}


def read_contents(folder: Path) -> dict[str, bytes]:
    names = [f"archive/{video.path}" for video in PLAYABLE] + [f"sheets/{name}" for name in WORKBOOKS]
    return {name: (folder / name).read_bytes() for name in names}


def test_it_reports_what_is_on_the_disk(laid_out: SampleLayout, snapshot: Take) -> None:
    taken = snapshot(laid_out.archive_root)

    assert len(taken) == laid_out.files
    assert 1_350 <= laid_out.files <= 1_450
    assert laid_out.videos < laid_out.files
    assert 1_450 <= laid_out.rows <= 1_550
    assert [path.is_file() for path in laid_out.workbooks] == [True, True, True]


def test_it_takes_hardly_any_disk_space(laid_out: SampleLayout) -> None:
    blocks = sum(path.stat().st_blocks for path in laid_out.archive_root.rglob("*") if path.is_file())

    assert blocks * 512 < 20_000_000


def test_no_file_looks_as_if_it_were_being_written(laid_out: SampleLayout, snapshot: Take) -> None:
    newest = max(mtime for _, mtime in snapshot(laid_out.archive_root).values())

    assert newest / 1e9 < time.time() - 86_400


def test_nothing_but_the_sample_is_left_in_the_folder(laid_out: SampleLayout) -> None:
    folder = laid_out.archive_root.parent

    assert sorted(path.name for path in folder.iterdir()) == ["archive", MARKER, "sheets"]
    assert sorted(path.name for path in (folder / "sheets").iterdir()) == sorted(WORKBOOKS)


@pytest.mark.long
def test_two_samples_are_equal_to_the_byte(laid_out: SampleLayout, tmp_path: Path, snapshot: Take) -> None:
    calls: list[tuple[str, int, int]] = []

    other = lay_out_sample(tmp_path / "표본  archive, second", progress=lambda *call: calls.append(call))

    first, second = laid_out.archive_root.parent, other.archive_root.parent
    assert without_marker(snapshot(first)) == without_marker(snapshot(second))
    assert read_contents(first) == read_contents(second)
    check_progress(calls)


def check_progress(calls: list[tuple[str, int, int]]) -> None:
    """Check that every stage rises to its total, one stage after the other."""
    assert [stage for stage, done, total in calls if done == total] == ["files", "videos", "workbooks"]
    for stage in ("files", "videos", "workbooks"):
        steps = [call[1:] for call in calls if call[0] == stage]
        assert [done for done, _ in steps] == sorted({done for done, _ in steps})
        assert len({total for _, total in steps}) == 1


def test_a_second_call_changes_nothing(copied: Path, laid_out: SampleLayout, snapshot: Take) -> None:
    before = snapshot(copied)
    calls: list[str] = []

    again = lay_out_sample(copied, progress=lambda stage, _done, _total: calls.append(stage))

    assert snapshot(copied) == before
    assert (again.files, again.videos, again.rows) == (laid_out.files, laid_out.videos, laid_out.rows)
    assert calls == []


def test_what_a_person_deleted_or_added_to_try_it_stays_so(copied: Path) -> None:
    deleted = copied / "archive" / "Clips" / "untitled render.avi"
    deleted.unlink()
    added = copied / "archive" / "Clips" / "my own.mp4"
    added.touch()

    lay_out_sample(copied)

    assert not deleted.exists()
    assert added.exists()


class PowerLossError(Exception):
    """Stand for whatever ends the process."""


def test_an_interrupted_sample_is_completed(laid_out: SampleLayout, tmp_path: Path, snapshot: Take) -> None:
    def pull_the_plug(stage: str, done: int, _total: int) -> None:
        if (stage, done) == ("files", 300):
            raise PowerLossError

    with pytest.raises(PowerLossError):
        lay_out_sample(tmp_path, progress=pull_the_plug)
    assert not (tmp_path / MARKER).exists()
    lay_out_sample(tmp_path)

    assert without_marker(snapshot(tmp_path)) == without_marker(snapshot(laid_out.archive_root.parent))


@pytest.mark.parametrize(
    "marker",
    [
        None,  # never finished
        "",  # cut off at once
        '{"version": 1, "fil',  # cut off in the middle
        "[]",  # not ours
    ],
)
def test_a_half_laid_out_sample_is_repaired(
    marker: str | None, copied: Path, laid_out: SampleLayout, snapshot: Take
) -> None:
    sparse, video = list_all()[700], PLAYABLE[0]
    (copied / "archive" / sparse.path).write_bytes(b"short")
    (copied / "archive" / list_all()[20].path).unlink()
    (copied / "archive" / video.path).write_bytes(b"half a video")
    (copied / "sheets" / "clip_tracker.csv").write_text("half a sheet")
    (copied / MARKER).unlink() if marker is None else (copied / MARKER).write_text(marker)

    lay_out_sample(copied)

    assert without_marker(snapshot(copied)) == without_marker(snapshot(laid_out.archive_root.parent))
    assert read_contents(copied) == read_contents(laid_out.archive_root.parent)


@pytest.mark.long
def test_a_sample_of_another_version_is_replaced_whole(copied: Path, laid_out: SampleLayout, snapshot: Take) -> None:
    (copied / MARKER).write_text(json.dumps({"version": VERSION - 1, "files": 1, "videos": 1, "rows": 1}))
    (copied / "archive" / "a name of the older version.mp4").touch()
    (copied / "beside it.txt").write_text("not ours")
    (copied / "archive" / ".pokervod-archive.json").write_text("of a scan")

    lay_out_sample(copied)

    taken = snapshot(copied)
    assert taken.pop("beside it.txt")
    assert taken.pop("archive/.pokervod-archive.json")
    assert without_marker(taken) == without_marker(snapshot(laid_out.archive_root.parent))


def test_a_folder_that_cannot_be_made_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(BadInput, match=r"file/sample: .*POKERVOD_HOME"):
        lay_out_sample(tmp_path / "file" / "sample")


def test_every_file_is_in_one_library_and_every_library_has_files(laid_out: SampleLayout, snapshot: Take) -> None:
    folders = {name: "" if folder == "." else f"{folder}/" for name, folder in laid_out.libraries}

    held = Counter(
        max((name for name in folders if path.startswith(folders[name])), key=lambda name: len(folders[name]))
        for path in snapshot(laid_out.archive_root)
    )

    assert held.total() == laid_out.files
    assert set(held) == {name for name, _ in laid_out.libraries}
    assert len(set(folders.values())) == len(folders)
