"""Compute with packed lists of the index: sorted places in bytes, codes by place. Pure."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.int32]

_PLACE = np.dtype("<i4")
_CODE = np.dtype("<u2")


def unpack_places(packed: bytes) -> Places:
    """Return the places of a packed list."""
    return np.frombuffer(packed, dtype=_PLACE)


def change_places(packed: bytes, *, remove: Sequence[int] | set[int], add: Sequence[int]) -> bytes:
    """Return the list without some places and with others, sorted.

    >>> unpack_places(change_places(change_places(b"", remove=(), add=[7, 3]), remove=[3], add=[5])).tolist()
    [5, 7]
    """
    places = unpack_places(packed)
    if remove and len(places):
        places = places[~np.isin(places, np.fromiter(remove, dtype=_PLACE))]
    if add:
        places = np.union1d(places, np.asarray(add, dtype=_PLACE))
    return places.astype(_PLACE).tobytes()


class FacetColumn:
    """Hold a facet: the code of every place, and the label of each code. Code 0: no value, or no entry."""

    def __init__(self, codes: bytes = b"", labels: Sequence[Any] = (None,)) -> None:
        self.codes: NDArray[np.uint16] = np.frombuffer(codes, dtype=_CODE)
        self.labels = list(labels)
        self._known: dict[Any, int] = {}

    def encode(self, label: Any) -> int:
        """Return the code of a label, a new one for a new label."""
        if label is None:
            return 0
        if not self._known:
            self._known = {label: code for code, label in enumerate(self.labels)}
        if label not in self._known:
            self._known[label] = len(self.labels)
            self.labels.append(label)
        return self._known[label]

    def assign(self, size: int, places: Sequence[int], codes: Sequence[int]) -> None:
        """Give these places these codes; grow to at least ``size`` places."""
        grown = np.zeros(max(size, len(self.codes)), dtype=_CODE)
        grown[: len(self.codes)] = self.codes
        grown[np.asarray(places, dtype=_PLACE)] = codes
        self.codes = grown

    def count(self, among: NDArray[np.bool_]) -> dict[Any, int]:
        """Return how many of the places have each label, most frequent first, without those that have none."""
        counts = np.bincount(self.codes[among], minlength=len(self.labels))
        return {
            self.labels[code]: int(counts[code]) for code in np.argsort(-counts, kind="stable") if counts[code] and code
        }


class PairFacetColumn:
    """Hold a facet with any number of labels a place: pairs of place and code."""

    def __init__(self, pairs: bytes = b"", labels: Sequence[Any] = ()) -> None:
        self.pairs: Places = np.frombuffer(pairs, dtype=_PLACE).reshape(-1, 2)
        self.labels = list(labels)

    def assign(self, places: Sequence[int], label_lists: Iterable[Iterable[Any]]) -> None:
        """Give these places these labels and no others."""
        known = {label: code for code, label in enumerate(self.labels)}
        fresh = [
            (place, known.setdefault(label, len(known)))
            for place, labels in zip(places, label_lists, strict=True)
            for label in labels
        ]
        kept = self.pairs[~np.isin(self.pairs[:, 0], np.asarray(places, dtype=_PLACE))]
        self.pairs = np.concatenate([kept, np.asarray(fresh, dtype=_PLACE).reshape(-1, 2)])
        self.labels = list(known)

    def find(self, codes: Sequence[int], size: int) -> NDArray[np.bool_]:
        """Return the places that have one of the codes."""
        found = np.zeros(size, dtype=bool)
        found[self.pairs[np.isin(self.pairs[:, 1], np.asarray(codes, dtype=_PLACE)), 0]] = True
        return found

    def count(self, among: NDArray[np.bool_], limit: int) -> dict[Any, int]:
        """Return how many of the places have each label, for the most frequent labels."""
        if not len(self.pairs):
            return {}
        counts = np.bincount(self.pairs[among[self.pairs[:, 0]], 1], minlength=len(self.labels))
        best = np.argsort(-counts, kind="stable")[:limit]
        return {self.labels[code]: int(counts[code]) for code in best if counts[code]}
