"""Write clips as comma-separated values, for spreadsheets and scripts; one list may have several rates."""

import csv
import io
from collections.abc import Iterable

from pokervod_pipelines.clips.export.frames import format_timecode, name_rate
from pokervod_pipelines.clips.export.timeline import ClipEntry, ExportClip, keep_line

BYTE_ORDER_MARK = "\ufeff"
"""Without it Excel reads Hangul as Latin letters."""

FORMULA_STARTS = ("=", "+", "-", "@")
"""A spreadsheet runs a cell that starts with one of these as a formula; titles come from the web."""

COLUMNS = (
    "clip_id", "title", "file", "rate", "drop_frame", "first_frame", "last_frame", "frames", "timecode_in",
    "timecode_out", "in_ms", "out_ms", "grade", "players", "tags",
)  # fmt: skip
"""``last_frame`` belongs to the clip, ``timecode_out`` is the frame after it, as in an EDL. ``rate`` is a fraction.

Without a known rate the columns from ``rate`` to ``timecode_out`` are blank.
"""


def write_csv(clips: Iterable[ClipEntry]) -> str:
    """Return the list with its header; lines end as spreadsheets expect (RFC 4180)."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    writer.writerows(_format_row(clip) for clip in clips)
    return BYTE_ORDER_MARK + buffer.getvalue()


def _format_row(clip: ClipEntry) -> tuple[str | int, ...]:
    return (
        clip.id,
        _format_text(clip.title),
        _format_text(clip.path),
        *(_format_frames(clip) if isinstance(clip, ExportClip) else [""] * 7),
        clip.in_ms,
        clip.out_ms,
        _format_text(clip.grade),
        _format_text(", ".join(clip.players)),
        _format_text(", ".join(clip.tags)),
    )


def _format_frames(clip: ExportClip) -> tuple[str | int, ...]:
    frames, source, base = clip.frames, clip.source, clip.timebase
    return (
        str(clip.rate) if clip.rate.denominator > 1 else name_rate(clip.rate),
        str(clip.drop_frame).lower(),
        frames.first,
        frames.last,
        frames.count,
        format_timecode(source.first, base),
        format_timecode(source.end, base),
    )


def _format_text(text: str) -> str:
    line = keep_line(text)
    return f"'{line}" if line.startswith(FORMULA_STARTS) else line
