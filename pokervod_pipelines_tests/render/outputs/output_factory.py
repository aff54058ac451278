"""Make outputs for the tests, good and spoiled, as a renderer would: real files, encoded by PyAV."""

import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image

from pokervod_pipelines.render.outputs.comparison import composite_over
from pokervod_pipelines.render.outputs.inspection import ExpectedOutput, MakeDrawing
from pokervod_pipelines.render.renderers.job import OutputSpec
from pokervod_pipelines.render.templates import load_templates
from pokervod_pipelines.settings.render import RenderFormat
from pokervod_pipelines_tests.render.outputs import plain_drawing

CODECS: Mapping[str, tuple[str, str, dict[str, str]]] = {
    "animation": ("qtrle", "argb", {}),
    "prores_4444": ("prores_ks", "yuva444p10le", {"profile": "4444"}),
    "h264": ("libx264", "yuv420p", {"crf": "18", "preset": "veryfast"}),
}
"""Encoder, pixel format and options."""

FORMATS: Mapping[str, RenderFormat] = {
    "animation": "mov_alpha",
    "prores_4444": "mov_alpha",
    "h264": "mp4",
    "png": "png_sequence",
}
"""The format in which each coding is delivered."""

VALUES: Mapping[str, Mapping[str, Any]] = {
    "premium_hand": {
        "player": "Daniel Kim 김다니엘",
        "cards": ["As", "Ks", "Qs", "Js", "Ts"],
        "hole_cards": ["As", "Ks"],
        "board": ["Qs", "Js", "Ts", "2d", "7c"],
        "rank": "Royal flush",
        "pot": 1_287_500,
        "event": "Main event",
    },
    "elimination": {"player": "Maria Ho", "place": "9th", "prize": 43_000, "event": "High roller"},
    "leaderboard": {
        "heading": "Main event",
        "subheading": "After level 12",
        "rows": [
            {"position": place, "player": f"Player {place}", "chips": 9_000_000 - place * 613_500}
            for place in range(1, 10)
        ],
        "players_left": 41,
    },
    "chip_counts": {
        "heading": "Feature table",
        "rows": [
            {"player": f"Seat {seat}", "chips": 810_500 - seat * 40_000, "big_blinds": 81} for seat in range(1, 11)
        ],
    },
    "payouts": {
        "heading": "Main event",
        "rows": [{"place": "1st", "amount": 1_000_000}, {"place": "2nd", "amount": 640_000}],
    },
    "next_stream": {"heading": "Day 3", "date": "Saturday 21 November", "time": "13:00", "zone": "CET"},
}


def make_expected(
    name: str = "premium_hand", *, coding: str = "animation", renderer: str = "local", **overrides: Any
) -> ExpectedOutput:
    """Return an instruction: 1.5 s at 640×360 by default; other keywords are values of layers."""
    size = {"width": 640, "height": 360, "fps": 30, "seconds": 1.5}
    spec = {key: overrides.pop(key, value) for key, value in size.items()}
    return ExpectedOutput(
        template=load_templates()[name],
        layers={**VALUES[name], **overrides},
        spec=OutputSpec(format=FORMATS[coding], **spec),
        renderer=renderer,
    )


def make_output(
    folder: Path,
    expected: ExpectedOutput,
    coding: str = "animation",
    *,
    draw: MakeDrawing = plain_drawing.Drawing,
    change: Callable[[int, Image.Image], Image.Image] = lambda _, image: image,
) -> Path:
    """Write the output of the instruction; ``change`` may spoil each frame before it is encoded."""
    path = folder / {"png": "output", "h264": "output.mp4"}.get(coding, "output.mov")
    frames = (change(number, image) for number, image in enumerate(draw_all(expected, draw)))
    if coding == "png":
        write_sequence(path, frames)
    else:
        write_video(path, frames, expected.spec, coding)
    return path


def draw_all(expected: ExpectedOutput, draw: MakeDrawing = plain_drawing.Drawing) -> Iterable[Image.Image]:
    """Yield every frame; those in which the graphic is still are drawn once."""
    drawing = draw(expected.template, expected.layers, expected.spec)
    still = drawing.draw(drawing.hold[0])
    for number in range(expected.spec.frames):
        yield still if number in drawing.hold else drawing.draw(number)


def write_video(
    path: Path,
    frames: Iterable[Image.Image],
    spec: OutputSpec,
    coding: str,
    change: Callable[[Any], None] = lambda stream: None,
) -> None:
    """Write a video of the frames; ``change`` may spoil how the stream is coded."""
    codec, pixels, options = CODECS[coding]
    has_alpha = pixels in {"argb", "yuva444p10le"}
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        stream: Any = container.add_stream(codec, rate=Fraction(spec.fps), options=options)
        stream.width, stream.height, stream.pix_fmt = spec.width, spec.height, pixels
        stream.codec_context.thread_count = 1
        if pixels.startswith("yuv"):
            write_colours(stream.codec_context)
            stream.codec_context.color_range = 1
        change(stream)
        for number, image in enumerate(frames):
            whole = image if has_alpha else composite_over(image, (0, 0, 0))
            frame = av.VideoFrame.from_ndarray(np.asarray(whole), format="rgba")
            frame = frame.reformat(format=stream.pix_fmt, dst_colorspace="ITU709", dst_color_range="MPEG")
            write_colours(frame)
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def write_colours(coded: Any) -> None:
    """Declare the colours of a stream or a frame as BT.709."""
    coded.colorspace = coded.color_primaries = coded.color_trc = 1


def write_sequence(folder: Path, frames: Iterable[Image.Image]) -> None:
    """Write a PNG of each frame into the folder."""
    folder.mkdir()
    last, data = None, b""
    for number, image in enumerate(frames, 1):
        if image is not last:
            buffer = io.BytesIO()
            image.save(buffer, "PNG", compress_level=1)
            last, data = image, buffer.getvalue()
        (folder / f"{number:05}.png").write_bytes(data)


def with_spec(expected: ExpectedOutput, **changes: Any) -> ExpectedOutput:
    """Return the instruction with another format, size, rate or duration."""
    return replace(expected, spec=replace(expected.spec, **changes))
