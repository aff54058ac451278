"""The picture of a place shows that place's frame, is made once, and is found again."""

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

from pokervod_pipelines.media.library import probe_library
from pokervod_pipelines.media.picture import draw_thumbnail
from pokervod_pipelines.media.thumbnails import (
    NoPicture,
    ThumbnailReport,
    ensure_thumbnails,
    find_thumbnails,
    make_thumbnail,
)
from pokervod_pipelines.media.tracks import Unplayable
from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.media.films import Film, make_film, make_old, make_sound, read_number

Register = Callable[..., int]


def number_of(jpeg: bytes) -> int:
    return read_number(np.asarray(Image.open(io.BytesIO(jpeg))))


@pytest.mark.parametrize("rate", [Fraction(24_000, 1001), Fraction(25), Fraction(30_000, 1001), Fraction(60_000, 1001)])
@pytest.mark.parametrize(
    ("suffix", "codec", "key_every"),
    [("mp4", "libx264", 60), ("mov", "mpeg4", 1), ("mkv", "libx264", 12), ("ts", "mpeg2video", 12)],
)
def test_the_picture_is_the_frame_at_or_before_the_place(
    tmp_path: Path, rate: Fraction, suffix: str, codec: str, key_every: int
) -> None:
    film = str(make_film(tmp_path / f"film.{suffix}", Film(rate=rate, frames=100, codec=codec, key_every=key_every)))
    frame_ms = 1000 / rate

    for frame in (0, 1, 11, 12, 13, 59, 60, 98, 99):
        begins = int(frame * frame_ms)
        assert number_of(draw_thumbnail(film, begins, 320)) == frame
        assert number_of(draw_thumbnail(film, begins + int(frame_ms) - 2, 320)) == frame


def test_beyond_the_end_is_the_last_frame(reel: Path) -> None:
    assert number_of(draw_thumbnail(str(reel), 10**9, 320)) == 49


@pytest.mark.parametrize(("size", "width", "height"), [((160, 90), 320, 180), ((96, 120), 320, 400), ((160, 90), 2, 1)])
def test_the_picture_has_the_width_wanted_and_the_shape_of_the_video(
    tmp_path: Path, size: tuple[int, int], width: int, height: int
) -> None:
    film = make_film(tmp_path / "film.mp4", Film(size=size))

    assert Image.open(io.BytesIO(draw_thumbnail(str(film), 0, width))).size == (width, height)


def test_ten_bits_a_colour_are_shown_too(tmp_path: Path) -> None:
    film = make_film(tmp_path / "film.mov", Film(codec="prores_ks", pixels="yuv422p10le"))

    assert number_of(draw_thumbnail(str(film), 400, 320)) == 10


def test_a_picture_is_made_in_a_child(reel: Path) -> None:
    assert number_of(make_thumbnail(reel, 1_000)) == 25


def test_a_file_without_a_picture_says_so(tmp_path: Path) -> None:
    with pytest.raises(NoPicture, match=r"film\.mp4: no thumbnail at 40 ms: has no picture track"):
        make_thumbnail(make_sound(tmp_path / "film.mp4"), 40)


@pytest.mark.parametrize("content", [b"", b"nonsense" * 1_000])
def test_a_file_that_is_no_video_has_no_picture(tmp_path: Path, content: bytes) -> None:
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
    """Makes clips of files of the inventory."""

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
    """The id of a video of two seconds whose facts are known."""
    make_old(Path(shutil.copy(reel, archive / "show.mp4")))
    file_id = register("show.mp4")
    probe_library(engine, settings, "films", correlation_id="c")
    return file_id


def counts(report: ThumbnailReport) -> tuple[int, int, int, int]:
    return report.wanted, report.made, report.failed, report.left


def test_every_video_and_every_usable_clip_has_its_picture(
    engine: Engine, settings: Settings, film_id: int, cut: Cutter
) -> None:
    for in_ms in (400, 1_000, 1_000):
        cut(film_id, in_ms)
    cut(film_id, 600, problem="no such hand")
    cut(film_id, 800, is_retired=True)
    cut(film_id, 5_000)

    report = ensure_thumbnails(engine, settings)

    assert counts(report) == (3, 3, 0, 0)
    found = find_thumbnails(engine, settings, [(film_id, None), (film_id, 400), (film_id, 1_000), (film_id, 600)])
    assert {place: number_of(path.read_bytes()) for place, path in found.items()} == {
        (film_id, None): 5,
        (film_id, 400): 10,
        (film_id, 1_000): 25,
    }


def test_a_second_pass_makes_nothing(engine: Engine, settings: Settings, film_id: int, cut: Cutter) -> None:
    cut(film_id, 400)
    ensure_thumbnails(engine, settings)

    assert counts(ensure_thumbnails(engine, settings)) == (2, 0, 0, 0)


def test_a_picture_that_was_deleted_is_made_again(engine: Engine, settings: Settings, film_id: int) -> None:
    ensure_thumbnails(engine, settings)
    find_thumbnails(engine, settings, [(film_id, None)])[film_id, None].unlink()

    assert find_thumbnails(engine, settings, [(film_id, None)]) == {}
    assert ensure_thumbnails(engine, settings).made == 1


def test_a_changed_video_has_no_picture_until_it_is_made_anew(
    engine: Engine, settings: Settings, archive: Path, film_id: int, register: Register
) -> None:
    ensure_thumbnails(engine, settings)
    os.utime(archive / "show.mp4", (1_000, 1_000))
    register("show.mp4")

    assert find_thumbnails(engine, settings, [(film_id, None)]) == {}
    assert ensure_thumbnails(engine, settings).wanted == 0
    probe_library(engine, settings, "films", correlation_id="c")
    assert ensure_thumbnails(engine, settings).made == 1


def test_a_moved_video_keeps_its_pictures(engine: Engine, settings: Settings, archive: Path, film_id: int) -> None:
    ensure_thumbnails(engine, settings)
    (archive / "show.mp4").rename(archive / "renamed.mp4")
    with engine.begin() as connection:
        connection.execute(text("update nas_files set path = 'renamed.mp4', path_key = 'renamed.mp4'"))

    assert counts(ensure_thumbnails(engine, settings)) == (1, 0, 0, 0)
    assert len(find_thumbnails(engine, settings, [(film_id, None)])) == 1


def test_a_picture_that_cannot_be_made_is_a_problem_once_a_day(
    engine: Engine, settings: Settings, archive: Path, film_id: int
) -> None:
    status = (archive / "show.mp4").stat()
    (archive / "show.mp4").write_bytes(b"x" * status.st_size)

    report = ensure_thumbnails(engine, settings)

    assert counts(report) == (1, 0, 1, 0)
    assert report.problems[0][0] == f"{archive / 'show.mp4'} at 200 ms"
    assert "no video that can be read" in report.problems[0][1]
    assert counts(ensure_thumbnails(engine, settings)) == (1, 0, 0, 0)


def test_a_pass_without_time_leaves_all_for_the_next(engine: Engine, settings: Settings, film_id: int) -> None:
    assert counts(ensure_thumbnails(engine, settings, pass_seconds=0)) == (1, 0, 0, 1)
    assert counts(ensure_thumbnails(engine, settings)) == (1, 1, 0, 0)


def test_media_switched_off_makes_no_pictures(engine: Engine, settings: Settings, film_id: int) -> None:
    off = settings.model_copy(update={"media": settings.media.model_copy(update={"enabled": False})})

    assert ensure_thumbnails(engine, off).wanted == 0
    assert not (settings.home / "thumbnails").exists()


def test_a_video_of_a_library_no_longer_configured_is_left_alone(
    engine: Engine, settings: Settings, film_id: int
) -> None:
    assert ensure_thumbnails(engine, settings.model_copy(update={"libraries": ()})).wanted == 0


def test_progress_counts_the_pictures(engine: Engine, settings: Settings, film_id: int, cut: Cutter) -> None:
    cut(film_id, 400)
    told: list[int] = []

    ensure_thumbnails(engine, settings, progress=told.append)

    assert told == [1, 2]
