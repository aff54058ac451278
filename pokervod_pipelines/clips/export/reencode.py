"""The exact cut: every frame of the range decoded and encoded anew, the sound cut to the sample."""

from fractions import Fraction
from typing import Any, Protocol, cast

import av
from av.container import OutputContainer

from pokervod_pipelines.clips.export.footage import LATE_SECONDS, Footage, Packet, find_packet_time, keep_language
from pokervod_pipelines.clips.export.frames import FrameRange
from pokervod_pipelines.clips.export.picture import NameTimecode, Picture, Progress
from pokervod_pipelines.clips.export.soundtrack import Soundtrack

QUALITY = {"preset": "veryfast", "crf": "16"}
"""H.264 that an eye cannot tell from the source."""

PICTURE_FORMAT = "yuv420p"
"""For sources that H.264 cannot hold as they are."""

FIELDS_FIRST = {2: "tff=1", 3: "bff=1", 4: "bff=1", 5: "tff=1"}
"""Interlaced video (1080i) stays so: which field is shown first, by FFmpeg's AVFieldOrder."""

UNCOMPRESSED_SOUND = ".mov"
"""The container that editors take uncompressed sound in; others get AAC."""

WIDE_SAMPLES = ("s32", "s32p")
"""Sound of more than 16 bits, which keeps 24 of them."""


class Lane(Protocol):
    """What turns decoded frames into those of the cut."""

    target: Any

    @property
    def is_full(self) -> bool:
        """Whether it has all it can take."""

    def lay(self, decoded: Any, /) -> Any:
        """Yield what is to be encoded."""


def reencode(
    footage: Footage,
    target: OutputContainer,
    frames: FrameRange,
    *,
    name_timecode: NameTimecode,
    progress: Progress | None,
) -> FrameRange:
    """Write the frames and their sound; return which frames were there to write.

    Raises:
        MissingFrame: there was none of them.
    """
    start, end = footage.find_time(frames.first), footage.find_time(frames.end)
    picture = Picture(_add_picture(footage, target, name_timecode(frames.first)), footage, frames, progress)
    lanes: dict[int, Lane] = {footage.video.index: picture}
    for sound in footage.sounds:
        lanes[sound.index] = Soundtrack(_add_sound(sound, target), start, end)
    footage.rewind(frames.first)
    for packet in footage.container.demux(footage.video, *footage.sounds):
        lane = lanes[packet.stream.index]
        for decoded in packet.decode():
            for ready in lane.lay(decoded):
                target.mux(lane.target.encode(ready))
        if picture.is_full and (_is_after(packet, end + LATE_SECONDS) or all(each.is_full for each in lanes.values())):
            break
    for lane in lanes.values():
        target.mux(lane.target.encode(None))
    return picture.report()


def _is_after(packet: Packet, seconds: Fraction) -> bool:
    return packet.pts is not None and find_packet_time(packet) > seconds


def _add_picture(footage: Footage, target: OutputContainer, timecode: str) -> av.VideoStream:
    """Add a stream like the source's: size, fields, shape of pixels, colours, and the timecode of the first frame."""
    source, rate = footage.video.codec_context, footage.rate
    fields = FIELDS_FIRST.get(source.field_order)
    stream = target.add_stream("libx264", rate=rate, options=QUALITY | ({"x264-params": fields} if fields else {}))
    context = stream.codec_context
    context.width, context.height, context.time_base = source.width, source.height, 1 / rate
    formats = {each.name for each in context.codec.video_formats or ()}
    context.pix_fmt = source.pix_fmt if source.pix_fmt in formats else PICTURE_FORMAT
    context.gop_size = round(rate)
    if source.sample_aspect_ratio:
        context.sample_aspect_ratio = source.sample_aspect_ratio
    for fact in ("color_range", "color_primaries", "color_trc", "colorspace"):
        setattr(context, fact, getattr(source, fact))
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
