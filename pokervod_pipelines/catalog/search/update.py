"""Keeps the index of search as the catalog is: only entries that differ are read, only words that they gain or lose."""

import json
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from sqlalchemy import Connection, Engine

from pokervod_pipelines.catalog import store as catalog_store
from pokervod_pipelines.catalog.search import lookup, store
from pokervod_pipelines.catalog.search.packed import Column, PairColumn, change_places
from pokervod_pipelines.catalog.search.store import Entry, StoredEntry
from pokervod_pipelines.catalog.search.words import SPELLED_GAMES, split_again, split_text

INDEX_VERSION = "1"
"""Raised when ``words`` or the layout of the lists change: the next build makes the index anew."""

FACETS = ("project", "year", "game", "stage", "version")
_TITLE, _PLAYER, _PATH = range(3)

Added = tuple[list[int], list[int], list[int]]
"""Places that gain a word in their title, among their players, in their path."""

_FIRST_YEAR, _YEARS = 1960, 200

Levels = dict[str, int]
"""The words of an entry, and the best of title, players and path that has them."""


def refresh_search(engine: Engine) -> int:
    """The index is as the catalog and the clips are; returns how many entries it had wrong.

    A build does this by itself; this is for when only clips changed.
    """
    with engine.begin() as connection:
        catalog_store.lock_catalog(connection)
        if is_outdated(connection):
            return update_search(connection, everything=True)
        return update_search(connection, everything=True) if store.has_moved_clips(connection) else 0


def is_outdated(connection: Connection) -> bool:
    """Whether the index was made by other rules, or never."""
    return lookup.read_mark(connection)[:1] != [INDEX_VERSION]


def update_search(connection: Connection, *, everything: bool) -> int:
    """The entries of the build's scope, or all, are in the index as the catalog has them; returns how many differed."""
    if is_new := is_outdated(connection):
        store.clear_index(connection)
    everything = everything or is_new
    old = store.compare_entries(connection, everything=everything)
    words, columns = _WordChanges(old), _ColumnChanges(lookup.read_columns(connection))
    for place, entry in store.stream_new(connection):
        words.note(place, entry)
        columns.note(place, entry)
    store.write_entries(connection, [stored.place for stored in old])
    differing = max(len(old), len(columns.places))
    if differing or is_new:
        gone, come = words.finish()
        touched = sorted(gone.keys() | come.keys())
        store.write_words(connection, _merge(store.read_words(connection, touched), touched, gone, come))
        store.write_columns(connection, columns.finish(stored.place for stored in old))
    return differing


def list_words(entry: Entry) -> Levels:
    """The words by which an entry is found."""
    folder, _, name = entry.path.rpartition("/")
    levels = dict.fromkeys(split_again(folder), _PATH)
    levels |= dict.fromkeys(split_text(name), _PATH)
    if people := list_people(entry):
        levels |= dict.fromkeys(split_text(" | ".join(people)), _PLAYER)
    game = entry.facets.get("game", "")
    told = (entry.title, str(entry.facets.get("year", "")), game, SPELLED_GAMES.get(game, ""))
    return levels | dict.fromkeys(split_again(" | ".join(told)), _TITLE)


class _WordChanges:
    """Which words gain and lose which places, from the entries as they were and as they come."""

    def __init__(self, old: Iterable[StoredEntry]) -> None:
        self._before = {stored.place: list_words(stored.entry) for stored in old}
        self._gone: dict[str, list[int]] = defaultdict(list)
        self._come: dict[str, Added] = defaultdict(lambda: ([], [], []))

    def note(self, place: int, entry: Entry) -> None:
        had, has = self._before.pop(place, {}), list_words(entry)
        for word, level in has.items():
            if had.get(word) != level:
                self._come[word][level].append(place)
        for word, level in had.items():
            if has.get(word) != level:
                self._gone[word].append(place)

    def finish(self) -> tuple[Mapping[str, list[int]], Mapping[str, Added]]:
        """What is lost and what is gained by word; entries that did not come again lose all."""
        for place, had in self._before.items():
            for word in had:
                self._gone[word].append(place)
        return self._gone, self._come


class _ColumnChanges:
    """The facets of the entries as they come."""

    def __init__(self, stored: Mapping[str, tuple[bytes, list[object]]]) -> None:
        self.places: list[int] = []
        self._columns = {name: Column(*stored.get(name, (b"", (None,)))) for name in FACETS}
        self._codes: dict[str, list[int]] = {name: [] for name in FACETS}
        self._rank, self._ranks = Column(stored.get("rank", (b"", []))[0]), list[int]()
        self._people, self._names = PairColumn(*stored.get("players", (b"", ()))), list[Sequence[str]]()

    def note(self, place: int, entry: Entry) -> None:
        self.places.append(place)
        for name, column in self._columns.items():
            self._codes[name].append(column.encode(entry.facets.get(name)))
        self._ranks.append(_rank(entry))
        self._names.append(list_people(entry))

    def finish(self, old: Iterable[int]) -> dict[str, tuple[bytes, str]]:
        """Every column as it is to be stored; places of old that did not come again tell nothing."""
        free = sorted(set(old).difference(self.places))
        places, nothing = self.places + free, [0] * len(free)
        size = max(places, default=-1) + 1
        written = {"made by": (b"", _json([INDEX_VERSION, uuid.uuid4().hex]))}
        for name, column in self._columns.items():
            column.assign(size, places, self._codes[name] + nothing)
            written[name] = (column.codes.tobytes(), _json(column.labels))
        self._rank.assign(size, places, self._ranks + nothing)
        self._people.assign(places, [*self._names, *([] for _ in free)])
        written["rank"] = (self._rank.codes.tobytes(), "[]")
        written["players"] = (self._people.pairs.tobytes(), _json(self._people.labels))
        return written


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _merge(
    known: Mapping[str, tuple[bytes, bytes, bytes]],
    touched: Iterable[str],
    gone: Mapping[str, list[int]],
    come: Mapping[str, Added],
) -> Iterator[tuple[str, tuple[bytes, bytes, bytes]]]:
    for word in touched:
        lists, removed, added = known.get(word, (b"", b"", b"")), gone.get(word, ()), come.get(word, ([], [], []))
        title, player, path = (
            change_places(packed, remove=removed, add=more) for packed, more in zip(lists, added, strict=True)
        )
        yield word, (title, player, path)


def list_people(entry: Entry) -> list[str]:
    """Everybody of whom name or clips tell, once."""
    return list(dict.fromkeys([*entry.clip_players, *entry.players]))


def _rank(entry: Entry) -> int:
    """By which equal hits are sorted: the preferred file before others, then newer years; at least 1."""
    year: int = min(max(entry.facets.get("year", 0) - _FIRST_YEAR, 0), _YEARS - 1)
    return 1 + year + (_YEARS if entry.facets.get("preferred") else 0)
