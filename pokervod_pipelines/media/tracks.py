"""What a container and its tracks say of themselves, read by PyAV without decoding a picture. Runs in the child."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.media.facts import AudioTrack
from pokervod_pipelines.media.rates import snap_rate

CONTAINERS = "mov,matroska,mxf,avi,mpegts,mpeg,asf,flv,dv,gxf,ogg"
"""Formats that hold video. Playlists and scripts are none: they would make the reader open what they name."""

_TIMECODE = re.compile(r"\d\d:[0-5]\d:[0-5]\d[:;.]\d{2,3}")


class Unplayable(BadInput):
    """The file is no video that can be read; the text says why."""


@contextmanager
def open_video(path: str) -> Iterator[tuple[InputContainer, VideoStream]]:
    """The file's container and its picture track. Raises ``Unplayable``."""
    options = {"protocol_whitelist": "file", "format_whitelist": CONTAINERS}
    try:
        with av.open(path, container_options=options, metadata_errors="replace") as container:
            yield container, _choose_picture(container)
    except av.FFmpegError as error:
        raise Unplayable(f"is no video that can be read: {error.strerror or error}") from error


def read_tracks(path: str, size: int) -> dict[str, Any]:
    """The facts that a container and its tracks tell, by the names of ``MediaFacts``. Raises ``Unplayable``."""
    with open_video(path) as (container, picture):
        seconds = _find_seconds(container, picture)
        timecode = _find_timecode(container)
        rate = picture.average_rate or picture.guessed_rate
        exact = snap_rate(Fraction(rate)) if rate else None
        return {
            "duration_ms": None if seconds is None else round(seconds * 1000),
            "frames": picture.frames or None,
            "container": container.format.name.split(",")[0],
            "video_codec": _name_codec(picture),
            "width": picture.codec_context.width,
            "height": picture.codec_context.height,
            "rate_num": exact.numerator if exact else None,
            "rate_den": exact.denominator if exact else None,
            "start_timecode": timecode,
            "drop_frame": None if timecode is None else timecode[8] in ";.",
            "bit_rate": container.bit_rate or (int(size * 8 / seconds) if seconds else None),
            "audio": tuple(_read_sound(container)),
        }


def _choose_picture(container: InputContainer) -> VideoStream:
    moving = [each for each in container.streams.video if not each.disposition & Disposition.attached_pic]
    if not moving:
        raise Unplayable("has no picture track")
    if moving[0].codec_context is None:
        raise Unplayable("has a picture track in a code that is not known")
    return moving[0]


def _find_seconds(container: InputContainer, picture: VideoStream) -> Fraction | None:
    """The picture's own duration; the container's, which the sound may outlast, only where that is not kept."""
    if picture.duration and picture.time_base:
        return picture.duration * picture.time_base
    return Fraction(container.duration, av.time_base) if container.duration else None


def _find_timecode(container: InputContainer) -> str | None:
    """The start timecode of a tmcd track, of the picture or of the whole file, whichever comes first."""
    places = [each.metadata for each in (*container.streams.data, *container.streams.video)]
    written = (metadata.get("timecode", "") for metadata in (*places, container.metadata))
    return next((text for text in written if _TIMECODE.fullmatch(text)), None)


def _read_sound(container: InputContainer) -> Iterator[AudioTrack]:
    for each in container.streams.audio:
        language = each.metadata.get("language", "")
        channels = each.codec_context.channels if each.codec_context else 0
        yield AudioTrack(_name_codec(each), channels, "" if language == "und" else language)


def _name_codec(stream: Any) -> str:
    """The coding's own name, such as ``h264``, not that of the library that reads it."""
    return stream.codec_context.codec.canonical_name if stream.codec_context else "unknown"
