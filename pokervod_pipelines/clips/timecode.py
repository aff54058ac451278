"""In and out of a clip: the text people write, as whole milliseconds.

People write ``6:58:55``, ``0:12:47``, ``12:47`` (minutes and seconds: no clip sheet counts in days), a range in one
cell, or milliseconds (bare digits, as iconik exports them). A ``ClipRange`` that exists is right in itself; whether it
fits its video is asked when the video's length is known.
"""

import re
from dataclasses import dataclass
from datetime import timedelta

from pokervod_pipelines.errors import BadInput

LONGEST_CLIP = timedelta(minutes=30)
"""A longer clip is a slip in a timecode: no hand takes that long."""

CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):(\d{2})(?:[.,](\d{1,3}))?")
MILLISECONDS = re.compile(r"\d{1,10}(?:\.0+)?")
SECONDS = re.compile(r"(\d{1,7}(?:\.\d{1,3})?)\s*s")
RANGE = re.compile(r"([\d:.,]+s?)\s*(?:[-~\u2010-\u2015\u2212\uff5e\u301c]|to|->|→)\s*([\d:.,]+s?)", re.IGNORECASE)
SMALLER_UNIT = 60
LONGEST_CELL = 300
"""Characters; a longer text in a timecode cell is a paragraph, and searching it for ranges would take seconds."""

CHARACTERS_SHOWN = 60
SHAPES = "h:mm:ss, m:ss, both ends in one cell as h:mm:ss - h:mm:ss, or milliseconds"


class BadTimecode(BadInput):
    """A timecode or range cannot be used; the text says what stands in the cell and what is expected."""


@dataclass(frozen=True, slots=True)
class ClipRange:
    """A stretch of a video, from ``in_ms`` up to but not including ``out_ms``; at most ``LONGEST_CLIP``."""

    in_ms: int
    out_ms: int

    def __post_init__(self) -> None:
        """Refuse a stretch that no clip can be."""
        if self.in_ms < 0 or self.out_ms <= self.in_ms:
            ends = f"{format_ms(self.out_ms)}, not after its start {format_ms(self.in_ms)}"
            message = f"the clip ends at {ends}; mend In or Out"
            raise BadTimecode(message)
        if self.out_ms - self.in_ms > LONGEST_CLIP / timedelta(milliseconds=1):
            message = (
                f"the clip from {format_ms(self.in_ms)} to {format_ms(self.out_ms)} lasts "
                f"{format_ms(self.out_ms - self.in_ms)}; at most {LONGEST_CLIP} is expected; mend In or Out"
            )
            raise BadTimecode(message)

    @property
    def duration_ms(self) -> int:
        """How long the clip is."""
        return self.out_ms - self.in_ms

    def __str__(self) -> str:
        """Return both ends as people write them."""
        return f"{format_ms(self.in_ms)} - {format_ms(self.out_ms)}"


def parse_timecode(text: str) -> int:
    """Return the milliseconds from the start of the video.

    Raises:
        BadTimecode: the text is no timecode, or its minutes or seconds are over 59.

    >>> parse_timecode("6:58:55"), parse_timecode("12:47"), parse_timecode("136600")
    (25135000, 767000, 136600)

    """
    plain = text.strip()
    if MILLISECONDS.fullmatch(plain):
        return int(plain.partition(".")[0])
    if found := SECONDS.fullmatch(plain):
        return round(float(found[1]) * 1000)
    if not (found := CLOCK.fullmatch(plain)):
        message = f"{show_text(text)} is no timecode; expected {SHAPES}"
        raise BadTimecode(message)
    hours, minutes, seconds = int(found[1] or 0), int(found[2]), int(found[3])
    if seconds >= SMALLER_UNIT or (minutes >= SMALLER_UNIT and found[1]):
        message = f"{show_text(text)} is no time of a clock: minutes and seconds go up to 59; expected {SHAPES}"
        raise BadTimecode(message)
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + int((found[4] or "").ljust(3, "0"))


def parse_range(time_in: str, time_out: str = "", *, video_ms: int | None = None) -> ClipRange:
    """Return the clip between two cells, or within one cell that holds both ends.

    ``video_ms`` is the video's length where it is known.

    Raises:
        BadTimecode: an end is missing or no timecode, the out is not after the in, the clip is longer than
            ``LONGEST_CLIP`` or goes on after the video's end.

    >>> str(parse_range("00:05:26 - 00:06:28"))
    '0:05:26 - 0:06:28'

    """
    start, end = _split_ends(time_in, time_out)
    clip = ClipRange(_parse_end("In", start), _parse_end("Out", end))
    if video_ms is not None:
        check_within_video(clip, video_ms)
    return clip


def _parse_end(name: str, text: str) -> int:
    try:
        return parse_timecode(text)
    except BadTimecode as error:
        message = f"{name}: {error}"
        raise BadTimecode(message) from error


def check_within_video(clip: ClipRange, video_ms: int) -> None:
    """Return if the clip ends no later than its video.

    Raises:
        BadTimecode: it does not; the text has both times.

    """
    if clip.out_ms > video_ms:
        message = (
            f"the clip ends at {format_ms(clip.out_ms)}, but its video ends at {format_ms(video_ms)}; "
            "mend the timecode or the file name"
        )
        raise BadTimecode(message)


def _split_ends(time_in: str, time_out: str) -> tuple[str, str]:
    if time_in.strip() and time_out.strip():
        return time_in, time_out
    written = time_in if time_in.strip() else time_out
    ranges = list(RANGE.finditer(written)) if len(written) <= LONGEST_CELL else []
    if len(ranges) == 1:
        return ranges[0][1], ranges[0][2]
    if ranges:
        message = f"{show_text(written)} holds {len(ranges)} ranges; one row is one clip, so write one row each"
        raise BadTimecode(message)
    missing = "Out" if time_in.strip() else "In"
    beside = f" beside {show_text(written)}" if written.strip() else ""
    message = f"the {missing} timecode is missing{beside}; expected {SHAPES}"
    raise BadTimecode(message)


def show_text(text: str) -> str:
    """Return the text in quotes for a message, cut where it is long."""
    return repr(text) if len(text) <= CHARACTERS_SHOWN else f"{text[:CHARACTERS_SHOWN]!r}… ({len(text):,} characters)"


def format_ms(milliseconds: int) -> str:
    """Return a time as people write it, which ``parse_timecode`` reads back.

    >>> format_ms(25_135_000), format_ms(-1)
    ('6:58:55', '-0:00:00.001')
    """
    seconds, fraction = divmod(abs(milliseconds), 1000)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    sign = "-" if milliseconds < 0 else ""
    return f"{sign}{hours}:{minute:02d}:{second:02d}" + (f".{fraction:03d}" if fraction else "")
