"""Index the videos of the archive by path, by name and by the features of their names.

Built once a sync from plain records, in memory. Junk is left out, so it can never be matched. Which index is used when
is decided in ``matchers``.
"""

import re
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from pokervod_pipelines.sheets.features import SEGMENT_FACETS, NameFeatures, read_name_features
from pokervod_pipelines.sheets.names import (
    Components,
    count_shared_tail,
    fold_components,
    make_key,
    strip_copy_suffix,
    strip_download_suffix,
    strip_extension,
)
from pokervod_pipelines.text.folding import restore_file_name

EVENT_HINT = re.compile(r"#\s?\d|\bev(?:ent)?[ _#-]*\d", re.IGNORECASE)

FilesByKey = dict[str, list["IndexedFile"]]
IdentityParser = Callable[[str], Hashable | None]


@dataclass(frozen=True, slots=True)
class CandidateFile:
    """Name a file that an annotation may mean; ``path`` is POSIX, below the archive root."""

    id: int
    path: str
    size: int = 0
    is_video: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedFile:
    """Hold a candidate with its name in the forms by which it is looked up."""

    file: CandidateFile
    name: str
    stem: str
    key: str
    plain_key: str
    copy_key: str


def is_junk_path(path: str) -> bool:
    """Return whether the path is hidden or in a hidden folder, as AppleDouble files (``._name.mp4``) are.

    >>> is_junk_path("HCL/._Quads.mp4"), is_junk_path("HCL/...And Then Quads.mp4")
    (True, False)
    """
    return any(part.startswith(".") and not part.startswith("..") for part in path.split("/"))


def index_file(file: CandidateFile) -> IndexedFile:
    """Return the file with the forms of its name."""
    name = restore_file_name(unicodedata.normalize("NFC", file.path.rpartition("/")[2]))
    stem = strip_extension(name)
    plain = strip_download_suffix(stem)
    copied = strip_copy_suffix(plain)
    key = make_key(stem)
    plain_key = key if plain == stem else make_key(plain)
    copy_key = plain_key if copied == plain else make_key(copied)
    return IndexedFile(file=file, name=name, stem=stem, key=key, plain_key=plain_key, copy_key=copy_key)


@dataclass(frozen=True)
class FileIndex:
    """Look up candidates by path and name; what few rows need is computed on first use."""

    entries: tuple[IndexedFile, ...]
    parsed_identity: IdentityParser | None = None
    by_name: FilesByKey = field(default_factory=dict, repr=False)
    by_stem: FilesByKey = field(default_factory=dict, repr=False)
    by_key: FilesByKey = field(default_factory=dict, repr=False)
    by_plain_key: FilesByKey = field(default_factory=dict, repr=False)
    by_copy_key: FilesByKey = field(default_factory=dict, repr=False)

    @classmethod
    def build(cls, files: Iterable[CandidateFile], *, parsed_identity: IdentityParser | None = None) -> "FileIndex":
        """Return the index of all videos among the files, in the order of their paths.

        ``parsed_identity`` reads a path or a title into what it shows (event, day, part …), None where it cannot tell.
        """
        videos = (file for file in files if file.is_video and not is_junk_path(file.path))
        entries = tuple(index_file(file) for file in sorted(videos, key=lambda file: file.path))
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
        """Sort the plain keys, each once."""
        return tuple(sorted(key for key in self.by_plain_key if key))

    def find_longer_keys(self, key: str) -> tuple[str, ...]:
        """Return the plain keys that begin with this key and are longer."""
        start = bisect_left(self.sorted_keys, key)
        end = bisect_left(self.sorted_keys, key + "\U0010ffff")
        return tuple(found for found in self.sorted_keys[start:end] if found != key)

    @cached_property
    def by_identity(self) -> dict[Hashable, list[IndexedFile]]:
        """Group the entries by what the catalog reads in their path."""
        found: dict[Hashable, list[IndexedFile]] = defaultdict(list)
        for entry in self.entries if self.parsed_identity else ():
            if self.parsed_identity and (identity := self.parsed_identity(entry.file.path)) is not None:
                found[identity].append(entry)
        return dict(found)

    @cached_property
    def by_event(self) -> dict[str, list[tuple[IndexedFile, NameFeatures]]]:
        """Group the entries with their features by event number; a segment that only the folder states counts too."""
        found: dict[str, list[tuple[IndexedFile, NameFeatures]]] = defaultdict(list)
        for entry in self.entries:
            if EVENT_HINT.search(entry.name):
                features = read_file_features(entry)
                for _, number in features.stated.select(["event"]):
                    found[number].append((entry, features))
        return dict(found)

    @cached_property
    def folders(self) -> dict[str, list[Components]]:
        """Group the folders of the archive by their last component, folded."""
        paths = {entry.file.path.rpartition("/")[0] for entry in self.entries}
        whole = {tuple(path.split("/")[:depth]) for path in paths for depth in range(1, path.count("/") + 2)}
        found: dict[str, list[Components]] = defaultdict(list)
        for folder in sorted({fold_components(folder) for folder in whole if folder != ("",)}):
            found[folder[-1]].append(folder)
        return dict(found)

    def find_folder(self, link: Components) -> Components | None:
        """Return the one folder that the link means, folded; None where it is unknown or could be several."""
        folded = fold_components(link)
        named = self.folders.get(folded[-1], []) if folded else []
        tails = [(count_shared_tail(folded, folder), folder) for folder in named]
        longest = max((tail for tail, _ in tails), default=0)
        nearest = [folder for tail, folder in tails if tail == longest > 0]
        return nearest[0] if len(nearest) == 1 else None

    def list_folder(self, folder: Components) -> tuple[IndexedFile, ...]:
        """Return the entries anywhere below the folder (folded)."""
        return tuple(entry for entry in self.entries if is_below(entry, folder))


def is_below(entry: IndexedFile, folder: Components) -> bool:
    """Return whether the entry's path begins with the folder (folded)."""
    return fold_components(tuple(entry.file.path.split("/")[: len(folder)])) == folder


def read_file_features(entry: IndexedFile) -> NameFeatures:
    """Return the features of the entry's name, completed by the segment facets that only its folder states."""
    features = read_name_features(entry.stem)
    own = {name for name, _ in features.stated.facets}
    folder = read_name_features(entry.file.path.rpartition("/")[0].rpartition("/")[2]).stated
    from_folder = {facet for facet in folder.select(SEGMENT_FACETS) if facet[0] not in own}
    return replace(features, stated=replace(features.stated, facets=features.stated.facets | from_folder))


def _tabulate(entries: Sequence[IndexedFile], key: Callable[[IndexedFile], str]) -> FilesByKey:
    table: FilesByKey = defaultdict(list)
    for entry in entries:
        if value := key(entry):
            table[value].append(entry)
    return dict(table)
