"""Test how a finished file is fetched: late, short, changing, or stopped."""

import asyncio
import os
import threading
from pathlib import Path

import pytest

from pokervod_pipelines.render.failures import NoCapacity, SpoiledOutput
from pokervod_pipelines.render.renderers.nexrender import pickup
from pokervod_pipelines.render.renderers.nexrender.farm import FarmFolder, find_farm
from pokervod_pipelines.settings.render import NexrenderSettings
from pokervod_pipelines_tests.render.nexrender.nexrender_factory import run

WHOLE = b"x" * 5000


def test_a_file_that_comes_late_and_in_pieces_is_taken_whole(tmp_path: Path) -> None:
    source, target = tmp_path / "a.mov", tmp_path / "out.mov"
    looks = threading.Event()

    def write() -> None:
        looks.wait(10)
        for end in range(1000, 6000, 1000):
            with source.open("ab") as file:
                file.write(WHOLE[end - 1000 : end])
            looks.wait(0.05)

    async def case() -> None:
        writing = asyncio.create_task(asyncio.to_thread(write))
        picking = asyncio.create_task(pickup.pick_up(source, target, frames=None, seconds=20))
        await asyncio.sleep(0)
        looks.set()
        await asyncio.gather(writing, picking)

    run(case())

    assert target.read_bytes() == WHOLE
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize(
    ("content", "text"), [(None, "the file is missing"), (b"", "0 bytes"), (b"x" * 1023, "1023 bytes")]
)
def test_a_file_that_is_missing_or_tiny_is_spoiled(tmp_path: Path, content: bytes | None, text: str) -> None:
    if content is not None:
        (tmp_path / "a.mov").write_bytes(content)

    with pytest.raises(SpoiledOutput, match=text):
        run(pickup.pick_up(tmp_path / "a.mov", tmp_path / "out.mov", frames=None, seconds=0.3))

    assert not (tmp_path / "out.mov").exists()


def test_a_sequence_is_whole_when_all_its_pictures_are_there(tmp_path: Path) -> None:
    source = tmp_path / "a"
    source.mkdir()
    for number in range(3):
        (source / f"{number:05d}.png").write_bytes(bytes([number]) * 1000)

    with pytest.raises(SpoiledOutput, match="3 pictures, expected 4"):
        run(pickup.pick_up(source, tmp_path / "out", frames=4, seconds=0.3))
    run(pickup.pick_up(source, tmp_path / "out", frames=3, seconds=10))

    assert {path.name: path.read_bytes()[0] for path in (tmp_path / "out").iterdir()} == {
        "00001.png": 0,
        "00002.png": 1,
        "00003.png": 2,
    }


def test_a_copy_that_nobody_waits_for_stops_and_leaves_nothing(tmp_path: Path) -> None:
    source, target, begun = tmp_path / "a.mov", tmp_path / "out.mov", threading.Event()
    os.mkfifo(source)  # a share that gives a little and then nothing

    def give() -> None:
        with source.open("wb", buffering=0) as file:
            file.write(b"x" * pickup.CHUNK)
            begun.wait(10)
            file.write(b"x" * pickup.CHUNK)

    async def case() -> None:
        giving = asyncio.create_task(asyncio.to_thread(give))
        copying = asyncio.create_task(pickup.run_stoppable(lambda stop: pickup.copy_whole(source, target, stop)))
        while not list(tmp_path.glob(".*")):
            await asyncio.sleep(0.01)
        copying.cancel()
        await asyncio.sleep(0)
        begun.set()
        with pytest.raises(asyncio.CancelledError):
            await copying
        await asyncio.wait([giving])

    run(case())

    assert list(tmp_path.iterdir()) == [source]


def test_a_failed_copy_leaves_nothing_at_the_target(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        pickup.copy_whole(tmp_path / "gone.mov", tmp_path / "out.mov", threading.Event())

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        (NexrenderSettings(), "render.nexrender.folder is not set"),
        (NexrenderSettings(folder=Path("/nowhere")), "/nowhere: the farm's folder is missing on .*; mount it"),
    ],
)
def test_a_folder_that_is_not_here_is_a_fault_of_the_set_up(settings: NexrenderSettings, text: str) -> None:
    with pytest.raises(NoCapacity, match=text):
        find_farm(settings).check()


@pytest.mark.parametrize(
    ("there", "seen"),
    [("/farm", "/farm/a"), ("/farm/", "/farm/a"), ("N:", "N:\\a"), ("N:\\x\\", "N:\\x\\a"), (r"\\nas\x", r"\\nas\x\a")],
)
def test_the_folder_has_another_name_at_the_farm(tmp_path: Path, there: str, seen: str) -> None:
    farm = FarmFolder(tmp_path, there)

    assert farm.name_on_nodes("a") == seen
    assert farm.translate(str(tmp_path / "a")) == seen
    assert farm.translate("/elsewhere/a") == "/elsewhere/a"
