"""Store the index: entries as the catalog has them, packed lists of words, columns of facets."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from pokervod_pipelines.catalog.store import copy_rows

_STREAMED = {"yield_per": 2_000}


class SearchEntry(NamedTuple):
    """Hold a file of an episode, as search reads it. ``players`` and ``clip_players`` are lists of names."""

    episode_id: int
    file_id: int
    title: str
    path: str
    players: list[str]
    clip_players: list[str]
    facets: dict[str, Any]


_COLUMNS = ", ".join(SearchEntry._fields)


class SearchEntryChange(NamedTuple):
    """Hold the outdated entry at a place, and the one to write there; None where there is none."""

    place: int
    old: SearchEntry | None
    new: SearchEntry | None


def compare_entries(connection: Connection, *, everything: bool) -> None:
    """Stage outdated entries and new ones with their places, in the build's scope or in all.

    An entry that has both keeps its place, others get new ones.
    """
    statements = (
        _CLIP_PLAYERS,
        _ALL_FILES if everything else _SCOPED_FILES,
        "create index on search_scope (file_id)",
        "analyze search_scope",
        _TARGET,
        "create index on target_entries (file_id, episode_id)",
        "analyze target_entries",
        _NEW,
        _OLD,
    )
    for statement in statements:
        connection.execute(text(statement))


def stream_changes(connection: Connection) -> Iterator[SearchEntryChange]:
    """Yield what is staged, by place; between two of them the connection is free for other statements."""
    for place, was, comes, *columns in connection.execute(_STREAM_CHANGES, execution_options=_STREAMED):
        old, new = columns[: len(SearchEntry._fields)], columns[len(SearchEntry._fields) :]
        yield SearchEntryChange(place, SearchEntry(*old) if was else None, SearchEntry(*new) if comes else None)


_STREAM_CHANGES = text(f"""
    select place, o.file_id is not null, n.file_id is not null,
           {", ".join(f"{side}.{column}" for side in "on" for column in SearchEntry._fields)}
    from old_entries o full join new_entries n using (place) order by place
""")  # noqa: S608 - built of constants


def write_entries(connection: Connection) -> None:
    """Delete the outdated entries, insert the new ones, and drop the staging tables."""
    connection.execute(text("delete from search_entries s using old_entries g where g.place = s.place"))
    names = f"place, {_COLUMNS}"
    connection.execute(text(f"insert into search_entries ({names}) select {names} from new_entries"))  # noqa: S608
    connection.execute(text("drop table clip_people, search_scope, target_entries, new_entries, old_entries"))


_CLIP_PLAYERS = """
    create temp table clip_people on commit drop as
    select c.file_id, jsonb_agg(distinct p.name order by p.name) as names
    from hand_clips c join clip_players q on q.clip_id = c.id join players p on p.id = q.player_id
    where c.retired_at is null and c.file_id is not null group by 1
"""
_ALL_FILES = """
    create temp table search_scope on commit drop as
    select file_id from episode_files union select file_id from search_entries
"""
_SCOPED_FILES = """
    create temp table search_scope on commit drop as
    select file_id from scope_files
    union select s.file_id from search_entries s join scope_episodes e on e.id = s.episode_id
    union select coalesce(s.file_id, c.file_id)
    from (select distinct file_id, clip_players from search_entries where clip_players <> '[]') s
    full join clip_people c on c.file_id = s.file_id
    where c.names is distinct from s.clip_players
"""
_TARGET = """
    create temp table target_entries on commit drop as
    select m.episode_id, m.file_id,
           concat_ws(' ', s.project_code, e.catalog_title, f.parsed ->> 'title') as title, n.path,
           coalesce(f.parsed -> 'players', '[]') as players, coalesce(c.names, '[]') as clip_players,
           jsonb_strip_nulls(jsonb_build_object(
               'project', s.project_code, 'year', s.year, 'game', coalesce(v.facts ->> 'game', f.parsed ->> 'game'),
               'stage', f.parsed ->> 'stage', 'version', f.version, 'preferred', e.preferred_file_id = m.file_id
           )) as facets
    from search_scope x join episode_files m on m.file_id = x.file_id
    join video_files f on f.file_id = m.file_id join nas_files n on n.id = m.file_id
    join episodes e on e.id = m.episode_id join catalog_events v on v.id = e.event_id
    join seasons s on s.id = v.season_id left join clip_people c on c.file_id = m.file_id
"""
_SAME = (
    "(s.title, s.path, s.players, s.clip_players, s.facets) = (w.title, w.path, w.players, w.clip_players, w.facets)"
)
_NEW = f"""
    create temp table new_entries on commit drop as
    select coalesce(o.place, (select coalesce(max(place), -1) from search_entries)
                    + row_number() over (partition by o.place is null order by w.episode_id, w.file_id))::int as place,
           w.*
    from target_entries w
    left join search_entries o on o.file_id = w.file_id and o.episode_id = w.episode_id
    where not exists (
        select from search_entries s where s.file_id = w.file_id and s.episode_id = w.episode_id and {_SAME})
"""  # noqa: S608 - built of constants
_OLD = f"""
    create temp table old_entries on commit drop as
    select s.* from search_scope x join search_entries s on s.file_id = x.file_id
    where not exists (
        select from target_entries w where w.file_id = s.file_id and w.episode_id = s.episode_id and {_SAME})
"""  # noqa: S608 - built of constants


def has_changed_players(connection: Connection) -> bool:
    """Return whether the players of annotated hands differ from those of the index."""
    return bool(
        connection.scalar(
            text(f"""
                with clip_people as ({_CLIP_PLAYERS.partition(" as")[2]})
                select exists (
                    select from (select distinct file_id, clip_players from search_entries where clip_players <> '[]') s
                    full join (select c.* from clip_people c where exists (
                        select from search_entries e where e.file_id = c.file_id)) c on c.file_id = s.file_id
                    where c.names is distinct from s.clip_players)
            """)  # noqa: S608 - built of constants
        )
    )


def clear_index(connection: Connection) -> None:
    """Empty the index."""
    for table in ("search_entries", "search_words", "search_columns"):
        connection.execute(text(f"delete from {table}"))  # noqa: S608


def read_words(connection: Connection, words: Sequence[str]) -> dict[str, tuple[bytes, bytes, bytes]]:
    """Return the packed lists of these words, as far as the index has them."""
    rows = connection.execute(
        text("select word, title, player, path from search_words where word = any(:words)"), {"words": list(words)}
    )
    return {row.word: (row.title, row.player, row.path) for row in rows}


def write_words(connection: Connection, lists: Iterable[tuple[str, tuple[bytes, bytes, bytes]]]) -> None:
    """Replace the lists of these words; delete a word without any place."""
    connection.execute(text("create temp table new_words (like search_words) on commit drop"))
    rows = ((word, word[::-1], sum(map(len, packed)) // 4, *packed) for word, packed in lists)
    copy_rows(connection, "new_words (word, reversed, files, title, player, path)", rows)
    connection.execute(text("delete from search_words w using new_words n where n.word = w.word"))
    connection.execute(text("insert into search_words select * from new_words where files > 0"))
    connection.execute(text("drop table new_words"))


def write_columns(connection: Connection, columns: Mapping[str, tuple[bytes, str]]) -> None:
    """Store the facets: codes, and labels as JSON."""
    for name, (codes, labels) in columns.items():
        connection.execute(
            text("""
                insert into search_columns (name, codes, labels) values (:name, :codes, cast(:labels as jsonb))
                on conflict (name) do update set codes = excluded.codes, labels = excluded.labels
                where (search_columns.codes, search_columns.labels) <> (excluded.codes, excluded.labels)
            """),
            {"name": name, "codes": codes, "labels": labels},
        )
