"""Read what a query needs: facets, words that equal, begin with or resemble those of the query, and hits."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

_EXPANSIONS = 300


class FoundWord(NamedTuple):
    """Hold a word of the index that a word of the query may mean; ``asked`` is the number of the latter."""

    asked: int
    word: str
    title: bytes
    player: bytes
    path: bytes


def read_index_version(connection: Connection) -> list[str]:
    """Return the rules' version that built the index, and a token that every change replaces; [] without an index."""
    version: list[str] | None = connection.scalar(text("select labels from search_columns where name = 'made by'"))
    return version or []


def read_columns(connection: Connection) -> dict[str, tuple[bytes, list[Any]]]:
    """Return all facets: codes and labels by name."""
    rows = _read_binary(connection, "select name, codes, labels from search_columns", {})
    return {name: (codes, labels) for name, codes, labels in rows}


def _read_binary(connection: Connection, statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return rows with packed lists as bytes instead of hexadecimal text, in a third of the time."""
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101 - narrows the type
    with driver.cursor(binary=True) as cursor:
        rows: list[tuple[Any, ...]] = cursor.execute(statement, values).fetchall()
    return rows


def find_words(connection: Connection, words: Sequence[str]) -> Iterator[FoundWord]:
    """Yield the words of the index that equal or begin with those of the query; the most frequent of many."""
    starts = [f"{word}a" if word[-1].isdecimal() else f"{word}\x01" for word in words]
    values = {"words": list(words), "starts": starts, "ends": [f"{word}\U0010ffff" for word in words]}
    for row in _read_binary(connection, _FIND, values | {"limit": _EXPANSIONS}):
        yield FoundWord(*row)


_FIND = """
    select (q.n - 1)::int, w.word, w.title, w.player, w.path
    from unnest(%(words)s::text[], %(starts)s::text[], %(ends)s::text[]) with ordinality as q(word, lower, upper, n)
    cross join lateral (
        select * from search_words x where x.word = q.word
        union all
        (select * from search_words x where x.word >= q.lower collate "C" and x.word < q.upper collate "C"
         order by x.files desc, x.word limit %(limit)s)
    ) w
"""


def find_near_words(connection: Connection, asked: int, word: str) -> Iterator[FoundWord]:
    """Yield words that may be one typing error away: where the error is in one half, the other half is equal."""
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


def find_places(connection: Connection, files: Collection[int]) -> list[int]:
    """Return the places of the entries of these files."""
    found = text("select place from search_entries where file_id = any(:files)")
    return list(connection.scalars(found, {"files": [*files]}))


def read_hits(connection: Connection, places: Sequence[int]) -> dict[int, Mapping[str, Any]]:
    """Return what a person sees of the entries at these places."""
    rows = connection.execute(_HITS, {"places": list(places)})
    return {row.place: dict(row._mapping) for row in rows}


_HITS = text("""
    select s.place, s.episode_id, s.file_id, e.title as episode, f.title, n.path, n.size, n.state, s.facets,
           s.players, s.clip_players
    from search_entries s join episodes e on e.id = s.episode_id
    join video_files f on f.file_id = s.file_id join nas_files n on n.id = s.file_id
    where s.place = any(:places)
""")
