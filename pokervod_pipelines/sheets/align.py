"""Align the rows of two readings of a sheet, so that each row keeps its id.

File No. repeats and row numbers move, so a row is recognized by the id in our own column, else by its content, else by
its UUID, else by similar content and its neighbours. A row that was only moved keeps its id; a copy of a row is a new
row; no id is given twice. The result depends on the two sequences only.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from pokervod_pipelines.sheets.rows import AnnotationRow, fingerprint

K = TypeVar("K", bound=Hashable)

MIN_ROW_SIMILARITY = 0.5
"""An edited row keeps its id if at least this share of its content, by weight, is unchanged."""

Signature = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRow:
    """Hold a row as it was read last time; ``id`` is ours."""

    id: int
    fingerprint: str
    row_key: str = ""
    source_id: str = ""
    file_no: str = ""
    file_name: str = ""
    time_in: str = ""
    time_out: str = ""
    hands: str = ""


@dataclass(frozen=True, slots=True)
class Alignment:
    """Hold every old id and every new row, each exactly once; pairs and added rows in new order, removed in old order.

    ``copies`` are the rows among them that had the key of another row; they come without it.
    """

    kept: tuple[tuple[int, AnnotationRow], ...]
    changed: tuple[tuple[int, AnnotationRow], ...]
    added: tuple[AnnotationRow, ...]
    removed: tuple[int, ...]
    copies: tuple[AnnotationRow, ...] = ()


WEIGHTS = {"file_name": 3, "time_in": 3, "time_out": 2, "hands": 2, "file_no": 1}
STRONG_KEYS: tuple[tuple[str, ...], ...] = (
    ("file_no", "file_name", "time_in", "time_out"),
    ("file_name", "time_in", "time_out"),
    ("file_name", "time_in"),
    ("file_name", "time_out", "hands"),
)
"""What an edited row may still share, the most certain first."""


def align_rows(old: Sequence[StoredRow], new: Sequence[AnnotationRow]) -> Alignment:
    """Return which stored row each new row is.

    Both sequences are in the order of the sheet. Steps, each on what the one before left: the key in our column; equal
    content; the UUID; edited rows with the same file and time; edited rows beside a paired row with similar content.
    """
    fingerprints = [fingerprint(row) for row in new]
    new, copies = _drop_copied_keys(old, new, fingerprints)
    pairing = _Pairing(old, new, fingerprints)
    pairing.pair_row_keys()
    pairing.pair_equal_content()
    pairing.pair_source_ids()
    for key in STRONG_KEYS:
        pairing.pair_key(key)
    pairing.pair_neighbours()
    return replace(pairing.make_alignment(), copies=copies)


def _drop_copied_keys(
    old: Sequence[StoredRow], new: Sequence[AnnotationRow], fingerprints: Sequence[str]
) -> tuple[list[AnnotationRow], tuple[AnnotationRow, ...]]:
    """Return the rows with each key on one only, and the rows that lost theirs.

    A copied row brings its key along: the one with the content that the key had before keeps it, else the upper one.
    """
    known = {row.row_key: row.fingerprint for row in old if row.row_key}
    rows, copies = list(new), []
    for key, positions in _group(range(len(new)), lambda j: new[j].row_key).items():
        owner = next((j for j in positions if fingerprints[j] == known.get(key)), positions[0])
        for j in positions:
            if j != owner:
                rows[j] = replace(new[j], row_key="")
                copies.append(rows[j])
    return rows, tuple(copies)


@dataclass(slots=True)
class _Pairing:
    """Collect the pairs found so far, as positions."""

    old: Sequence[StoredRow]
    new: Sequence[AnnotationRow]
    fingerprints: Sequence[str]
    new_of: dict[int, int] = field(default_factory=dict)
    old_of: dict[int, int] = field(default_factory=dict)

    def _pair(self, i: int, j: int) -> None:
        self.new_of[i], self.old_of[j] = j, i

    def _free_old(self) -> Iterator[int]:
        return (i for i in range(len(self.old)) if i not in self.new_of)

    def _free_new(self) -> Iterator[int]:
        return (j for j in range(len(self.new)) if j not in self.old_of)

    def _is_free(self, i: int, j: int) -> bool:
        inside = 0 <= i < len(self.old) and 0 <= j < len(self.new)
        return inside and i not in self.new_of and j not in self.old_of

    def pair_row_keys(self) -> None:
        """Pair rows by the id in our own column, in any place and with any content."""
        known = {row.row_key: i for i, row in enumerate(self.old) if row.row_key}
        for j, row in enumerate(self.new):
            i = known.get(row.row_key, -1)
            if row.row_key and self._is_free(i, j):
                self._pair(i, j)

    def pair_source_ids(self) -> None:
        """Pair edited rows by UUID; where one row became several, the upper one keeps the id."""
        groups_old = _group(self._free_old(), lambda i: self.old[i].source_id.casefold())
        groups_new = _group(self._free_new(), lambda j: self.new[j].source_id)
        for source_id, positions in groups_old.items():
            for i, j in zip(positions, groups_new.get(source_id, ()), strict=False):
                self._pair(i, j)

    def pair_equal_content(self) -> None:
        """Pair rows with equal content; several equal rows go by their neighbours, then by order."""
        groups_old = _group(self._free_old(), lambda i: self.old[i].fingerprint)
        groups_new = _group(self._free_new(), lambda j: self.fingerprints[j])
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

    def pair_key(self, names: tuple[str, ...]) -> None:
        """Pair edited rows that share all the named fields, none of them blank."""
        groups_old = _group(self._free_old(), lambda i: _signature(self.old[i], names))
        groups_new = _group(self._free_new(), lambda j: _signature(self.new[j], names))
        for shared, positions in groups_old.items():
            for i, j in zip(positions, groups_new.get(shared, ()), strict=False):
                self._pair_if_similar(i, j)

    def pair_neighbours(self) -> None:
        """Pair edited rows that follow or precede a paired row in both sequences."""
        for step in (1, -1):
            starts = sorted(self.new_of, reverse=step < 0)
            for i, j in [(-1, -1), *((start, self.new_of[start]) for start in starts), (len(self.old), len(self.new))]:
                next_old, next_new = i + step, j + step
                while self._is_free(next_old, next_new) and self._pair_if_similar(next_old, next_new):
                    next_old, next_new = next_old + step, next_new + step

    def _pair_if_similar(self, i: int, j: int) -> bool:
        old, new = self.old[i], self.new[j]
        is_other_asset = bool(old.source_id and new.source_id) and old.source_id.casefold() != new.source_id
        fits = not is_other_asset and measure_similarity(old, new) >= MIN_ROW_SIMILARITY
        if fits:
            self._pair(i, j)
        return fits

    def make_alignment(self) -> Alignment:
        pairs = [(self.old[self.old_of[j]], self.new[j], self.fingerprints[j]) for j in sorted(self.old_of)]
        return Alignment(
            kept=tuple((old.id, new) for old, new, content in pairs if old.fingerprint == content),
            changed=tuple((old.id, new) for old, new, content in pairs if old.fingerprint != content),
            added=tuple(self.new[j] for j in self._free_new()),
            removed=tuple(self.old[i].id for i in self._free_old()),
        )


def measure_similarity(old: StoredRow, new: AnnotationRow) -> float:
    """Return the weighted share (0 to 1) of key fields on which the rows agree; fields blank in both do not count."""
    filled = same = 0
    for name, weight in WEIGHTS.items():
        before, after = getattr(old, name), getattr(new, name)
        filled += weight if before or after else 0
        same += weight if before and before == after else 0
    return same / filled if filled else 0.0


def _signature(row: StoredRow | AnnotationRow, names: tuple[str, ...]) -> Signature | None:
    values = tuple(str(getattr(row, name)) for name in names)
    return values if all(values) else None


def _group(positions: Iterable[int], key: Callable[[int], K]) -> dict[K, list[int]]:
    """Return positions by key, in order, without those whose key is blank."""
    groups: dict[K, list[int]] = defaultdict(list)
    for position in positions:
        if value := key(position):
            groups[value].append(position)
    return dict(groups)
