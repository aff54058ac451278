"""The SQL of names: what changed in the inventory, what was read of each name, and what the catalog counts.

The groups are written by ``group_store``; what people look at is read in ``tree_store``. Functions take a connection,
the caller owns the transaction. All writes are set-based: wanted rows are copied into temporary tables, and only rows
that differ are touched.
"""

import json
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from pokervod_pipelines.catalog.bulk import Changes, copy_rows

_BATCH = 2_000
_STREAMED = {"yield_per": _BATCH}

_MARK = "n.size || ' ' || n.version_type || case when n.state = 'missing' then ' missing' else '' end"
_IS_UNREAD = f"(v.parsed_path, v.parser_version, v.inventory_mark) <> (n.path, :version, {_MARK})"


@dataclass(frozen=True, slots=True)
class Staleness:
    """How many files the catalog has yet to read, and how many it has to let go."""

    unread: int
    departed: int

    @property
    def is_fresh(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.unread or self.departed)


class Unread(NamedTuple):
    """A video whose name is to be read."""

    file_id: int
    path: str
    version_type: str


class NameRead(NamedTuple):
    """What was read of a video's name; ``reason`` says why it is in no show."""

    file_id: int
    path: str
    version: str | None
    facts: dict[str, Any]
    reason: str | None


def lock_catalog(connection: Connection) -> None:
    """No other build runs until the caller's transaction ends; waits for one that does."""
    connection.execute(text("select pg_advisory_xact_lock(hashtextextended('pokervod.catalog', 0))"))


def measure_staleness(connection: Connection, version: str) -> Staleness:
    """What a build would have to do, by comparing the inventory with what the catalog last saw of it."""
    row = connection.execute(
        text(f"""
            select count(*) filter (where v.file_id is null or {_IS_UNREAD}), count(*) filter (where n.id is null)
            from counted_videos n full join video_files v on v.file_id = n.id
        """),  # noqa: S608 - built of constants
        {"version": version},
    ).one()
    return Staleness(*row)


def stream_unread(connection: Connection, version: str, *, full: bool) -> Generator[Sequence[Unread], None, None]:
    """The videos that are new, moved, renamed, grown or missing, or were read by other rules; with ``full`` all.

    They come in batches: between two of them the connection is free for other statements. To be closed if not read to
    the end.
    """
    rows = connection.execute(
        text(f"""
            select n.id, n.path, n.version_type
            from counted_videos n left join video_files v on v.file_id = n.id
            where :full or v.file_id is null or {_IS_UNREAD}
        """),  # noqa: S608 - built of constants
        {"version": version, "full": full},
        execution_options=_STREAMED,
    )
    with rows:
        for batch in rows.partitions(_BATCH):
            yield [Unread(*row) for row in batch]


def store_names(connection: Connection, version: str, batches: Iterable[Iterable[NameRead]]) -> tuple[int, Changes]:
    """What was read is in ``video_files``, beside what the inventory says now; returns how many, and what changed."""
    connection.execute(text(_NAMES_TABLE))
    count = 0
    for names in batches:
        rows = (_encode(name) for name in names)
        count += copy_rows(connection, "names_read (file_id, path, version, facts, reason)", rows)
    created, changed = connection.execute(text(_UPSERT_NAMES), {"version": version}).one()
    return count, Changes(created, changed, 0)


def _encode(name: NameRead) -> tuple[int, str, str | None, str, str | None]:
    return name.file_id, name.path, name.version, json.dumps(name.facts, ensure_ascii=False), name.reason


_NAMES_TABLE = """
    create temp table names_read (file_id bigint, path text, version text, facts jsonb, reason text) on commit drop
"""

_UPSERT_NAMES = f"""
    with written as (
        insert into video_files (file_id, title, version, parsed, parsed_path, parser_version, inventory_mark, reason)
        select r.file_id, '', r.version, r.facts, r.path, :version, {_MARK}, r.reason
        from names_read r join nas_files n on n.id = r.file_id
        on conflict (file_id) do update
        set version = excluded.version, parsed = excluded.parsed, parsed_path = excluded.parsed_path,
            parser_version = excluded.parser_version, inventory_mark = excluded.inventory_mark, reason = excluded.reason
        where (video_files.version, video_files.parsed, video_files.parsed_path, video_files.parser_version,
               video_files.inventory_mark, video_files.reason)
              is distinct from (excluded.version, excluded.parsed, excluded.parsed_path, excluded.parser_version,
                                excluded.inventory_mark, excluded.reason)
        returning xmax = 0 as is_new
    )
    select count(*) filter (where is_new), count(*) filter (where not is_new) from written
"""  # noqa: S608 - built of constants


def list_departed(connection: Connection) -> list[int]:
    """The videos that are to leave the catalog: cleared by an operator, or no video after all."""
    rows = connection.scalars(
        text("select file_id from video_files v where not exists (select from counted_videos n where n.id = v.file_id)")
    )
    return list(rows)


def drop_videos(connection: Connection, files: list[int]) -> Changes:
    """These videos are in no episode and no row of the catalog any more."""
    for table in ("episode_files", "video_files"):
        dropped = connection.execute(text(f"delete from {table} where file_id = any(:files)"), {"files": files})  # noqa: S608
    return Changes(0, 0, dropped.rowcount)


def count_catalog(connection: Connection) -> dict[str, int]:
    """The rows of each table of the catalog, and the videos of ``OTHER``."""
    row = connection.execute(
        text("""
            select (select count(*) from projects) as projects, (select count(*) from seasons) as seasons,
                   (select count(*) from catalog_events) as events, (select count(*) from episodes) as episodes,
                   (select count(*) from video_files) as video_files
        """)
    ).one()
    return dict(row._mapping)


def count_reasons(connection: Connection) -> dict[str, int]:
    """How many videos are in no show, by reason."""
    rows = connection.execute(
        text("select reason, count(*) as files from video_files where reason is not null group by 1 order by 2 desc, 1")
    )
    return {row.reason: row.files for row in rows}
