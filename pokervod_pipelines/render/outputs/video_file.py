"""Read a video file to its end: what its container says, and every decoded frame. Runs in the child."""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

import av
from av import VideoFrame
from av.container import InputContainer
from av.sidedata.sidedata import SideData
from av.video.stream import VideoStream

from pokervod_pipelines.render.outputs.decoded_frame import (
    DecodedFrame,
    find_alpha,
    find_bits,
    read_planes,
    simplify,
    take_sample,
    to_image,
)
from pokervod_pipelines.render.renderers.job import OutputSpec

LOSSLESS = frozenset({"qtrle", "png", "ffv1", "rawvideo", "utvideo"})
ATOMS = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"meta", b"uuid", b"udta", b"pnot"})
"""Atoms at the top level of a MOV or MP4 (ISO 14496-12 §8, QuickTime File Format) written in one piece."""

IDENTITY_MATRIX = struct.pack("=9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
"""Display matrix of a track that is shown as coded (ISO 14496-12 §6.2.2), in the form of FFmpeg."""

FRAMES_MORE = 1_000
"""Reading stops this many frames after the expected end."""

OnFrame = Callable[[DecodedFrame], None]


@dataclass(slots=True, kw_only=True)
class FileProperties:
    """Collect what was found by reading; what was not found stays zero. ``fps`` and ``seconds`` are those of the video.

    ``tracks`` are the kinds of all tracks. ``colours`` are matrix, primaries, transfer and range, in the numbers of
    ISO 23091-2 and of FFmpeg's ranges.
    """

    problems: list[str] = field(default_factory=list)
    tracks: tuple[str, ...] = ()
    colours: tuple[int, int, int, int] = (0, 0, 0, 0)
    width: int = 0
    height: int = 0
    frames: int = 0
    fps: Fraction = Fraction(0)
    seconds: Fraction = Fraction(0)
    pixel_format: str = ""
    has_alpha: bool = False
    is_lossless: bool = False


def read_video(path: Path, spec: OutputSpec, on_frame: OnFrame) -> FileProperties:
    """Return the properties of the video; ``on_frame`` gets every frame.

    A video of another size than expected is not decoded. Raises ``OSError`` only if the file itself cannot be read.
    """
    properties = FileProperties()
    with path.open("rb") as file:
        properties.problems.extend(find_container_problems(file, path.stat().st_size))
    options = {"protocol_whitelist": "file", "format_whitelist": "mov"}
    try:
        with av.open(str(path), container_options=options, metadata_errors="replace") as container:
            stream = _find_stream(container)
            if stream is None:
                properties.problems.append("has no video track that can be decoded")
                return properties
            properties.tracks = tuple(each.type for each in container.streams)
            _read_header(stream, properties)
            properties.problems.extend(_find_header_problems(stream, properties))
            if (properties.width, properties.height) == (spec.width, spec.height):
                _read_frames(container, stream, spec, properties, on_frame)
    except av.FFmpegError as error:
        properties.problems.append(
            f"cannot be read to its end, after {properties.frames} frames: {error.strerror or error}"
        )
    return properties


def find_container_problems(file: BinaryIO, size: int) -> Iterator[str]:
    """Yield what is wrong with the atoms of a MOV or MP4: cut off, trailing bytes, a missing or repeated index.

    Demuxers ignore all of that silently.
    """
    seen: list[bytes] = []
    position = 0
    while position < size:
        file.seek(position)
        head = file.read(16)
        length, kind = int.from_bytes(head[:4]), head[4:8]
        if length == 1:
            length = int.from_bytes(head[8:16])
        if kind not in ATOMS or length < 8:
            yield f"has {size - position:,} unexpected bytes from byte {position:,} on"
            return
        seen.append(kind)
        position += length
    if position > size:
        yield f"is cut off: expected {position:,} bytes, got {size:,}"
    for kind in (b"moov", b"mdat"):
        if seen.count(kind) != 1:
            yield f"has {seen.count(kind)} atoms {kind.decode()!r}, expected one"


def _find_stream(container: InputContainer) -> VideoStream | None:
    return next((each for each in container.streams.video if each.codec_context is not None), None)


def _read_header(stream: VideoStream, properties: FileProperties) -> None:
    context = stream.codec_context
    properties.width, properties.height = context.width, context.height
    properties.fps = Fraction(stream.average_rate or stream.guessed_rate or 0)
    if stream.duration and stream.time_base:
        properties.seconds = stream.duration * stream.time_base
    properties.is_lossless = context.codec.canonical_name in LOSSLESS
    properties.colours = (context.colorspace, context.color_primaries, context.color_trc, context.color_range)
    if context.format is not None:
        properties.pixel_format, properties.has_alpha = context.format.name, find_alpha(context.format) is not None


def _find_header_problems(stream: VideoStream, properties: FileProperties) -> Iterator[str]:
    """Yield what makes players show the video differently from how it was decoded here."""
    if (count := properties.tracks.count("video")) > 1:
        yield f"has {count} video tracks, expected one: players may show any of them"
    if (aspect := stream.sample_aspect_ratio) not in {None, 0, 1}:
        yield f"has pixels that are not square ({aspect}), so players show it wider or narrower"


def _find_start_problems(frame: VideoFrame, fps: int) -> Iterator[str]:
    matrix = cast("SideData | None", frame.side_data.get("DISPLAYMATRIX"))
    if matrix is not None and bytes(matrix) != IDENTITY_MATRIX:
        yield f"is shown rotated by {frame.rotation}° or mirrored, because of its header"
    if frame.time is not None and abs(frame.time) * fps >= 0.5:
        yield f"begins at {frame.time:.3f} s, expected 0"


def _read_frames(
    container: InputContainer, stream: VideoStream, spec: OutputSpec, properties: FileProperties, on_frame: OnFrame
) -> None:
    stream.thread_type = "AUTO"
    stream.codec_context.options = {"err_detect": "explode"}
    start, misplaced, broken = None, 0, 0
    for frame in _decode(container, stream):
        if properties.frames == 0:
            start = frame.time
            properties.problems.extend(_find_start_problems(frame, spec.fps))
        broken += frame.is_corrupt
        misplaced += _is_misplaced(frame, start, properties.frames, spec.fps)
        if (frame.width, frame.height) != (spec.width, spec.height):
            properties.problems.append(f"frame {properties.frames + 1} has {frame.width}×{frame.height} pixels")
            return
        properties.pixel_format, properties.has_alpha = frame.format.name, find_alpha(frame.format) is not None
        on_frame(_make_decoded_frame(frame, properties))
        properties.frames += 1
        if properties.frames >= spec.frames + FRAMES_MORE:
            break
    if broken:
        properties.problems.append(f"{broken} frames are damaged")
    if misplaced:
        properties.problems.append(f"{misplaced} frames have other times than {spec.fps} frames per second give")
    if stream.frames not in {0, properties.frames}:
        properties.problems.append(f"has a header with {stream.frames} frames and {properties.frames} frames")


def _make_decoded_frame(frame: VideoFrame, properties: FileProperties) -> DecodedFrame:
    plain = simplify(frame)
    return DecodedFrame(
        number=properties.frames,
        planes=read_planes(plain),
        bits=find_bits(plain.format),
        has_alpha=properties.has_alpha,
        is_lossless=properties.is_lossless,
        take_sample=partial(take_sample, plain),
        draw=partial(to_image, frame),
    )


def _decode(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    for packet in container.demux(stream):
        yield from packet.decode()


def _is_misplaced(frame: VideoFrame, start: float | None, number: int, fps: int) -> bool:
    return frame.time is None or start is None or abs((frame.time - start) * fps - number) > 0.5
