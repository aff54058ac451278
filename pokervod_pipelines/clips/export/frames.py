"""Convert between milliseconds, frames and timecode, exactly at every rate of the trade.

Rates are fractions (29.97 is 30000/1001), so no time ever passes through a float. Frame 0 of a video is its first;
frame *n* is on screen from *n* / rate up to (*n* + 1) / rate. A range excludes its end.

The rounding rule: a clip is the shortest run of whole frames that covers its milliseconds, so its first frame is the
one on screen at the in (rounded down) and its end is the first frame that begins at or after the out (rounded up).
Nothing that a person marked is lost, no clip is empty, and a clip that ends with its video has the video's last frame
although a duration in milliseconds is rounded. The price is that two clips that meet within a frame share that frame.
"""

import re
from dataclasses import dataclass
from fractions import Fraction

from pokervod_pipelines.errors import BadInput

RATES = (
    Fraction(24_000, 1001),
    Fraction(24),
    Fraction(25),
    Fraction(30_000, 1001),
    Fraction(30),
    Fraction(50),
    Fraction(60_000, 1001),
    Fraction(60),
)
"""Rates of editing programs."""

RATE_TOLERANCE = Fraction(1, 4000)
"""Relative error allowed for a measured rate; 29.97 and 30 are four times as far apart."""

DROPPED_A_MINUTE = {Fraction(30_000, 1001): 2, Fraction(60_000, 1001): 4}
"""Numbers that drop-frame timecode skips at each full minute but the tenth (SMPTE ST 12-1)."""

SECONDS_A_DAY = 24 * 60 * 60
TIMECODE = re.compile(r"(\d{2}):(\d{2}):(\d{2})([:;.])(\d{2})")


class BadRate(BadInput):
    """Report a frame rate that editing programs do not know, or that has no drop-frame timecode."""


class BadFrames(BadInput):
    """Report a range or timecode of frames that do not exist."""


@dataclass(frozen=True, slots=True)
class Timebase:
    """Hold a frame rate and its way of counting timecode.

    Raises:
        BadRate: no editing program knows the rate, or drop-frame timecode is not defined for it.

    >>> str(Timebase(Fraction(30_000, 1001), drop_frame=True))
    '29.97 DF'

    """

    rate: Fraction
    drop_frame: bool = False

    def __post_init__(self) -> None:
        """Refuse a rate that no list can have."""
        if self.rate not in RATES:
            known = ", ".join(map(name_rate, RATES))
            raise BadRate(f"unknown frame rate {name_rate(self.rate)}; expected one of {known}")
        if self.drop_frame and self.rate not in DROPPED_A_MINUTE:
            raise BadRate(f"drop-frame timecode exists at 29.97 and 59.94 only, not at {name_rate(self.rate)}")

    @property
    def nominal(self) -> int:
        """Return how many frames the timecode counts in a second."""
        return round(self.rate)

    @property
    def frame_seconds(self) -> Fraction:
        """Return the duration of one frame."""
        return 1 / self.rate

    @property
    def frames_a_day(self) -> int:
        """Return after how many frames the timecode starts again from zero."""
        dropped = DROPPED_A_MINUTE[self.rate] if self.drop_frame else 0
        minutes = SECONDS_A_DAY // 60
        return SECONDS_A_DAY * self.nominal - dropped * (minutes - minutes // 10)

    def __str__(self) -> str:
        """Return the rate as editors write it."""
        return name_rate(self.rate) + (" DF" if self.drop_frame else "")


@dataclass(frozen=True, slots=True)
class FrameRange:
    """Hold the frames from ``first`` up to but not including ``end``; at least one.

    Raises:
        BadFrames: it would be empty or start before the video.
    """

    first: int
    end: int

    def __post_init__(self) -> None:
        """Refuse a range without a frame."""
        if not 0 <= self.first < self.end:
            raise BadFrames(f"expected an out after the in, got frames {self.first} to {self.end}; correct them")

    @property
    def count(self) -> int:
        """Return how many frames it has."""
        return self.end - self.first

    @property
    def last(self) -> int:
        """Return its last frame."""
        return self.end - 1

    def shift(self, frames: int) -> "FrameRange":
        """Return the range moved by this number of frames."""
        return FrameRange(self.first + frames, self.end + frames)

    def widen(self, before: int, after: int, length: int | None) -> "FrameRange":
        """Return the range with handles, as far as a video of ``length`` frames (None: unknown) has them."""
        end = self.end + after
        return FrameRange(max(self.first - before, 0), end if length is None else min(end, length))


def snap_rate(measured: Fraction) -> Fraction:
    """Return the rate of the trade nearest to a measured one; containers write 29.97 in many ways.

    Raises:
        BadRate: it is near none.

    >>> snap_rate(Fraction("29.97")), snap_rate(Fraction(60))
    (Fraction(30000, 1001), Fraction(60, 1))

    """
    nearest = min(RATES, key=lambda rate: abs(rate - measured))
    return Timebase(nearest if abs(nearest - measured) <= nearest * RATE_TOLERANCE else measured).rate


def find_timebase(nominal: int | None, *, drop_frame: bool) -> Timebase | None:
    """Return the timebase that counts this many frames in a second, None where there is none.

    >>> find_timebase(30, drop_frame=True) == Timebase(Fraction(30_000, 1001), drop_frame=True)
    True

    """
    able = DROPPED_A_MINUTE if drop_frame else reversed(RATES)
    return next((Timebase(rate, drop_frame) for rate in able if round(rate) == nominal), None)


def name_rate(rate: Fraction) -> str:
    """Return the rate as editors write it.

    >>> [name_rate(rate) for rate in RATES]
    ['23.976', '24', '25', '29.97', '30', '50', '59.94', '60']
    """
    return f"{float(rate):.3f}".rstrip("0").rstrip(".")


def find_frames(in_ms: int, out_ms: int, rate: Fraction) -> FrameRange:
    """Return the shortest run of frames that covers the milliseconds.

    Raises:
        BadFrames: the out is not after the in, or the in is before the video.

    >>> find_frames(10_000, 20_000, Fraction(30_000, 1001))
    FrameRange(first=299, end=600)

    """
    if not 0 <= in_ms < out_ms:
        raise BadFrames(f"expected an out after the in, got {in_ms} ms to {out_ms} ms; correct in and out")
    return FrameRange(in_ms * rate // 1000, -(-out_ms * rate // 1000))


def format_timecode(frame: int, base: Timebase) -> str:
    """Return the timecode of a frame counted from 00:00:00:00; it starts again after 24 hours.

    >>> format_timecode(1800, Timebase(Fraction(30_000, 1001), drop_frame=True))
    '00:01:00;02'

    """
    number = frame % base.frames_a_day
    if base.drop_frame:
        number += _count_dropped(number, base)
    seconds, frames = divmod(number, base.nominal)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours:02d}:{minute:02d}:{second:02d}{';' if base.drop_frame else ':'}{frames:02d}"


def parse_timecode(text: str, base: Timebase) -> int:
    """Return the number of the frame, counted from 00:00:00:00.

    Raises:
        BadFrames: it is not a timecode of this timebase, or a number that drop-frame counting skips.

    >>> parse_timecode("01:00:00;00", Timebase(Fraction(30_000, 1001), drop_frame=True))
    107892

    """
    found = TIMECODE.fullmatch(text.strip())
    if found is None or (found[4] != ":" and not base.drop_frame):
        raise BadFrames(f"expected a timecode at {base} such as {format_timecode(0, base)}, got {text!r}")
    hours, minutes, seconds, frames = int(found[1]), int(found[2]), int(found[3]), int(found[5])
    dropped = DROPPED_A_MINUTE[base.rate] if base.drop_frame else 0
    is_skipped = bool(minutes % 10) and not seconds and frames < dropped
    if hours > 23 or minutes > 59 or seconds > 59 or frames >= base.nominal or is_skipped:
        raise BadFrames(f"the timecode {text!r} does not exist at {base}")
    total_minutes = hours * 60 + minutes
    number = (total_minutes * 60 + seconds) * base.nominal + frames
    return number - dropped * (total_minutes - total_minutes // 10)


def _count_dropped(frame: int, base: Timebase) -> int:
    """Return how many timecode numbers were skipped before this frame of the day."""
    dropped = DROPPED_A_MINUTE[base.rate]
    minute = 60 * base.nominal - dropped
    tenths, rest = divmod(frame, 10 * minute + dropped)
    return dropped * (9 * tenths + max(rest - dropped, 0) // minute)
