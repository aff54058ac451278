"""Compare two differently written titles: the last and most careful way of matching.

Fuzzy scores alone pair wrong titles ("$120,000 Flip" and "$60,000 Flip", "He" and "She"). Here every word must have its
counterpart in the same order, equal or within one typing error; numbers, short words and the order of two sides
must be the same.
"""

from collections.abc import Sequence

from rapidfuzz import process
from rapidfuzz.distance import OSA, Indel

from pokervod_pipelines.sheets.features import spell_amounts
from pokervod_pipelines.sheets.names import split_words, strip_download_suffix, strip_extension

MIN_TITLE_SIMILARITY = 88.0
"""Of 100; below it more than two typing errors differ, so there is nothing to check."""

MIN_SUGGESTION_SIMILARITY = 75.0
"""Of 100; below it a name does not help a person to find the file."""

MAX_SUGGESTIONS = 5
MIN_TYPO_LENGTH = 6
"""Words below this length must be equal: "Call" and "Fall", "win" and "won" are different words."""

MIN_HANDLE_LENGTH = 5
MAX_TYPOS = 2


def find_nearest(key: str, keys: Sequence[str]) -> tuple[tuple[str, float], ...]:
    """Return the keys most similar to this one with their scores (0 to 100), best first."""
    found = process.extract(
        key,
        keys,
        scorer=Indel.normalized_similarity,
        score_cutoff=MIN_SUGGESTION_SIMILARITY / 100,
        limit=MAX_SUGGESTIONS,
    )
    return tuple((name, score * 100) for name, score, _ in found)


def is_same_title(one: str, other: str) -> bool:
    """Return whether the titles are equal except for at most two typing errors.

    >>> is_same_title("Can Mariano Herocall In $120,000 Pot?", "Can Marianno Herocall In $120K Pot")
    True
    >>> is_same_title("He Calls In $120,000 Pot", "She Calls In $120,000 Pot")
    False
    """
    ours, theirs = _words(one), _words(other)
    if len(ours) != len(theirs):
        return False
    pairs = [pair for pair in zip(ours, theirs, strict=True) if pair[0] != pair[1]]
    return len(pairs) <= MAX_TYPOS and all(is_typo(*pair) for pair in pairs)


def is_typo(one: str, other: str) -> bool:
    """Return whether one word may be the other, mistyped; a handle (``@…``) may also be cut short.

    >>> is_typo("unbelievable", "unbeleivable"), is_typo("@marianopoker", "@mariano"), is_typo("ace2", "ace3")
    (True, True, False)
    """
    shorter, longer = sorted((one.lstrip("@"), other.lstrip("@")), key=len)
    if any(character.isdigit() for character in one + other):
        return False
    if one[:1] == other[:1] == "@" and len(shorter) >= MIN_HANDLE_LENGTH and longer.startswith(shorter):
        return True
    return len(shorter) >= MIN_TYPO_LENGTH and one[:1] == other[:1] and OSA.distance(one, other, score_cutoff=1) <= 1


def _words(title: str) -> tuple[str, ...]:
    words: list[str] = []
    for chunk in spell_amounts(strip_download_suffix(strip_extension(title))).replace("_", " ").split():
        found = split_words(chunk)
        words += [f"@{word}" if chunk.startswith("@") and place == 0 else word for place, word in enumerate(found)]
    return tuple(words)
