"""Encode frames as MOV with alpha, MP4, or a folder of PNG files, with the exact number of frames at the exact rate.

A frame that equals the one before is drawn and converted once; with an intra-only codec it is encoded once, too. The
files are flushed to disk.
"""

import io
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import av
import numpy as np
from av.video.stream import VideoStream
from PIL import Image

from pokervod_pipelines.render.renderers.job import OutputSpec, ReportProgress
from pokervod_pipelines.render.renderers.local.drawing import Drawing

MovCodec = Literal["animation", "prores_4444"]

Packets = Iterator["av.Packet[Any]"]

BT709 = 1
"""Number of the HD broadcast standard in every colour field of a stream."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoCodec:
    """Configure an encoder of FFmpeg: pixels, options, whether it is intra-only, and options of the file."""

    name: str
    pixels: str
    options: Mapping[str, str]
    is_intra: bool = False
    file_options: Mapping[str, str]

    @property
    def has_luma(self) -> bool:
        """Return whether colours are stored as luma and chroma, and so by a standard."""
        return self.pixels.startswith("yuv")


ANIMATION = VideoCodec(name="qtrle", pixels="argb", options={}, file_options={"movflags": "+faststart"})
PRORES = VideoCodec(
    name="prores_ks",
    pixels="yuva444p10le",
    options={"profile": "4444", "alpha_bits": "8", "vendor": "apl0"},
    is_intra=True,
    file_options={"movflags": "+faststart"},
)
H264 = VideoCodec(
    name="libx264",
    pixels="yuv420p",
    options={"crf": "16", "preset": "veryfast", "tune": "animation"},
    file_options={"movflags": "+faststart"},
)
MOV_CODECS: Mapping[MovCodec, VideoCodec] = {"animation": ANIMATION, "prores_4444": PRORES}
THREADS = 2


def write_output(drawing: Drawing, spec: OutputSpec, target: Path, mov_codec: MovCodec, report: ReportProgress) -> None:
    """Write the whole target and flush it. Raises ``OSError``, also for FFmpeg errors without a number of their own."""
    if spec.format == "png_sequence":
        _write_folder(drawing, spec, target, report)
        return
    codec = H264 if spec.format == "mp4" else MOV_CODECS[mov_codec]
    _write_video(drawing, spec, target, codec, report)
    with target.open("rb+") as file:
        os.fsync(file.fileno())


def _write_video(drawing: Drawing, spec: OutputSpec, target: Path, codec: VideoCodec, report: ReportProgress) -> None:
    kind = "mp4" if spec.format == "mp4" else "mov"
    with av.open(target, "w", format=kind, options={**codec.file_options}) as video:
        stream = video.add_stream(codec.name, rate=spec.fps)
        assert isinstance(stream, VideoStream)  # noqa: S101 - narrows the type
        _describe(stream, spec, codec)
        for number, packet in enumerate(_encode(stream, drawing, spec, codec), 1):
            video.mux(packet)
            report(min(1.0, number / spec.frames))


def _describe(stream: VideoStream, spec: OutputSpec, codec: VideoCodec) -> None:
    stream.width, stream.height, stream.pix_fmt = spec.width, spec.height, codec.pixels
    stream.time_base = Fraction(1, spec.fps)
    stream.options = {**codec.options}
    context = stream.codec_context
    context.gop_size, context.thread_count = spec.fps, THREADS
    if codec.has_luma:
        context.colorspace = context.color_primaries = context.color_trc = BT709
        context.color_range = 1


def _encode(stream: VideoStream, drawing: Drawing, spec: OutputSpec, codec: VideoCodec) -> Packets:
    """Yield the packets of all frames, in their order."""
    for image, first, count in _group_equal_frames(drawing, spec):
        frame = _convert(image, codec)
        frame.time_base = Fraction(1, spec.fps)
        times = range(first, first + count)
        yield from _repeat(stream, frame, times) if codec.is_intra else _feed(stream, frame, times)
    yield from stream.encode(None)


def _group_equal_frames(drawing: Drawing, spec: OutputSpec) -> Iterator[tuple[Image.Image, int, int]]:
    """Yield each image with its first frame and its number of frames."""
    still, first = drawing.draw(0), 0
    for number in range(1, spec.frames):
        image = drawing.draw(number)
        if image is not still:
            yield still, first, number - first
            still, first = image, number
    yield still, first, spec.frames - first


def _convert(image: Image.Image, codec: VideoCodec) -> av.VideoFrame:
    pixels = np.asarray(image)  # ``from_image`` drops the alpha
    if not codec.has_luma:
        return av.VideoFrame.from_ndarray(pixels, format="rgba").reformat(format=codec.pixels)
    # Of eight bits FFmpeg would round luma without dithering, which makes bands in dark gradients.
    frame = av.VideoFrame.from_ndarray(pixels.astype(np.uint16) * 257, format="rgba64le")
    frame = frame.reformat(format=codec.pixels, dst_colorspace="ITU709", dst_color_range="MPEG")
    frame.colorspace = frame.color_primaries = frame.color_trc = BT709
    return frame


def _feed(stream: VideoStream, frame: av.VideoFrame, times: range) -> Packets:
    for time in times:
        frame.pts = time
        yield from stream.encode(frame)


def _repeat(stream: VideoStream, frame: av.VideoFrame, times: range) -> Packets:
    """Yield the frame's packet once for each time: an intra-only codec encodes equal frames equally."""
    for packet in _feed(stream, frame, times[:1]):
        payload = bytes(packet)
        for time in times:
            copy = av.Packet(payload)
            copy.stream, copy.time_base = stream, Fraction(1, stream.codec_context.rate)
            copy.pts = copy.dts = time
            copy.duration, copy.is_keyframe = 1, True
            yield copy


def _write_folder(drawing: Drawing, spec: OutputSpec, target: Path, report: ReportProgress) -> None:
    target.mkdir()
    for image, first, count in _group_equal_frames(drawing, spec):
        png = io.BytesIO()
        image.save(png, "PNG", compress_level=3)
        for number in range(first + 1, first + count + 1):
            _write_file(target / f"{number:05}.png", png.getbuffer())
            report(number / spec.frames)
    _sync_folder(target)


def _write_file(path: Path, content: "memoryview[int] | bytes") -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    """Flush the entries of the folder, where the system can."""
    if os.name == "nt":
        return
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
