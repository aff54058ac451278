"""Collect the clips to export, with the facts of their videos; a clip that cannot be exported becomes a problem."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, text

from pokervod_pipelines.clips.export.frames import (
    DROPPED_A_MINUTE,
    Timebase,
    find_timebase,
    parse_timecode,
    snap_rate,
)
from pokervod_pipelines.clips.export.timeline import ClipEntry, ExportClip
from pokervod_pipelines.clips.grades import format_grade
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.problems import Problem

AnyClip = TypeVar("AnyClip", bound=ClipEntry)
Row = Mapping[str, Any]


def collect_clips(
    connection: Connection, ids: Sequence[int], roots: Mapping[str, Path], *, assumed_rate: Fraction | None = None
) -> tuple[list[ExportClip], list[Problem]]:
    """Return the clips with these ids in this order, and why others cannot be exported.

    ``roots`` are the archive roots as the editor's machine sees them. ``assumed_rate`` replaces an unknown frame rate.
    """
    return _collect(connection, ids, roots, lambda row, entry: _make_clip(row, entry, _require_rate(row, assumed_rate)))


def collect_listed_clips(
    connection: Connection, ids: Sequence[int], roots: Mapping[str, Path], *, assumed_rate: Fraction | None = None
) -> tuple[list[ClipEntry], list[Problem]]:
    """Return the same for a list that needs no frame rate; clips whose rate is known are ``ExportClip``."""

    def make_clip(row: Row, entry: ClipEntry) -> ClipEntry:
        rate = _find_rate(row) or assumed_rate
        return _make_clip(row, entry, rate) if rate else entry

    return _collect(connection, ids, roots, make_clip)


def _collect(
    connection: Connection,
    ids: Sequence[int],
    roots: Mapping[str, Path],
    make_clip: Callable[[Row, ClipEntry], AnyClip],
) -> tuple[list[AnyClip], list[Problem]]:
    found = {row["id"]: row for row in _read(connection, ids)}
    clips: list[AnyClip] = []
    problems: list[Problem] = []
    for row in (found[clip_id] for clip_id in ids if clip_id in found):
        try:
            clips.append(make_clip(row, _make_entry(row, roots)))
        except BadInput as error:
            problems.append(Problem(f"clip {row['id']}", str(error)))
    return clips, problems


def _read(connection: Connection, ids: Sequence[int]) -> list[dict[str, Any]]:
    rows = connection.execute(
        text("""
            select c.id, c.title, c.in_ms, c.out_ms, c.grade, c.problem, f.root, f.path, m.rate_num, m.rate_den,
                   m.drop_frame, m.start_timecode, m.timecode_rate, m.width, m.height, m.frames,
                   m.duration_ms, m.video_start_ms, coalesce(m.audio, '[]'::jsonb) as audio,
                   (select b.reason from media_facts b where b.file_id = f.id and b.status <> 'ok'
                        and b.size = f.size and b.mtime_ns = f.mtime_ns) as media_problem,
                   array(select p.name from clip_players cp join players p on p.id = cp.player_id
                         where cp.clip_id = c.id order by cp.position) as players,
                   array(select t.name from clip_tags ct join tags t on t.id = ct.tag_id
                         where ct.clip_id = c.id order by t.category, t.name) as tags
            from hand_clips c
            left join nas_files f on f.id = c.file_id
            left join media_facts m on m.file_id = f.id and m.status = 'ok'
                and m.size = f.size and m.mtime_ns = f.mtime_ns
            where c.id = any(:ids) and c.retired_at is null
        """),
        {"ids": list(ids)},
    )
    return [dict(row._mapping) for row in rows]


def _make_entry(row: Row, roots: Mapping[str, Path]) -> ClipEntry:
    """Return what every list has of a clip."""
    if row["problem"]:
        raise BadInput(row["problem"])
    if row["root"] not in roots:
        raise BadInput(f"the archive root {row['root']!r} is missing; add it to `archive_roots`")
    return ClipEntry(
        id=row["id"],
        title=row["title"],
        path=str(roots[row["root"]] / row["path"]),
        in_ms=row["in_ms"],
        out_ms=row["out_ms"],
        players=tuple(row["players"]),
        tags=tuple(row["tags"]),
        grade=format_grade(row["grade"]) if row["grade"] else "",
    )


def _find_rate(row: Row) -> Fraction | None:
    return snap_rate(Fraction(row["rate_num"], row["rate_den"])) if row["rate_num"] else None


def _require_rate(row: Row, assumed_rate: Fraction | None) -> Fraction:
    rate = _find_rate(row) or assumed_rate
    if rate is None and row["media_problem"]:
        raise BadInput(f"its video cannot be used: {row['media_problem']}")
    if rate is None:
        raise BadInput("the frame rate of its video is unknown; sync with media on, or give --assume-rate")
    return rate


def _make_clip(row: Row, entry: ClipEntry, rate: Fraction) -> ExportClip:
    delay_ms = row["video_start_ms"] or 0
    if row["out_ms"] <= delay_ms:
        raise BadInput(f"its video has no picture before {delay_ms / 1000:g} s; correct the timecode")
    drop_frame = bool(row["drop_frame"]) and rate in DROPPED_A_MINUTE  # cameras mark 30.000 as well
    start = row["start_timecode"]
    return ExportClip(
        **asdict(entry),
        rate=rate,
        drop_frame=drop_frame,
        start_timecode_frames=_count_to(start, row["timecode_rate"], Timebase(rate, drop_frame)) if start else 0,
        width=row["width"],
        height=row["height"],
        duration_frames=_count_frames(row["frames"], row["duration_ms"], delay_ms, rate),
        audio_channels=tuple(track["channels"] for track in row["audio"] if track.get("channels")),
    )


def _count_to(timecode: str, counted: int | None, base: Timebase) -> int:
    """Return the number of the frame with this timecode, whose own track counts so many frames in a second.

    Cameras at 50 frames a second may count 25. A drop mark counts only where numbers are dropped.
    """
    text = timecode if base.drop_frame else re.sub("[;.]", ":", timecode)
    own = find_timebase(counted, drop_frame=base.drop_frame) or base
    return parse_timecode(text, own) * base.nominal // own.nominal


def _count_frames(stored: int | None, duration_ms: int | None, delay_ms: int, rate: Fraction) -> int | None:
    """Return how many frames long the video is, those before its picture and those that were lost included."""
    if stored is None or duration_ms is None:
        return None if stored is None else stored + round(delay_ms * rate / 1000)
    return round(delay_ms * rate / 1000) + max(stored, round(duration_ms * rate / 1000))
