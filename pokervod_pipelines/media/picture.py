"""One frame of a video as a small JPEG. Runs in the child."""

import io
from collections.abc import Iterator
from fractions import Fraction

import av
from av.container import InputContainer
from av.video.stream import VideoStream
from PIL import Image

from pokervod_pipelines.media.tracks import Unplayable, open_video

QUALITY = 80
STEPS_BACK = (Fraction(0), Fraction(10), Fraction(60))
"""Seconds before the place wanted at which a key frame is looked for; at last the beginning."""


def draw_thumbnail(path: str, at_ms: int, width: int) -> bytes:
    """The last frame whose time, in whole milliseconds, is not after ``at_ms``, as a JPEG of that width.

    ``at_ms`` counts from the first frame; beyond the end it is the last frame. Raises ``Unplayable``.
    """
    with open_video(path) as (container, picture):
        frame = _find_frame(container, picture, at_ms)
        shape = picture.sample_aspect_ratio or 1
        height = max(round(width * frame.height / (frame.width * shape)), 1)
        pixels = frame.reformat(width=width, height=height, format="rgb24").to_ndarray()
    target = io.BytesIO()
    Image.fromarray(pixels).save(target, "JPEG", quality=QUALITY)
    return target.getvalue()


def _find_frame(container: InputContainer, picture: VideoStream, at_ms: int) -> av.VideoFrame:
    picture.codec_context.thread_count = 1  # a thumbnail decodes a few frames; threads would take memory for many
    base = picture.time_base or Fraction(1, av.time_base)
    first = picture.start_time or 0
    for back in STEPS_BACK:
        start = max(Fraction(at_ms, 1000) - back, Fraction(0))
        container.seek(first + int(start / base), stream=picture)
        if (found := _take_last(container.decode(picture), first, base, at_ms)) is not None:
            return found
    container.seek(first, stream=picture)
    frame = next(iter(container.decode(picture)), None)
    if frame is None:
        raise Unplayable("has no frame that can be decoded")
    return frame


def _take_last(frames: Iterator[av.VideoFrame], first: int, base: Fraction, at_ms: int) -> av.VideoFrame | None:
    """The last of the frames that is not after ``at_ms``; None where already the first one is."""
    last = None
    for frame in frames:
        if frame.pts is not None and (frame.pts - first) * base * 1000 >= at_ms + 1:
            break
        last = frame
    return last
