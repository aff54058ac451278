"""Align the rows of two readings of a sheet, so that each row keeps its id.

File No. repeats and row numbers move, so a row is recognized by its exact content or its clip, else by its UUID, else
by the key in our own column, else by similar content and its neighbours. Content comes before the key because a sort of
some columns, or an import that grows by a row, moves people's cells and leaves our column behind. A row that was only
moved keeps its id; a copy of a row or of a tab is new; no id is given twice. The result depends on the two sequences
only.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from pokervod_pipelines.sheets.copied_rows import find_copied_keys, find_copied_tabs
from pokervod_pipelines.sheets.rows import AnnotationRow, fingerprint
from pokervod_pipelines.sheets.stored_rows import StoredRow, contradicts, measure_similarity

K = TypeVar("K", bound=Hashable)

MIN_ROW_SIMILARITY = 0.5
"""An edited row keeps its id if at least this share of its content, by weight, is unchanged."""

Signature = tuple[str, ...]
IdentifiedRow = tuple[int, AnnotationRow]
"""A row of the sheet with its id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """Hold every old id and every new row, each exactly once; pairs and added rows in new order, removed in old order.

    ``uncomputed`` are known rows with cells that are not computed yet. ``copies`` are the rows among all of them that
    were copied together with a key, and ``displaced`` those that are beside the key of another row, with its id; both
    come without the key.
    """

    kept: tuple[IdentifiedRow, ...]
    changed: tuple[IdentifiedRow, ...]
    uncomputed: tuple[IdentifiedRow, ...]
    added: tuple[AnnotationRow, ...]
    removed: tuple[int, ...]
    copies: tuple[AnnotationRow, ...]
    displaced: tuple[IdentifiedRow, ...]


STRONG_KEYS: tuple[tuple[str, ...], ...] = (
    ("file_no", "file_name", "time_in", "time_out"),
    ("file_name", "time_in", "time_out"),
    ("file_name", "time_in"),
    ("file_name", "time_out", "hands"),
)
"""What an edited row may still share, the most certain first."""

UNCOMPUTED_KEYS: tuple[tuple[str, ...], ...] = (
    ("file_no", "time_in", "time_out"),
    ("time_in", "time_out"),
    ("file_no", "file_name"),
)
"""What a row may share while other fields are not computed yet."""


def align_rows(old: Sequence[StoredRow], new: Sequence[AnnotationRow]) -> Alignment:
    """Return which stored row each new row is; both sequences are in the order of the sheet.

    Copies are paired last, with what all other rows left.
    """
    pairing = _Pairing(old, new, [fingerprint(row) for row in new])
    pairing.pair_rows()
    if pairing.waiting:
        pairing.waiting = frozenset()
        pairing.pair_rows()
    return pairing.make_alignment()


@dataclass(slots=True)
class _Pairing:
    """Collect the pairs found so far, as positions; rows at ``waiting`` ones wait."""

    old: Sequence[StoredRow]
    new: Sequence[AnnotationRow]
    fingerprints: Sequence[str]
    new_of: dict[int, int] = field(default_factory=dict)
    old_of: dict[int, int] = field(default_factory=dict)
    owner_of: dict[int, int] = field(init=False)
    copies: frozenset[int] = field(init=False)
    waiting: frozenset[int] = field(init=False)

    def __post_init__(self) -> None:
        in_copies = find_copied_tabs(self.old, self.new, self.fingerprints)
        self.copies = find_copied_keys(self.old, self.new, self.fingerprints, in_copies)
        self.waiting = self.copies | in_copies
        by_key = {row.row_key: i for i, row in enumerate(self.old) if row.row_key}
        keyed = (j for j, row in enumerate(self.new) if row.row_key in by_key and j not in self.copies)
        self.owner_of = {j: by_key[self.new[j].row_key] for j in keyed}

    def pair_rows(self) -> None:
        """Pair all rows that do not wait; each step what the ones before left."""
        self._pair_row_keys(lambda i, j: self.old[i].fingerprint == self.fingerprints[j])
        self._pair_equal_content(same_tab=True)
        self._pair_equal_content(same_tab=False)
        self._pair_equal_clips()
        self._pair_source_ids()
        doubtful = {self.new[j].tab for j, i in self.owner_of.items() if self.old_of.get(j, i) != i}
        self._pair_row_keys(lambda _, j: self.new[j].tab not in doubtful)
        self._pair_uncomputed_lines()
        for names in STRONG_KEYS:
            self._pair_strong_key(names, self.new)
        uncomputed = [row if row.uncomputed else None for row in self.new]
        for names in UNCOMPUTED_KEYS:
            self._pair_strong_key(names, uncomputed)
        self._pair_row_keys(self._is_similar)
        self._pair_neighbours()

    def _pair(self, i: int, j: int) -> None:
        self.new_of[i], self.old_of[j] = j, i

    def _free_old(self) -> Iterator[int]:
        return (i for i in range(len(self.old)) if i not in self.new_of)

    def _free_new(self) -> Iterator[int]:
        return (j for j in range(len(self.new)) if j not in self.old_of and j not in self.waiting)

    def _is_free(self, i: int, j: int) -> bool:
        inside = 0 <= i < len(self.old) and 0 <= j < len(self.new)
        return inside and i not in self.new_of and j not in self.old_of and j not in self.waiting

    def _pair_groups(self, old_key: Callable[[int], Hashable], new_key: Callable[[int], Hashable]) -> None:
        """Pair rows with the same key, in order."""
        groups_old, groups_new = _group(self._free_old(), old_key), _group(self._free_new(), new_key)
        for key, positions in groups_old.items():
            for i, j in zip(positions, groups_new.get(key, ()), strict=False):
                self._pair(i, j)

    def _pair_source_ids(self) -> None:
        """Pair edited rows by UUID; of several the one with the key keeps the id, else the upper one."""

        def is_same(i: int, j: int) -> bool:
            return bool(self.new[j].source_id) and self.old[i].source_id.casefold() == self.new[j].source_id

        self._pair_row_keys(is_same)
        self._pair_groups(lambda i: self.old[i].source_id.casefold(), lambda j: self.new[j].source_id)

    def _pair_row_keys(self, fits: Callable[[int, int], bool]) -> None:
        """Pair edited rows by the id in our own column, in any place."""
        for j, i in self.owner_of.items():
            if self._is_free(i, j) and fits(i, j):
                self._pair(i, j)

    def _pair_uncomputed_lines(self) -> None:
        """Pair rows that are not computed yet with the rows that were on their lines."""
        lines = {(self.old[i].tab, self.old[i].row_number): i for i in self._free_old()}
        for j in [j for j in self._free_new() if self.new[j].uncomputed]:
            i = lines.get((self.new[j].tab, self.new[j].row_number))
            if i is not None and i not in self.new_of and not contradicts(self.old[i], self.new[j]):
                self._pair(i, j)

    def _pair_equal_content(self, *, same_tab: bool) -> None:
        """Pair rows with equal content; several equal rows go by their neighbours, then by order."""
        groups_old = _group(self._free_old(), lambda i: (self.old[i].fingerprint, self.old[i].tab * same_tab))
        groups_new = _group(self._free_new(), lambda j: (self.fingerprints[j], self.new[j].tab * same_tab))
        if not groups_old:
            return
        for content, positions in groups_old.items():
            if len(positions) == len(groups_new.get(content, ())):
                for i, j in zip(positions, groups_new[content], strict=True):
                    self._pair_if_equal(i, j)
        self._spread_from_pairs()
        for content, positions in groups_old.items():
            left_old = [i for i in positions if i not in self.new_of]
            left_new = [j for j in groups_new.get(content, ()) if j not in self.old_of]
            for i, j in zip(left_old, left_new, strict=False):
                self._pair_if_equal(i, j)

    def _pair_equal_clips(self) -> None:
        """Pair rows that alone show the same clip: their numbers, or columns that no rule reads, may stay behind."""
        groups_old = _group(self._free_old(), lambda i: _describe_clip(self.old[i]))
        groups_new = _group(self._free_new(), lambda j: _describe_clip(self.new[j]))
        for clip, positions in groups_old.items():
            if len(positions) == len(groups_new.get(clip, ())) == 1:
                self._pair_if_similar(positions[0], groups_new[clip][0])

    def _pair_if_equal(self, i: int, j: int) -> bool:
        fits = self._is_free(i, j) and self.fingerprints[j] == self.old[i].fingerprint
        if fits:
            self._pair(i, j)
        return fits

    def _spread_from_pairs(self) -> None:
        for step in (1, -1):
            for start in sorted(self.new_of, reverse=step < 0):
                i, j = start + step, self.new_of[start] + step
                while self._pair_if_equal(i, j):
                    i, j = i + step, j + step

    def _pair_strong_key(self, names: tuple[str, ...], rows: Sequence[AnnotationRow | None]) -> None:
        """Pair edited rows that share all the named fields, none of them blank."""
        groups_old = _group(self._free_old(), lambda i: _signature(self.old[i], names))
        groups_new = _group(self._free_new(), lambda j: _signature(rows[j], names))
        for shared, positions in groups_old.items():
            for i, j in zip(positions, groups_new.get(shared, ()), strict=False):
                self._pair_if_similar(i, j)

    def _pair_neighbours(self) -> None:
        """Pair edited rows that follow or precede a paired row in both sequences."""
        for step in (1, -1):
            starts = sorted(self.new_of, reverse=step < 0)
            for i, j in [(-1, -1), *((start, self.new_of[start]) for start in starts), (len(self.old), len(self.new))]:
                next_old, next_new = i + step, j + step
                while self._is_free(next_old, next_new) and self._pair_if_similar(next_old, next_new):
                    next_old, next_new = next_old + step, next_new + step

    def _pair_if_similar(self, i: int, j: int) -> bool:
        fits = self._is_similar(i, j)
        if fits:
            self._pair(i, j)
        return fits

    def _is_similar(self, i: int, j: int) -> bool:
        old, new = self.old[i], self.new[j]
        is_other_asset = bool(old.source_id and new.source_id) and old.source_id.casefold() != new.source_id
        return not is_other_asset and measure_similarity(old, new) >= MIN_ROW_SIMILARITY

    def make_alignment(self) -> Alignment:
        displaced = {j: owner for j, owner in self.owner_of.items() if self.old_of.get(j) != owner}
        keyless = displaced.keys() | self.copies
        rows = [replace(row, row_key="") if j in keyless else row for j, row in enumerate(self.new)]
        kept, changed, uncomputed = list[IdentifiedRow](), list[IdentifiedRow](), list[IdentifiedRow]()
        for j, i in sorted(self.old_of.items()):
            same = self.old[i].fingerprint == self.fingerprints[j]
            (uncomputed if rows[j].uncomputed else kept if same else changed).append((self.old[i].id, rows[j]))
        return Alignment(
            kept=tuple(kept),
            changed=tuple(changed),
            uncomputed=tuple(uncomputed),
            added=tuple(row for j, row in enumerate(rows) if j not in self.old_of),
            removed=tuple(self.old[i].id for i in self._free_old()),
            copies=tuple(rows[j] for j in sorted(self.copies)),
            displaced=tuple((self.old[owner].id, rows[j]) for j, owner in displaced.items()),
        )


def _signature(row: StoredRow | AnnotationRow | None, names: tuple[str, ...]) -> Signature | None:
    values = tuple(str(getattr(row, name, "")) for name in names)
    return values if all(values) else None


def _describe_clip(row: StoredRow | AnnotationRow) -> Signature | None:
    is_clear = bool(row.file_name and row.time_in)
    return (row.file_name, row.time_in, row.time_out, row.hands) if is_clear else None


def _group(positions: Iterable[int], key: Callable[[int], K]) -> dict[K, list[int]]:
    """Return positions by key, in order, without those whose key is blank."""
    groups: dict[K, list[int]] = defaultdict(list)
    for position in positions:
        if value := key(position):
            groups[value].append(position)
    return dict(groups)
