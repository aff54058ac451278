"""Read and write ``media_facts``: all SQL of the room, what it reads of other rooms' tables included."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, text

from pokervod_pipelines.media.facts import MediaFacts
from pokervod_pipelines.problems import Problem

RETRY_BROKEN, RETRY_REFUSED = "1 day", "1 hour"

PROBE_VERSION = 2
"""Raised when a probe learns to read more; facts of an older version count until their video was probed again."""


@dataclass(frozen=True, slots=True)
class DueFile:
    """Hold a video whose facts are missing or older than its last scan; ``path`` is below its root."""

    file_id: int
    path: str
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class LibraryStatus:
    """Count a library's videos by status, and list the first of those with a problem."""

    counts: dict[str, int]
    problems: tuple[Problem, ...]


_IS_CURRENT = "m.file_id = f.id and m.size = f.size and m.mtime_ns = f.mtime_ns"


def list_due(connection: Connection, library: str, *, before: int | None, limit: int) -> list[DueFile]:
    """Return the newest videos that are due, with ids below ``before``, newest first."""
    rows = connection.execute(_DUE, {"library": library, "before": before, "limit": limit})
    return [DueFile(*row) for row in rows]


_DUE = text(f"""
    select f.id, f.path, f.size, f.mtime_ns from counted_videos f left join media_facts m on {_IS_CURRENT}
    where f.library = :library and f.state = 'present' and (cast(:before as bigint) is null or f.id < :before)
    and (m.file_id is null or m.status = 'growing' or m.probe_version < {PROBE_VERSION}
        or (m.status = 'broken' and m.probed_at < now() - interval '{RETRY_BROKEN}')
        or (m.status in ('timeout', 'unreadable') and m.probed_at < now() - interval '{RETRY_REFUSED}'))
    order by f.id desc limit :limit
""")  # noqa: S608 - constants


def store_facts(connection: Connection, found: Sequence[tuple[DueFile, MediaFacts]]) -> list[int]:
    """Store the facts; return the ids of the files whose facts changed."""
    rows = [{"file_id": file.file_id, **_complete(file, facts).as_json()} for file, facts in found]
    return list(connection.scalars(_STORE, {"rows": json.dumps(rows)})) if rows else []


def _complete(file: DueFile, facts: MediaFacts) -> MediaFacts:
    """Return facts with size and time, those of the last scan where the probe was lost."""
    return facts if facts.size is not None else replace(facts, size=file.size, mtime_ns=file.mtime_ns)


_COLUMNS = (
    "size, mtime_ns, status, reason, duration_ms, video_start_ms, frames, container, video_codec, width, height, "
    "rate_num, rate_den, start_timecode, timecode_rate, drop_frame, bit_rate, audio"
)
_NEW = ", ".join(f"{column} = excluded.{column}" for column in _COLUMNS.split(", "))
_ROW = "row({})".format(", ".join("{0}." + column for column in _COLUMNS.split(", ")))
_STORE = text(f"""
    with found as (select * from jsonb_to_recordset(cast(:rows as jsonb)) as r(file_id bigint, size bigint,
        mtime_ns bigint, status text, reason text, duration_ms bigint, video_start_ms bigint, frames bigint,
        container text, video_codec text, width int, height int, rate_num int, rate_den int, start_timecode text,
        timecode_rate int, drop_frame boolean, bit_rate bigint, audio jsonb)),
    known as (select m.* from media_facts m join found using (file_id)),
    stored as (insert into media_facts (file_id, probe_version, {_COLUMNS})
        select file_id, {PROBE_VERSION}, {_COLUMNS} from found
        on conflict (file_id) do update set {_NEW}, probe_version = {PROBE_VERSION}, probed_at = now())
    select found.file_id from found left join known using (file_id)
    where known.file_id is null or {_ROW.format("found")} is distinct from {_ROW.format("known")}
    order by found.file_id
""")  # noqa: S608 - constants


def read_status(connection: Connection, library: str, *, limit: int) -> LibraryStatus:
    """Count the library's videos by status, ``due`` for those without current facts; list ``limit`` problems."""
    counts = connection.execute(_COUNTS, {"library": library})
    problems = connection.execute(_PROBLEMS, {"library": library, "limit": limit})
    return LibraryStatus(
        {status: count for status, count in counts},  # noqa: C416 - dict() would not know the row's types
        tuple(Problem(path, f"{status}: {reason}") for path, status, reason in problems),
    )


_COUNTS = text(f"""
    select coalesce(m.status, 'due') as status, count(*) from counted_videos f
    left join media_facts m on {_IS_CURRENT}
    where f.library = :library and f.state = 'present' group by 1 order by 1
""")  # noqa: S608 - constants
_PROBLEMS = text(f"""
    select f.path, m.status, m.reason from counted_videos f join media_facts m on {_IS_CURRENT}
    where f.library = :library and f.state = 'present' and m.status <> 'ok'
    order by m.status = 'sparse', f.path limit :limit
""")  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class ClipStart:
    """Tell where a clip begins, in ms from the start of its video, and what it shows.

    ``programme`` is the clip's title where the video has no episode; ``times`` are those of its two ends.
    """

    file_id: int
    in_ms: int
    programme: str
    times: str
    hands: str


def list_newest_clips(connection: Connection, sheet: str, *, limit: int) -> list[ClipStart]:
    """Return the newest clips of the sheet whose first frame can be shown, newest first."""
    return [ClipStart(*row) for row in connection.execute(_NEWEST_CLIPS, {"sheet": sheet, "limit": limit})]


def _format_time(column: str) -> str:
    return f"to_char(make_interval(secs => {column} / 1000), 'FMHH24:MI:SS')"


_NEWEST_CLIPS = text(f"""
    select c.file_id, c.in_ms,
           coalesce((select string_agg(e.title, ' & ' order by e.id) from episode_files g
                     join episodes e on e.id = g.episode_id where g.file_id = c.file_id), c.title),
           concat_ws(' to ', {_format_time("c.in_ms")}, {_format_time("c.out_ms")}),
           concat_ws(', ', nullif(c.hands, ''), linked.hands)
    from hand_clips c join counted_videos f on f.id = c.file_id join media_facts m on {_IS_CURRENT}
    cross join lateral (select string_agg('hand #' || h.hand_number, ', ' order by h.id) as hands
        from hand_clip_links l join hands h on h.id = l.hand_id where l.clip_id = c.id) linked
    where c.sheet = :sheet and c.problem is null and c.retired_at is null and f.state = 'present'
    and m.status = 'ok' and c.in_ms < m.duration_ms + coalesce(m.video_start_ms, 0) order by c.id desc limit :limit
""")  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class PlayableFile:
    """Locate a video with good facts, and tell of which bytes they are."""

    file_id: int
    library: str
    path: str
    size: int
    mtime_ns: int


def list_playable(connection: Connection, file_ids: Sequence[int]) -> list[PlayableFile]:
    """Return those of the videos that can be shown."""
    return [PlayableFile(*row) for row in connection.execute(_PLAYABLE, {"ids": list(file_ids)})]


_PLAYABLE = text(f"""
    select f.id, f.library, f.path, f.size, f.mtime_ns from counted_videos f join media_facts m on {_IS_CURRENT}
    where f.state = 'present' and m.status = 'ok' and m.duration_ms is not null and f.id = any(:ids)
""")  # noqa: S608 - constants
