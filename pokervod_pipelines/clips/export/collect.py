"""The clips to be exported, with what the database knows of their videos.

A clip that cannot be exported is left out with its reason; the others go on. How a list is written is not known here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from pokervod_pipelines.clips.export.frames import Timebase, parse_timecode, snap_rate
from pokervod_pipelines.clips.export.timeline import ExportClip
from pokervod_pipelines.clips.grades import format_grade
from pokervod_pipelines.errors import BadInput


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A clip that is not exported, and why."""

    clip_id: int
    title: str
    reason: str


def collect_clips(
    connection: Connection, ids: Sequence[int], roots: Mapping[str, Path], *, assumed_rate: Fraction | None = None
) -> tuple[list[ExportClip], list[LeftOut]]:
    """The clips with these ids in this order, and those left out.

    ``roots`` tells where each archive root lies for the editor. ``assumed_rate`` stands in where a video did not tell
    its own.
    """
    found = {row["id"]: row for row in _read(connection, ids)}
    clips, left_out = [], []
    for row in (found[clip_id] for clip_id in ids if clip_id in found):
        try:
            clips.append(_make_clip(row, roots, assumed_rate))
        except BadInput as error:
            left_out.append(LeftOut(row["id"], row["title"], str(error)))
    return clips, left_out


def _read(connection: Connection, ids: Sequence[int]) -> list[dict[str, Any]]:
    rows = connection.execute(
        text("""
            select c.id, c.title, c.in_ms, c.out_ms, c.grade, c.problem, f.root, f.path, m.rate_num, m.rate_den,
                   m.drop_frame, m.start_timecode, m.width, m.height, m.frames, coalesce(m.audio, '[]'::jsonb) as audio,
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


def _make_clip(row: Mapping[str, Any], roots: Mapping[str, Path], assumed_rate: Fraction | None) -> ExportClip:
    if row["problem"]:
        raise BadInput(row["problem"])
    if row["root"] not in roots:
        raise BadInput(f"its archive root {row['root']!r} is not configured: name it in archive_roots")
    rate = snap_rate(Fraction(row["rate_num"], row["rate_den"])) if row["rate_num"] else assumed_rate
    if rate is None:
        raise BadInput("the frame rate of its video is not known: sync with media on, or give --assume-rate")
    drop_frame = bool(row["drop_frame"])
    start = row["start_timecode"]
    return ExportClip(
        id=row["id"],
        title=row["title"],
        path=str(roots[row["root"]] / row["path"]),
        in_ms=row["in_ms"],
        out_ms=row["out_ms"],
        rate=rate,
        drop_frame=drop_frame,
        start_timecode_frames=parse_timecode(start, Timebase(rate, drop_frame)) if start else 0,
        width=row["width"],
        height=row["height"],
        duration_frames=row["frames"],
        audio_channels=tuple(track["channels"] for track in row["audio"] if track.get("channels")),
        players=tuple(row["players"]),
        tags=tuple(row["tags"]),
        grade=format_grade(row["grade"]) if row["grade"] else "",
    )
