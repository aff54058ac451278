"""What can be known of a video file from its bytes: values, read nowhere and stored nowhere here."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from fractions import Fraction
from typing import Any, Self


class MediaStatus(StrEnum):
    """How a look into a file ended, and what makes it be looked into again (a changed file always is)."""

    OK = "ok"
    """Its tracks were read. Only a change of the file makes it due again."""
    BROKEN = "broken"
    """It is no whole video, or it crashed its reader. Due again after a day."""
    SPARSE = "sparse"
    """Its size is reserved, its content is not there. Due again when it changes, which filling it does."""
    GROWING = "growing"
    """It changed while it was read. Due again in the next pass."""
    TIMEOUT = "timeout"
    """It took longer than allowed. Due again after an hour."""
    UNREADABLE = "unreadable"
    """The system refused to read it. Due again after an hour."""
    GONE = "gone"
    """It is not there any more. Nothing is stored: the next scan of the library judges that."""


@dataclass(frozen=True, slots=True)
class AudioTrack:
    """One sound track; ``language`` is as written in the file (ISO 639-2), "" where it says none."""

    codec: str
    channels: int
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFacts:
    """What one look into a file brought: a status with its reason, and whatever the file told.

    ``size`` and ``mtime_ns`` are those of the file that was read; they are None where nothing got that far.
    ``duration_ms`` is rounded to the nearest millisecond; ``frames`` is the container's own count, None where it keeps
    none. ``start_timecode`` is that of the first frame, with ``;`` before its frames when it drops numbers.
    """

    status: MediaStatus
    reason: str = ""
    size: int | None = None
    mtime_ns: int | None = None
    duration_ms: int | None = None
    frames: int | None = None
    container: str | None = None
    video_codec: str | None = None
    width: int | None = None
    height: int | None = None
    rate_num: int | None = None
    rate_den: int | None = None
    start_timecode: str | None = None
    drop_frame: bool | None = None
    bit_rate: int | None = None
    audio: tuple[AudioTrack, ...] = ()

    @property
    def rate(self) -> Fraction | None:
        """Frames a second."""
        return None if self.rate_num is None or self.rate_den is None else Fraction(self.rate_num, self.rate_den)

    def as_json(self) -> dict[str, Any]:
        """The facts as JSON can carry them."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}  # a tenth of what asdict takes
        return values | {"audio": [asdict(track) for track in self.audio]}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The facts that ``as_json`` gave these values for."""
        audio = tuple(AudioTrack(**track) for track in values.get("audio", ()))
        return cls(**{**values, "status": MediaStatus(values["status"]), "audio": audio})
