"""The SQL of groups: seasons, events, episodes and their files as they should be, written where they differ.

Only rows of the scope that ``scope_store`` opened are compared, altered and dropped.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from pokervod_pipelines.catalog.bulk import Changes, copy_rows

_STREAMED = {"yield_per": 2_000}


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


def read_group_ids(connection: Connection) -> tuple[dict[tuple[str, ...], int], ...]:
    """The ids of the scope's seasons, events and episodes by their full keys (project, season, event, episode)."""
    seasons = connection.execute(text("select project_code, key, id from seasons join scope_seasons using (id)"))
    events = connection.execute(
        text("""
            select s.project_code, s.key, v.key, v.id
            from scope_catalog_events join catalog_events v using (id) join seasons s on s.id = v.season_id
        """)
    )
    episodes = connection.execute(
        text("""
            select s.project_code, s.key, v.key, e.key, e.id
            from scope_episodes join episodes e using (id)
            join catalog_events v on v.id = e.event_id join seasons s on s.id = v.season_id
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


def want_groups(connection: Connection, level: Level, rows: Iterable[Sequence[Any]]) -> None:
    """The rows of a level as they should be are staged. Keys that others will take are freed at once."""
    wanted = f"wanted_{level.table}"
    connection.execute(text(f"create temp table {wanted} ({level.types}) on commit drop"))
    copy_rows(connection, f"{wanted} ({level.columns})", rows)
    connection.execute(text(f"create unique index on {wanted} (id)"))
    connection.execute(text(f"analyze {wanted}"))
    # A unique key is checked row by row, so two groups that swap places must not meet on the way.
    connection.execute(
        text(f"""
            update {level.table} t set key = '~' || t.id from scope_{level.table} s
            where s.id = t.id and not exists (
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
    """Rows of the scope that are not staged are gone; their children must be gone before."""
    dropped = connection.execute(
        text(f"""
            delete from {level.table} t using scope_{level.table} s
            where s.id = t.id and not exists (select from wanted_{level.table} w where w.id = t.id)
        """)  # noqa: S608 - built of constants
    )
    return Changes(0, 0, dropped.rowcount)


def write_members(connection: Connection, pairs: Iterable[tuple[int, int]]) -> Changes:
    """The scope's episodes, old and new, hold exactly these files, given as (episode, file)."""
    connection.execute(text("create temp table wanted_members (episode_id bigint, file_id bigint) on commit drop"))
    copy_rows(connection, "wanted_members (episode_id, file_id)", pairs)
    connection.execute(text("create index on wanted_members (file_id, episode_id)"))
    connection.execute(text("analyze wanted_members"))
    gone = connection.execute(text(_DROP_MEMBERS)).rowcount
    come = connection.execute(text(_ADD_MEMBERS)).rowcount
    return Changes(come, 0, gone)


_DROP_MEMBERS = """
    delete from episode_files f using scope_episodes s where s.id = f.episode_id and not exists (
        select from wanted_members w where w.episode_id = f.episode_id and w.file_id = f.file_id)
"""
_ADD_MEMBERS = """
    insert into episode_files (episode_id, file_id) select distinct episode_id, file_id from wanted_members
    on conflict do nothing
"""


def title_videos(connection: Connection, *, new: int) -> Changes:
    """Each video of a staged episode has the title a person gave it, else that of its first episode with its cut.

    ``new`` is how many videos have none yet: a first title is no change.
    """
    titled = connection.execute(
        text("""
            update video_files v set title = t.title
            from (select distinct on (f.file_id) f.file_id, coalesce(v.parsed ->> 'title', e.title
                         || case when v.version is null then '' else ' (' || v.version || ')' end) as title
                  from episode_files f
                  join episodes e on e.id = f.episode_id join video_files v on v.file_id = f.file_id
                  where f.file_id in (select file_id from wanted_members)
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
