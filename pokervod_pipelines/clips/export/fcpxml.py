"""Write Final Cut Pro's XML, version 1.10, which DaVinci Resolve and Premiere (by a converter) read too.

Every time is a fraction of seconds that is a whole number of frames (``1001/30000s``), so nothing is rounded.
"""

from xml.etree import ElementTree as ET

from pokervod_pipelines.clips.export.frames import Timebase
from pokervod_pipelines.clips.export.timeline import (
    ExportClip,
    Placement,
    Timeline,
    flatten,
    keep_line,
    make_media_url,
    name_media,
)

VERSION = "1.10"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n'
EVENT_NAME = "PokerVOD"


def write_fcpxml(timeline: Timeline) -> str:
    """Return the project: one sequence, one asset for each video, players and tags as note and keywords."""
    base = timeline.timebase
    root = ET.Element("fcpxml", version=VERSION)
    resources = ET.SubElement(root, "resources")
    sequence = _add_sequence(root, timeline, _add_format(resources, timeline.clips[0]))
    spine = ET.SubElement(sequence, "spine")
    assets: dict[str, str] = {}
    for placement in timeline.place():
        clip = placement.clip
        if clip.path not in assets:
            assets[clip.path] = _add_asset(resources, clip, number=len(assets) + 1)
        _add_clip(spine, placement, assets[clip.path], base)
    ET.indent(root)
    return HEAD + ET.tostring(root, encoding="unicode") + "\n"


def write_time(frames: int, base: Timebase) -> str:
    """Return the duration of this number of frames in seconds.

    >>> from fractions import Fraction
    >>> write_time(1, Timebase(Fraction(30_000, 1001))), write_time(50, Timebase(Fraction(25)))
    ('1001/30000s', '2s')

    """
    seconds = frames * base.frame_seconds
    if seconds.denominator == 1:
        return f"{seconds.numerator}s"
    return f"{frames * base.rate.denominator}/{base.rate.numerator}s"


def _add_format(resources: ET.Element, clip: ExportClip) -> str:
    """Add the picture format, once for each size and rate, and return its id."""
    base = clip.timebase
    attributes = {"frameDuration": f"{base.rate.denominator}/{base.rate.numerator}s"}
    if clip.width and clip.height:
        attributes |= {"width": str(clip.width), "height": str(clip.height)}
    for known in resources.iter("format"):
        if {name: value for name, value in known.attrib.items() if name != "id"} == attributes:
            return known.attrib["id"]
    name = f"format{len(resources.findall('format')) + 1}"
    ET.SubElement(resources, "format", {"id": name, **attributes})
    return name


def _add_asset(resources: ET.Element, clip: ExportClip, *, number: int) -> str:
    name = f"asset{number}"
    attributes = {
        "id": name,
        "name": keep_line(name_media(clip.path)),
        "start": write_time(clip.start_timecode_frames, clip.timebase),
        "hasVideo": "1",
        "videoSources": "1",
        "format": _add_format(resources, clip),
    }
    if clip.duration_frames is not None:
        attributes["duration"] = write_time(clip.duration_frames, clip.timebase)
    if clip.audio_channels:
        attributes |= {
            "hasAudio": "1",
            "audioSources": str(len(clip.audio_channels)),
            "audioChannels": str(max(clip.audio_channels)),
        }
    asset = ET.SubElement(resources, "asset", attributes)
    ET.SubElement(asset, "media-rep", kind="original-media", src=make_media_url(clip.path))
    return name


def _add_sequence(root: ET.Element, timeline: Timeline, format_id: str) -> ET.Element:
    event = ET.SubElement(ET.SubElement(root, "library"), "event", name=EVENT_NAME)
    project = ET.SubElement(event, "project", name=flatten(timeline.title))
    base = timeline.timebase
    attributes = {
        "format": format_id,
        "duration": write_time(timeline.count, base),
        "tcStart": write_time(timeline.start, base),
        "tcFormat": _name_format(base),
    }
    return ET.SubElement(project, "sequence", attributes)


def _add_clip(spine: ET.Element, placement: Placement, asset: str, base: Timebase) -> None:
    clip = placement.clip
    element = ET.SubElement(
        spine,
        "asset-clip",
        ref=asset,
        name=clip.name,
        offset=write_time(placement.record.first, base),
        start=write_time(clip.source.first, base),
        duration=write_time(clip.source.count, base),
        tcFormat=_name_format(base),
    )
    if clip.remarks:
        ET.SubElement(element, "note").text = "\n".join(f"{field}: {text}" for field, text in clip.remarks)
    for keyword in filter(None, map(flatten, (*clip.players, *clip.tags))):
        ET.SubElement(
            element,
            "keyword",
            start=write_time(clip.source.first, base),
            duration=write_time(clip.source.count, base),
            value=keyword,
        )


def _name_format(base: Timebase) -> str:
    return "DF" if base.drop_frame else "NDF"
