"""The rows of ``media_facts``, and the questions asked of other rooms' tables. All SQL of the room."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, text

from pokervod_pipelines.media.facts import MediaFacts

RETRY_BROKEN, RETRY_REFUSED = "1 day", "1 hour"


@dataclass(frozen=True, slots=True)
class DueFile:
    """A video whose facts are missing or no longer speak of it as the last scan saw it; ``path`` is below its root."""

    file_id: int
    path: str
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How a library's videos stand: how many of each status, and the first of those that are not as they should be."""

    counts: dict[str, int]
    problems: tuple[tuple[str, str], ...]


_SPEAKS_OF_IT = "m.file_id = f.id and m.size = f.size and m.mtime_ns = f.mtime_ns"


def wait_for_turn(connection: Connection, work: str) -> None:
    """Nobody else does this work until the transaction ends."""
    connection.execute(text("select pg_advisory_xact_lock(hashtextextended(:work, 0))"), {"work": f"media {work}"})


def list_due(connection: Connection, library: str, *, before: int | None, limit: int) -> list[DueFile]:
    """The newest videos that are due, with ids below ``before``, newest first."""
    rows = connection.execute(_DUE, {"library": library, "before": before, "limit": limit})
    return [DueFile(*row) for row in rows]


_DUE = text(f"""
    select f.id, f.path, f.size, f.mtime_ns from counted_videos f left join media_facts m on {_SPEAKS_OF_IT}
    where f.library = :library and f.state = 'present' and (cast(:before as bigint) is null or f.id < :before)
    and (m.file_id is null or m.status = 'growing'
        or (m.status = 'broken' and m.probed_at < now() - interval '{RETRY_BROKEN}')
        or (m.status in ('timeout', 'unreadable') and m.probed_at < now() - interval '{RETRY_REFUSED}'))
    order by f.id desc limit :limit
""")  # noqa: S608 - constants


def store_facts(connection: Connection, found: Sequence[tuple[DueFile, MediaFacts]]) -> list[int]:
    """The facts are the files' facts of now; returns the ids of those that differ from what was known."""
    rows = [{"file_id": file.file_id, **_settle(file, facts).as_json()} for file, facts in found]
    return list(connection.scalars(_STORE, {"rows": json.dumps(rows)})) if rows else []


def _settle(file: DueFile, facts: MediaFacts) -> MediaFacts:
    """The facts of a reader that was lost speak of the file as the scan saw it."""
    return facts if facts.size is not None else replace(facts, size=file.size, mtime_ns=file.mtime_ns)


_COLUMNS = (
    "size, mtime_ns, status, reason, duration_ms, frames, container, video_codec, width, height, rate_num, rate_den, "
    "start_timecode, drop_frame, bit_rate, audio"
)
_NEW = ", ".join(f"{column} = excluded.{column}" for column in _COLUMNS.split(", "))
_ROW = "row({})".format(", ".join("{0}." + column for column in _COLUMNS.split(", ")))
_STORE = text(f"""
    with found as (select * from jsonb_to_recordset(cast(:rows as jsonb)) as r(file_id bigint, size bigint,
        mtime_ns bigint, status text, reason text, duration_ms bigint, frames bigint, container text, video_codec text,
        width int, height int, rate_num int, rate_den int, start_timecode text, drop_frame boolean, bit_rate bigint,
        audio jsonb)),
    known as (select m.* from media_facts m join found using (file_id)),
    stored as (insert into media_facts (file_id, {_COLUMNS}) select file_id, {_COLUMNS} from found
        on conflict (file_id) do update set {_NEW}, probed_at = now())
    select found.file_id from found left join known using (file_id)
    where known.file_id is null or {_ROW.format("found")} is distinct from {_ROW.format("known")}
    order by found.file_id
""")  # noqa: S608 - constants


def read_standing(connection: Connection, library: str, *, shown: int) -> Standing:
    """How the library's videos stand now, ``due`` being those whose facts do not speak of them."""
    counts = connection.execute(_COUNTS, {"library": library})
    problems = connection.execute(_PROBLEMS, {"library": library, "shown": shown})
    return Standing(
        {status: count for status, count in counts},  # noqa: C416 - dict() would not know the row's types
        tuple((path, f"{status}: {why}") for path, status, why in problems),
    )


_COUNTS = text(f"""
    select coalesce(m.status, 'due') as status, count(*) from counted_videos f
    left join media_facts m on {_SPEAKS_OF_IT}
    where f.library = :library and f.state = 'present' group by 1 order by 1
""")  # noqa: S608 - constants
_PROBLEMS = text(f"""
    select f.path, m.status, m.reason from counted_videos f join media_facts m on {_SPEAKS_OF_IT}
    where f.library = :library and f.state = 'present' and m.status <> 'ok'
    order by m.status = 'sparse', f.path limit :shown
""")  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class ClipPlace:
    """Where a clip begins, in ms from the start of its video, and what the clip is called."""

    file_id: int
    in_ms: int
    title: str


def list_newest_clips(connection: Connection, sheet: str, *, limit: int) -> list[ClipPlace]:
    """The newest clips of the sheet whose frame can be shown, newest first."""
    return [ClipPlace(*row) for row in connection.execute(_NEWEST_CLIPS, {"sheet": sheet, "limit": limit})]


_NEWEST_CLIPS = text(f"""
    select c.file_id, c.in_ms, c.title
    from hand_clips c join counted_videos f on f.id = c.file_id join media_facts m on {_SPEAKS_OF_IT}
    where c.sheet = :sheet and c.problem is null and c.retired_at is null and f.state = 'present'
    and m.status = 'ok' and c.in_ms < m.duration_ms order by c.id desc limit :limit
""")  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class PlayableFile:
    """A video with good facts: where it is, which bytes they speak of, and the places at which clips begin, in ms."""

    file_id: int
    library: str
    path: str
    size: int
    mtime_ns: int
    duration_ms: int
    in_points: tuple[int, ...]


def list_playable(connection: Connection, file_ids: Sequence[int] | None = None) -> list[PlayableFile]:
    """The videos that can be shown, all of them or those given, newest first."""
    rows = connection.execute(_PLAYABLE, {"ids": None if file_ids is None else list(file_ids)})
    return [PlayableFile(**{**row._mapping, "in_points": tuple(row.in_points)}) for row in rows]


_PLAYABLE = text(f"""
    select f.id as file_id, f.library, f.path, f.size, f.mtime_ns, m.duration_ms, array(
        select distinct c.in_ms from hand_clips c where c.file_id = f.id and c.problem is null
        and c.retired_at is null and c.in_ms < m.duration_ms order by c.in_ms) as in_points
    from counted_videos f join media_facts m on {_SPEAKS_OF_IT}
    where f.state = 'present' and m.status = 'ok' and m.duration_ms is not null
    and (cast(:ids as bigint[]) is null or f.id = any(:ids))
    order by f.id desc
""")  # noqa: S608 - constants
