"""Answer a query: the entries that have all its words, best first, and the counts of the facets."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA
from sqlalchemy import Connection, Engine

from pokervod_pipelines.catalog.search import lookup
from pokervod_pipelines.catalog.search.packed import FacetColumn, PairFacetColumn, unpack_places
from pokervod_pipelines.catalog.search.tokens import read_query
from pokervod_pipelines.catalog.search.update import FACETS
from pokervod_pipelines.catalog.search_result import SearchHit, SearchResult

Mask = NDArray[np.bool_]

_EXACT, _BEGINS, _TYPO = 9, 6, 3
"""Score of a word in a path; two more in a title, one more among the players."""

_SHORTEST_TYPO = 4
_PLAYERS_COUNTED = 20


@dataclass(frozen=True, slots=True)
class _Index:
    """Hold the facets of all entries."""

    columns: Mapping[str, FacetColumn]
    rank: FacetColumn
    players: PairFacetColumn

    @property
    def size(self) -> int:
        return len(self.rank.codes)


def search_catalog(
    engine: Engine,
    query: str,
    *,
    project: str | None = None,
    year: int | None = None,
    game: str | None = None,
    stage: str | None = None,
    version: str | None = None,
    player: str | None = None,
    limit: int = 50,
) -> SearchResult:
    """Return the files that have every word of the query, in any order, whole or begun, and that pass the filters.

    Whole words score more than begun ones, a title more than players, these more than the path; equal scores are
    sorted by preferred file and newer year. Only if no file has all words, a word may differ by one typing error.
    Filters ignore case; ``player`` compares the words of a name. An empty query finds all that pass.
    """
    filters = {"project": project, "year": year, "game": game, "stage": stage, "version": version}
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        return search_on(connection, query, filters, player=player, limit=limit)


def search_on(
    connection: Connection,
    query: str,
    filters: Mapping[str, str | int | None],
    *,
    player: str | None = None,
    limit: int = 50,
    without: Collection[int] = (),
) -> SearchResult:
    """Return the same within a repeatable read of the caller, as if these files were not there."""
    index = _read_index(connection)
    scores, with_typos = _score(connection, read_query(query), index)
    if without:
        scores[lookup.find_places(connection, without)] = 0
    masks = {name: _filter(index.columns[name], value) for name, value in filters.items() if value is not None}
    if player is not None:
        masks["player"] = _filter_players(index, player)
    found = _combine(scores > 0, masks.values())
    places = _take_best(found, scores, index.rank.codes, limit)
    rows = lookup.read_hits(connection, [int(place) for place in places])
    return SearchResult(
        total=int(np.count_nonzero(found)),
        hits=tuple(_make_hit(rows[int(place)], int(scores[place])) for place in places),
        facets=_count_facets(index, scores > 0, masks),
        with_typos=with_typos,
    )


_indexes: WeakKeyDictionary[Engine, tuple[list[str], _Index]] = WeakKeyDictionary()
"""Facets last read from each database, valid while the version of its index stays the same."""


def _read_index(connection: Connection) -> _Index:
    engine, version = connection.engine, lookup.read_index_version(connection)
    known = _indexes.get(engine)
    if known is not None and known[0] == version:
        return known[1]
    stored, empty = lookup.read_columns(connection), (b"", (None,))
    index = _Index(
        {name: FacetColumn(*stored.get(name, empty)) for name in FACETS},
        FacetColumn(*stored.get("rank", empty)),
        PairFacetColumn(*stored.get("players", (b"", ()))),
    )
    _indexes[engine] = (version, index)
    return index


def _score(connection: Connection, words: Sequence[str], index: _Index) -> tuple[NDArray[np.int16], bool]:
    """Return the score of each place (0: not all words), and whether only words with typing errors found any."""
    if not words:
        return (index.rank.codes > 0).astype(np.int16), False
    found = [(row, _BEGINS if row.word != words[row.asked] else _EXACT) for row in lookup.find_words(connection, words)]
    scores = _sum_scores(found, len(words), index.size)
    if scores.any() or all(not _allows_typo(word) for word in words):
        return scores, False
    for asked, word in enumerate(words):
        if _allows_typo(word):
            near = lookup.find_near_words(connection, asked, word)
            found += [(row, _TYPO) for row in near if OSA.distance(row.word, word, score_cutoff=1) == 1]
    scores = _sum_scores(found, len(words), index.size)
    return scores, bool(scores.any())


def _allows_typo(word: str) -> bool:
    return len(word) >= _SHORTEST_TYPO and not any(letter.isdecimal() for letter in word)


def _sum_scores(found: Iterable[tuple[lookup.FoundWord, int]], words: int, size: int) -> NDArray[np.int16]:
    best = np.zeros((words, size), dtype=np.int16)
    lists = [
        (worth + bonus, row.asked, packed)
        for row, worth in found
        for packed, bonus in ((row.path, 0), (row.player, 1), (row.title, 2))
        if packed
    ]
    for worth, asked, packed in sorted(lists, key=lambda each: each[0]):
        best[asked, unpack_places(packed)] = worth
    total: NDArray[np.int16] = np.where((best > 0).all(axis=0), best.sum(axis=0, dtype=np.int16), np.int16(0))
    return total


def _filter(column: FacetColumn, value: str | int) -> Mask:
    sought = _fold(value)
    codes = [code for code, label in enumerate(column.labels) if label is not None and _fold(label) == sought]
    return np.isin(column.codes, codes) if len(codes) != 1 else column.codes == codes[0]


def _fold(label: object) -> str:
    return str(label).casefold().replace("_", " ").strip()


def _filter_players(index: _Index, player: str) -> Mask:
    sought = read_query(player)
    codes = [code for code, name in enumerate(index.players.labels) if _has_all(read_query(name), sought)]
    return index.players.find(codes, index.size)


def _has_all(words: Sequence[str], sought: Sequence[str]) -> bool:
    return all(any(word.startswith(begun) for word in words) for begun in sought)


def _combine(found: Mask, masks: Iterable[Mask]) -> Mask:
    for mask in masks:
        found = found & mask
    return found


def _take_best(found: Mask, scores: NDArray[np.int16], rank: NDArray[np.uint16], limit: int) -> NDArray[np.int64]:
    places = np.flatnonzero(found)
    worth = scores[places].astype(np.int64) * (1 << 16) + rank[places]
    if len(places) > limit:
        least = np.partition(worth, len(worth) - limit)[len(worth) - limit] if limit else np.inf
        places, worth = places[worth >= least], worth[worth >= least]
    return places[np.argsort(-worth, kind="stable")][:limit]


def _count_facets(index: _Index, matching: Mask, masks: Mapping[str, Mask]) -> dict[str, dict[str, int]]:
    facets = {}
    for name in (*FACETS, "player"):
        among = _combine(matching, [mask for other, mask in masks.items() if other != name])
        counts = index.players.count(among, _PLAYERS_COUNTED) if name == "player" else index.columns[name].count(among)
        facets[name] = {str(label): count for label, count in counts.items()}
    return facets


def _make_hit(row: Mapping[str, Any], score: int) -> SearchHit:
    facets = row["facets"]
    return SearchHit(
        file_id=row["file_id"],
        episode_id=row["episode_id"],
        title=row["title"],
        episode=row["episode"],
        path=row["path"],
        project=facets["project"],
        year=facets.get("year"),
        game=facets.get("game"),
        stage=facets.get("stage"),
        version=facets.get("version"),
        players=tuple(dict.fromkeys([*row["clip_players"], *row["players"]])),
        is_preferred=bool(facets.get("preferred")),
        state=row["state"],
        size=row["size"],
        score=score,
    )
