"""Draw one frame of a video as a small JPEG. Runs in a child process."""

import io
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction

import av
from av.container import InputContainer
from av.video.stream import VideoStream
from PIL import Image

from pokervod_pipelines.media.facts import Unplayable
from pokervod_pipelines.media.tracks import open_video
from pokervod_pipelines.video_tracks import UprightFilter, find_delay, find_turn

QUALITY = 80
STEPS_BACK = (0, 10, 60, None)
"""Seconds before the requested time at which a key frame is looked for; None reads from the very beginning.

A container without an index may put the reader behind it, since it only guesses where a time is in the file.
"""

ROUNDED = Fraction(1, 1000)
"""Matroska stores times in whole milliseconds, rounded either way: a frame may come earlier than its time."""


def draw_thumbnail(path: str, at_ms: int, width: int) -> bytes:
    """Return the last frame whose time, in whole milliseconds, is not after ``at_ms``, as a JPEG of that width.

    ``at_ms`` counts as a player does; beyond the end it is the last frame. Raises ``Unplayable``.
    """
    for back in STEPS_BACK:
        with open_video(path) as (container, track):
            track.codec_context.thread_count = 1  # only a few frames are decoded; threads would take memory for many
            picture_ms = at_ms - round(find_delay(container, track) * 1000)
            if back is not None:
                _seek(container, track, Fraction(picture_ms, 1000) - back)
            frame = _find_last(track, container.decode(track), picture_ms, or_first=back is None)
            if frame is not None:
                return _encode(frame, track.sample_aspect_ratio or Fraction(1), width)
    raise Unplayable("no frame can be decoded")


def _seek(container: InputContainer, track: VideoStream, seconds: Fraction) -> None:
    target = int(max(seconds, Fraction(0)) / _base(track)) + (track.start_time or 0)
    with suppress(av.FFmpegError):  # a file without seeking is read from where the reader is
        container.seek(target, stream=track)


def _find_last(
    track: VideoStream, frames: Iterator[av.VideoFrame], at_ms: int, *, or_first: bool
) -> av.VideoFrame | None:
    """Return the last frame that is not after ``at_ms``; where the first one is after it, that one or None."""
    last = None
    for frame in frames:
        time = ((frame.pts or 0) - (track.start_time or 0)) * _base(track)
        if (time - min(_base(track), ROUNDED)) * 1000 >= at_ms + 1:
            return frame if last is None and or_first else last
        last = frame
    return last


def _base(track: VideoStream) -> Fraction:
    return track.time_base or Fraction(1, av.time_base)


def _encode(stored: av.VideoFrame, pixel_shape: Fraction, width: int) -> bytes:
    frame = UprightFilter().turn(stored)
    if find_turn(stored) in {90, 270}:
        pixel_shape = 1 / pixel_shape
    height = max(round(width * frame.height / (frame.width * pixel_shape)), 1)
    pixels = frame.reformat(width=width, height=height, format="rgb24").to_ndarray()
    target = io.BytesIO()
    Image.fromarray(pixels).save(target, "JPEG", quality=QUALITY)
    return target.getvalue()
