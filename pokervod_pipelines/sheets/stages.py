"""The stages by which a row finds its file, surest first: each a function from a query to what it found.

A stage that finds nothing returns None and the next one is asked; ``STAGES`` is the one place where their order is
written. What becomes of a find (matched or ambiguous) is decided in ``match``.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from pokervod_pipelines.sheets.file_index import Entry, FileIndex, read_entry_marks
from pokervod_pipelines.sheets.likeness import LEAST_ALIKE, find_nearest, is_same_title
from pokervod_pipelines.sheets.links import Components, count_shared_tail, fold_components, split_link
from pokervod_pipelines.sheets.marks import (
    Marks,
    NameMarks,
    find_conflicts,
    find_doubts,
    is_confirmed,
    read_name_marks,
)
from pokervod_pipelines.sheets.titles import (
    make_key,
    read_video_id,
    split_words,
    strip_copy_marks,
    strip_extension,
    strip_marks,
)

PASTED_PATH = re.compile(r"^(?:\\\\|//|[a-z]:[\\/]|(?:smb|file|afp)://)|/.*\.(?:mp4|mov|mxf|mkv|avi)$", re.IGNORECASE)
CUT_OFF = re.compile(r"\n.*|\([^()]*$", re.DOTALL)
"""What follows the title in a row that was cut: further lines, a bracket that is never closed."""

SHORTEST_TRUNCATED = 15
FEWEST_TRUNCATED_WORDS = 3
SHORTEST_CUT_WORD = 24
"""A key this long may end inside a word, as printed lists cut titles; a shorter one that does is another title."""

LAST_COPY_NUMBER = 999


@dataclass(frozen=True)
class Query:
    """What a row says about its file, in the forms the stages ask for."""

    file_name: str
    folder_link: str
    index: FileIndex

    @cached_property
    def link(self) -> Components:
        """The link's components; a path pasted as the file name is a link too."""
        if self.folder_link.strip():
            return split_link(self.folder_link)
        return split_link(self.file_name) if is_pasted_path(self.file_name) else ()

    @cached_property
    def linked_folder(self) -> Components | None:
        """The known folder that the link itself is."""
        return self.index.find_folder(self.link)

    @cached_property
    def folder(self) -> Components | None:
        """The known folder that the link is or lies in."""
        return self.linked_folder or self.index.find_folder(self.link[:-1])

    @cached_property
    def name(self) -> str:
        """The name as written but composed (NFC); the link's last part where that is all the row says."""
        if is_pasted_path(self.file_name):
            return split_link(self.file_name)[-1]
        if self.file_name.strip():
            return unicodedata.normalize("NFC", self.file_name.strip())
        return self.link[-1] if self.link and not self.linked_folder else ""

    @cached_property
    def stem(self) -> str:
        """The name without extension."""
        return strip_extension(self.name)

    @cached_property
    def plain(self) -> str:
        """The stem without the marks of download tools."""
        return strip_marks(self.stem)

    @cached_property
    def key(self) -> str:
        """The key of the plain name."""
        return make_key(self.plain)

    @cached_property
    def nearest(self) -> tuple[tuple[str, float], ...]:
        """The plain keys most like the name's, with their scores."""
        return find_nearest(self.key, self.index.sorted_keys) if self.key else ()

    @cached_property
    def marks(self) -> NameMarks:
        """The marks of the name."""
        return read_name_marks(self.name)


@dataclass(frozen=True, slots=True)
class Found:
    """What a stage found, at least one entry; ``doubt`` says why even a single file is not certain."""

    entries: tuple[Entry, ...]
    score: float
    doubt: str = ""


Fitting = tuple[Entry, Marks]
Stage = Callable[[Query], Found | None]


def is_pasted_path(text: str) -> bool:
    r"""Whether somebody pasted a path where a name belongs.

    >>> is_pasted_path(r"Z:\ARCHIVE\x.mp4"), is_pasted_path("Quads w/ Aces")
    (True, False)
    """
    return bool(PASTED_PATH.search(text.strip()) and split_link(text))


def _found(entries: Iterable[Entry] | None, score: float, *, doubt: str = "") -> Found | None:
    unique = tuple({entry.file.path: entry for entry in entries or ()}.values())
    return Found(unique, score, doubt) if unique else None


def find_exact_path(query: Query) -> Found | None:
    """Find the file whose path ends like the link, or like the link followed by the name."""
    return _find_path(query, exact=True)


def find_normalised_path(query: Query) -> Found | None:
    """Find the same in any case, with or without extension, with a title's characters."""
    return _find_path(query, exact=False)


def _find_path(query: Query, *, exact: bool) -> Found | None:
    found: dict[int, list[Entry]] = {}
    for link in _list_links(query):
        wanted = link if exact else fold_components(link)
        for entry in _list_named(query.index, link[-1], exact=exact):
            parents = tuple(unicodedata.normalize("NFC", entry.file.path).split("/")[:-1])
            path = (*(parents if exact else fold_components(parents)), wanted[-1])
            tail = count_shared_tail(wanted, path)
            if tail > 1 or 0 < tail == min(len(link), len(path)):
                found.setdefault(tail, []).append(entry)
    return _found(found[max(found)], 1.0 if exact else 0.99) if found else None


def _list_links(query: Query) -> list[Components]:
    if not query.link:
        return []
    return [query.link, (*query.link, query.name)] if query.name else [query.link]


def _list_named(index: FileIndex, name: str, *, exact: bool) -> Iterable[Entry]:
    found = index.by_name.get(name) or index.by_stem.get(name) or ()
    return found if exact or found else index.by_key.get(make_key(strip_extension(name)), ())


def find_exact_name(query: Query) -> Found | None:
    """Find the very name, with or without its extension."""
    return _found(query.index.by_name.get(query.name) or query.index.by_stem.get(query.name), 0.98)


def find_normalised_name(query: Query) -> Found | None:
    """Find the name but for case, punctuation and extension; then but for download marks; then a second copy."""
    index, copied = query.index, make_key(strip_copy_marks(query.plain))
    return (
        _found(index.by_key.get(make_key(query.stem)), 0.96)
        or _found(_of_same_video(query, index.by_plain_key.get(query.key, ())), 0.95)
        or _found([entry for entry in index.by_copy_key.get(copied, ()) if _is_one_unmarked(query, entry)], 0.93)
    )


def _of_same_video(query: Query, entries: Iterable[Entry]) -> list[Entry]:
    """Drop the files of another web video: two ids are two videos, whatever their titles."""
    wanted = read_video_id(query.name)
    return [entry for entry in entries if not wanted or read_video_id(entry.stem) in {wanted, ""}]


def _is_one_unmarked(query: Query, entry: Entry) -> bool:
    """Whether one of the two bears no copy mark: `` (1)`` and `` (2)`` are two files."""
    is_unmarked = entry.copy_key == entry.plain_key or make_key(strip_copy_marks(query.plain)) == query.key
    return is_unmarked and bool(_of_same_video(query, [entry]))


def find_parsed_identity(query: Query) -> Found | None:
    """Find what the catalog reads the same in: event, day, part, stage."""
    parser = query.index.parsed_identity
    identity = parser(query.name) if parser and query.name else None
    entries = query.index.by_identity.get(identity, ()) if identity is not None else ()
    return _found([entry for entry in entries if not _is_conflicting(query, entry)], 0.9)


def find_event(query: Query) -> Found | None:
    """Find the event's videos: same number, same words, no mark against it; its place stated or undisputed."""
    row = query.marks.stated
    fitting = [
        (entry, marks.stated)
        for _, number in sorted(row.among(["event"]))
        for entry, marks in query.index.by_event.get(number, ())
        if row.title and row.title == marks.stated.title and not find_conflicts(row, marks.stated)
    ]
    undisputed = [(entry, file) for entry, file in fitting if not find_doubts(row, file)]
    return _confirm(query.marks, fitting, 0.88) or _weigh(query.marks, undisputed or fitting, 0.88)


def find_truncated(query: Query) -> Found | None:
    """Find the names of which the row's title is the beginning; what follows must not be another part or day.

    A title that ends with its channel or video id was not cut.
    """
    head = CUT_OFF.sub("", query.stem)
    key = make_key(head)
    if query.plain != query.stem or len(key) < SHORTEST_TRUNCATED or len(split_words(head)) < FEWEST_TRUNCATED_WORDS:
        return None
    continuing = chain.from_iterable(query.index.by_plain_key[key] for key in query.index.find_continuations(key))
    entries = [(entry, read_entry_marks(entry).stated) for entry in continuing if goes_on(key, entry.stem)]
    fitting = [(entry, file) for entry, file in entries if not find_conflicts(query.marks.stated, file)]
    return _confirm(query.marks, fitting, 0.85) or _weigh(query.marks, fitting, 0.85)


def goes_on(key: str, stem: str) -> bool:
    """Whether the stem continues the key after a whole word, or inside a word of letters where the key is long.

    A small number is no continuation: it numbers another part or copy.

    >>> goes_on("worldseriesday1", "World Series Day 1 Part 2"), goes_on("worldseriesday1", "World Series Day 10")
    (True, False)
    """
    words = split_words(stem)
    if rest := [words[count] for count in range(1, len(words)) if make_key(" ".join(words[:count])) == key]:
        return not rest[0].isdigit() or int(rest[0]) > LAST_COPY_NUMBER
    following = make_key(stem)[len(key) : len(key) + 1]
    return len(key) >= SHORTEST_CUT_WORD and key[-1].isalpha() and following.isalpha()


def find_alike(query: Query) -> Found | None:
    """Find the names that differ from the row's by slips of the pen only."""
    alike = [
        (entry, score)
        for key, score in query.nearest
        for entry in query.index.by_plain_key[key]
        if score >= LEAST_ALIKE and is_same_title(query.name, entry.stem) and not _is_conflicting(query, entry)
    ]
    return _found([entry for entry, _ in alike], max((score for _, score in alike), default=0.0) / 100)


def find_in_folder(query: Query) -> Found | None:
    """Find the videos of a folder that is all the row names."""
    if query.name or query.linked_folder is None:
        return None
    return _found(query.index.list_folder(query.linked_folder), 0.8)


def _is_conflicting(query: Query, entry: Entry) -> bool:
    is_other_video = not _of_same_video(query, [entry])
    return is_other_video or bool(find_conflicts(query.marks.stated, read_entry_marks(entry).stated))


def _confirm(row: NameMarks, fitting: Sequence[Fitting], score: float) -> Found | None:
    """Return the files that a remark of the row sets apart."""
    return _found([entry for entry, file in fitting if is_confirmed(row, file)], score)


def _weigh(row: NameMarks, fitting: Sequence[Fitting], score: float) -> Found | None:
    """Return all the files, with the doubts there are about any of them."""
    doubts = sorted({doubt for _, file in fitting for doubt in find_doubts(row.stated, file)})
    doubt = f"the row leaves open which {' and '.join(doubts)}" if doubts else ""
    return _found([entry for entry, _ in fitting], score, doubt=doubt)


STAGES: tuple[tuple[str, Stage], ...] = (
    ("exact path", find_exact_path),
    ("normalised path", find_normalised_path),
    ("exact name", find_exact_name),
    ("normalised name", find_normalised_name),
    ("parsed identity", find_parsed_identity),
    ("event", find_event),
    ("truncated title", find_truncated),
    ("alike", find_alike),
    ("only video of the folder", find_in_folder),
)
"""Surest first."""
