"""Locate a hand in the videos of its clips: file, time, frame and timecode, as far as each is known."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from pokervod_pipelines.clips.export.collect import collect_listed_clips
from pokervod_pipelines.clips.export.frames import format_timecode
from pokervod_pipelines.clips.export.timeline import ClipEntry, ExportClip
from pokervod_pipelines.clips.timecode import format_ms
from pokervod_pipelines.hands.clip_link_store import read_clip_texts
from pokervod_pipelines.hands.clip_links import ClipFacts
from pokervod_pipelines.hands.hand import Hand
from pokervod_pipelines.hands.listing import LinkedClip
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.hands import read_clip_facts


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoMoment:
    """Locate a moment in a video, in ms from its start; frame and timecode are None without a known frame rate."""

    ms: int
    frame: int | None
    timecode: str | None

    def __str__(self) -> str:
        """Return the moment for people."""
        return format_ms(self.ms) + (f" (frame {self.frame:,}, timecode {self.timecode})" if self.timecode else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class HandPlace:
    """Locate a hand in the video of a clip.

    The hand's own start and end are known where the timecode of the video is the time of day.
    """

    clip_id: int
    file: str
    clip_in: VideoMoment
    clip_out: VideoMoment
    hand_start: VideoMoment | None
    hand_end: VideoMoment | None


def locate_hand(
    connection: Connection, settings: Settings, hand: Hand, clips: Sequence[LinkedClip]
) -> dict[int, HandPlace]:
    """Return the hand's place in each of its clips by the clip's id, without those that have no usable video."""
    ids = [clip.clip_id for clip in clips]
    roots = {root.name: root.path for root in settings.archive_roots}
    entries, _ = collect_listed_clips(connection, ids, roots)
    facts = {each.clip_id: read_clip_facts(each, settings.zone) for each in read_clip_texts(connection, ids)}
    return {entry.id: _locate(hand, entry, facts[entry.id]) for entry in entries}


def _locate(hand: Hand, entry: ClipEntry, facts: ClipFacts) -> HandPlace:
    begins, ends = facts.starts_at, facts.ends_at
    is_timed = begins is not None and ends is not None and begins < hand.ended_at and hand.started_at < ends

    def find_moment(at: datetime) -> VideoMoment | None:
        ms = round((at - begins).total_seconds() * 1000) + entry.in_ms if begins and is_timed else -1
        return _make_moment(entry, ms) if ms >= 0 else None

    return HandPlace(
        clip_id=entry.id,
        file=entry.path,
        clip_in=_make_moment(entry, entry.in_ms),
        clip_out=_make_moment(entry, entry.out_ms),
        hand_start=find_moment(hand.started_at),
        hand_end=find_moment(hand.ended_at),
    )


def _make_moment(entry: ClipEntry, ms: int) -> VideoMoment:
    if not isinstance(entry, ExportClip):
        return VideoMoment(ms=ms, frame=None, timecode=None)
    frame = ms * entry.rate // 1000
    timecode = format_timecode(frame + entry.start_timecode_frames, entry.timebase)
    return VideoMoment(ms=ms, frame=frame, timecode=timecode)
