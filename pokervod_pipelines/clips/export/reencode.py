"""Cut exactly: decode and encode every frame of the range, and cut the sound to the sample."""

from fractions import Fraction
from typing import Any, Protocol, cast

import av
from av.container import OutputContainer

from pokervod_pipelines.clips.export.frames import FrameRange
from pokervod_pipelines.clips.export.source_video import (
    LATE_SECONDS,
    Packet,
    SourceVideo,
    find_packet_time,
    keep_language,
)
from pokervod_pipelines.clips.export.trim import AudioTrimmer, FormatTimecode, Progress, VideoTrimmer

QUALITY = {"preset": "veryfast", "crf": "16"}
"""H.264 that looks like the source."""

PICTURE_FORMAT = "yuv420p"
"""Pixel format for sources whose own H.264 does not have."""

FIELDS_FIRST = {2: "tff=1", 3: "bff=1", 4: "bff=1", 5: "tff=1"}
"""Field order of interlaced video (1080i), which stays interlaced, by FFmpeg's AVFieldOrder."""

UNCOMPRESSED_SOUND = ".mov"
"""Container with uncompressed sound for editors; others get AAC."""

WIDE_SAMPLES = ("s32", "s32p")
"""Sample formats of more than 16 bits, of which 24 are kept."""


class Trimmer(Protocol):
    """Turn decoded frames into those of the cut."""

    target: Any

    @property
    def is_full(self) -> bool:
        """Return whether the cut needs no more."""

    def trim(self, decoded: Any, /) -> Any:
        """Yield what is to be encoded."""


def reencode(
    source: SourceVideo,
    target: OutputContainer,
    frames: FrameRange,
    *,
    format_frame: FormatTimecode,
    progress: Progress | None,
) -> FrameRange:
    """Write the frames and their sound; return the frames that the video has of the range.

    Raises:
        MissingFrame: it has none.
    """
    start, end = source.find_time(frames.first), source.find_time(frames.end)
    picture = VideoTrimmer(_add_picture(source, target, format_frame(frames.first)), source, frames, progress)
    trimmers: dict[int, Trimmer] = {source.video.index: picture}
    for sound in source.sounds:
        trimmers[sound.index] = AudioTrimmer(_add_sound(sound, target), start, end)
    source.rewind(frames.first)
    for packet in source.container.demux(source.video, *source.sounds):
        trimmer = trimmers[packet.stream.index]
        for decoded in packet.decode():
            for ready in trimmer.trim(decoded):
                target.mux(trimmer.target.encode(ready))
        if picture.is_full and (
            _is_after(packet, end + LATE_SECONDS) or all(each.is_full for each in trimmers.values())
        ):
            break
    for trimmer in trimmers.values():
        target.mux(trimmer.target.encode(None))
    return picture.report()


def _is_after(packet: Packet, seconds: Fraction) -> bool:
    return packet.pts is not None and find_packet_time(packet) > seconds


def _add_picture(source: SourceVideo, target: OutputContainer, timecode: str) -> av.VideoStream:
    """Add a stream like the source's: size, fields, shape of pixels, colours, and the timecode of the first frame."""
    codec, rate = source.video.codec_context, source.rate
    fields = FIELDS_FIRST.get(codec.field_order)
    stream = target.add_stream("libx264", rate=rate, options=QUALITY | ({"x264-params": fields} if fields else {}))
    context = stream.codec_context
    is_sideways = source.is_sideways()
    context.width, context.height = (codec.height, codec.width) if is_sideways else (codec.width, codec.height)
    context.time_base = 1 / rate
    formats = {each.name for each in context.codec.video_formats or ()}
    context.pix_fmt = codec.pix_fmt if codec.pix_fmt in formats else PICTURE_FORMAT
    context.gop_size = round(rate)
    if codec.sample_aspect_ratio:
        shape = codec.sample_aspect_ratio
        context.sample_aspect_ratio = 1 / shape if is_sideways else shape
    for fact in ("color_range", "color_primaries", "color_trc", "colorspace"):
        setattr(context, fact, getattr(codec, fact))
    stream.metadata["timecode"] = timecode
    return stream


def _add_sound(sound: av.AudioStream, target: OutputContainer) -> av.AudioStream:
    """Add a track of the same rate and channels, uncompressed where the container is made for that."""
    codec = "aac"
    if target.name.endswith(UNCOMPRESSED_SOUND):
        codec = "pcm_s24le" if sound.codec_context.format.name in WIDE_SAMPLES else "pcm_s16le"
    rate, layout = sound.codec_context.sample_rate, sound.codec_context.layout.name
    stream = cast("av.AudioStream", target.add_stream(codec, rate=rate, layout=layout))
    keep_language(sound, stream)
    return stream
