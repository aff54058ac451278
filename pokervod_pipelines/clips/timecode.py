"""Parse in and out of a clip, as people write them, into whole milliseconds.

People write ``6:58:55``, ``0:12:47``, ``12:47`` (minutes and seconds: no clip sheet counts in days), a range in one
cell, or milliseconds (bare digits, as iconik exports them). A ``ClipRange`` is valid in itself; ``check_within_video``
compares it with its video when the duration is known.
"""

import re
from dataclasses import dataclass
from datetime import timedelta

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.text.folding import fold_width

MAX_CLIP = timedelta(minutes=30)
"""A longer clip has a wrong timecode: no hand takes that long."""

CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):(\d{2})(?:[.,](\d{1,3}))?")
MILLISECONDS = re.compile(r"\d{1,10}(?:\.0+)?")
SECONDS = re.compile(r"(\d{1,7}(?:\.\d{1,3}|,\d{1,2})?)\s*s")
RANGE = re.compile(r"([\d:.,]+s?)\s*(?:[-~\u2010-\u2015\u2212\uff5e\u301c]|to|->|→)\s*([\d:.,]+s?)", re.IGNORECASE)
SMALLER_UNIT = 60
MAX_CELL = 300
"""Characters; a longer text in a timecode cell is a paragraph, and searching it for ranges would take seconds."""

CHARACTERS_SHOWN = 60
SHAPES = "h:mm:ss, m:ss, both ends in one cell as h:mm:ss - h:mm:ss, or milliseconds"


class BadTimecode(BadInput):
    """Report a cell that has no valid timecode or range; the text quotes the cell."""


@dataclass(frozen=True, slots=True)
class ClipRange:
    """Hold a range of a video, from ``in_ms`` up to but not including ``out_ms``; at most ``MAX_CLIP``."""

    in_ms: int
    out_ms: int

    def __post_init__(self) -> None:
        """Refuse a range that no clip can have."""
        if self.in_ms < 0 or self.out_ms <= self.in_ms:
            ends = f"{format_ms(self.out_ms)}, not after its start {format_ms(self.in_ms)}"
            raise BadTimecode(f"the clip ends at {ends}; correct In or Out")
        if self.out_ms - self.in_ms > MAX_CLIP / timedelta(milliseconds=1):
            message = (
                f"the clip from {format_ms(self.in_ms)} to {format_ms(self.out_ms)} lasts "
                f"{format_ms(self.out_ms - self.in_ms)}; expected at most {MAX_CLIP}; correct In or Out"
            )
            raise BadTimecode(message)

    def __str__(self) -> str:
        """Return both ends as people write them."""
        return f"{format_ms(self.in_ms)} - {format_ms(self.out_ms)}"


def parse_timecode(text: str) -> int:
    """Return the milliseconds from the start of the video.

    Raises:
        BadTimecode: the text is not a timecode, or its minutes or seconds are over 59.

    >>> parse_timecode("6:58:55"), parse_timecode("12:47"), parse_timecode("136600")
    (25135000, 767000, 136600)

    """
    plain = fold_width(text).strip().removeprefix("'").strip()
    if MILLISECONDS.fullmatch(plain):
        return int(plain.partition(".")[0])
    if found := SECONDS.fullmatch(plain):
        return round(float(found[1].replace(",", ".")) * 1000)
    if not (found := CLOCK.fullmatch(plain)):
        raise BadTimecode(f"expected a timecode, got {show_text(text)}; write {SHAPES}")
    hours, minutes, seconds = int(found[1] or 0), int(found[2]), int(found[3])
    if seconds >= SMALLER_UNIT or (minutes >= SMALLER_UNIT and found[1]):
        raise BadTimecode(f"expected minutes and seconds up to 59, got {show_text(text)}; write {SHAPES}")
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + int((found[4] or "").ljust(3, "0"))


def parse_range(time_in: str, time_out: str = "", *, video_ms: int | None = None) -> ClipRange:
    """Return the clip between two cells, or within one cell that has both ends.

    ``video_ms`` is the video's duration where it is known.

    Raises:
        BadTimecode: an end is missing or not a timecode, the out is not after the in, the clip is longer than
            ``MAX_CLIP`` or ends after its video.

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
        raise BadTimecode(f"{name}: {error}") from error


def check_within_video(clip: ClipRange, video_ms: int) -> None:
    """Refuse a clip that ends after its video.

    Raises:
        BadTimecode: it does; the text has both times.

    """
    if clip.out_ms > video_ms:
        message = (
            f"the clip ends at {format_ms(clip.out_ms)}, but its video ends at {format_ms(video_ms)}; "
            "correct the timecode or the file name"
        )
        raise BadTimecode(message)


def _split_ends(time_in: str, time_out: str) -> tuple[str, str]:
    if time_in.strip() and time_out.strip():
        return time_in, time_out
    written = time_in if time_in.strip() else time_out
    ranges = list(RANGE.finditer(fold_width(written))) if len(written) <= MAX_CELL else []
    if len(ranges) == 1:
        return ranges[0][1], ranges[0][2]
    if ranges:
        raise BadTimecode(f"{show_text(written)} has {len(ranges)} ranges; write one row for each clip")
    missing = "Out" if time_in.strip() else "In"
    beside = f" beside {show_text(written)}" if written.strip() else ""
    raise BadTimecode(f"the {missing} timecode is missing{beside}; write {SHAPES}")


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
