"""Check that the videos of the sample play at the usual frame rates, and that each frame has its number."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pokervod_pipelines.sample import SampleLayout
from pokervod_pipelines.sample.frames import (
    CODE_BITS,
    HEIGHT,
    WIDTH,
    Pixels,
    draw_background,
    draw_frame,
    read_frame_number,
)
from pokervod_pipelines.sample.videos import PLAYABLE, PlayableVideo, encode_video

each_video = pytest.mark.parametrize("video", PLAYABLE, ids=lambda video: f"{float(video.rate):.3f}-{video.codec}")

BACKGROUND = draw_background("A title", "25 fps")


def to_rgb(planes: Pixels) -> Pixels:
    return av.VideoFrame.from_ndarray(planes, format="yuv420p").to_ndarray(format="rgb24")


@each_video
def test_a_video_has_the_rate_and_length_it_promises(video: PlayableVideo, laid_out: SampleLayout) -> None:
    with av.open(str(laid_out.archive_root / video.path)) as container:
        stream = container.streams.video[0]

        assert stream.average_rate == video.rate
        assert stream.frames == video.frames
        assert stream.codec_context.name == video.codec
        assert (stream.width, stream.height) == (WIDTH, HEIGHT)
        assert float(stream.duration * stream.time_base) == pytest.approx(video.seconds, abs=float(1 / video.rate))


@each_video
def test_every_frame_says_its_number(video: PlayableVideo, laid_out: SampleLayout) -> None:
    with av.open(str(laid_out.archive_root / video.path)) as container:
        numbers = [read_frame_number(frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]

    assert numbers == list(range(video.frames))


@each_video
def test_a_start_timecode_is_on_a_track_of_its_own(video: PlayableVideo, laid_out: SampleLayout) -> None:
    with av.open(str(laid_out.archive_root / video.path)) as container:
        assert container.streams.video[0].metadata.get("timecode", "") == video.timecode
        assert len(container.streams.data) == bool(video.timecode)


@each_video
def test_sound_is_there_where_promised_and_lasts_as_long(video: PlayableVideo, laid_out: SampleLayout) -> None:
    with av.open(str(laid_out.archive_root / video.path)) as container:
        assert len(container.streams.audio) == video.has_audio
        for sound in container.streams.audio:
            assert float(sound.duration * sound.time_base) == pytest.approx(video.seconds, abs=0.05)


@pytest.mark.parametrize("rate", [(25, 1), (30_000, 1001), (24_000, 1001), (50, 1), (60_000, 1001)])
def test_every_rate_of_broadcasting_is_there(rate: tuple[int, int]) -> None:
    assert Fraction(*rate) in {video.rate for video in PLAYABLE}


def test_there_are_drop_frame_and_non_drop_timecodes_sound_and_two_containers() -> None:
    assert {video.timecode[-3:-2] for video in PLAYABLE if video.timecode} == {";", ":"}
    assert any(video.has_audio for video in PLAYABLE)
    assert {Path(video.path).suffix for video in PLAYABLE} == {".mp4", ".mov"}


def test_encoding_twice_gives_the_same_bytes_and_leaves_nothing_else(tmp_path: Path) -> None:
    first, second = tmp_path / "first.mov", tmp_path / "second.mov"

    encode_video(PLAYABLE[2], first)
    encode_video(PLAYABLE[2], second)

    assert first.read_bytes() == second.read_bytes()
    assert sorted(tmp_path.iterdir()) == [first, second]


def test_a_video_that_cannot_be_moved_into_place_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "taken.mov").mkdir()

    with pytest.raises(OSError, match="taken"):
        encode_video(PLAYABLE[2], tmp_path / "taken.mov")

    assert [path.name for path in tmp_path.iterdir()] == ["taken.mov"]


@settings(deadline=None, max_examples=40)
@given(number=st.integers(0, 2**CODE_BITS - 1))
def test_any_number_can_be_read_from_its_frame(number: int) -> None:
    assert read_frame_number(to_rgb(draw_frame(BACKGROUND, number, 2**CODE_BITS))) == number


@settings(deadline=None, max_examples=20)
@given(number=st.integers(0, 2**CODE_BITS - 1), noise=st.integers(1, 60))
def test_noise_does_not_change_the_number(number: int, noise: int) -> None:
    pixels = to_rgb(draw_frame(BACKGROUND, number, 2**CODE_BITS)).astype(int)
    rng = np.random.default_rng(number)

    noisy = np.clip(pixels + rng.integers(-noise, noise + 1, pixels.shape), 0, 255).astype(np.uint8)

    assert read_frame_number(noisy) == number


def test_two_frames_differ_to_the_eye_too() -> None:
    one, other = draw_frame(BACKGROUND, 1, 100), draw_frame(BACKGROUND, 99, 100)

    assert (one[100:320] != other[100:320]).any()


@pytest.mark.parametrize("title", ["", "한글 제목 🏆", "x" * 500])
def test_any_title_can_be_drawn(title: str) -> None:
    assert draw_background(title, "caption").shape == (HEIGHT * 3 // 2, WIDTH)
