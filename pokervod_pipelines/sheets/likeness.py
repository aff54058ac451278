"""Whether two differently written titles are one title: the last and most careful resort of matching.

Fuzzy scores alone invent pairs ("$120,000 Flip" and "$60,000 Flip", "He" and "She"). Here every word must find its
counterpart in the same order, equal or within one slip of the pen; numbers, short words and the order of two sides
must be the same.
"""

from collections.abc import Sequence

from rapidfuzz import process
from rapidfuzz.distance import OSA, Indel

from pokervod_pipelines.sheets.marks import spell_amounts
from pokervod_pipelines.sheets.titles import split_words, strip_extension, strip_marks

LEAST_ALIKE = 88.0
"""Of 100; below it two slips of the pen cannot be all that differs, so there is nothing to check."""

LEAST_NEAREST = 75.0
"""Of 100; below it a name is no help to a person who looks for the file."""

NEAREST_CHECKED = 5
SHORTEST_SLIP = 6
"""Words below this length must be equal: "Call" and "Fall", "win" and "won" are different words."""

SHORTEST_HANDLE = 5
MOST_SLIPS = 2


def find_nearest(key: str, keys: Sequence[str]) -> tuple[tuple[str, float], ...]:
    """Return the keys most like this one with their scores (0 to 100), best first."""
    found = process.extract(
        key,
        keys,
        scorer=Indel.normalized_similarity,
        score_cutoff=LEAST_NEAREST / 100,
        limit=NEAREST_CHECKED,
    )
    return tuple((name, score * 100) for name, score, _ in found)


def is_same_title(one: str, other: str) -> bool:
    """Whether the titles are equal but for at most two slips of the pen.

    >>> is_same_title("Can Mariano Herocall In $120,000 Pot?", "Can Marianno Herocall In $120K Pot")
    True
    >>> is_same_title("He Calls In $120,000 Pot", "She Calls In $120,000 Pot")
    False
    """
    ours, theirs = _words(one), _words(other)
    if len(ours) != len(theirs):
        return False
    pairs = [pair for pair in zip(ours, theirs, strict=True) if pair[0] != pair[1]]
    return len(pairs) <= MOST_SLIPS and all(is_slip(*pair) for pair in pairs)


def is_slip(one: str, other: str) -> bool:
    """Whether one word may be the other, mistyped; a handle (``@…``) may also be cut short.

    >>> is_slip("unbelievable", "unbeleivable"), is_slip("@marianopoker", "@mariano"), is_slip("ace2", "ace3")
    (True, True, False)
    """
    shorter, longer = sorted((one.lstrip("@"), other.lstrip("@")), key=len)
    if any(character.isdigit() for character in one + other):
        return False
    if one[:1] == other[:1] == "@" and len(shorter) >= SHORTEST_HANDLE and longer.startswith(shorter):
        return True
    return len(shorter) >= SHORTEST_SLIP and one[:1] == other[:1] and OSA.distance(one, other, score_cutoff=1) <= 1


def _words(title: str) -> tuple[str, ...]:
    words: list[str] = []
    for chunk in spell_amounts(strip_marks(strip_extension(title))).replace("_", " ").split():
        found = split_words(chunk)
        words += [f"@{word}" if chunk.startswith("@") and place == 0 else word for place, word in enumerate(found)]
    return tuple(words)
