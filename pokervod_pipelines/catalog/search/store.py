"""The SQL of search: entries as the catalog has them, packed lists of words, columns of facets."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from pokervod_pipelines.catalog.bulk import copy_rows

_EXPANSIONS = 300


class Entry(NamedTuple):
    """A file of an episode, as search reads it. ``players`` and ``clip_players`` are lists of names."""

    episode_id: int
    file_id: int
    title: str
    path: str
    players: list[str]
    clip_players: list[str]
    facets: dict[str, Any]


class StoredEntry(NamedTuple):
    """An entry that the index has, at its place."""

    place: int
    entry: Entry


class FoundWord(NamedTuple):
    """A word of the index that a word of the query may mean; ``asked`` is the number of the latter."""

    asked: int
    word: str
    title: bytes
    player: bytes
    path: bytes


def compare_entries(connection: Connection, *, everything: bool) -> tuple[list[StoredEntry], list[Entry]]:
    """What the index has and should not, and what it has not and should; of the build's scope or of everything."""
    connection.execute(text(_CLIP_PLAYERS))
    connection.execute(text(_ALL_FILES if everything else _SCOPED_FILES))
    connection.execute(text("create index on search_scope (file_id)"))
    connection.execute(text("analyze search_scope"))
    connection.execute(text(_WANTED))
    connection.execute(text("create index on wanted_entries (file_id, episode_id)"))
    connection.execute(text("analyze wanted_entries"))
    old = [StoredEntry(row[0], Entry(*row[1:])) for row in connection.execute(text(_NO_MORE))]
    new = [Entry(*row) for row in connection.execute(text(_NOT_YET))]
    for table in ("clip_people", "search_scope", "wanted_entries"):
        connection.execute(text(f"drop table {table}"))
    return old, new


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
_WANTED = """
    create temp table wanted_entries on commit drop as
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
_COLUMNS = "episode_id, file_id, title, path, players, clip_players, facets"
_SAME = (
    "(s.title, s.path, s.players, s.clip_players, s.facets) = (w.title, w.path, w.players, w.clip_players, w.facets)"
)
_NO_MORE = f"""
    select s.place, {", ".join(f"s.{column}" for column in _COLUMNS.split(", "))}
    from search_scope x join search_entries s on s.file_id = x.file_id
    where not exists (
        select from wanted_entries w where w.file_id = s.file_id and w.episode_id = s.episode_id and {_SAME})
    order by 2, 3
"""  # noqa: S608 - built of constants
_NOT_YET = f"""
    select {_COLUMNS} from wanted_entries w where not exists (
        select from search_entries s where w.file_id = s.file_id and w.episode_id = s.episode_id and {_SAME})
    order by 1, 2
"""  # noqa: S608 - built of constants


def has_moved_clips(connection: Connection) -> bool:
    """Whether the players of annotated hands are others than those the index knows."""
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
    """The index is empty."""
    for table in ("search_entries", "search_words", "search_columns"):
        connection.execute(text(f"delete from {table}"))  # noqa: S608


def next_place(connection: Connection) -> int:
    """The first place that was never given."""
    place: int = connection.scalar(text("select coalesce(max(place) + 1, 0) from search_entries"))
    return place


def write_entries(connection: Connection, gone: Sequence[int], rows: Iterable[Sequence[Any]]) -> None:
    """The entries at the gone places are removed, and these rows (place, then as ``Entry``, lists as JSON) added."""
    connection.execute(text("delete from search_entries where place = any(:gone)"), {"gone": list(gone)})
    copy_rows(connection, f"search_entries (place, {_COLUMNS})", rows)


def read_words(connection: Connection, words: Sequence[str]) -> dict[str, tuple[bytes, bytes, bytes]]:
    """The packed lists of these words, as far as the index has them."""
    rows = connection.execute(
        text("select word, title, player, path from search_words where word = any(:words)"), {"words": list(words)}
    )
    return {row.word: (row.title, row.player, row.path) for row in rows}


def write_words(connection: Connection, lists: Iterable[tuple[str, tuple[bytes, bytes, bytes]]]) -> None:
    """These words have these lists; a word without any place is gone."""
    connection.execute(text("create temp table new_words (like search_words) on commit drop"))
    rows = ((word, word[::-1], sum(map(len, packed)) // 4, *packed) for word, packed in lists)
    copy_rows(connection, "new_words (word, reversed, files, title, player, path)", rows)
    connection.execute(text("delete from search_words w using new_words n where n.word = w.word"))
    connection.execute(text("insert into search_words select * from new_words where files > 0"))
    connection.execute(text("drop table new_words"))


def read_columns(connection: Connection) -> dict[str, tuple[bytes, list[Any]]]:
    """All facets: codes and labels by name."""
    rows = connection.execute(text("select name, codes, labels from search_columns"))
    return {row.name: (row.codes, row.labels) for row in rows}


def write_columns(connection: Connection, columns: Mapping[str, tuple[bytes, str]]) -> None:
    """The facets are these: codes, and labels as JSON."""
    for name, (codes, labels) in columns.items():
        connection.execute(
            text("""
                insert into search_columns (name, codes, labels) values (:name, :codes, cast(:labels as jsonb))
                on conflict (name) do update set codes = excluded.codes, labels = excluded.labels
                where (search_columns.codes, search_columns.labels) <> (excluded.codes, excluded.labels)
            """),
            {"name": name, "codes": codes, "labels": labels},
        )


def find_words(connection: Connection, words: Sequence[str]) -> Iterator[FoundWord]:
    """The words of the index that are or begin with those asked for; of many beginnings the most frequent."""
    starts = [f"{word}a" if word[-1].isdecimal() else f"{word}\x01" for word in words]
    values = {"words": list(words), "starts": starts, "ends": [f"{word}\U0010ffff" for word in words]}
    for row in connection.execute(_FIND, values | {"limit": _EXPANSIONS}):
        yield FoundWord(*row)


_FIND = text("""
    select (q.n - 1)::int, w.word, w.title, w.player, w.path
    from unnest(cast(:words as text[]), cast(:starts as text[]), cast(:ends as text[])) with ordinality
         as q(word, lower, upper, n)
    cross join lateral (
        select * from search_words x where x.word = q.word
        union all
        (select * from search_words x where x.word >= q.lower collate "C" and x.word < q.upper collate "C"
         order by x.files desc, x.word limit :limit)
    ) w
""")


def find_near_words(connection: Connection, asked: int, word: str) -> Iterator[FoundWord]:
    """Words that may be one typing error away: where the error is, the other half of the word is whole."""
    half = len(word) // 2
    head, tail = word[:half], word[:half:-1]
    values = {"head": head, "tail": tail, "low": len(word) - 1, "high": len(word) + 1}
    values |= {"head_end": f"{head}\U0010ffff", "tail_end": f"{tail}\U0010ffff"}
    for row in connection.execute(_NEAR, values):
        yield FoundWord(asked, *row)


_NEAR = text("""
    select word, title, player, path from search_words
    where (word >= :head collate "C" and word < :head_end collate "C"
           or reversed >= :tail collate "C" and reversed < :tail_end collate "C")
      and length(word) between :low and :high
""")


def read_hits(connection: Connection, places: Sequence[int]) -> dict[int, Mapping[str, Any]]:
    """What a person wants to see of the entries at these places."""
    rows = connection.execute(_HITS, {"places": list(places)})
    return {row.place: dict(row._mapping) for row in rows}


_HITS = text("""
    select s.place, s.episode_id, s.file_id, e.title as episode, f.title, n.path, n.size, n.state, s.facets,
           s.players, s.clip_players
    from search_entries s join episodes e on e.id = s.episode_id
    join video_files f on f.file_id = s.file_id join nas_files n on n.id = s.file_id
    where s.place = any(:places)
""")
