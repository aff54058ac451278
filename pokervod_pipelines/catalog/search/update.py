"""Keeps the index of search as the catalog is: only entries that differ are read, only words that they gain or lose."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from sqlalchemy import Connection, Engine

from pokervod_pipelines.catalog import store as catalog_store
from pokervod_pipelines.catalog.search import store
from pokervod_pipelines.catalog.search.packed import Column, PairColumn, change_places
from pokervod_pipelines.catalog.search.store import Entry, StoredEntry
from pokervod_pipelines.catalog.search.words import SPELLED_GAMES, split_again, split_text

INDEX_VERSION = "1"
"""Raised when ``words`` or the layout of the lists change: the next build makes the index anew."""

FACETS = ("project", "year", "game", "stage", "version")
_TITLE, _PLAYER, _PATH = range(3)
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
    columns = store.read_columns(connection)
    return columns.get("made by", (b"", []))[1] != [INDEX_VERSION]


def update_search(connection: Connection, *, everything: bool) -> int:
    """The entries of the build's scope, or all, are in the index as the catalog has them; returns how many differed."""
    if is_outdated(connection):
        store.clear_index(connection)
        everything = True
    old, new = store.compare_entries(connection, everything=everything)
    if not (old or new) and not everything:
        return 0
    placed = _give_places(connection, old, new)
    store.write_entries(connection, [stored.place for stored in old], (_encode(*each) for each in placed))
    _update_words(connection, old, placed)
    _update_columns(connection, old, placed)
    return max(len(old), len(new))


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


def _give_places(connection: Connection, old: Sequence[StoredEntry], new: Sequence[Entry]) -> list[StoredEntry]:
    """An entry that stays keeps its place, the others get new ones."""
    known = {(stored.entry.episode_id, stored.entry.file_id): stored.place for stored in old}
    fresh = store.next_place(connection)
    placed = []
    for entry in new:
        place = known.get((entry.episode_id, entry.file_id))
        if place is None:
            place, fresh = fresh, fresh + 1
        placed.append(StoredEntry(place, entry))
    return placed


def _encode(place: int, entry: Entry) -> tuple[int | str, ...]:
    return (
        place, entry.episode_id, entry.file_id, entry.title, entry.path, _json(entry.players),
        _json(entry.clip_players), _json(entry.facets),
    )  # fmt: skip


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _update_words(connection: Connection, old: Iterable[StoredEntry], new: Iterable[StoredEntry]) -> None:
    before = {stored.place: list_words(stored.entry) for stored in old}
    gone: dict[str, list[int]] = defaultdict(list)
    come: dict[str, tuple[list[int], list[int], list[int]]] = defaultdict(lambda: ([], [], []))
    for place, entry in new:
        had, has = before.pop(place, {}), list_words(entry)
        for word, level in has.items():
            if had.get(word) != level:
                come[word][level].append(place)
        for word, level in had.items():
            if has.get(word) != level:
                gone[word].append(place)
    for place, had in before.items():
        for word in had:
            gone[word].append(place)
    touched = sorted(gone.keys() | come.keys())
    store.write_words(connection, _merge(store.read_words(connection, touched), touched, gone, come))


def _merge(
    known: Mapping[str, tuple[bytes, bytes, bytes]],
    touched: Iterable[str],
    gone: Mapping[str, list[int]],
    come: Mapping[str, tuple[list[int], list[int], list[int]]],
) -> Iterator[tuple[str, tuple[bytes, bytes, bytes]]]:
    for word in touched:
        lists, removed, added = known.get(word, (b"", b"", b"")), gone.get(word, ()), come.get(word, ([], [], []))
        title, player, path = (
            change_places(packed, remove=removed, add=more) for packed, more in zip(lists, added, strict=True)
        )
        yield word, (title, player, path)


def _update_columns(connection: Connection, old: Sequence[StoredEntry], new: Sequence[StoredEntry]) -> None:
    stored = store.read_columns(connection)
    kept = {place for place, _ in new}
    free = [place for place, _ in old if place not in kept]
    places = [place for place, _ in new] + free
    size = max(places, default=-1) + 1
    written = {"made by": (b"", _json([INDEX_VERSION]))}
    for name in FACETS:
        column = Column(*stored.get(name, (b"", (None,))))
        column.assign(size, places, [*(column.encode(entry.facets.get(name)) for _, entry in new), *(0 for _ in free)])
        written[name] = (column.codes.tobytes(), _json(column.labels))
    rank = Column(stored.get("rank", (b"", ()))[0])
    rank.assign(size, places, [*(_rank(entry) for _, entry in new), *(0 for _ in free)])
    written["rank"] = (rank.codes.tobytes(), "[]")
    people = PairColumn(*stored.get("players", (b"", ())))
    people.assign(places, [*(list_people(entry) for _, entry in new), *(() for _ in free)])
    written["players"] = (people.pairs.tobytes(), _json(people.labels))
    store.write_columns(connection, written)


def list_people(entry: Entry) -> list[str]:
    """Everybody of whom name or clips tell, once."""
    return list(dict.fromkeys([*entry.clip_players, *entry.players]))


def _rank(entry: Entry) -> int:
    """By which equal hits are sorted: the preferred file before others, then newer years; at least 1."""
    year: int = min(max(entry.facets.get("year", 0) - _FIRST_YEAR, 0), _YEARS - 1)
    return 1 + year + (_YEARS if entry.facets.get("preferred") else 0)
