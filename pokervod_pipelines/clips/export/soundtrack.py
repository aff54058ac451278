"""One audio track cut to the sample: silence where the source has none, nothing before the in or after the out."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, cast

import av
import numpy as np
from numpy.typing import NDArray

Samples = NDArray[Any]

TIME_ROUNDING = Fraction(1, 100)
"""Containers round times, to a millisecond and worse; a smaller step than this (in seconds) is no gap."""


class Soundtrack:
    """Takes the decoded audio of a source, gives its samples between two times, in seconds of the source."""

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
        """Whether all samples up to the out were given."""
        return self.written >= self.length

    def lay(self, decoded: av.AudioFrame) -> Iterator[av.AudioFrame]:
        """Yield what of the frame lies within the cut, ready to be encoded."""
        for frame in self._resampler.resample(decoded):
            at = self._find_place(frame)
            self._next = at + frame.samples
            skipped, end = max(self.written - at, 0), min(frame.samples, self.length - at)
            if skipped < end:
                if (silence := at + skipped - self.written) > 0:
                    yield self._make_frame(np.zeros_like(self._slice(frame, 0, 1)).repeat(silence, axis=1))
                yield self._make_frame(self._slice(frame, skipped, end))

    def _find_place(self, frame: av.AudioFrame) -> int:
        """Return the frame's first sample as counted from the cut's first; frames that follow close join up."""
        time = cast("int", frame.pts) * cast("Fraction", frame.time_base)
        at = round(time * self.rate) - self.start
        is_close = self._next is not None and abs(at - self._next) < TIME_ROUNDING * self.rate
        return cast("int", self._next) if is_close else at

    def _slice(self, frame: av.AudioFrame, first: int, end: int) -> Samples:
        """Planes hold a channel each; packed audio holds the channels of a sample side by side."""
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
