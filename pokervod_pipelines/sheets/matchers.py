"""Find the files that a row may mean: one function for each way, from a query to its result.

A matcher that finds nothing returns None and the next one is asked; ``MATCHERS`` alone sets their order. Whether a
result is a match or ambiguous is decided in ``match``.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from pokervod_pipelines.sheets.features import (
    Features,
    NameFeatures,
    find_conflicts,
    find_unresolved,
    is_confirmed,
    read_name_features,
)
from pokervod_pipelines.sheets.file_index import FileIndex, IndexedFile, read_file_features
from pokervod_pipelines.sheets.names import (
    Components,
    count_shared_tail,
    fold_components,
    make_key,
    read_video_id,
    split_link,
    split_words,
    strip_copy_suffix,
    strip_download_suffix,
    strip_extension,
)
from pokervod_pipelines.sheets.similarity import MIN_TITLE_SIMILARITY, find_nearest, is_same_title

PASTED_PATH = re.compile(r"^(?:\\\\|//|[a-z]:[\\/]|(?:smb|file|afp)://)|/.*\.(?:mp4|mov|mxf|mkv|avi)$", re.IGNORECASE)
CUT_OFF = re.compile(r"\n.*|\([^()]*$", re.DOTALL)
"""What follows the title in a row that was cut: further lines, an unclosed bracket."""

MIN_TRUNCATED_LENGTH = 15
MIN_TRUNCATED_WORDS = 3
MIN_CUT_WORD_LENGTH = 24
"""A key this long may end inside a word, as printed lists cut titles; a shorter one that does is another title."""

MAX_COPY_NUMBER = 999


@dataclass(frozen=True)
class Query:
    """Hold what a row says about its file, in the forms that the matchers need."""

    file_name: str
    folder_link: str
    index: FileIndex

    @cached_property
    def link(self) -> Components:
        """Split the link into components; a path pasted as the file name is a link too."""
        if self.folder_link.strip():
            return split_link(self.folder_link)
        return split_link(self.file_name) if is_pasted_path(self.file_name) else ()

    @cached_property
    def linked_folder(self) -> Components | None:
        """Find the known folder that the link itself is."""
        return self.index.find_folder(self.link)

    @cached_property
    def folder(self) -> Components | None:
        """Find the known folder that the link is or is in."""
        return self.linked_folder or self.index.find_folder(self.link[:-1])

    @cached_property
    def name(self) -> str:
        """Read the name as written but composed (NFC); the link's last part where the row has nothing else."""
        if is_pasted_path(self.file_name):
            return split_link(self.file_name)[-1]
        if self.file_name.strip():
            return unicodedata.normalize("NFC", self.file_name.strip())
        return self.link[-1] if self.link and not self.linked_folder else ""

    @cached_property
    def stem(self) -> str:
        """Strip the extension from the name."""
        return strip_extension(self.name)

    @cached_property
    def plain(self) -> str:
        """Strip what download tools append from the stem."""
        return strip_download_suffix(self.stem)

    @cached_property
    def key(self) -> str:
        """Make the key of the plain name."""
        return make_key(self.plain)

    @cached_property
    def nearest(self) -> tuple[tuple[str, float], ...]:
        """Find the plain keys most similar to the name's, with their scores."""
        return find_nearest(self.key, self.index.sorted_keys) if self.key else ()

    @cached_property
    def features(self) -> NameFeatures:
        """Read the features of the name."""
        return read_name_features(self.name)


@dataclass(frozen=True, slots=True)
class MatcherResult:
    """Hold what a matcher found, at least one entry; ``uncertainty`` says why even a single file is not a match."""

    entries: tuple[IndexedFile, ...]
    score: float
    uncertainty: str = ""


FittingFile = tuple[IndexedFile, Features]
Matcher = Callable[[Query], MatcherResult | None]


def is_pasted_path(text: str) -> bool:
    r"""Return whether somebody pasted a path where a name belongs.

    >>> is_pasted_path(r"Z:\ARCHIVE\x.mp4"), is_pasted_path("Quads w/ Aces")
    (True, False)
    """
    return bool(PASTED_PATH.search(text.strip()) and split_link(text))


def _make_result(entries: Iterable[IndexedFile] | None, score: float, *, uncertainty: str = "") -> MatcherResult | None:
    unique = tuple({entry.file.path: entry for entry in entries or ()}.values())
    return MatcherResult(unique, score, uncertainty) if unique else None


def find_exact_path(query: Query) -> MatcherResult | None:
    """Find the file whose path ends like the link, or like the link followed by the name."""
    return _find_path(query, exact=True)


def find_normalised_path(query: Query) -> MatcherResult | None:
    """Find the same in upper or lower case, with or without extension, with a title's characters."""
    return _find_path(query, exact=False)


def _find_path(query: Query, *, exact: bool) -> MatcherResult | None:
    found: dict[int, list[IndexedFile]] = {}
    for link in _list_links(query):
        expected = link if exact else fold_components(link)
        for entry in _list_named(query.index, link[-1], exact=exact):
            parents = tuple(unicodedata.normalize("NFC", entry.file.path).split("/")[:-1])
            path = (*(parents if exact else fold_components(parents)), expected[-1])
            tail = count_shared_tail(expected, path)
            if tail > 1 or 0 < tail == min(len(link), len(path)):
                found.setdefault(tail, []).append(entry)
    return _make_result(found[max(found)], 1.0 if exact else 0.99) if found else None


def _list_links(query: Query) -> list[Components]:
    if not query.link:
        return []
    return [query.link, (*query.link, query.name)] if query.name else [query.link]


def _list_named(index: FileIndex, name: str, *, exact: bool) -> Iterable[IndexedFile]:
    found = index.by_name.get(name) or index.by_stem.get(name) or ()
    return found if exact or found else index.by_key.get(make_key(strip_extension(name)), ())


def find_exact_name(query: Query) -> MatcherResult | None:
    """Find the very name, with or without its extension."""
    return _make_result(query.index.by_name.get(query.name) or query.index.by_stem.get(query.name), 0.98)


def find_normalised_name(query: Query) -> MatcherResult | None:
    """Find the name except case, punctuation and extension; then except a download suffix; then a second copy."""
    index, copied = query.index, make_key(strip_copy_suffix(query.plain))
    return (
        _make_result(index.by_key.get(make_key(query.stem)), 0.96)
        or _make_result(_of_same_video(query, index.by_plain_key.get(query.key, ())), 0.95)
        or _make_result(
            [entry for entry in index.by_copy_key.get(copied, ()) if _is_copy_of_original(query, entry)], 0.93
        )
    )


def _of_same_video(query: Query, entries: Iterable[IndexedFile]) -> list[IndexedFile]:
    """Drop the files of another web video: two ids are two videos, whatever their titles."""
    video_id = read_video_id(query.name)
    return [entry for entry in entries if not video_id or read_video_id(entry.stem) in {video_id, ""}]


def _is_copy_of_original(query: Query, entry: IndexedFile) -> bool:
    """Return whether one of the two has no copy suffix: `` (1)`` and `` (2)`` are two files."""
    has_original = entry.copy_key == entry.plain_key or make_key(strip_copy_suffix(query.plain)) == query.key
    return has_original and bool(_of_same_video(query, [entry]))


def find_parsed_identity(query: Query) -> MatcherResult | None:
    """Find the names in which the catalog reads the same event, day, part and stage."""
    parser = query.index.parsed_identity
    identity = parser(query.name) if parser and query.name else None
    entries = query.index.by_identity.get(identity, ()) if identity is not None else ()
    return _make_result([entry for entry in entries if not _is_conflicting(query, entry)], 0.9)


def find_event(query: Query) -> MatcherResult | None:
    """Find the event's videos: same number, same words, no feature in conflict, the segment stated or not open."""
    row = query.features.stated
    fitting = [
        (entry, features.stated)
        for _, number in sorted(row.select(["event"]))
        for entry, features in query.index.by_event.get(number, ())
        if row.title and row.title == features.stated.title and not find_conflicts(row, features.stated)
    ]
    resolved = [(entry, file) for entry, file in fitting if not find_unresolved(row, file)]
    return _select_confirmed(query.features, fitting, 0.88) or _select_all(query.features, resolved or fitting, 0.88)


def find_truncated(query: Query) -> MatcherResult | None:
    """Find the names of which the row's title is the beginning; what follows must not be another part or day.

    A title that ends with its channel or video id was not cut.
    """
    head = CUT_OFF.sub("", query.stem)
    key = make_key(head)
    if query.plain != query.stem or len(key) < MIN_TRUNCATED_LENGTH or len(split_words(head)) < MIN_TRUNCATED_WORDS:
        return None
    continuing = chain.from_iterable(query.index.by_plain_key[key] for key in query.index.find_longer_keys(key))
    entries = [(entry, read_file_features(entry).stated) for entry in continuing if continues_title(key, entry.stem)]
    fitting = [(entry, file) for entry, file in entries if not find_conflicts(query.features.stated, file)]
    return _select_confirmed(query.features, fitting, 0.85) or _select_all(query.features, fitting, 0.85)


def continues_title(key: str, stem: str) -> bool:
    """Return whether the stem continues the key after a whole word, or inside a word of letters if the key is long.

    A small number does not continue it: it numbers another part or copy.

    >>> continues_title("worldseriesday1", "World Series Day 1 Part 2")
    True
    >>> continues_title("worldseriesday1", "World Series Day 10")
    False
    """
    words = split_words(stem)
    if rest := [words[count] for count in range(1, len(words)) if make_key(" ".join(words[:count])) == key]:
        return not rest[0].isdigit() or int(rest[0]) > MAX_COPY_NUMBER
    following = make_key(stem)[len(key) : len(key) + 1]
    return len(key) >= MIN_CUT_WORD_LENGTH and key[-1].isalpha() and following.isalpha()


def find_similar_title(query: Query) -> MatcherResult | None:
    """Find the names that differ from the row's by typing errors only."""
    similar = [
        (entry, score)
        for key, score in query.nearest
        for entry in query.index.by_plain_key[key]
        if score >= MIN_TITLE_SIMILARITY and is_same_title(query.name, entry.stem) and not _is_conflicting(query, entry)
    ]
    return _make_result([entry for entry, _ in similar], max((score for _, score in similar), default=0.0) / 100)


def find_in_folder(query: Query) -> MatcherResult | None:
    """Find the videos of the folder if the row names only a folder."""
    if query.name or query.linked_folder is None:
        return None
    return _make_result(query.index.list_folder(query.linked_folder), 0.8)


def _is_conflicting(query: Query, entry: IndexedFile) -> bool:
    is_other_video = not _of_same_video(query, [entry])
    return is_other_video or bool(find_conflicts(query.features.stated, read_file_features(entry).stated))


def _select_confirmed(row: NameFeatures, fitting: Sequence[FittingFile], score: float) -> MatcherResult | None:
    """Return the files that a remark of the row singles out."""
    return _make_result([entry for entry, file in fitting if is_confirmed(row, file)], score)


def _select_all(row: NameFeatures, fitting: Sequence[FittingFile], score: float) -> MatcherResult | None:
    """Return all the files, with what the row leaves open about any of them."""
    open_facets = sorted({facet for _, file in fitting for facet in find_unresolved(row.stated, file)})
    uncertainty = f"the row does not say which {' and '.join(open_facets)}" if open_facets else ""
    return _make_result([entry for entry, _ in fitting], score, uncertainty=uncertainty)


MATCHERS: tuple[tuple[str, Matcher], ...] = (
    ("exact path", find_exact_path),
    ("normalised path", find_normalised_path),
    ("exact name", find_exact_name),
    ("normalised name", find_normalised_name),
    ("parsed identity", find_parsed_identity),
    ("event", find_event),
    ("truncated title", find_truncated),
    ("alike", find_similar_title),
    ("only video of the folder", find_in_folder),
)
"""In order, the most certain first."""
