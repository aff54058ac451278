"""The SQL of groups: seasons, events, episodes and files as ``staging_store`` wants them, written where they differ.

Only rows of the scope that ``scope_store`` opened are compared, altered and dropped.
"""

from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import Connection, text

from pokervod_pipelines.catalog.bulk import Changes
from pokervod_pipelines.catalog.levels import Level

_BATCH = 2_000
_STREAMED = {"yield_per": _BATCH}


class NewEpisode(NamedTuple):
    """An episode that had no id before this build."""

    episode_id: int
    project: str
    title: str


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


def write_groups(connection: Connection, level: Level) -> Changes:
    """The wanted rows are in the table; their parents must be there."""
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
    """Rows of the scope that are not wanted are gone; their children must be gone before."""
    dropped = connection.execute(
        text(f"""
            delete from {level.table} t using scope_{level.table} s
            where s.id = t.id and not exists (select from wanted_{level.table} w where w.id = t.id)
        """)  # noqa: S608 - built of constants
    )
    return Changes(0, 0, dropped.rowcount)


def write_members(connection: Connection) -> Changes:
    """The scope's episodes, old and new, hold exactly the files that are wanted in them."""
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
    """Each video of a wanted episode has the title a person gave it, else that of its first episode with its cut.

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


def stream_new_episodes(connection: Connection) -> Iterator[list[NewEpisode]]:
    """The new episodes in the order of their keys, in batches."""
    rows = connection.execute(text(_NEW_EPISODES), execution_options=_STREAMED)
    for batch in rows.partitions(_BATCH):
        yield [NewEpisode(*row) for row in batch]


_NEW_EPISODES = """
    select e.id, s.project_code, e.title
    from wanted_episodes e join wanted_catalog_events v on v.id = e.event_id join wanted_seasons s on s.id = v.season_id
    where e.is_new order by e.staged
"""
