"""Reads a film to its end: what its container says, and every frame of it, as decoded. Runs in the child."""

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

from pokervod_pipelines.render.outputs.samples import (
    Shown,
    find_alpha,
    find_bits,
    read_planes,
    simplify,
    take_sample,
    to_image,
)
from pokervod_pipelines.render.renderers.job import Picture

LOSSLESS = frozenset({"qtrle", "png", "ffv1", "rawvideo", "utvideo"})
ATOMS = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"meta", b"uuid", b"udta", b"pnot"})
"""What may stand at the top of a MOV or MP4 (ISO 14496-12 §8, QuickTime File Format) that is written in one piece."""

UPRIGHT = struct.pack("=9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
"""The matrix of a track that is shown as it was coded (ISO 14496-12 §6.2.2), as FFmpeg hands it on."""

FRAMES_MORE = 1_000
"""A film that has so many more frames than wanted is too long; how much too long does not matter."""

See = Callable[[Shown], None]


@dataclass(slots=True, kw_only=True)
class Facts:
    """What was found by reading; what could not be found is left at nought. ``fps`` and ``seconds`` are the film's.

    ``tracks`` are the kinds of all tracks. ``colours`` say how luma and chroma are meant: matrix, primaries, transfer
    and range, in the numbers of ISO 23091-2 and of FFmpeg's ranges.
    """

    faults: list[str] = field(default_factory=list)
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


def read_film(path: Path, picture: Picture, see: See) -> Facts:
    """Return what the film is; ``see`` is shown every frame.

    A film of another size than wanted is not decoded. Raises ``OSError`` only where the file itself cannot be read.
    """
    facts = Facts()
    with path.open("rb") as file:
        facts.faults.extend(find_loose_ends(file, path.stat().st_size))
    options = {"protocol_whitelist": "file", "format_whitelist": "mov"}
    try:
        with av.open(str(path), container_options=options, metadata_errors="replace") as container:
            stream = _find_stream(container)
            if stream is None:
                facts.faults.append("has no picture track that can be decoded")
                return facts
            facts.tracks = tuple(each.type for each in container.streams)
            _read_header(stream, facts)
            facts.faults.extend(_find_strange_header(stream, facts))
            if (facts.width, facts.height) == (picture.width, picture.height):
                _read_frames(container, stream, picture, facts, see)
    except av.FFmpegError as error:
        facts.faults.append(f"cannot be read to its end, after {facts.frames} frames: {error.strerror or error}")
    return facts


def find_loose_ends(file: BinaryIO, size: int) -> Iterator[str]:
    """What is wrong with the atoms of a MOV or MP4: cut off, something else behind them, an index missing or twice.

    Demuxers pass over all of that without a word.
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
            yield f"has {size - position:,} bytes from byte {position:,} on that belong to no film"
            return
        seen.append(kind)
        position += length
    if position > size:
        yield f"is cut off: it should reach to byte {position:,} and ends at {size:,}"
    for kind in (b"moov", b"mdat"):
        if seen.count(kind) != 1:
            yield f"has {seen.count(kind)} parts {kind.decode()!r} where a whole film has one"


def _find_stream(container: InputContainer) -> VideoStream | None:
    return next((each for each in container.streams.video if each.codec_context is not None), None)


def _read_header(stream: VideoStream, facts: Facts) -> None:
    context = stream.codec_context
    facts.width, facts.height = context.width, context.height
    facts.fps = Fraction(stream.average_rate or stream.guessed_rate or 0)
    if stream.duration and stream.time_base:
        facts.seconds = stream.duration * stream.time_base
    facts.is_lossless = context.codec.canonical_name in LOSSLESS
    facts.colours = (context.colorspace, context.color_primaries, context.color_trc, context.color_range)
    if context.format is not None:
        facts.pixel_format, facts.has_alpha = context.format.name, find_alpha(context.format) is not None


def _find_strange_header(stream: VideoStream, facts: Facts) -> Iterator[str]:
    """What players would show otherwise than it was decoded here."""
    if (pictures := facts.tracks.count("video")) > 1:
        yield f"has {pictures} picture tracks, of which a player may show any; wanted is one"
    if (aspect := stream.sample_aspect_ratio) not in {None, 0, 1}:
        yield f"has pixels that are not square ({aspect}), so it would be shown wider or narrower"


def _find_strange_start(frame: VideoFrame, fps: int) -> Iterator[str]:
    matrix = cast("SideData | None", frame.side_data.get("DISPLAYMATRIX"))
    if matrix is not None and bytes(matrix) != UPRIGHT:
        yield f"would be shown turned by {frame.rotation}° or mirrored: its header says so"
    if frame.time is not None and abs(frame.time) * fps >= 0.5:
        yield f"begins at {frame.time:.3f} s, so nothing would be shown before"


def _read_frames(container: InputContainer, stream: VideoStream, picture: Picture, facts: Facts, see: See) -> None:
    stream.thread_type = "AUTO"
    stream.codec_context.options = {"err_detect": "explode"}
    start, misplaced, broken = None, 0, 0
    for frame in _decode(container, stream):
        if facts.frames == 0:
            start = frame.time
            facts.faults.extend(_find_strange_start(frame, picture.fps))
        broken += frame.is_corrupt
        misplaced += _is_misplaced(frame, start, facts.frames, picture.fps)
        if (frame.width, frame.height) != (picture.width, picture.height):
            facts.faults.append(f"frame {facts.frames + 1} has {frame.width}×{frame.height} pixels")
            return
        facts.pixel_format, facts.has_alpha = frame.format.name, find_alpha(frame.format) is not None
        see(_show(frame, facts))
        facts.frames += 1
        if facts.frames >= picture.frames + FRAMES_MORE:
            break
    if broken:
        facts.faults.append(f"{broken} frames are damaged")
    if misplaced:
        facts.faults.append(f"{misplaced} frames are not shown when they should be at {picture.fps} frames a second")
    if stream.frames not in {0, facts.frames}:
        facts.faults.append(f"claims {stream.frames} frames and has {facts.frames}")


def _show(frame: VideoFrame, facts: Facts) -> Shown:
    plain = simplify(frame)
    return Shown(
        number=facts.frames,
        planes=read_planes(plain),
        bits=find_bits(plain.format),
        has_alpha=facts.has_alpha,
        is_lossless=facts.is_lossless,
        take_sample=partial(take_sample, plain),
        draw=partial(to_image, frame),
    )


def _decode(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    for packet in container.demux(stream):
        yield from packet.decode()


def _is_misplaced(frame: VideoFrame, start: float | None, number: int, fps: int) -> bool:
    return frame.time is None or start is None or abs((frame.time - start) * fps - number) > 0.5
