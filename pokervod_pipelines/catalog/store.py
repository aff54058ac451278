"""The catalog's SQL: what changed in the inventory, what was read of each name, and the groups as they should be.

The only file of the room that writes to tables; what people look at is read in ``tree_store``. Functions take a
connection, the caller owns the transaction. All writes are set-based: wanted rows are copied into temporary tables, and
only rows that differ are touched.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

_STREAMED = {"yield_per": 2_000}

_IN_CATALOG = "n.category = 'video' and not n.is_junk and n.state <> 'cleared'"
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


class Video(NamedTuple):
    """A video to be placed."""

    file_id: int
    path: str
    size: int
    is_missing: bool
    version: str | None
    facts: dict[str, Any]


class Changes(NamedTuple):
    """Rows of one table that a build made, altered and took away."""

    created: int
    changed: int
    removed: int


@dataclass(frozen=True, slots=True)
class Level:
    """One table of the tree: its columns in the order of the rows that are copied in, the first being its id."""

    table: str
    parent: str
    columns: str
    types: str


SEASONS = Level(
    "seasons",
    "project_code",
    "id, project_code, key, year, number, sub_series, title, sort_key",
    "id bigint, project_code text, key text, year int, number int, sub_series text, title text, sort_key text",
)
EVENTS = Level(
    "catalog_events",
    "season_id",
    "id, season_id, key, number, title, facts, sort_key",
    "id bigint, season_id bigint, key text, number int, title text, facts jsonb, sort_key text",
)
EPISODES = Level(
    "episodes",
    "event_id",
    "id, event_id, key, title, catalog_title, facts, sort_key, preferred_file_id",
    "id bigint, event_id bigint, key text, title text, catalog_title text, facts jsonb, sort_key text, "
    "preferred_file_id bigint",
)


def lock_catalog(connection: Connection) -> None:
    """No other build runs until the caller's transaction ends; waits for one that does."""
    connection.execute(text("select pg_advisory_xact_lock(hashtextextended('pokervod.catalog', 0))"))


def measure_staleness(connection: Connection, version: str) -> Staleness:
    """What a build would have to do, by comparing the inventory with what the catalog last saw of it."""
    row = connection.execute(
        text(f"""
            select count(*) filter (where v.file_id is null or {_IS_UNREAD}), count(*) filter (where n.id is null)
            from (select * from nas_files n where {_IN_CATALOG}) n full join video_files v on v.file_id = n.id
        """),  # noqa: S608 - built of constants
        {"version": version},
    ).one()
    return Staleness(*row)


def stream_unread(connection: Connection, version: str, *, full: bool) -> Iterator[Unread]:
    """The videos that are new, moved, renamed, grown or missing, or were read by other rules; with ``full`` all."""
    rows = connection.execute(
        text(f"""
            select n.id, n.path, n.version_type
            from nas_files n left join video_files v on v.file_id = n.id
            where {_IN_CATALOG} and (:full or v.file_id is null or {_IS_UNREAD})
        """),  # noqa: S608 - built of constants
        {"version": version, "full": full},
        execution_options=_STREAMED,
    )
    for row in rows:
        yield Unread(*row)


def store_names(connection: Connection, version: str, names: Iterable[NameRead]) -> tuple[int, Changes]:
    """What was read is in ``video_files``, beside what the inventory says now; returns how many, and what changed."""
    connection.execute(text(_NAMES_TABLE))
    count = _copy(connection, "names_read (file_id, path, version, facts, reason)", (_encode(name) for name in names))
    are_new = list(connection.scalars(text(_UPSERT_NAMES), {"version": version}))
    return count, Changes(sum(are_new), len(are_new) - sum(are_new), 0)


def _encode(name: NameRead) -> tuple[int, str, str | None, str, str | None]:
    return name.file_id, name.path, name.version, json.dumps(name.facts, ensure_ascii=False), name.reason


_NAMES_TABLE = """
    create temp table names_read (file_id bigint, path text, version text, facts jsonb, reason text) on commit drop
"""

_UPSERT_NAMES = f"""
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
    returning xmax = 0
"""  # noqa: S608 - built of constants


def drop_departed(connection: Connection) -> Changes:
    """Videos that left the catalog (cleared, or no video after all) are in no episode and no row any more."""
    departed = f"select v.file_id from video_files v join nas_files n on n.id = v.file_id where not ({_IN_CATALOG})"  # noqa: S608
    connection.execute(text(f"delete from episode_files where file_id in ({departed})"))  # noqa: S608
    dropped = connection.execute(text(f"delete from video_files where file_id in ({departed})"))  # noqa: S608
    return Changes(0, 0, dropped.rowcount)


def stream_videos(connection: Connection) -> Iterator[Video]:
    """Every video of the catalog with what was read of it, a few at a time."""
    rows = connection.execute(
        text("""
            select v.file_id, v.parsed_path, n.size, n.state = 'missing', v.version, v.parsed
            from video_files v join nas_files n on n.id = v.file_id
        """),
        execution_options=_STREAMED,
    )
    for row in rows:
        yield Video(*row)


def read_group_ids(connection: Connection) -> tuple[dict[tuple[str, ...], int], ...]:
    """The ids of all seasons, events and episodes by their full keys (project, season, event, episode)."""
    seasons = connection.execute(text("select project_code, key, id from seasons"))
    events = connection.execute(
        text("select s.project_code, s.key, v.key, v.id from catalog_events v join seasons s on s.id = v.season_id")
    )
    episodes = connection.execute(
        text("""
            select s.project_code, s.key, v.key, e.key, e.id
            from episodes e join catalog_events v on v.id = e.event_id join seasons s on s.id = v.season_id
        """),
        execution_options=_STREAMED,
    )
    return tuple({tuple(row[:-1]): row[-1] for row in rows} for rows in (seasons, events, episodes))


def read_members(connection: Connection, level: Level, ids: Sequence[int]) -> list[tuple[int, int]]:
    """The files of these seasons, events or episodes, as pairs (id of the group, id of the file)."""
    column = {"seasons": "v.season_id", "catalog_events": "e.event_id", "episodes": "e.id"}[level.table]
    rows = connection.execute(
        text(f"""
            select {column}, f.file_id
            from episode_files f join episodes e on e.id = f.episode_id join catalog_events v on v.id = e.event_id
            where {column} = any(:ids)
        """),  # noqa: S608 - the column is one of three constants
        {"ids": list(ids)},
    )
    return [(group, file_id) for group, file_id in rows]


def take_ids(connection: Connection, level: Level, count: int) -> list[int]:
    """Fresh ids of a level."""
    if not count:
        return []
    rows = connection.scalars(
        text("select nextval(pg_get_serial_sequence(:table, 'id')) from generate_series(1, :count)"),
        {"table": level.table, "count": count},
    )
    return list(rows)


def write_projects(connection: Connection, titles: dict[str, str]) -> tuple[list[str], Changes]:
    """These projects exist under these titles; returns the codes of new ones. Others go when they are empty."""
    written = connection.execute(
        text("""
            insert into projects (code, title) select * from unnest(cast(:codes as text[]), cast(:titles as text[]))
            on conflict (code) do update set title = excluded.title where projects.title <> excluded.title
            returning code, xmax = 0
        """),
        {"codes": list(titles), "titles": list(titles.values())},
    ).all()
    created = sorted(code for code, is_new in written if is_new)
    return created, Changes(len(created), len(written) - len(created), 0)


def _copy(connection: Connection, target: str, rows: Iterable[Sequence[Any]]) -> int:
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101 - narrows the type
    count = 0
    with driver.cursor() as cursor, cursor.copy(f"copy {target} from stdin") as copy:
        for row in rows:
            copy.write_row(row)
            count += 1
    return count


def want_groups(connection: Connection, level: Level, rows: Iterable[Sequence[Any]]) -> None:
    """The rows of a level as they should be are staged. Keys that others will take are freed at once."""
    wanted = f"wanted_{level.table}"
    connection.execute(text(f"create temp table {wanted} ({level.types}) on commit drop"))
    _copy(connection, f"{wanted} ({level.columns})", rows)
    connection.execute(text(f"create unique index on {wanted} (id)"))
    connection.execute(text(f"analyze {wanted}"))
    # A unique key is checked row by row, so two groups that swap places must not meet on the way.
    connection.execute(
        text(f"""
            update {level.table} t set key = '~' || t.id where not exists (
                select from {wanted} w where w.id = t.id and w.{level.parent} = t.{level.parent} and w.key = t.key)
        """)  # noqa: S608 - built of constants
    )


def write_groups(connection: Connection, level: Level) -> Changes:
    """The staged rows are in the table; their parents must be there."""
    wanted, names = f"wanted_{level.table}", level.columns.removeprefix("id, ")
    compared = ", ".join(f"{{0}}.{name}" for name in names.split(", "))
    changed = connection.execute(
        text(f"""
            update {level.table} t set ({names}) = row({compared.format("w")}) from {wanted} w
            where w.id = t.id and ({compared.format("t")}) is distinct from ({compared.format("w")})
        """)  # noqa: S608 - built of constants
    ).rowcount
    created = connection.execute(
        text(f"""
            insert into {level.table} ({level.columns}) select {level.columns} from {wanted} w
            where not exists (select from {level.table} t where t.id = w.id)
        """)  # noqa: S608 - built of constants
    ).rowcount
    return Changes(created, changed, 0)


def drop_groups(connection: Connection, level: Level) -> Changes:
    """Rows that are not staged are gone; their children must be gone before."""
    dropped = connection.execute(
        text(f"delete from {level.table} t where not exists (select from wanted_{level.table} w where w.id = t.id)")  # noqa: S608
    )
    return Changes(0, 0, dropped.rowcount)


def write_members(connection: Connection, pairs: Iterable[tuple[int, int]]) -> Changes:
    """Episodes hold exactly these files, given as (episode, file)."""
    connection.execute(text("create temp table wanted_members (episode_id bigint, file_id bigint) on commit drop"))
    _copy(connection, "wanted_members (episode_id, file_id)", pairs)
    connection.execute(text("create index on wanted_members (file_id, episode_id)"))
    connection.execute(text("analyze wanted_members"))
    gone = connection.execute(text(_DROP_MEMBERS)).rowcount
    come = connection.execute(text(_ADD_MEMBERS)).rowcount
    return Changes(come, 0, gone)


_DROP_MEMBERS = """
    delete from episode_files f where not exists (
        select from wanted_members w where w.episode_id = f.episode_id and w.file_id = f.file_id)
"""
_ADD_MEMBERS = """
    insert into episode_files (episode_id, file_id) select distinct episode_id, file_id from wanted_members
    on conflict do nothing
"""


def title_videos(connection: Connection, *, new: int) -> Changes:
    """Each video has the title of its first episode, with its cut where one is known.

    ``new`` is how many videos have none yet: a first title is no change.
    """
    titled = connection.execute(
        text("""
            update video_files v set title = t.title
            from (select distinct on (f.file_id) f.file_id,
                         e.title || case when v.version is null then '' else ' (' || v.version || ')' end as title
                  from episode_files f
                  join episodes e on e.id = f.episode_id join video_files v on v.file_id = f.file_id
                  order by f.file_id, e.id) t
            where t.file_id = v.file_id and v.title <> t.title
        """)
    )
    return Changes(0, titled.rowcount - new, 0)


def drop_empty_projects(connection: Connection) -> Changes:
    """Projects without a season are gone."""
    dropped = connection.execute(
        text("delete from projects p where not exists (select from seasons s where s.project_code = p.code)")
    )
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
