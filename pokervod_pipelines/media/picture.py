"""One frame of a video as a small JPEG. Runs in the child."""

import io
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction

import av
from av.container import InputContainer
from av.video.stream import VideoStream
from PIL import Image

from pokervod_pipelines.media.tracks import Unplayable, open_video

QUALITY = 80
STEPS_BACK = (0, 10, 60, None)
"""Seconds before the place wanted at which a key frame is looked for; None reads from the very beginning.

A container without an index may put the reader behind the place, since it only guesses where a time is in the file.
"""

ROUNDED = Fraction(1, 1000)
"""Matroska keeps times in whole milliseconds, rounded either way: a frame may say it comes later than it does."""


def draw_thumbnail(path: str, at_ms: int, width: int) -> bytes:
    """The last frame whose time, in whole milliseconds, is not after ``at_ms``, as a JPEG of that width.

    ``at_ms`` counts from the first frame; beyond the end it is the last frame. Raises ``Unplayable``.
    """
    for back in STEPS_BACK:
        with open_video(path) as (container, picture):
            picture.codec_context.thread_count = 1  # only a few frames are decoded; threads would take memory for many
            if back is not None:
                _seek(container, picture, Fraction(at_ms, 1000) - back)
            frame = _take_last(picture, container.decode(picture), at_ms, or_first=back is None)
            if frame is not None:
                return _encode(frame, picture.sample_aspect_ratio or Fraction(1), width)
    raise Unplayable("has no frame that can be decoded")


def _seek(container: InputContainer, picture: VideoStream, seconds: Fraction) -> None:
    place = int(max(seconds, Fraction(0)) / _base(picture)) + (picture.start_time or 0)
    with suppress(av.FFmpegError):  # a file that cannot be sought in is read from where it stands
        container.seek(place, stream=picture)


def _take_last(
    picture: VideoStream, frames: Iterator[av.VideoFrame], at_ms: int, *, or_first: bool
) -> av.VideoFrame | None:
    """The last of the frames that is not after ``at_ms``; where the first one is after it, none or that one."""
    last = None
    for frame in frames:
        time = ((frame.pts or 0) - (picture.start_time or 0)) * _base(picture)
        if (time - min(_base(picture), ROUNDED)) * 1000 >= at_ms + 1:
            return frame if last is None and or_first else last
        last = frame
    return last


def _base(picture: VideoStream) -> Fraction:
    return picture.time_base or Fraction(1, av.time_base)


def _encode(frame: av.VideoFrame, pixel_shape: Fraction, width: int) -> bytes:
    height = max(round(width * frame.height / (frame.width * pixel_shape)), 1)
    pixels = frame.reformat(width=width, height=height, format="rgb24").to_ndarray()
    target = io.BytesIO()
    Image.fromarray(pixels).save(target, "JPEG", quality=QUALITY)
    return target.getvalue()
