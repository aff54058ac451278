"""The videos of the archive, ready to be looked up by path, by name and by what their names say.

Built once a sync from plain records, in memory. Junk never gets in, so it can never be matched. Which table is asked
when is decided in ``match``.
"""

import re
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from pokervod_pipelines.sheets.links import Components, count_shared_tail, fold_components
from pokervod_pipelines.sheets.marks import PLACES, NameMarks, read_name_marks
from pokervod_pipelines.sheets.titles import make_key, strip_copy_marks, strip_extension, strip_marks

EVENT_HINT = re.compile(r"#\s?\d|\bev(?:ent)?[ _#-]*\d", re.IGNORECASE)

Table = dict[str, list["Entry"]]
IdentityParser = Callable[[str], Hashable | None]


@dataclass(frozen=True, slots=True)
class CandidateFile:
    """A file that an annotation may speak of; ``path`` is POSIX, below the archive root."""

    id: int
    path: str
    size: int = 0
    is_video: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A candidate with its name in the forms it is looked up by."""

    file: CandidateFile
    name: str
    stem: str
    key: str
    plain_key: str
    copy_key: str


def is_junk_path(path: str) -> bool:
    """Whether the path is hidden or lies in a hidden folder, as AppleDouble files (``._name.mp4``) do.

    >>> is_junk_path("HCL/._Quads.mp4"), is_junk_path("HCL/...And Then Quads.mp4")
    (True, False)
    """
    return any(part.startswith(".") and not part.startswith("..") for part in path.split("/"))


def make_entry(file: CandidateFile) -> Entry:
    """Return the entry of a file."""
    name = unicodedata.normalize("NFC", file.path.rpartition("/")[2])
    stem = strip_extension(name)
    plain = strip_marks(stem)
    copied = strip_copy_marks(plain)
    key = make_key(stem)
    plain_key = key if plain == stem else make_key(plain)
    copy_key = plain_key if copied == plain else make_key(copied)
    return Entry(file=file, name=name, stem=stem, key=key, plain_key=plain_key, copy_key=copy_key)


@dataclass(frozen=True)
class FileIndex:
    """The candidates by path and name; what few rows need is computed when the first one asks."""

    entries: tuple[Entry, ...]
    parsed_identity: IdentityParser | None = None
    by_name: Table = field(default_factory=dict, repr=False)
    by_stem: Table = field(default_factory=dict, repr=False)
    by_key: Table = field(default_factory=dict, repr=False)
    by_plain_key: Table = field(default_factory=dict, repr=False)
    by_copy_key: Table = field(default_factory=dict, repr=False)

    @classmethod
    def build(cls, files: Iterable[CandidateFile], *, parsed_identity: IdentityParser | None = None) -> "FileIndex":
        """Return the index of all videos among the files, in the order of their paths.

        ``parsed_identity`` reads a path or a title into what it shows (event, day, part …), None where it cannot tell.
        """
        videos = (file for file in files if file.is_video and not is_junk_path(file.path))
        entries = tuple(make_entry(file) for file in sorted(videos, key=lambda file: file.path))
        return cls(
            entries=entries,
            parsed_identity=parsed_identity,
            by_name=_tabulate(entries, lambda entry: entry.name),
            by_stem=_tabulate(entries, lambda entry: entry.stem),
            by_key=_tabulate(entries, lambda entry: entry.key),
            by_plain_key=_tabulate(entries, lambda entry: entry.plain_key),
            by_copy_key=_tabulate(entries, lambda entry: entry.copy_key),
        )

    @cached_property
    def sorted_keys(self) -> tuple[str, ...]:
        """Every plain key once, in order."""
        return tuple(sorted(key for key in self.by_plain_key if key))

    def find_continuations(self, key: str) -> tuple[str, ...]:
        """Return the plain keys that begin with this key and go on."""
        start = bisect_left(self.sorted_keys, key)
        end = bisect_left(self.sorted_keys, key + "\U0010ffff")
        return tuple(found for found in self.sorted_keys[start:end] if found != key)

    @cached_property
    def by_identity(self) -> dict[Hashable, list[Entry]]:
        """The entries by what the catalog reads in their path."""
        found: dict[Hashable, list[Entry]] = defaultdict(list)
        for entry in self.entries if self.parsed_identity else ():
            if self.parsed_identity and (identity := self.parsed_identity(entry.file.path)) is not None:
                found[identity].append(entry)
        return dict(found)

    @cached_property
    def by_event(self) -> dict[str, list[tuple[Entry, NameMarks]]]:
        """The entries with their marks by event number; a place only the folder states counts as stated."""
        found: dict[str, list[tuple[Entry, NameMarks]]] = defaultdict(list)
        for entry in self.entries:
            if EVENT_HINT.search(entry.name):
                marks = read_entry_marks(entry)
                for _, number in marks.stated.among(["event"]):
                    found[number].append((entry, marks))
        return dict(found)

    @cached_property
    def folders(self) -> dict[str, list[Components]]:
        """The folders of the archive by their last component, folded."""
        paths = {entry.file.path.rpartition("/")[0] for entry in self.entries}
        whole = {tuple(path.split("/")[:depth]) for path in paths for depth in range(1, path.count("/") + 2)}
        found: dict[str, list[Components]] = defaultdict(list)
        for folder in sorted({fold_components(folder) for folder in whole if folder != ("",)}):
            found[folder[-1]].append(folder)
        return dict(found)

    def find_folder(self, link: Components) -> Components | None:
        """Return the one folder the link means, folded; None where it is not known or could be several."""
        folded = fold_components(link)
        named = self.folders.get(folded[-1], []) if folded else []
        tails = [(count_shared_tail(folded, folder), folder) for folder in named]
        longest = max((tail for tail, _ in tails), default=0)
        nearest = [folder for tail, folder in tails if tail == longest > 0]
        return nearest[0] if len(nearest) == 1 else None

    def list_folder(self, folder: Components) -> tuple[Entry, ...]:
        """Return the entries anywhere below the folder (folded)."""
        return tuple(entry for entry in self.entries if lies_below(entry, folder))


def lies_below(entry: Entry, folder: Components) -> bool:
    """Whether the entry's path begins with the folder (folded)."""
    return fold_components(tuple(entry.file.path.split("/")[: len(folder)])) == folder


def read_entry_marks(entry: Entry) -> NameMarks:
    """Return the marks of the entry's name, completed by the places that only its folder states."""
    marks = read_name_marks(entry.stem)
    own = {name for name, _ in marks.stated.facets}
    folder = read_name_marks(entry.file.path.rpartition("/")[0].rpartition("/")[2]).stated
    told_by_folder = {facet for facet in folder.among(PLACES) if facet[0] not in own}
    return replace(marks, stated=replace(marks.stated, facets=marks.stated.facets | told_by_folder))


def _tabulate(entries: Sequence[Entry], key: Callable[[Entry], str]) -> Table:
    table: Table = defaultdict(list)
    for entry in entries:
        if value := key(entry):
            table[value].append(entry)
    return dict(table)
