"""Draw thumbnails: the right frame, drawn once and found again."""

import io
import os
import shutil
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import Engine, text

from pokervod_pipelines.media.facts import Unplayable
from pokervod_pipelines.media.frames import draw_thumbnail
from pokervod_pipelines.media.library import probe_library
from pokervod_pipelines.media.thumbnails import draw_thumbnails
from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.media.films import Film, make_film, make_old, read_number
from pokervod_pipelines_tests.sizes import cover

Register = Callable[..., int]


def number_of(jpeg: bytes) -> int:
    return read_number(np.asarray(Image.open(io.BytesIO(jpeg))))


@pytest.mark.parametrize(
    ("rate", "film"),
    cover(
        [Fraction(24_000, 1001), Fraction(25), Fraction(30_000, 1001), Fraction(60_000, 1001)],
        [("mp4", "libx264", 60), ("mov", "mpeg4", 1), ("mkv", "libx264", 12), ("ts", "mpeg2video", 12)],
    ),
    ids=str,
)
def test_a_thumbnail_is_the_frame_at_or_before_the_time(
    tmp_path: Path, rate: Fraction, film: tuple[str, str, int]
) -> None:
    suffix, codec, key_every = film
    path = str(make_film(tmp_path / f"film.{suffix}", Film(rate=rate, frames=100, codec=codec, key_every=key_every)))
    frame_ms = 1000 / rate

    for frame in (0, 1, 11, 12, 13, 59, 60, 98, 99):
        begins = int(frame * frame_ms)
        assert number_of(draw_thumbnail(path, begins, 320)) == frame
        assert number_of(draw_thumbnail(path, begins + int(frame_ms) - 2, 320)) == frame


def test_beyond_the_end_is_the_last_frame(reel: Path) -> None:
    assert number_of(draw_thumbnail(str(reel), 10**9, 320)) == 49


@pytest.mark.parametrize(("size", "width", "height"), [((160, 90), 320, 180), ((96, 120), 320, 400), ((160, 90), 2, 1)])
def test_a_thumbnail_has_the_requested_width_and_the_shape_of_the_video(
    tmp_path: Path, size: tuple[int, int], width: int, height: int
) -> None:
    film = make_film(tmp_path / "film.mp4", Film(size=size))

    assert Image.open(io.BytesIO(draw_thumbnail(str(film), 0, width))).size == (width, height)


def test_ten_bits_a_colour_are_shown_too(tmp_path: Path) -> None:
    film = make_film(tmp_path / "film.mov", Film(codec="prores_ks", pixels="yuv422p10le"))

    assert number_of(draw_thumbnail(str(film), 400, 320)) == 10


@pytest.mark.parametrize("content", [b"", b"nonsense" * 1_000])
def test_a_file_that_is_not_a_video_has_no_thumbnail(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "film.mp4").write_bytes(content)

    with pytest.raises(Unplayable):
        draw_thumbnail(str(tmp_path / "film.mp4"), 0, 320)


CLIP = text("""
    with row as (insert into sheet_rows (sheet, tab, row_number, fingerprint, file_name, folder_link, content)
        values ('s', 't', :number, '', '', '', '{}') returning id)
    insert into hand_clips (sheet_row_id, sheet, file_id, in_ms, out_ms, title, winner, hands, input_hash, problem,
        retired_at) select id, 's', :file_id, :in_ms, :in_ms + 500, '', '', '', '', :problem,
        case when :is_retired then now() end from row
""")


class Cutter:
    """Make clips of files of the inventory."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.made = 0

    def __call__(self, file_id: int, in_ms: int, *, problem: str | None = None, is_retired: bool = False) -> None:
        self.made += 1
        row = {"number": self.made, "file_id": file_id, "in_ms": in_ms, "problem": problem, "is_retired": is_retired}
        with self.engine.begin() as connection:
            connection.execute(CLIP, row)


@pytest.fixture
def cut(engine: Engine) -> Cutter:
    return Cutter(engine)


@pytest.fixture
def film_id(engine: Engine, settings: Settings, archive: Path, reel: Path, register: Register) -> int:
    """Return the id of a video of two seconds whose facts are known."""
    make_old(Path(shutil.copy(reel, archive / "show.mp4")))
    file_id = register("show.mp4")
    probe_library(engine, settings, "films", correlation_id="c")
    return file_id


Frame = tuple[int, int]


def draw(engine: Engine, settings: Settings, *frames: Frame, seconds: float = 60.0) -> dict[Frame, Path]:
    return draw_thumbnails(engine, settings, frames, width=320, pass_seconds=seconds)


def test_every_frame_has_its_thumbnail(engine: Engine, settings: Settings, film_id: int) -> None:
    frames = [(film_id, 400), (film_id, 1_000), (film_id, 1_000), (film_id + 1, 400)]

    drawn = draw(engine, settings, *frames)

    numbers = {frame: number_of(path.read_bytes()) for frame, path in drawn.items()}
    assert numbers == {(film_id, 400): 10, (film_id, 1_000): 25}


def test_a_thumbnail_is_drawn_once(engine: Engine, settings: Settings, film_id: int) -> None:
    path = draw(engine, settings, (film_id, 400))[film_id, 400]
    os.utime(path, (1_000, 1_000))

    assert draw(engine, settings, (film_id, 400)) == {(film_id, 400): path}
    assert path.stat().st_mtime == 1_000


def test_a_deleted_thumbnail_is_drawn_again(engine: Engine, settings: Settings, film_id: int) -> None:
    path = draw(engine, settings, (film_id, 400))[film_id, 400]
    path.unlink()

    assert draw(engine, settings, (film_id, 400), seconds=0) == {}
    assert draw(engine, settings, (film_id, 400)) == {(film_id, 400): path}


def test_a_changed_video_has_no_thumbnail_until_it_is_probed_again(
    engine: Engine, settings: Settings, archive: Path, film_id: int, register: Register
) -> None:
    before = draw(engine, settings, (film_id, 400))
    os.utime(archive / "show.mp4", (1_000, 1_000))
    register("show.mp4")

    assert draw(engine, settings, (film_id, 400)) == {}
    probe_library(engine, settings, "films", correlation_id="c")
    after = draw(engine, settings, (film_id, 400))
    assert after.keys() == before.keys()
    assert after != before


def test_a_moved_video_keeps_its_thumbnails(engine: Engine, settings: Settings, archive: Path, film_id: int) -> None:
    before = draw(engine, settings, (film_id, 400))
    (archive / "show.mp4").rename(archive / "renamed.mp4")
    with engine.begin() as connection:
        connection.execute(text("update nas_files set path = 'renamed.mp4', path_key = 'renamed.mp4'"))

    assert draw(engine, settings, (film_id, 400), seconds=0) == before


def test_a_thumbnail_that_cannot_be_drawn_is_tried_once_a_day(
    engine: Engine, settings: Settings, archive: Path, reel: Path, film_id: int
) -> None:
    (archive / "show.mp4").write_bytes(b"x" * reel.stat().st_size)
    assert draw(engine, settings, (film_id, 400)) == {}
    (reason,) = (settings.home / "thumbnails").glob("*/*")
    assert "not a readable video" in reason.read_text()
    shutil.copy(reel, archive / "show.mp4")

    assert draw(engine, settings, (film_id, 400)) == {}
    os.utime(reason, (1_000, 1_000))
    assert len(draw(engine, settings, (film_id, 400))) == 1


def test_a_video_of_a_library_no_longer_configured_is_left_alone(
    engine: Engine, settings: Settings, film_id: int
) -> None:
    assert draw(engine, settings.model_copy(update={"libraries": ()}), (film_id, 400)) == {}
