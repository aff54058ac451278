"""Write seasons, events, episodes and their files where they differ from what ``staging_store`` prepared.

Only rows of the scope that ``scope_store`` opened are compared, changed and deleted.
"""

from collections.abc import Collection, Iterator
from typing import NamedTuple

from sqlalchemy import Connection, text

from pokervod_pipelines.catalog.layout import Level
from pokervod_pipelines.catalog.store import Changes

_BATCH = 2_000
_STREAMED = {"yield_per": _BATCH}


class NewEpisode(NamedTuple):
    """Hold an episode that this build created."""

    episode_id: int
    project: str
    title: str


def write_projects(connection: Connection, titles: dict[str, str]) -> tuple[list[str], Changes]:
    """Insert or retitle these projects; return the codes of new ones. ``drop_empty_projects`` deletes others."""
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
    """Insert and update the rows of the level; those of the level above must be written before."""
    target, names = f"target_{level.table}", level.columns.removeprefix("id, ")
    compared = ", ".join(f"{{0}}.{name}" for name in names.split(", "))
    changed = connection.execute(
        text(f"""
            update {level.table} t set ({names}) = row({compared.format("w")}) from {target} w
            where w.id = t.id and ({compared.format("t")}) is distinct from ({compared.format("w")})
        """)  # noqa: S608 - built of constants
    ).rowcount
    created = connection.execute(
        text(f"""
            insert into {level.table} ({level.columns}) select {level.columns} from {target} w
            where not exists (select from {level.table} t where t.id = w.id)
        """)  # noqa: S608 - built of constants
    ).rowcount
    return Changes(created, changed, 0)


def drop_groups(connection: Connection, level: Level) -> Changes:
    """Delete rows of the scope that have no target row; their children must be deleted before."""
    dropped = connection.execute(
        text(f"""
            delete from {level.table} t using scope_{level.table} s
            where s.id = t.id and not exists (select from target_{level.table} w where w.id = t.id)
        """)  # noqa: S608 - built of constants
    )
    return Changes(0, 0, dropped.rowcount)


def write_members(connection: Connection) -> Changes:
    """Give the scope's episodes, old and new, exactly their target files."""
    removed = connection.execute(text(_DROP_MEMBERS)).rowcount
    added = connection.execute(text(_ADD_MEMBERS)).rowcount
    return Changes(added, 0, removed)


_DROP_MEMBERS = """
    delete from episode_files f using scope_episodes s where s.id = f.episode_id and not exists (
        select from target_members w where w.episode_id = f.episode_id and w.file_id = f.file_id)
"""
_ADD_MEMBERS = """
    insert into episode_files (episode_id, file_id) select distinct episode_id, file_id from target_members
    on conflict do nothing
"""


def set_video_titles(connection: Connection, *, new: int) -> Changes:
    """Title each video: as a person did, else as its first episode, with its cut.

    ``new`` is how many videos have no title yet: a first title does not count as a change.
    """
    titled = connection.execute(
        text("""
            update video_files v set title = t.title
            from (select distinct on (f.file_id) f.file_id, coalesce(v.parsed ->> 'title', e.title
                         || case when v.version is null then '' else ' (' || v.version || ')' end) as title
                  from episode_files f
                  join episodes e on e.id = f.episode_id join video_files v on v.file_id = f.file_id
                  where f.file_id in (select file_id from target_members)
                  order by f.file_id, e.id) t
            where t.file_id = v.file_id and v.title <> t.title
        """)
    )
    return Changes(0, titled.rowcount - new, 0)


def drop_empty_projects(connection: Connection, kept: Collection[str] = ()) -> Changes:
    """Delete projects without a season but those to be kept."""
    dropped = connection.execute(
        text("""
            delete from projects p where not exists (select from seasons s where s.project_code = p.code)
                and p.code <> all(cast(:kept as text[]))
        """),
        {"kept": [*kept]},
    )
    return Changes(0, 0, dropped.rowcount)


def stream_new_episodes(connection: Connection) -> Iterator[list[NewEpisode]]:
    """Yield the episodes that this build adds in the order of their keys, in batches."""
    rows = connection.execute(text(_NEW_EPISODES), execution_options=_STREAMED)
    for batch in rows.partitions(_BATCH):
        yield [NewEpisode(*row) for row in batch]


_NEW_EPISODES = """
    select e.id, s.project_code, e.title
    from target_episodes e join target_catalog_events v on v.id = e.event_id join target_seasons s on s.id = v.season_id
    where e.is_new order by e.staged
"""
