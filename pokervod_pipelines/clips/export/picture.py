"""The picture cut to the frame: the frames of a range, numbered anew from 0."""

from collections.abc import Callable, Iterator
from typing import cast

import av
from av.video.frame import PictureType

from pokervod_pipelines.clips.export.footage import Footage, MissingFrame
from pokervod_pipelines.clips.export.frames import FrameRange

Progress = Callable[[int, int], None]
"""Called with the frames done and the frames to do; what it raises ends the cut and leaves nothing behind."""

NameTimecode = Callable[[int], str]
"""Gives the timecode of a frame of the source."""


class Picture:
    """Takes the decoded frames of a source, gives those within the range."""

    def __init__(self, target: av.VideoStream, footage: Footage, frames: FrameRange, progress: Progress | None) -> None:
        self.target = target
        self.is_full = False
        self._footage = footage
        self._frames = frames
        self._progress = progress
        self._first: int | None = None
        self._last = frames.first - 1

    def lay(self, shown: av.VideoFrame) -> Iterator[av.VideoFrame]:
        """Yield the frame, ready to be encoded, if it is within the range; of two shown as one, the first."""
        number = self._footage.number_frame(cast("int", shown.pts))
        self.is_full = self.is_full or number >= self._frames.last
        if not self._last < number < self._frames.end:
            return
        self._first = number if self._first is None else self._first
        self._last = number
        shown.pts, shown.time_base = number - self._frames.first, 1 / self._footage.rate
        shown.pict_type = PictureType.NONE  # else the encoder would repeat the source's key frames
        yield shown
        if self._progress is not None:
            self._progress(number - self._frames.first + 1, self._frames.count)

    def report(self) -> FrameRange:
        """Return which frames of the source were given.

        Raises:
            MissingFrame: there was none in the range.
        """
        if self._first is None:
            raise MissingFrame(self._footage, self._frames.first)
        return FrameRange(self._first, self._last + 1)
