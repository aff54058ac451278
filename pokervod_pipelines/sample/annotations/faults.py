"""List what is deliberately wrong in the workbooks, and how often: tests count against this table."""

from collections.abc import Mapping
from enum import StrEnum


class Fault(StrEnum):
    """Name what is wrong with, or unusual about, a row; a row has at most one."""

    BAD_TIMECODE = "bad_timecode"
    """In is 99:99. The row makes no clip."""

    END_NOT_AFTER_START = "end_not_after_start"
    """Out equals In or is before it. The row makes no clip."""

    TOO_LONG = "too_long"
    """Over thirty minutes between In and Out. The row makes no clip."""

    MISSING_OUT = "missing_out"
    """Out is empty. The row makes no clip."""

    BEYOND_VIDEO_END = "beyond_video_end"
    """Out is after the end of a video that plays, which only a probe can know. The row makes no clip."""

    UNKNOWN_VIDEO = "unknown_video"
    """The name matches no file of the archive. The row stays without a video."""

    AMBIGUOUS_VIDEO = "ambiguous_video"
    """Two files have this name and no link decides. The row stays without a video."""

    BAD_GRADE = "bad_grade"
    """Four stars of three. The clip is made without its grade."""

    UNKNOWN_TAG = "unknown_tag"
    """An unknown tag. The clip is made, and a person has to look at the tag."""

    NO_HAND = "no_hand"
    """The hands cell is 핸드 없음: no cards are shown. The clip is correct."""


Faults = Mapping[Fault, int]

FAULTS: dict[str, Faults] = {
    "metadata_archive": {
        Fault.BAD_TIMECODE: 4,
        Fault.END_NOT_AFTER_START: 4,
        Fault.TOO_LONG: 3,
        Fault.MISSING_OUT: 3,
        Fault.BEYOND_VIDEO_END: 2,
        Fault.UNKNOWN_VIDEO: 6,
        Fault.AMBIGUOUS_VIDEO: 2,
        Fault.BAD_GRADE: 2,
        Fault.UNKNOWN_TAG: 4,
        Fault.NO_HAND: 5,
    },
    "iconik_metadata": {
        Fault.BAD_TIMECODE: 2,
        Fault.END_NOT_AFTER_START: 6,
        Fault.TOO_LONG: 4,
        Fault.MISSING_OUT: 3,
        Fault.BEYOND_VIDEO_END: 3,
        Fault.UNKNOWN_VIDEO: 24,
        Fault.AMBIGUOUS_VIDEO: 4,
        Fault.UNKNOWN_TAG: 8,
        Fault.NO_HAND: 10,
    },
    "clip_tracker": {
        Fault.BAD_TIMECODE: 3,
        Fault.END_NOT_AFTER_START: 3,
        Fault.TOO_LONG: 2,
        Fault.UNKNOWN_VIDEO: 6,
        Fault.NO_HAND: 5,
    },
}
"""Workbook → how many of its rows have which fault."""
