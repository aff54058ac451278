"""Define what can be known of a video file from its bytes: values only, no reading and no storing."""

from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from fractions import Fraction
from typing import Any

from pokervod_pipelines.errors import BadInput


class Unplayable(BadInput):
    """Report a file that is not a readable video; the text says why."""


class MediaStatus(StrEnum):
    """Tell how a probe ended, and when the file is probed again (a changed file always is)."""

    OK = "ok"
    """Its tracks were read. Due again only when the file changes."""
    BROKEN = "broken"
    """It is not a whole video, or it crashed its reader. Due again after a day."""
    SPARSE = "sparse"
    """Its size is reserved, its content is missing. Due again when the file changes."""
    GROWING = "growing"
    """It changed while it was read. Due again in the next pass."""
    TIMEOUT = "timeout"
    """It took longer than allowed. Due again after an hour."""
    UNREADABLE = "unreadable"
    """The system refused to read it. Due again after an hour."""
    MISSING = "missing"
    """The file is missing. Nothing is stored: the next scan of the library decides what that means."""


@dataclass(frozen=True, slots=True)
class AudioTrack:
    """Describe one audio track; ``language`` is as written in the file (ISO 639-2), "" where it has none."""

    codec: str
    channels: int
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFacts:
    """Hold the result of one probe: a status with its reason, and what the file contains.

    ``size`` and ``mtime_ns`` are those of the file that was read, None where it was not read.
    ``duration_ms`` is rounded to the nearest millisecond; ``video_start_ms`` is how long a player plays sound before
    the picture starts, which ``duration_ms`` leaves out. ``frames`` is the container's own count, None without one.
    ``start_timecode`` is that of the first frame, with ``;`` before its frames when it drops numbers;
    ``timecode_rate`` is how many frames it counts in a second, where the file has that apart from the frame rate.
    """

    status: MediaStatus
    reason: str = ""
    size: int | None = None
    mtime_ns: int | None = None
    duration_ms: int | None = None
    video_start_ms: int | None = None
    frames: int | None = None
    container: str | None = None
    video_codec: str | None = None
    width: int | None = None
    height: int | None = None
    rate_num: int | None = None
    rate_den: int | None = None
    start_timecode: str | None = None
    timecode_rate: int | None = None
    drop_frame: bool | None = None
    bit_rate: int | None = None
    audio: tuple[AudioTrack, ...] = ()

    @property
    def rate(self) -> Fraction | None:
        """Return the frame rate in frames a second."""
        return None if self.rate_num is None or self.rate_den is None else Fraction(self.rate_num, self.rate_den)

    def as_json(self) -> dict[str, Any]:
        """Return the facts as JSON can carry them."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}  # a tenth of what asdict takes
        return values | {"audio": [asdict(track) for track in self.audio]}
