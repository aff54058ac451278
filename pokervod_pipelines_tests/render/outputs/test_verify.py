"""Test that a good output is never refused and a spoiled one always, with what is wrong."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pokervod_pipelines.render.outputs.inspection import ExpectedOutput, Inspection, MakeDrawing
from pokervod_pipelines.render.outputs.verify import hash_image, inspect_output
from pokervod_pipelines.render.renderers.local import drawing as local
from pokervod_pipelines.render.renderers.local.encode import MovCodec, write_output
from pokervod_pipelines_tests.render.outputs import plain_drawing
from pokervod_pipelines_tests.render.outputs.output_factory import (
    CODECS,
    FORMATS,
    VALUES,
    draw_all,
    make_expected,
    make_output,
    with_spec,
    write_video,
)
from pokervod_pipelines_tests.render.outputs.spoiled_outputs import (
    OTHER_CODINGS,
    SPOILED_SEQUENCES,
    SPOILED_VIDEOS,
    Spoil,
    make_wide,
    rewrap,
)
from pokervod_pipelines_tests.sizes import choose, cover, thin

OutputCache = Callable[[str], Path]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> OutputCache:
    """Return the good output of ``make_expected`` in a coding, made once."""
    made: dict[str, Path] = {}

    def find(coding: str) -> Path:
        if coding not in made:
            made[coding] = make_output(tmp_path_factory.mktemp(coding), expected_of(coding), coding)
        return made[coding]

    return find


def expected_of(coding: str, **overrides: Any) -> ExpectedOutput:
    return make_expected(coding=coding, **{"seconds": 0.8, **overrides})


def copy(path: Path, folder: Path) -> Path:
    place = folder / path.name
    shutil.copytree(path, place) if path.is_dir() else shutil.copyfile(path, place)
    return place


def inspect(path: Path, expected: ExpectedOutput, draw: MakeDrawing = plain_drawing.Drawing) -> Inspection:
    return inspect_output(path, expected, draw=draw)


@pytest.mark.parametrize(("coding", "name"), thin(cover(FORMATS, VALUES)))
def test_outputs_of_the_local_renderer_are_never_refused(name: str, coding: str, tmp_path: Path) -> None:
    expected = make_expected(name, coding=coding, seconds=1.4)
    path = tmp_path / "output"
    mov_codec: MovCodec = "prores_4444" if coding == "prores_4444" else "animation"
    drawing = local.Drawing(expected.template, expected.layers, expected.spec)
    write_output(drawing, expected.spec, path, mov_codec, lambda _: None)

    inspection = inspect_output(path, expected)

    assert inspection.problems == ()


VIDEO_SPECS = [
    {"width": 16, "height": 16, "seconds": 1, "fps": 120},
    {"width": 1920, "height": 1080, "seconds": 0.1},
    {"width": 1080, "height": 1920, "seconds": 0.2, "fps": 7},
    {"width": 1280, "height": 720, "seconds": 0.01},  # a single frame
    {"seconds": 5, "fps": 1},
    {"seconds": 0.5, "fps": 25},
    {"seconds": 0.3, "fps": 50},
]


@pytest.mark.parametrize(("spec", "coding"), cover(VIDEO_SPECS, ["animation", "h264", "png"]), ids=str)
def test_a_good_output_of_any_size_rate_and_duration_is_accepted(spec: Any, coding: str, tmp_path: Path) -> None:
    expected = make_expected("elimination", coding=coding, **spec)

    inspection = inspect(make_output(tmp_path, expected, coding), expected)

    small = expected.spec.width == 16  # nothing can be read, and an empty screen is no graphic
    assert small or inspection.problems == ()


def test_an_inspection_reports_what_was_found(cache: OutputCache) -> None:
    inspection = inspect(cache("animation"), expected_of("animation"))

    assert (inspection.width, inspection.height, inspection.frames) == (640, 360, 24)
    assert (inspection.fps, inspection.duration) == (30.0, 0.8)
    assert (inspection.pixel_format, inspection.has_alpha) == ("argb", True)
    assert inspection.size_bytes == cache("animation").stat().st_size
    assert inspection.preview is not None
    assert inspection.preview.startswith(b"\xff\xd8")


@pytest.mark.parametrize(("how", "coding"), thin(cover(SPOILED_VIDEOS, CODECS)))
def test_a_spoiled_video_is_refused(coding: str, how: str, cache: OutputCache, tmp_path: Path) -> None:
    assert_refused(SPOILED_VIDEOS[how], coding, cache, tmp_path)


@pytest.mark.parametrize("how", thin(SPOILED_SEQUENCES))
def test_a_spoiled_sequence_is_refused(how: str, cache: OutputCache, tmp_path: Path) -> None:
    assert_refused(SPOILED_SEQUENCES[how], "png", cache, tmp_path)


def assert_refused(spoil: Spoil, coding: str, cache: OutputCache, folder: Path) -> None:
    path = copy(cache(coding), folder)
    spoil(path)

    for expected in (expected_of(coding), expected_of(coding, renderer="nexrender")):
        inspection = inspect_output(
            path, expected, draw=plain_drawing.Drawing if expected.renderer == "local" else None
        )
        assert not inspection.is_valid
        assert str(path) in inspection.problems[0]


def paint(colour: tuple[int, int, int, int]) -> Callable[[int, Image.Image], Image.Image]:
    return lambda _, image: Image.new("RGBA", image.size, colour)


BLANK = {"black": (0, 0, 0, 255), "transparent": (0, 0, 0, 0), "white": (255, 255, 255, 255)}


@pytest.mark.parametrize(("colour", "coding", "renderer"), cover(BLANK, FORMATS, ["local", "nexrender"]))
def test_a_blank_output_is_refused(colour: str, coding: str, renderer: str, tmp_path: Path) -> None:
    expected = make_expected(coding=coding, seconds=0.2, renderer=renderer)
    path = make_output(tmp_path, expected, coding, change=paint(BLANK[colour]))

    inspection = inspect_output(path, expected, draw=plain_drawing.Drawing if renderer == "local" else None)

    assert any("shows nothing" in problem for problem in inspection.problems)


@pytest.mark.parametrize("renderer", ["local", "nexrender"])
@pytest.mark.parametrize("coding", ["animation", "png"])
def test_an_opaque_output_is_refused_where_alpha_is_expected(coding: str, renderer: str, tmp_path: Path) -> None:
    def flatten(_: int, image: Image.Image) -> Image.Image:
        below = Image.new("RGBA", image.size, (0, 0, 0, 255))
        below.alpha_composite(image)
        return below

    expected = make_expected(coding=coding, seconds=0.2, renderer=renderer)
    path = make_output(tmp_path, expected, coding, change=flatten)

    inspection = inspect_output(path, expected, draw=plain_drawing.Drawing if renderer == "local" else None)

    assert any("is opaque in all" in problem for problem in inspection.problems)


def test_a_video_without_transparency_is_refused_as_mov_alpha(cache: OutputCache, tmp_path: Path) -> None:
    path = copy(cache("h264"), tmp_path).rename(tmp_path / "output.mov")

    problems = inspect(path, expected_of("animation")).problems

    assert any("yuv420p, expected a pixel format with transparency" in problem for problem in problems)
    assert any(
        "yuv420p" in problem
        for problem in inspect_output(path, expected_of("animation", renderer="nexrender")).problems
    )


OTHER_MEASURES = [
    ({"fps": 25, "seconds": 0.96}, ("25",)),  # as many frames at another rate
    ({"seconds": 0.8 + 1 / 30}, ("24 frames, expected 25", "00025.png: is missing")),
    ({"seconds": 0.8 - 1 / 30}, ("24 frames, expected 23", "00024.png: is unexpected")),
    ({"width": 1280, "height": 720}, ("has 640×360 pixels, expected 1280×720",)),
    ({"width": 642}, ("has 640×360 pixels, expected 642×360",)),
]


@pytest.mark.parametrize(("case", "coding"), cover(OTHER_MEASURES, FORMATS), ids=str)
def test_another_rate_length_or_size_is_refused_with_both_figures(
    case: tuple[Any, tuple[str, ...]], coding: str, cache: OutputCache
) -> None:
    changes, texts = case
    if coding == "png" and "fps" in changes:
        pytest.skip("pictures have no rate")

    for renderer, draw in (("local", plain_drawing.Drawing), ("nexrender", None)):
        expected = replace(with_spec(expected_of(coding), **changes), renderer=renderer)
        problems = inspect_output(cache(coding), expected, draw=draw).problems
        assert any(text in problem for problem in problems for text in texts)


STALE_TEXTS = [
    ({"pot": 1_287_508}, "1,287,508"),
    ({"pot": 1_237_500}, "1,237,500"),
    ({"pot": 7_287_500}, "7,287,500"),
    ({"pot": 287_500}, "287,500"),
    ({"player": "Daniel Kin 김다니엘"}, "Daniel Kin"),
    ({"player": "Daniel Kim 김다니얼"}, "김다니얼"),
    ({"board": ["Qs", "Js", "Ts", "2d", "7h"]}, "7h"),
    ({"board": ["Qs", "Js", "Ts", "3d", "7c"]}, "3d"),
    ({"rank": "Straight flush"}, "Straight flush"),
]


@pytest.mark.parametrize(("case", "coding"), cover(STALE_TEXTS, FORMATS), ids=str)
def test_a_stale_text_is_refused_by_name(case: tuple[Any, str], coding: str, tmp_path_factory: Any) -> None:
    changes, shows = case
    size: Any = {"width": 1280, "height": 720, "seconds": 0.1}
    stale = _draw_once(tmp_path_factory, coding, size)
    expected = make_expected(coding=coding, **size, **changes)

    inspection = inspect_output(stale, expected)

    assert any(shows in problem and "(layer " in problem for problem in inspection.problems)


_drawn: dict[str, Path] = {}


def _draw_once(factory: pytest.TempPathFactory, coding: str, size: Any) -> Path:
    if coding not in _drawn:
        _drawn[coding] = make_output(
            factory.mktemp(coding), make_expected(coding=coding, **size), coding, draw=local.Drawing
        )
    return _drawn[coding]


@pytest.mark.parametrize("coding", choose(["animation", "h264"], long=FORMATS))
def test_the_file_of_another_job_is_refused(coding: str, cache: OutputCache) -> None:
    for name in VALUES.keys() - {"premium_hand"}:
        other = make_expected(name, coding=coding, seconds=0.8)
        assert not inspect(cache(coding), other).is_valid
        assert not inspect(cache(coding), other, local.Drawing).is_valid


@pytest.mark.parametrize("coding", ["animation", "h264", "png"])
def test_a_graphic_that_is_not_still_is_refused(coding: str, tmp_path: Path) -> None:
    expected = expected_of(coding)
    hold = plain_drawing.find_hold_frames(expected.spec)
    path = make_output(
        tmp_path,
        expected,
        coding,
        change=lambda number, image: image.transpose(Image.Transpose.FLIP_TOP_BOTTOM) if number == hold[1] else image,
    )

    assert any("is not still" in problem for problem in inspect(path, expected).problems)


def tint(image: Image.Image) -> Image.Image:
    """Return it redder and less blue, and about as bright."""
    red, green, blue, alpha = image.split()
    moved = zip((red, green, blue), (50, -17, -50), strict=True)
    return Image.merge("RGBA", [*(part.point(lambda value, by=by: value + by) for part, by in moved), alpha])


def dot(image: Image.Image) -> Image.Image:
    """Put a red dot on every second pixel of every second line."""
    pixels = np.array(image)
    pixels[1::2, 1::2] = (255, 0, 0, 255)
    return Image.fromarray(pixels)


@pytest.mark.parametrize(("spoil", "coding"), cover([tint, dot], ["animation", "h264"]))
def test_a_graphic_that_changes_for_a_few_frames_is_refused(
    spoil: Callable[[Image.Image], Image.Image], coding: str, tmp_path: Path
) -> None:
    expected = make_expected("elimination", coding=coding, width=1280, height=720, seconds=1.2)
    few = local.find_hold_frames(expected.spec)[1:3]
    path = make_output(
        tmp_path,
        expected,
        coding,
        draw=local.Drawing,
        change=lambda number, image: spoil(image) if number in few else image,
    )

    (problem,) = inspect_output(path, expected).problems

    assert f"is not still: frame {few[0] + 1} differs" in problem


Frames = list[Image.Image]


def paint_over(frames: Frames) -> Image.Image:
    return Image.new("RGBA", frames[0].size, (255, 0, 0, 255))


MOVES: dict[str, Callable[[Frames, range, Frames], Sequence[Image.Image]]] = {
    "does not enter": lambda good, hold, _: [good[hold[0]]] * hold.start + good[hold.start :],
    "does not leave": lambda good, hold, _: good[: hold.stop] + [good[hold[0]]] * (len(good) - hold.stop),
    "enters as another": lambda good, hold, other: other[: hold.start] + good[hold.start :],
    "leaves as another": lambda good, hold, other: good[: hold.stop] + other[hold.stop :],
    "enters late": lambda good, hold, _: [good[0]] * hold.start + good[hold.start :],
    "appears at once": lambda good, hold, _: (
        [Image.new("RGBA", good[0].size, (0, 0, 0, 0))] * hold.start + good[hold.start :]
    ),
    "is covered first": lambda good, hold, _: [paint_over(good)] * hold.start + good[hold.start :],
    "is covered last": lambda good, hold, _: good[: hold.stop] + [paint_over(good)] * (len(good) - hold.stop),
}


@pytest.mark.parametrize(("move", "coding"), thin(cover(MOVES, ["animation", "h264"])))
def test_a_wrong_entrance_or_exit_is_refused(move: str, coding: str, tmp_path: Path) -> None:
    expected = make_expected("elimination", coding=coding, seconds=1.4)
    other = make_expected("elimination", coding=coding, seconds=1.4, player="Bo Zhang", place="3rd")
    good, others = ([*draw_all(each, local.Drawing)] for each in (expected, other))
    spoiled = MOVES[move](good, local.find_hold_frames(expected.spec), others)
    path = make_output(tmp_path, expected, coding, draw=local.Drawing, change=lambda number, _: spoiled[number])

    problems = inspect_output(path, expected).problems

    assert any("as expected: frame" in problem for problem in problems)


@pytest.mark.parametrize("coding", CODECS)
def test_pixels_that_are_not_square_are_refused(coding: str, tmp_path: Path) -> None:
    expected = expected_of(coding)
    write_video(tmp_path / "output.mov", draw_all(expected), expected.spec, coding, make_wide)

    for renderer, draw in (("local", plain_drawing.Drawing), ("nexrender", None)):
        (problem,) = inspect_output(tmp_path / "output.mov", replace(expected, renderer=renderer), draw=draw).problems
        assert "not square" in problem


@pytest.mark.parametrize("how", OTHER_CODINGS)
def test_other_declared_colours_are_refused_except_from_a_farm(how: str, tmp_path: Path) -> None:
    expected = expected_of("h264")
    write_video(tmp_path / "output.mp4", draw_all(expected), expected.spec, "h264", OTHER_CODINGS[how])

    assert not inspect(tmp_path / "output.mp4", expected).is_valid
    assert inspect_output(tmp_path / "output.mp4", replace(expected, renderer="nexrender")).problems == ()


@pytest.mark.parametrize("coding", CODECS)
def test_sound_is_refused_except_from_a_farm(coding: str, cache: OutputCache, tmp_path: Path) -> None:
    path = copy(cache(coding), tmp_path)
    rewrap(path, sound=True)

    (problem,) = inspect(path, expected_of(coding)).problems

    assert "extra tracks (audio)" in problem
    assert inspect_output(path, expected_of(coding, renderer="nexrender")).problems == ()


def test_images_that_look_the_same_share_a_hash() -> None:
    one = Image.new("RGBA", (64, 32), (200, 10, 10, 0))
    same = Image.new("RGBA", (64, 32), (0, 99, 0, 0))  # another colour, which nobody can see
    other = same.copy()
    other.putpixel((5, 5), (1, 1, 1, 255))

    assert hash_image(one) == hash_image(same)
    assert hash_image(one) != hash_image(other)
    assert hash_image(one) != hash_image(one.resize((32, 64)))


def test_farm_renders_that_look_the_same_share_a_hash(tmp_path: Path) -> None:
    expected = make_expected(seconds=0.2, renderer="nexrender")
    stale = replace(expected, layers={**expected.layers, "pot": 5})
    for name in ("one", "two", "three"):
        (tmp_path / name).mkdir()
    paths = [
        make_output(tmp_path / name, of)
        for name, of in zip(("one", "two", "three"), (expected, expected, stale), strict=True)
    ]

    one, two, three = (inspect_output(path, expected) for path in paths)

    assert one.is_valid
    assert one.picture_hash == two.picture_hash != three.picture_hash


def test_outputs_that_cannot_be_drawn_again_are_still_measured(tmp_path: Path) -> None:
    expected = make_expected(coding="h264", seconds=0.2, renderer="nexrender")

    assert inspect_output(make_output(tmp_path, expected, "h264"), expected).problems == ()
