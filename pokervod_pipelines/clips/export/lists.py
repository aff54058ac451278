"""Write clips as lists for editing programs or spreadsheets: the texts, and the names of their files."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from pokervod_pipelines.clips.export import csv_list, edl, fcpxml
from pokervod_pipelines.clips.export.frames import Timebase, snap_rate
from pokervod_pipelines.clips.export.output_files import make_file_names
from pokervod_pipelines.clips.export.timeline import ClipEntry, ExportClip, Timeline, make_timelines
from pokervod_pipelines.errors import BadInput


class ListFormat(StrEnum):
    """Choose what is written."""

    EDL = "edl"
    FCPXML = "fcpxml"
    OTIO = "otio"
    CSV = "csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenList:
    """Hold a list and the name of its file, safe on every system; ``timebase`` is None for a CSV, which needs none."""

    name: str
    text: str
    clips: int
    timebase: Timebase | None = None


def write_lists(clips: Sequence[ClipEntry], form: ListFormat, title: str) -> list[WrittenList]:
    """Return the lists with all clips, in their order: one list for each frame rate, and one for all as a CSV."""
    if form is ListFormat.CSV:
        name = make_file_names([title], ".csv")[0]
        return [WrittenList(name=name, text=csv_list.write_csv(clips), clips=len(clips))]
    rated = [clip for clip in clips if isinstance(clip, ExportClip)]
    timelines = make_timelines(title, rated, limit=edl.MAX_EVENTS if form is ListFormat.EDL else None)
    names = make_file_names([timeline.title for timeline in timelines], f".{form}")
    return [
        WrittenList(name=name, text=_WRITERS[form](each), clips=len(each.clips), timebase=each.timebase)
        for each, name in zip(timelines, names, strict=True)
    ]


def _write_otio(timeline: Timeline) -> str:
    from pokervod_pipelines.clips.export.otio import write_otio  # noqa: PLC0415 - takes 90 ms

    return write_otio(timeline)


_WRITERS: Mapping[ListFormat, Callable[[Timeline], str]] = {
    ListFormat.EDL: edl.write_edl,
    ListFormat.FCPXML: fcpxml.write_fcpxml,
    ListFormat.OTIO: _write_otio,
}


def read_rate(written: str) -> Fraction | None:
    """Return the frame rate that a person writes, None for none. Raises ``BadInput``.

    >>> read_rate("29.97"), read_rate("")
    (Fraction(30000, 1001), None)
    """
    try:
        return snap_rate(Fraction(written)) if written else None
    except (ValueError, ZeroDivisionError, OverflowError):
        raise BadInput(f"expected a frame rate such as 25, 29.97 or 30000/1001, got {written!r}") from None
