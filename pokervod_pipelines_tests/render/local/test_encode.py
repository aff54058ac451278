"""Encode the frames, rate, size and alpha that were asked for, and the exact pixels."""

import errno
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from pokervod_pipelines.render.renderers.job import OutputSpec
from pokervod_pipelines.render.renderers.local.drawing import Drawing, find_hold_frames
from pokervod_pipelines.render.renderers.local.encode import write_output
from pokervod_pipelines.settings.render import RenderFormat
from pokervod_pipelines_tests.render.local.sample_jobs import NAMES, ORDINARY, TEMPLATES, make_spec
from pokervod_pipelines_tests.sizes import choose, cover

ENCODINGS: dict[str, tuple[RenderFormat, Any, str, str]] = {
    "animation": ("mov_alpha", "animation", ".mov", "argb"),
    "prores": ("mov_alpha", "prores_4444", ".mov", "yuva444p12le"),
    "mp4": ("mp4", "animation", ".mp4", "yuv420p"),
}


def write(name: str, spec: OutputSpec, target: Path, codec: Any = "animation") -> list[float]:
    reported: list[float] = []
    write_output(Drawing(TEMPLATES[name], ORDINARY[name], spec), spec, target, codec, reported.append)
    return reported


def decode(path: Path) -> Iterator[av.VideoFrame]:
    with av.open(path) as video:
        yield from video.decode(video.streams.video[0])


@pytest.mark.parametrize(("name", "encoding"), cover(NAMES, ENCODINGS))
def test_a_video_has_the_frames_rate_size_and_pixels(name: str, encoding: str, tmp_path: Path) -> None:
    output, codec, ending, pixels = ENCODINGS[encoding]
    spec, target = make_spec(output), tmp_path / f"graphic{ending}"

    write(name, spec, target, codec)

    with av.open(target) as video:
        stream = video.streams.video[0]
        assert (stream.average_rate, stream.width, stream.height) == (30, 640, 360)
        assert stream.duration * stream.time_base == spec.frames / 30
    frames = [*decode(target)]
    assert [round(frame.time * 30) for frame in frames] == [*range(spec.frames)]
    assert frames[0].format.name == pixels
    standing = frames[find_hold_frames(spec).start]
    drawn = np.asarray(Drawing(TEMPLATES[name], ORDINARY[name], spec).draw(find_hold_frames(spec).start)).astype(int)
    shown = standing.reformat(format="rgba").to_ndarray().astype(int)
    seen = drawn[..., 3:] > 0  # invisible pixels have any colour
    assert np.abs((shown - drawn)[..., :3] * seen).mean() < 2.5
    assert np.abs((shown - drawn)[..., 3]).max() <= 3


@pytest.mark.parametrize("name", choose(["next_stream"], long=[*NAMES]))
def test_a_sequence_has_a_file_for_every_frame(name: str, tmp_path: Path) -> None:
    spec, target = make_spec("png_sequence"), tmp_path / "graphic"

    write(name, spec, target)

    assert sorted(path.name for path in target.iterdir()) == [f"{number:05}.png" for number in range(1, 46)]
    drawing = Drawing(TEMPLATES[name], ORDINARY[name], spec)
    for number in (1, 6, 20, 45):
        with Image.open(target / f"{number:05}.png") as drawn:
            assert (drawn.mode, drawn.tobytes()) == ("RGBA", drawing.draw(number - 1).tobytes())


@pytest.mark.long
def test_an_mp4_shows_no_bands_in_dark_gradients(tmp_path: Path) -> None:
    """FFmpeg rounds eight bits to luma without dithering, which left bands of 240 rows."""
    spec, target = make_spec("mp4", width=1920, height=1080, seconds=1.4), tmp_path / "graphic.mp4"

    write("next_stream", spec, target)

    frame = [*decode(target)][find_hold_frames(spec).start + 1].to_ndarray(format="rgb24")
    for colour in frame[10:-40, 8:70].mean(axis=1).T:
        assert np.diff(np.flatnonzero(np.abs(np.diff(colour)) > 0.01)).max() <= 27


def test_lossless_codecs_keep_every_pixel(tmp_path: Path) -> None:
    spec = make_spec()

    write("premium_hand", spec, tmp_path / "graphic.mov")

    drawing = Drawing(TEMPLATES["premium_hand"], ORDINARY["premium_hand"], spec)
    for number, frame in enumerate(decode(tmp_path / "graphic.mov")):
        assert np.array_equal(frame.reformat(format="rgba").to_ndarray(), np.asarray(drawing.draw(number)))


@pytest.mark.parametrize(("output", "codec", "ending", "_"), ENCODINGS.values(), ids=ENCODINGS)
@pytest.mark.parametrize(
    "changes", [{"seconds": 0.01}, {"fps": 24, "seconds": 1.01}, {"fps": 60, "seconds": 0.7}], ids=str
)
def test_any_rate_and_length_comes_out_exactly(
    output: RenderFormat, codec: Any, ending: str, _: str, changes: dict[str, Any], tmp_path: Path
) -> None:
    spec, target = make_spec(output, width=320, height=180, **changes), tmp_path / f"graphic{ending}"

    write("elimination", spec, target, codec)

    with av.open(target) as video:
        assert video.streams.video[0].average_rate == spec.fps
    assert len([*decode(target)]) == spec.frames


@pytest.mark.parametrize("output", ["mov_alpha", "mp4", "png_sequence"])
def test_it_says_how_far_it_is(output: RenderFormat, tmp_path: Path) -> None:
    told = write("elimination", make_spec(output), tmp_path / "graphic")

    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len(told) > 20


@pytest.mark.parametrize("output", ["mov_alpha", "mp4", "png_sequence"])
def test_a_target_that_cannot_be_written_keeps_the_systems_number(output: RenderFormat, tmp_path: Path) -> None:
    with pytest.raises(OSError) as raised:  # noqa: PT011 - the number is what it is about
        write("elimination", make_spec(output), tmp_path / "no folder" / "graphic")

    assert raised.value.errno == errno.ENOENT


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no device that is always full")
def test_a_full_disk_keeps_the_systems_number(tmp_path: Path) -> None:
    target = tmp_path / "graphic.mov"
    target.symlink_to("/dev/full")

    with pytest.raises(OSError) as raised:  # noqa: PT011 - the number is what it is about
        write("elimination", make_spec(), target)

    assert raised.value.errno == errno.ENOSPC
