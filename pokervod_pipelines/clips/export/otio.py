"""Write OpenTimelineIO's format with its own library; our other fields are in metadata under ``pokervod``."""

from opentimelineio.adapters import write_to_string
from opentimelineio.opentime import RationalTime, TimeRange
from opentimelineio.schema import Clip, ExternalReference, Track, TrackKind
from opentimelineio.schema import Timeline as OtioTimeline

from pokervod_pipelines.clips.export.frames import FrameRange, Timebase
from pokervod_pipelines.clips.export.timeline import (
    ExportClip,
    Timeline,
    flatten,
    keep_line,
    make_media_url,
    name_media,
)


def write_otio(timeline: Timeline) -> str:
    """Return the timeline as JSON: one video track, each clip with its video as an external reference."""
    written = OtioTimeline(flatten(timeline.title), global_start_time=_make_time(timeline.start, timeline.timebase))
    track = Track("V1", kind=TrackKind.Video)
    for clip in timeline.clips:
        track.append(_make_clip(clip))
    written.tracks.append(track)
    return str(write_to_string(written, "otio_json")) + "\n"


def _make_clip(clip: ExportClip) -> Clip:
    about = {
        "clip_id": clip.id,
        "in_ms": clip.in_ms,
        "out_ms": clip.out_ms,
        "drop_frame": clip.drop_frame,
        "players": list(map(flatten, clip.players)),
        "tags": list(map(flatten, clip.tags)),
        "grade": flatten(clip.grade),
    }
    return Clip(
        name=clip.name,
        media_reference=_make_reference(clip),
        source_range=_make_range(clip.source, clip.timebase),
        metadata={"pokervod": about},
    )


def _make_reference(clip: ExportClip) -> ExternalReference:
    reference = ExternalReference(make_media_url(clip.path))
    reference.name = keep_line(name_media(clip.path))
    if clip.duration_frames is not None:
        whole = FrameRange(0, clip.duration_frames).shift(clip.start_timecode_frames)
        reference.available_range = _make_range(whole, clip.timebase)
    return reference


def _make_range(frames: FrameRange, base: Timebase) -> TimeRange:
    return TimeRange(_make_time(frames.first, base), _make_time(frames.count, base))


def _make_time(frames: int, base: Timebase) -> RationalTime:
    """Return the time; OTIO stores the rate as a float, but the number of frames stays whole."""
    return RationalTime(frames, float(base.rate))
