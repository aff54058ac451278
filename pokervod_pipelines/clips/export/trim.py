"""Trim decoded video and audio to a cut: the frames of a range, numbered from 0, and the samples between two times."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any, cast

import av
import numpy as np
from av.video.frame import PictureType
from numpy.typing import NDArray

from pokervod_pipelines.clips.export.frames import FrameRange
from pokervod_pipelines.clips.export.source_video import MissingFrame, SourceVideo
from pokervod_pipelines.video_tracks import UprightFilter

Progress = Callable[[int, int], None]
"""Called with the frames done and the total; an exception ends the cut and leaves no file."""

FormatTimecode = Callable[[int], str]
"""Return the timecode of a frame of the source."""

Samples = NDArray[Any]

TIME_ROUNDING = Fraction(1, 100)
"""Seconds; a smaller step is not a gap, since containers round times to a millisecond and worse."""


class VideoTrimmer:
    """Trim the decoded frames of a source to a range."""

    def __init__(
        self, target: av.VideoStream, source: SourceVideo, frames: FrameRange, progress: Progress | None
    ) -> None:
        self.target = target
        self.is_full = False
        self._footage = source
        self._frames = frames
        self._progress = progress
        self._first: int | None = None
        self._last = frames.first - 1
        self._upright = UprightFilter()

    def trim(self, shown: av.VideoFrame) -> Iterator[av.VideoFrame]:
        """Yield the frame, ready to be encoded, if it is in the range; the first of two with one number."""
        number = self._footage.number_frame(cast("int", shown.pts))
        self.is_full = self.is_full or number >= self._frames.last
        if not self._last < number < self._frames.end:
            return
        self._first = number if self._first is None else self._first
        self._last = number
        shown = self._upright.turn(shown)
        shown.pts, shown.time_base = number - self._frames.first, 1 / self._footage.rate
        shown.pict_type = PictureType.NONE  # else the encoder would repeat the source's key frames
        yield shown
        if self._progress is not None:
            self._progress(number - self._frames.first + 1, self._frames.count)

    def report(self) -> FrameRange:
        """Return which frames of the source were yielded.

        Raises:
            MissingFrame: the source has none in the range.
        """
        if self._first is None:
            raise MissingFrame(self._footage, self._frames.first)
        return FrameRange(self._first, self._last + 1)


class AudioTrimmer:
    """Trim the decoded audio of a source to the samples between two times, in seconds of the source."""

    def __init__(self, target: av.AudioStream, start: Fraction, end: Fraction) -> None:
        self.target = target
        self.rate = target.codec_context.sample_rate
        self.start = round(start * self.rate)
        self.length = round(end * self.rate) - self.start
        self.written = 0
        self._next: int | None = None
        context = target.codec_context
        self._resampler = av.AudioResampler(format=context.format, layout=context.layout, rate=self.rate)

    @property
    def is_full(self) -> bool:
        """Return whether all samples up to the out were yielded."""
        return self.written >= self.length

    def trim(self, decoded: av.AudioFrame) -> Iterator[av.AudioFrame]:
        """Yield the part of the frame that is in the cut, with silence before it where the source has none."""
        for frame in self._resampler.resample(decoded):
            at = self._find_position(frame)
            self._next = at + frame.samples
            skipped, end = max(self.written - at, 0), min(frame.samples, self.length - at)
            if skipped < end:
                if (silence := at + skipped - self.written) > 0:
                    yield self._make_frame(np.zeros_like(self._slice(frame, 0, 1)).repeat(silence, axis=1))
                yield self._make_frame(self._slice(frame, skipped, end))

    def _find_position(self, frame: av.AudioFrame) -> int:
        """Return the frame's first sample counted from the cut's first; frames that follow closely are joined."""
        time = cast("int", frame.pts) * cast("Fraction", frame.time_base)
        at = round(time * self.rate) - self.start
        is_close = self._next is not None and abs(at - self._next) < TIME_ROUNDING * self.rate
        return cast("int", self._next) if is_close else at

    def _slice(self, frame: av.AudioFrame, first: int, end: int) -> Samples:
        """Return samples of all channels: planes have a channel each, packed audio has them side by side."""
        width = 1 if frame.format.is_planar else frame.layout.nb_channels
        return cast("Samples", frame.to_ndarray())[:, first * width : end * width]

    def _make_frame(self, samples: Samples) -> av.AudioFrame:
        context = self.target.codec_context
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(samples), format=context.format.name, layout=context.layout.name
        )
        frame.sample_rate, frame.pts, frame.time_base = self.rate, self.written, Fraction(1, self.rate)
        self.written += frame.samples
        return frame
