"""Update the index of search from the catalog: only entries that differ, only words that they gain or lose."""

import json
import uuid
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from sys import intern

from sqlalchemy import Connection, Engine

from pokervod_pipelines.catalog import store as catalog_store
from pokervod_pipelines.catalog.search import lookup, store
from pokervod_pipelines.catalog.search.packed import FacetColumn, PairFacetColumn, change_places
from pokervod_pipelines.catalog.search.store import SearchEntry, SearchEntryChange
from pokervod_pipelines.catalog.search.tokens import SPELLED_GAMES, split_text, split_text_cached

INDEX_VERSION = "1"
"""Raise it when ``tokens`` or the layout of the lists change: the next build makes a new index."""

FACETS = ("project", "year", "game", "stage", "version")
_TITLE, _PLAYER, _PATH = range(3)

Added = tuple[list[int], list[int], list[int]]
"""Places that gain a word in their title, among their players, in their path."""

_BATCH = 20_000
"""Entries whose words are gathered before their lists are written, which bounds the memory of a build."""

_FIRST_YEAR, _YEARS = 1960, 200

WordLevels = dict[str, int]
"""The words of an entry, with the best of title, players and path that has each."""


def refresh_search(engine: Engine) -> int:
    """Update the index from the catalog and the clips; return how many entries were outdated.

    A build does this by itself; call it when only clips changed.
    """
    with engine.begin() as connection:
        catalog_store.lock_catalog(connection)
        if is_outdated(connection):
            return update_search(connection, everything=True)
        return update_search(connection, everything=True) if store.has_changed_players(connection) else 0


def is_outdated(connection: Connection) -> bool:
    """Return whether the index was made by other rules, or never."""
    return lookup.read_index_version(connection)[:1] != [INDEX_VERSION]


def update_search(connection: Connection, *, everything: bool) -> int:
    """Update the entries of the build's scope, or all; return how many were outdated."""
    if is_new := is_outdated(connection):
        store.clear_index(connection)
    store.compare_entries(connection, everything=everything or is_new)
    words, columns = _WordChanges(), _ColumnChanges(lookup.read_columns(connection))
    for count, change in enumerate(store.stream_changes(connection), 1):
        words.note(change)
        columns.note(change)
        if count % _BATCH == 0:
            _write_words(connection, words)
            words = _WordChanges()
    store.write_entries(connection)
    if columns.differing or is_new:
        _write_words(connection, words)
        store.write_columns(connection, columns.finish())
    return columns.differing


def _write_words(connection: Connection, changes: "_WordChanges") -> None:
    touched = sorted(changes.removed.keys() | changes.added.keys())
    known = store.read_words(connection, touched)
    store.write_words(connection, _merge(known, touched, changes.removed, changes.added))


def list_words(entry: SearchEntry) -> WordLevels:
    """Return the words that find an entry."""
    folder, _, name = entry.path.rpartition("/")
    levels = dict.fromkeys(split_text_cached(folder), _PATH)
    levels |= dict.fromkeys(split_text(name), _PATH)
    if people := list_people(entry):
        levels |= dict.fromkeys(split_text(" | ".join(people)), _PLAYER)
    game = entry.facets.get("game", "")
    texts = (entry.title, str(entry.facets.get("year", "")), game, SPELLED_GAMES.get(game, ""))
    return levels | dict.fromkeys(split_text_cached(" | ".join(texts)), _TITLE)


class _WordChanges:
    """Gather the words that gain and lose places."""

    def __init__(self) -> None:
        self.removed: dict[str, list[int]] = defaultdict(list)
        self.added: dict[str, Added] = defaultdict(lambda: ([], [], []))

    def note(self, change: SearchEntryChange) -> None:
        had = list_words(change.old) if change.old else {}
        has = list_words(change.new) if change.new else {}
        for word, level in has.items():
            if had.get(word) != level:
                self.added[word][level].append(change.place)
        for word, level in had.items():
            if has.get(word) != level:
                self.removed[word].append(change.place)


class _ColumnChanges:
    """Gather the facets of the entries; places whose entry was deleted have none."""

    def __init__(self, stored: Mapping[str, tuple[bytes, list[object]]]) -> None:
        self._inserted = self._deleted = 0
        self._places = array("i")
        self._columns = {name: FacetColumn(*stored.get(name, (b"", (None,)))) for name in FACETS}
        self._codes = {name: array("i") for name in FACETS}
        self._rank, self._ranks = FacetColumn(stored.get("rank", (b"", []))[0]), array("i")
        self._people, self._names = PairFacetColumn(*stored.get("players", (b"", ()))), list[Sequence[str]]()

    @property
    def differing(self) -> int:
        """Return how many entries were outdated: the larger of those deleted and those inserted."""
        return max(self._deleted, self._inserted)

    def note(self, change: SearchEntryChange) -> None:
        entry = change.new
        self._deleted += change.old is not None
        self._inserted += entry is not None
        self._places.append(change.place)
        for name, column in self._columns.items():
            self._codes[name].append(column.encode(entry.facets.get(name)) if entry else 0)
        self._ranks.append(_rank(entry) if entry else 0)
        self._names.append(tuple(map(intern, list_people(entry))) if entry else ())

    def finish(self) -> dict[str, tuple[bytes, str]]:
        """Return every column as it is to be stored."""
        size = max(self._places, default=-1) + 1
        written = {"made by": (b"", _json([INDEX_VERSION, uuid.uuid4().hex]))}
        for name, column in self._columns.items():
            column.assign(size, self._places, self._codes[name])
            written[name] = (column.codes.tobytes(), _json(column.labels))
        self._rank.assign(size, self._places, self._ranks)
        self._people.assign(self._places, self._names)
        written["rank"] = (self._rank.codes.tobytes(), "[]")
        written["players"] = (self._people.pairs.tobytes(), _json(self._people.labels))
        return written


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _merge(
    known: Mapping[str, tuple[bytes, bytes, bytes]],
    touched: Iterable[str],
    all_removed: Mapping[str, list[int]],
    all_added: Mapping[str, Added],
) -> Iterator[tuple[str, tuple[bytes, bytes, bytes]]]:
    for word in touched:
        lists, removed, added = (
            known.get(word, (b"", b"", b"")),
            all_removed.get(word, ()),
            all_added.get(word, ([], [], [])),
        )
        title, player, path = (
            change_places(packed, remove=removed, add=more) for packed, more in zip(lists, added, strict=True)
        )
        yield word, (title, player, path)


def list_people(entry: SearchEntry) -> list[str]:
    """Return the players of the name and of the clips, each once."""
    return list(dict.fromkeys([*entry.clip_players, *entry.players]))


def _rank(entry: SearchEntry) -> int:
    """Return what sorts equal scores: the preferred file before others, then newer years; at least 1."""
    year: int = min(max(entry.facets.get("year", 0) - _FIRST_YEAR, 0), _YEARS - 1)
    return 1 + year + (_YEARS if entry.facets.get("preferred") else 0)
