"""Publish a graphic whole or not at all, and sweep files of dead workers."""

import errno
import os
import subprocess
import sys
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from pokervod_pipelines.render.outputs.digest import hash_output, stat_output
from pokervod_pipelines.render.outputs.publish import publish, sweep_unfinished, unpublish
from pokervod_pipelines_tests.render.outputs import killed_publisher
from pokervod_pipelines_tests.render.outputs.killed_publisher import CLAIM, NEW, OLD, SCENES, make, prepare, read

HOME = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("scene", SCENES)
def test_only_the_published_output_remains(scene: str, tmp_path: Path) -> None:
    target, final = prepare(tmp_path, *SCENES[scene])

    publish(target, final)

    assert read(final) == NEW
    assert list(target.parent.iterdir()) == []
    assert list(final.parent.iterdir()) == [final]


@pytest.mark.parametrize("scene", SCENES)
def test_a_publisher_killed_at_any_step_leaves_no_half_file(scene: str, tmp_path: Path) -> None:
    there, comes = SCENES[scene]
    printed = subprocess.run(
        [sys.executable, "-m", killed_publisher.__name__, str(tmp_path), scene],
        cwd=HOME,
        check=True,
        capture_output=True,
        text=True,
    ).stdout

    kills, code = map(int, printed.split())

    assert kills >= 4
    assert code == 0
    for step in range(kills):
        root = tmp_path / f"{step:03}"
        seen = read(root / "day" / "output")
        assert seen in {None, NEW, OLD if there else None}
        assert not (there == comes == "file") or seen is not None  # a file replaces a file without a gap


@pytest.mark.parametrize("scene", SCENES)
def test_after_a_kill_at_any_step_the_next_claim_publishes_and_the_rest_is_swept(scene: str, tmp_path: Path) -> None:
    _, comes = SCENES[scene]
    subprocess.run(
        [sys.executable, "-m", killed_publisher.__name__, str(tmp_path), scene],
        cwd=HOME,
        check=True,
        capture_output=True,
    )

    for root in sorted(tmp_path.iterdir()):
        again = root / ".unfinished" / str(uuid4())
        make(again, comes, NEW)
        publish(again, root / "day" / "output")
        sweep_unfinished(root, [], -60)

        assert read(root / "day" / "output") == NEW
        assert list((root / ".unfinished").iterdir()) == []


@pytest.mark.parametrize("scene", SCENES)
def test_an_output_can_be_unpublished_without_leftovers(scene: str, tmp_path: Path) -> None:
    target, final = prepare(tmp_path, *SCENES[scene])
    measure, sha256 = stat_output(target), hash_output(target)

    assert not unpublish(target, final, measure, sha256)
    publish(target, final)

    assert unpublish(target, final, measure, sha256)
    assert not os.path.lexists(final)
    assert list(target.parent.iterdir()) == []
    assert not unpublish(target, final, measure, sha256)


@pytest.mark.parametrize("scene", SCENES)
def test_the_output_of_another_worker_is_not_unpublished(scene: str, tmp_path: Path) -> None:
    target, final = prepare(tmp_path, *SCENES[scene])
    measure, sha256 = stat_output(target), hash_output(target)
    publish(target, final)
    make(target, SCENES[scene][1], NEW)  # the same, made once more
    os.utime(target if target.is_file() else next(target.iterdir()), ns=(2**61, 2**61))
    publish(target, final)

    assert not unpublish(target, final, measure, sha256)
    assert read(final) == NEW


def test_a_folder_in_the_way_of_the_folders_keeps_its_number(tmp_path: Path) -> None:
    target, final = prepare(tmp_path, None, "file")
    (tmp_path / "day").write_bytes(b"in the way")

    with pytest.raises(OSError, match="day") as caught:
        publish(target, final)

    assert caught.value.errno in {errno.EEXIST, errno.ENOTDIR}
    assert read(target) == NEW


def test_a_target_that_is_missing_raises_its_number(tmp_path: Path) -> None:
    target, final = prepare(tmp_path, "file", "file")
    target.unlink()

    with pytest.raises(FileNotFoundError):
        publish(target, final)

    assert read(final) == OLD


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="needs a second file system")
def test_another_file_system_raises_its_number_and_loses_nothing(tmp_path: Path) -> None:
    target, _ = prepare(tmp_path, None, "file")
    elsewhere = Path("/dev/shm") / f"pokervod-{uuid4()}"
    elsewhere.mkdir()
    if elsewhere.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("one file system holds both")

    try:
        with pytest.raises(OSError) as caught:  # noqa: PT011 - the number is what counts
            publish(target, elsewhere / "output")
    finally:
        elsewhere.rmdir()

    assert caught.value.errno == errno.EXDEV
    assert read(target) == NEW


def test_files_without_an_active_claim_are_swept(tmp_path: Path) -> None:
    alive, dead = UUID(CLAIM), uuid4()
    folder = tmp_path / ".unfinished"
    folder.mkdir()
    kept = [folder / f"{alive}.mov", folder / f"{alive}.mov.part", folder / "notes.txt", folder / ".DS_Store"]
    swept = [folder / f"{dead}.mov", folder / f".{uuid4()}.mp4.part"]
    for path in (*kept, *swept):
        path.write_bytes(b"")
    make(folder / str(dead), "sequence", NEW)

    removed = sweep_unfinished(tmp_path, [alive], -60)

    assert removed == sorted([*swept, folder / str(dead)])
    assert sorted(folder.iterdir()) == sorted(kept)


def test_recently_changed_files_are_not_swept(tmp_path: Path) -> None:
    folder = tmp_path / ".unfinished"
    folder.mkdir()
    young = folder / f"{uuid4()}.mov"
    young.write_bytes(b"")
    make(folder / str(uuid4()), "sequence", NEW)
    os.utime(young, (1, 1))  # copied just now, with its old time

    assert sweep_unfinished(tmp_path, [], 3_600) == []


def test_a_link_is_deleted_but_not_its_target(tmp_path: Path) -> None:
    treasure = tmp_path / "treasure"
    make(treasure, "sequence", NEW)
    folder = tmp_path / "root" / ".unfinished"
    folder.mkdir(parents=True)
    (folder / str(uuid4())).symlink_to(treasure)

    assert len(sweep_unfinished(tmp_path / "root", [], -60)) == 1

    assert read(treasure) == NEW
    assert list(folder.iterdir()) == []


def test_sweeping_without_a_folder_does_nothing(tmp_path: Path) -> None:
    assert sweep_unfinished(tmp_path, [], 0) == []
    assert sweep_unfinished(tmp_path / "gone", [], 0) == []
