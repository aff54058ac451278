"""Read and store clips with their players and tags: the SQL behind ``build``."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Connection, text

from pokervod_pipelines.db.locks import lock_until_commit
from pokervod_pipelines.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipRow:
    """Hold a row with its match, its video's duration and frames a second, and its clip's input hash, where known."""

    row_id: int
    fingerprint: str
    content: dict[str, Any]
    file_id: int | None
    match_reason: str
    tab: str = ""
    row_number: int = 0
    video_ms: int | None = None
    rate: float | None = None
    clip_id: int | None = None
    input_hash: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """Hold a clip to store; ``players`` are (key, name) in the order written, ``tags`` (category, name, is known)."""

    sheet_row_id: int
    file_id: int | None
    in_ms: int | None
    out_ms: int | None
    title: str
    grade: int | None
    winner: str
    hands: str
    problem: str | None
    remark: str | None
    input_hash: str
    players: tuple[tuple[str, str], ...]
    tags: tuple[tuple[str, str, bool], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredClip:
    """Hold the clip of a row with times: the stretch, why it cannot be cut, and what could not be read."""

    id: int
    sheet: str
    in_ms: int
    out_ms: int
    problem: str | None
    remark: str | None


def lock_clips(connection: Connection, sheet: str) -> None:
    """Keep other processes from this sheet's clips until the transaction ends."""
    lock_until_commit(connection, f"clips/{sheet}")


def read_clip_rows(connection: Connection, sheet: str) -> list[ClipRow]:
    """Return the rows of the sheet; a row that reappeared, with a retired clip, has a changed input hash."""
    rows = connection.execute(
        text("""
            select r.id as row_id, r.fingerprint, r.content, r.file_id, r.match_reason, r.tab, r.row_number,
                   m.duration_ms + coalesce(m.video_start_ms, 0) as video_ms,
                   cast(m.rate_num as double precision) / m.rate_den as rate, c.id as clip_id,
                   case when c.retired_at is null then c.input_hash else c.input_hash || ' retired' end as input_hash
            from sheet_rows r left join hand_clips c on c.sheet_row_id = r.id
            left join nas_files f on f.id = r.file_id
            left join media_facts m on m.file_id = f.id and m.status = 'ok'
                and m.size = f.size and m.mtime_ns = f.mtime_ns
            where r.sheet = :sheet and r.retired_at is null order by r.id
        """),
        {"sheet": sheet},
    )
    return [ClipRow(**row._mapping) for row in rows]


def find_clip_of_row(connection: Connection, row_id: int) -> StoredClip:
    """Return the clip of a row that has times."""
    rows = connection.execute(
        text("select id, sheet, in_ms, out_ms, problem, remark from hand_clips where sheet_row_id = :row_id"),
        {"row_id": row_id},
    )
    return StoredClip(**rows.one()._mapping)


def find_same_clip(connection: Connection, clip_id: int) -> StoredClip | None:
    """Return the first other clip that shows the same stretch, None where none does."""
    row = connection.execute(
        text("""
            select o.id, o.sheet, o.in_ms, o.out_ms, o.problem, o.remark from hand_clips c join hand_clips o
                on o.id <> c.id and o.retired_at is null
                and (o.file_id, o.in_ms, o.out_ms) = (c.file_id, c.in_ms, c.out_ms)
            where c.id = :clip_id order by o.id limit 1
        """),
        {"clip_id": clip_id},
    ).one_or_none()
    return None if row is None else StoredClip(**row._mapping)


def upsert_clips(connection: Connection, sheet: str, clips: Sequence[Clip]) -> dict[int, int]:
    """Insert or update the clips; return clip ids by sheet row id."""
    columns = [field.name for field in fields(Clip) if field.name not in {"players", "tags"}]
    records = [{name: getattr(clip, name) for name in columns} for clip in clips]
    names = ", ".join(columns)
    updates = ", ".join(f"{name} = excluded.{name}" for name in columns)
    rows = connection.execute(
        text(f"""
            insert into hand_clips (sheet, {names})
            select :sheet, {names} from jsonb_to_recordset(cast(:clips as jsonb)) as c(
                sheet_row_id bigint, file_id bigint, in_ms bigint, out_ms bigint, title text, grade int, winner text,
                hands text, problem text, remark text, input_hash text)
            on conflict (sheet_row_id) do update set {updates}, changed_at = now(), retired_at = null
            returning sheet_row_id, id
        """),  # noqa: S608 - the names are fields of Clip
        {"sheet": sheet, "clips": json.dumps(records, ensure_ascii=False)},
    )
    return {row[0]: row[1] for row in rows}


def replace_players(connection: Connection, ids: Mapping[int, int], clips: Sequence[Clip]) -> None:
    """Replace the players of the clips; a new player is added under the first spelling."""
    records = [
        {"clip_id": ids[clip.sheet_row_id], "key": key, "name": name, "position": position}
        for clip in clips
        for position, (key, name) in enumerate(clip.players)
    ]
    parameters = {"ids": list(ids.values()), "players": json.dumps(records, ensure_ascii=False)}
    source = "jsonb_to_recordset(cast(:players as jsonb)) as p(clip_id bigint, key text, name text, position int)"
    connection.execute(text("delete from clip_players where clip_id = any(:ids)"), parameters)
    connection.execute(
        text(f"""
            insert into players (key, name) select distinct on (key) key, name from {source}
            order by key, clip_id, position on conflict do nothing
        """),  # noqa: S608 - constant
        parameters,
    )
    connection.execute(
        text(f"""
            insert into clip_players (clip_id, player_id, position)
            select p.clip_id, players.id, p.position from {source} join players on players.key = p.key
        """),  # noqa: S608 - constant
        parameters,
    )


def read_tags(connection: Connection, clip_ids: Sequence[int]) -> dict[int, list[str]]:
    """Return the names of the tags of those clips that have some, in their order."""
    rows = connection.execute(
        text("""
            select clip_id, array_agg(distinct name order by name) as names
            from clip_tags join tags on tags.id = clip_tags.tag_id where clip_id = any(:ids) group by clip_id
        """),
        {"ids": [*clip_ids]},
    )
    return {row.clip_id: row.names for row in rows}


def replace_tags(connection: Connection, ids: Mapping[int, int], clips: Sequence[Clip]) -> None:
    """Replace the tags of the clips."""
    records = [
        {"clip_id": ids[clip.sheet_row_id], "category": category, "name": name, "is_known": is_known}
        for clip in clips
        for category, name, is_known in clip.tags
    ]
    parameters = {"ids": list(ids.values()), "tags": json.dumps(records, ensure_ascii=False)}
    source = "jsonb_to_recordset(cast(:tags as jsonb)) as t(clip_id bigint, category text, name text, is_known boolean)"
    connection.execute(text("delete from clip_tags where clip_id = any(:ids)"), parameters)
    connection.execute(
        text(f"""
            insert into tags (category, name, is_known)
            select distinct on (category, name) category, name, is_known from {source}
            on conflict (category, name) do update set is_known = excluded.is_known
                where tags.is_known is distinct from excluded.is_known
        """),  # noqa: S608 - constant
        parameters,
    )
    connection.execute(
        text(f"""
            insert into clip_tags (clip_id, tag_id)
            select distinct t.clip_id, tags.id from {source} join tags using (category, name)
        """),  # noqa: S608 - constant
        parameters,
    )


def retire_clips(connection: Connection, sheet: str) -> list[tuple[int, int]]:
    """Retire the clips whose row was deleted from the sheet; return their ids, each with that of its row."""
    rows = connection.execute(
        text("""
            update hand_clips c set retired_at = now() from sheet_rows r
            where r.id = c.sheet_row_id and c.sheet = :sheet and c.retired_at is null and r.retired_at is not null
            returning c.id, r.id
        """),
        {"sheet": sheet},
    )
    return sorted((clip_id, row_id) for clip_id, row_id in rows)


def count_clips(connection: Connection, sheet: str) -> tuple[int, int, int, int]:
    """Count the clips, those that cannot be cut, those with a problem or a remark, and their unknown tags."""
    row = connection.execute(
        text("""
            select count(*), count(problem), count(coalesce(problem, remark)), (
                select count(distinct t.id) from tags t join clip_tags ct on ct.tag_id = t.id
                join hand_clips h on h.id = ct.clip_id
                where not t.is_known and h.sheet = :sheet and h.retired_at is null)
            from hand_clips where sheet = :sheet and retired_at is null
        """),
        {"sheet": sheet},
    ).one()
    return row[0], row[1], row[2], row[3]


def read_clip_problems(connection: Connection, sheet: str, limit: int) -> list[Problem]:
    """Return the first clips to look at: cannot be cut though the row has a video, no video, a remark."""
    rows = connection.execute(
        text("""
            select r.tab || ' row ' || r.row_number, concat_ws('; ', c.problem, c.remark)
            from hand_clips c join sheet_rows r on r.id = c.sheet_row_id
            where c.sheet = :sheet and c.retired_at is null and (c.problem is not null or c.remark is not null)
            order by c.problem is null, c.file_id is null, r.tab, r.row_number limit :limit
        """),
        {"sheet": sheet, "limit": limit},
    )
    return [Problem(*row) for row in rows]
