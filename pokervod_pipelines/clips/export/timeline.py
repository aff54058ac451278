"""Put clips on timelines, one after the other, and find their media as an editing program sees it.

The writers of lists take a ``Timeline``; none of them counts frames by itself.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import PurePosixPath, PureWindowsPath
from urllib.parse import quote

from pokervod_pipelines.clips.export.frames import BadFrames, FrameRange, Timebase, find_frames

RECORD_START_HOUR = 1
"""A programme starts at 01:00:00:00 by convention, so that bars and a slate fit before it."""

MAX_SECONDS = 22 * 60 * 60
"""Longest timeline, with a reserve before its timecode starts again from zero."""

WINDOWS_START = re.compile(r"[A-Za-z]:[\\/]|[\\/]{2}[^\\/]+[\\/]+[^\\/]")

LINE_BREAKERS, NON_CHARACTERS = ("Cc", "Cs", "Zl", "Zp"), "\ufffe\uffff"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipEntry:
    """Hold what every list has of a clip: enough for one that counts milliseconds, without a frame rate.

    ``path`` is the video as the editor's machine sees it: absolute (POSIX, drive letter or UNC), or relative to the
    exported list.
    """

    id: int
    title: str
    path: str
    in_ms: int
    out_ms: int
    players: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    grade: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportClip(ClipEntry):
    """Hold a clip and the facts of its video that editing programs need; an unknown fact is None.

    ``rate`` is exact (``frames.snap_rate``). ``start_timecode_frames`` is the timecode of the video's first frame,
    counted from 00:00:00:00. ``audio_channels`` has one number for each audio track.

    Raises:
        BadRate: no editing program knows the rate.
        BadFrames: the clip has no frame, or ends after its video by more than the rounding to milliseconds.
    """

    rate: Fraction
    drop_frame: bool = False
    start_timecode_frames: int = 0
    width: int | None = None
    height: int | None = None
    duration_frames: int | None = None
    audio_channels: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a clip that cannot be cut."""
        marked = find_frames(self.in_ms, self.out_ms, self.timebase.rate)
        length = self.duration_frames
        if length is not None and (marked.end > length + 1 or marked.first >= length):
            message = f"clip {self.id} ends before frame {marked.end}, but its video has {length} frames: {self.path}"
            raise BadFrames(message)

    @property
    def timebase(self) -> Timebase:
        """Return the timebase of its video."""
        return Timebase(self.rate, self.drop_frame)

    @property
    def frames(self) -> FrameRange:
        """Return its frames, counted from the first frame of its video."""
        marked = find_frames(self.in_ms, self.out_ms, self.rate)
        return marked if self.duration_frames is None else marked.widen(0, 0, self.duration_frames)

    @property
    def source(self) -> FrameRange:
        """Return the same frames counted by the video's own timecode."""
        return self.frames.shift(self.start_timecode_frames)

    @property
    def name(self) -> str:
        """Return its title, or else the name of its video."""
        return flatten(self.title) or keep_line(name_media(self.path))

    @property
    def remarks(self) -> tuple[tuple[str, str], ...]:
        """Return the known fields of the hand as (field, text)."""
        fields = (("PLAYERS", ", ".join(self.players)), ("TAGS", ", ".join(self.tags)), ("GRADE", self.grade))
        return tuple((name, flatten(text)) for name, text in fields if text.strip())


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Place a clip on a timeline; ``record`` is counted from 00:00:00:00 of the timeline's timecode."""

    number: int
    clip: ExportClip
    record: FrameRange


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Hold clips of one timebase, at least one, one after the other without gaps, from 01:00:00:00 on."""

    title: str
    timebase: Timebase
    clips: tuple[ExportClip, ...]

    def __post_init__(self) -> None:
        """Refuse clips of another timebase."""
        if {clip.timebase for clip in self.clips} != {self.timebase}:
            raise ValueError(f"expected at least one clip, all at {self.timebase}, on the timeline {self.title!r}")

    @property
    def start(self) -> int:
        """Return the first frame of its timecode, counted from 00:00:00:00."""
        return RECORD_START_HOUR * self.timebase.frames_a_day // 24

    @property
    def count(self) -> int:
        """Return how many frames it has."""
        return sum(clip.frames.count for clip in self.clips)

    def place(self) -> Iterator[Placement]:
        """Yield each clip with its place, in order."""
        at = self.start
        for number, clip in enumerate(self.clips, start=1):
            record = FrameRange(at, at + clip.frames.count)
            yield Placement(number=number, clip=clip, record=record)
            at = record.end


def make_timelines(title: str, clips: Iterable[ExportClip], *, limit: int | None = None) -> tuple[Timeline, ...]:
    """Return the timelines with all clips in their order: one for each timebase, and a new one when one is full.

    No clip is converted to another rate. ``limit`` is how many clips fit on one. If there are several, each has its
    timebase, and a number from the second on, in its title.
    """
    grouped: dict[Timebase, list[ExportClip]] = {}
    for clip in clips:
        grouped.setdefault(clip.timebase, []).append(clip)
    parts = [(base, part) for base, group in grouped.items() for part in enumerate(_split(group, base, limit), start=1)]
    return tuple(
        Timeline(title=_name(title, base, number) if len(parts) > 1 else title, timebase=base, clips=part)
        for base, (number, part) in parts
    )


def make_media_url(path: str) -> str:
    r"""Return the URL of a path; a relative path stays relative (to the list).

    Windows paths are known by their drive letter or two leading separators. Names keep their Unicode form.

    >>> make_media_url("/archive/A#1 €.mp4"), make_media_url(r"Z:\A\b.mov"), make_media_url(r"\\nas\archive\b.mov")
    ('file:///archive/A%231%20%E2%82%AC.mp4', 'file:///Z:/A/b.mov', 'file://nas/archive/b.mov')

    """
    if _is_windows_path(path):
        return PureWindowsPath(path).as_uri()
    if path.startswith("/"):
        return PurePosixPath(path).as_uri()
    return quote(path, safe="/", errors="surrogateescape")


def name_media(path: str) -> str:
    """Return the last part of the path."""
    return (PureWindowsPath(path) if _is_windows_path(path) else PurePosixPath(path)).name


def _is_windows_path(path: str) -> bool:
    """Return whether the path starts with a drive letter or with a server and its share."""
    return WINDOWS_START.match(path) is not None


def flatten(text: str) -> str:
    """Return a person's text as one line, runs of blanks as one blank."""
    return " ".join(keep_line(text).split())


def keep_line(text: str) -> str:
    """Return the text with a blank for each character that would end a line or that XML forbids, all else untouched."""
    return "".join(
        " " if unicodedata.category(char) in LINE_BREAKERS or char in NON_CHARACTERS else char for char in text
    )


def _name(title: str, base: Timebase, number: int) -> str:
    return f"{title} {base}" + (f" ({number})" if number > 1 else "")


def _split(clips: Iterable[ExportClip], base: Timebase, limit: int | None) -> Iterator[tuple[ExportClip, ...]]:
    part: list[ExportClip] = []
    frames = 0
    for clip in clips:
        frames += clip.frames.count
        if part and (len(part) == limit or frames > MAX_SECONDS * base.rate):
            yield tuple(part)
            part, frames = [], clip.frames.count
        part.append(clip)
    if part:
        yield tuple(part)
