"""Write the edit decision list of the CMX 3600, which every editing program reads.

It has one rate, which it does not name, so the file name or title should; at most 999 events; reel names in ASCII.
Everything else about a clip is in comments under its event.
"""

import re
import unicodedata
from collections.abc import Iterator
from itertools import count

from pokervod_pipelines.clips.export.frames import FrameRange, Timebase, format_timecode
from pokervod_pipelines.clips.export.timeline import ExportClip, Placement, Timeline, flatten, keep_line, name_media
from pokervod_pipelines.errors import BadInput

MAX_EVENTS = 999
"""The event number has three digits (CMX 3600)."""

REEL_LENGTH = 8
RESERVED_REELS = ("AX", "BL", "BLACK", "BARS")
"""Names that do not mean a tape: auxiliary, black, colour bars."""


class TooManyEvents(BadInput):
    """Report that an EDL has at most 999 events; narrow the search or split the timeline."""


def write_edl(timeline: Timeline) -> str:
    """Return the list; clips follow each other from 01:00:00:00 on.

    Raises:
        TooManyEvents: it would have more than ``MAX_EVENTS`` (``make_timelines(…, limit=MAX_EVENTS)`` splits them).
    """
    if len(timeline.clips) > MAX_EVENTS:
        raise TooManyEvents(f"an EDL has at most {MAX_EVENTS} clips, {timeline.title!r} has {len(timeline.clips)}")
    reels = name_reels(timeline.clips)
    lines = [
        f"TITLE: {flatten(timeline.title)}",
        f"FCM: {'DROP FRAME' if timeline.timebase.drop_frame else 'NON-DROP FRAME'}",
    ]
    for placement in timeline.place():
        lines += ["", *_format_event(placement, reels[placement.clip.path], timeline.timebase)]
    return "\n".join(lines) + "\n"


def name_reels(clips: tuple[ExportClip, ...]) -> dict[str, str]:
    """Return the reel name of each video by its path: at most eight capital letters and digits, no two equal."""
    named: dict[str, str] = {}
    taken = set(RESERVED_REELS)
    for clip in clips:
        if clip.path not in named:
            named[clip.path] = next(name for name in _propose_reels(clip) if name not in taken)
            taken.add(named[clip.path])
    return named


def _propose_reels(clip: ExportClip) -> Iterator[str]:
    """Yield the name itself, then ever more of it replaced by a number."""
    plain = (
        unicodedata.normalize("NFKD", name_media(clip.path).rpartition(".")[0])
        .encode("ascii", "ignore")
        .decode()
        .upper()
    )
    letters = re.sub(r"[^A-Z0-9]", "", plain) or "REEL"
    yield letters[:REEL_LENGTH]
    for number in count(2):
        yield letters[: REEL_LENGTH - len(str(number))] + str(number)


def _format_event(placement: Placement, reel: str, base: Timebase) -> Iterator[str]:
    clip = placement.clip
    times = " ".join(map(" ".join, (_format_ends(clip.source, base), _format_ends(placement.record, base))))
    yield f"{placement.number:03d}  {reel:<8} {_name_channels(clip):<5} C        {times}"
    yield f"* FROM CLIP NAME: {clip.name}"
    yield f"* SOURCE FILE: {keep_line(clip.path)}"
    yield from (f"* {field}: {text}" for field, text in clip.remarks)


def _format_ends(frames: FrameRange, base: Timebase) -> tuple[str, str]:
    """Return both ends; midnight is 00:00:00:00 of the next day, as on a tape machine."""
    return format_timecode(frames.first, base), format_timecode(frames.end, base)


def _name_channels(clip: ExportClip) -> str:
    """Return ``V`` for picture only, ``B`` with the first audio channel, ``AA/V`` with the first two."""
    return ("V", "B", "AA/V")[min(sum(clip.audio_channels), 2)]
