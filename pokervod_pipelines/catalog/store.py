"""Find what changed in the inventory, store what was read of each name, and count: the SQL of names.

``group_store`` writes the groups, ``tree_store`` reads what people look at. Functions take a connection; the caller
owns the transaction. All writes are set-based: rows are copied into temporary tables, and only those that differ are
written.
"""

import json
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from pokervod_pipelines.db.locks import lock_until_commit

_BATCH = 2_000
_STREAMED = {"yield_per": _BATCH}

_MARK = "n.size || ' ' || n.version_type || case when n.state = 'missing' then ' missing' else '' end"
_IS_UNREAD = f"(v.parsed_path, v.parser_version, v.inventory_mark) <> (n.path, :version, {_MARK})"


class Changes(NamedTuple):
    """Count the rows of one table that a build created, changed and removed."""

    created: int
    changed: int
    removed: int


def copy_rows(connection: Connection, target: str, rows: Iterable[Sequence[Any]]) -> int:
    """Copy the rows into the target, given as ``table (column, …)``; return how many."""
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101 - narrows the type
    count = 0
    with driver.cursor() as cursor, cursor.copy(f"copy {target} from stdin") as copy:
        for row in rows:
            copy.write_row(row)
            count += 1
    return count


@dataclass(frozen=True, slots=True)
class Staleness:
    """Count the files that the catalog has not read yet, and those that it has to remove."""

    unread: int
    removed: int

    @property
    def is_fresh(self) -> bool:
        """Return whether there is nothing to do."""
        return not (self.unread or self.removed)


class UnreadVideo(NamedTuple):
    """Identify a video whose name is to be read."""

    file_id: int
    path: str
    version_type: str


class ReadName(NamedTuple):
    """Hold what was read of a video's name; ``reason`` says why it is in no show."""

    file_id: int
    path: str
    version: str | None
    facts: dict[str, Any]
    reason: str | None


def lock_catalog(connection: Connection) -> None:
    """Wait for a running build, and keep others from starting until the caller's transaction ends."""
    lock_until_commit(connection, "pokervod.catalog")


def measure_staleness(connection: Connection, version: str) -> Staleness:
    """Compare the inventory with what the catalog last read of it; return what a build would have to do."""
    row = connection.execute(
        text(f"""
            select count(*) filter (where v.file_id is null or {_IS_UNREAD}), count(*) filter (where n.id is null)
            from counted_videos n full join video_files v on v.file_id = n.id
        """),  # noqa: S608 - built of constants
        {"version": version},
    ).one()
    return Staleness(*row)


def stream_unread(connection: Connection, version: str, *, full: bool) -> Generator[Sequence[UnreadVideo], None, None]:
    """Yield the videos that are new, moved, renamed, grown, missing or read by other rules; with ``full`` all.

    Between two batches the connection is free for other statements. Close it if it is not read to the end.
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
            yield [UnreadVideo(*row) for row in batch]


def store_names(connection: Connection, version: str, batches: Iterable[Iterable[ReadName]]) -> tuple[int, Changes]:
    """Store what was read beside what the inventory says now; return how many, and what changed."""
    connection.execute(text(_NAMES_TABLE))
    count = 0
    for names in batches:
        rows = (_encode(name) for name in names)
        count += copy_rows(connection, "names_read (file_id, path, version, facts, reason)", rows)
    created, changed = connection.execute(text(_UPSERT_NAMES), {"version": version}).one()
    return count, Changes(created, changed, 0)


def _encode(name: ReadName) -> tuple[int, str, str | None, str, str | None]:
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


def list_removed(connection: Connection) -> list[int]:
    """Return the videos to remove from the catalog: cleared by an operator, or not a video after all."""
    rows = connection.scalars(
        text("select file_id from video_files v where not exists (select from counted_videos n where n.id = v.file_id)")
    )
    return list(rows)


def drop_videos(connection: Connection, files: list[int]) -> Changes:
    """Delete these videos from the catalog and its episodes."""
    for table in ("episode_files", "video_files"):
        dropped = connection.execute(text(f"delete from {table} where file_id = any(:files)"), {"files": files})  # noqa: S608
    return Changes(0, 0, dropped.rowcount)


def count_catalog(connection: Connection) -> dict[str, int]:
    """Return how many rows each table of the catalog has."""
    row = connection.execute(
        text("""
            select (select count(*) from projects) as projects, (select count(*) from seasons) as seasons,
                   (select count(*) from catalog_events) as events, (select count(*) from episodes) as episodes,
                   (select count(*) from video_files) as video_files
        """)
    ).one()
    return dict(row._mapping)


def count_reasons(connection: Connection) -> dict[str, int]:
    """Return how many videos are in no show, by reason."""
    rows = connection.execute(
        text("select reason, count(*) as files from video_files where reason is not null group by 1 order by 2 desc, 1")
    )
    return {row.reason: row.files for row in rows}
