"""Parse in and out of a clip, as people write them, into whole milliseconds.

People write ``6:58:55``, ``0:12:47``, ``12:47`` (minutes and seconds: no clip sheet counts in days), a range in one
cell, or milliseconds (bare digits, as iconik exports them); editors write frames (``06:58:55:12``), and spreadsheets
show ``6:58:55 AM`` or, before the time, the day from which they count. A ``ClipRange`` is valid in itself;
``check_within_video`` compares it with its video when the duration is known.
"""

import re
from dataclasses import dataclass
from datetime import timedelta

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.text.folding import fold_width

MAX_CLIP = timedelta(minutes=30)
"""A longer clip has a wrong timecode: no hand takes that long."""

BEFORE_NOON, AFTER_NOON = r"a\. ?m\.|am|오전|午前|上午", r"p\. ?m\.|pm|오후|午後|下午"
HALF = rf"(?:{BEFORE_NOON}|{AFTER_NOON})"
CLOCK = re.compile(
    rf"(?P<half>{HALF} ?)?(?:(?P<hours>\d{{1,3}}):)?(?P<minutes>\d{{1,3}}):(?P<seconds>\d{{2}})"
    rf"(?:[.,](?P<fraction>\d{{1,3}})|(?<=:\d\d:\d\d)[:;](?P<frames>\d{{2}}))?(?P<half_after> ?{HALF})?",
    re.IGNORECASE,
)
DAY_ZERO = re.compile(
    r"(?:1899([-./])\ ?12\1\ ?3[01]|1900([-./])\ ?0?1\2\ ?0?[01]"
    r"|(?:12([-./])3[01]\3|3[01]([-./])12\4)1899|0?1([-./])0?[01]\5\ ?1900)(?:[.,]?\ +|T)",
    re.VERBOSE,
)
"""The days that spreadsheets show before a time without a day."""

NOON = 12
MILLISECONDS = re.compile(r"\d{1,10}(?:\.0+)?")
SECONDS = re.compile(r"(\d{1,7}(?:\.\d{1,3}|,\d{1,2})?)\s*s")
END = rf"((?:{HALF} ?)?\d[\d:;.,]*(?:s| ?{HALF})?)"
RANGE = re.compile(rf"{END}\s*(?:[-~\u2010-\u2015\u2212\uff5e\u301c]|to|->|→)\s*{END}", re.IGNORECASE)
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


def parse_timecode(text: str, *, rate: float | None = None) -> int:
    """Return the milliseconds from the start of the video; without the video's frame rate, frames do not count.

    Raises:
        BadTimecode: the text is not a timecode, or its minutes or seconds are over 59.

    >>> parse_timecode("6:58:55"), parse_timecode("12:47"), parse_timecode("136600")
    (25135000, 767000, 136600)
    >>> parse_timecode("오후 1:00:00"), parse_timecode("1899-12-31 1:03:04"), parse_timecode("06:58:55:12", rate=25)
    (46800000, 3784000, 25135480)

    """
    plain = " ".join(DAY_ZERO.sub("", fold_width(text).strip(), count=1).removeprefix("'").split())
    if MILLISECONDS.fullmatch(plain):
        return int(plain.partition(".")[0])
    if found := SECONDS.fullmatch(plain):
        return round(float(found[1].replace(",", ".")) * 1000)
    if not (found := CLOCK.fullmatch(plain)):
        raise BadTimecode(f"expected a timecode, got {show_text(text)}; write {SHAPES}")
    hours, minutes, seconds = int(found["hours"] or 0), int(found["minutes"]), int(found["seconds"])
    if seconds >= SMALLER_UNIT or (minutes >= SMALLER_UNIT and found["hours"]):
        raise BadTimecode(f"expected minutes and seconds up to 59, got {show_text(text)}; write {SHAPES}")
    if half := (found["half"] or "") + (found["half_after"] or ""):
        hours = _read_half_of_day(half.strip(), hours if found["hours"] else None, text)
    whole = ((hours * 60 + minutes) * 60 + seconds) * 1000
    return whole + _read_frames(found["frames"], rate, text) + int((found["fraction"] or "").ljust(3, "0"))


def have_frames(text: str) -> bool:
    """Return whether a timecode in the text counts frames.

    >>> have_frames("06:58:55:12"), have_frames("06:58:55")
    (True, False)
    """
    return any(found["frames"] for found in CLOCK.finditer(fold_width(text[:MAX_CELL])))


def _read_half_of_day(half: str, hours: int | None, text: str) -> int:
    """Return the hours from midnight; a time of day has seconds, since minutes and seconds have no noon."""
    if hours is None or hours > NOON or not re.fullmatch(HALF, half, re.IGNORECASE):
        raise BadTimecode(f"expected a time of day such as 6:58:55 AM, got {show_text(text)}; write {SHAPES}")
    return hours % NOON + (NOON if re.fullmatch(AFTER_NOON, half, re.IGNORECASE) else 0)


def _read_frames(frames: str | None, rate: float | None, text: str) -> int:
    if frames and rate and int(frames) >= rate:
        raise BadTimecode(f"expected frames below the video's rate {rate:g}, got {show_text(text)}")
    return round(int(frames) * 1000 / rate) if frames and rate else 0


def parse_range(
    time_in: str, time_out: str = "", *, video_ms: int | None = None, rate: float | None = None
) -> ClipRange:
    """Return the clip between two cells, or within one cell that has both ends.

    ``video_ms`` is the video's duration and ``rate`` its frames a second, where they are known.

    Raises:
        BadTimecode: an end is missing or not a timecode, the out is not after the in, the clip is longer than
            ``MAX_CLIP`` or ends after its video.

    >>> str(parse_range("00:05:26 - 00:06:28"))
    '0:05:26 - 0:06:28'

    """
    start, end = _split_ends(time_in, time_out)
    clip = ClipRange(_parse_end("In", start, rate), _parse_end("Out", end, rate))
    if video_ms is not None:
        check_within_video(clip, video_ms)
    return clip


def _parse_end(name: str, text: str, rate: float | None) -> int:
    try:
        return parse_timecode(text, rate=rate)
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
