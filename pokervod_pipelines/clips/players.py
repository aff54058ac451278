"""Parse player cells, and find names that are, or may be, one person.

A key is the same for spellings that cannot mean two people (case, accents, order, punctuation). Anything less certain
is a doubtful pair for a person to decide; two people are never merged here.
"""

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

from rapidfuzz.distance import OSA

from pokervod_pipelines.text.folding import make_storable

VERSUS = re.compile(r"\s+(?:vs?\.?|versus|s)\s+|\n|;|/|\s+&\s+|\s+x\s+", re.IGNORECASE)

SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv"})
NO_PLAYER = frozenset({"", "unknown", "n/a", "none", "-", "?", "없음", "미상"})
SPECIAL_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "\u0131": "i"})
SHORTEST_SIMILAR_FAMILY = 5
SHORTEST_SIMILAR_GIVEN = 3
"""Shorter names one letter apart ("Li", "Lin") are different names too often to be worth asking."""

PART_NAMES = 2
MAX_NAME = 120
"""Characters; a longer text is not a name."""


@dataclass(frozen=True, slots=True, order=True)
class DoubtfulPair:
    """Hold two names that may be one person; ``one`` sorts before ``other``."""

    one: str
    other: str
    reason: str


def split_players(text: str) -> tuple[str, ...]:
    """Return the names in a cell, as written, each once.

    >>> split_players("KENNEY vs KABRHEL"), split_players('["serock","joseph serock"]'), split_players("Hellmuth, Phil")
    (('KENNEY', 'KABRHEL'), ('serock', 'joseph serock'), ('Phil Hellmuth',))
    """
    plain = text.strip()
    if plain.casefold() in NO_PLAYER:
        return ()
    names = _read_list(plain) if plain.startswith("[") else None
    if names is None:
        names = [name for side in VERSUS.split(plain) for name in _split_commas(side)]
    trimmed = (" ".join(make_storable(name).split()) for name in names)
    return tuple(dict.fromkeys(name for name in trimmed if name.casefold() not in NO_PLAYER))


def _read_list(text: str) -> list[str] | None:
    try:
        values = json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        return None
    return [str(value) for value in values] if isinstance(values, list) else None


def _split_commas(side: str) -> list[str]:
    """Return the parts of a comma list; "Family, Given" (one word, a comma, one word) is one person turned around."""
    parts = [part.strip() for part in side.split(",") if part.strip().casefold() not in NO_PLAYER]
    if len(parts) != PART_NAMES:
        return parts
    first, second = parts
    if second.casefold().strip(".") in SUFFIXES:
        return [f"{first} {second}"]
    return [f"{second} {first}"] if _is_turned_name(first, second) else parts


def _is_turned_name(family: str, given: str) -> bool:
    """Return whether "family, given" is one name: two single words in mixed case; capitals are lists of surnames."""
    both = family + given
    return family.isalpha() and given.replace(".", "").isalpha() and not both.isupper() and not both.islower()


def make_player_key(name: str) -> str:
    """Return the key by which spellings of one name are equal: case, accents, punctuation, order "Last, First".

    >>> make_player_key("Joseph SEROCK") == make_player_key("Serock, Joseph") == make_player_key("joséph serock")
    True
    """
    family, comma, given = name.partition(",")
    is_suffix = given.strip(" .").casefold() in SUFFIXES
    text = f"{given} {family}" if comma and not is_suffix else name
    return " ".join(_words(text))


def _words(name: str) -> list[str]:
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())
    folded = unicodedata.normalize("NFKD", decomposed.casefold().translate(SPECIAL_LETTERS))
    plain = "".join(character for character in folded if not unicodedata.combining(character))
    composed = unicodedata.normalize("NFC", plain).replace("'", "").replace("\u2019", "")
    return re.findall(r"[^\W_]+", composed)


def find_doubtful_pairs(names: Iterable[str]) -> tuple[DoubtfulPair, ...]:
    """Return the pairs of names that may be one person and have different keys, sorted, each once.

    >>> [(pair.one, pair.other) for pair in find_doubtful_pairs(["P. Hellmuth", "Phil Hellmuth", "Ana Marquez"])]
    [('P. Hellmuth', 'Phil Hellmuth')]
    """
    return _find_pairs(tuple(sorted(set(names))))


@lru_cache(maxsize=2)
def _find_pairs(names: tuple[str, ...]) -> tuple[DoubtfulPair, ...]:
    """Return the pairs, computed once for the same names: thousands of players take half a second."""
    by_key: dict[str, str] = {}
    for name in names:
        by_key.setdefault(make_player_key(name), name)
    pairs = set()
    for group in _group_candidates(by_key).values():
        for one, other in combinations(sorted(group), 2):
            if reason := explain_doubt(one, other):
                first, second = sorted((by_key[one], by_key[other]))
                pairs.add(DoubtfulPair(first, second, reason))
    return tuple(sorted(pairs))


def _group_candidates(keys: Iterable[str]) -> dict[str, set[str]]:
    """Group keys that could be doubtful at all, so that thousands of names are not compared each with each."""
    groups: dict[str, set[str]] = defaultdict(set)
    for key in keys:
        words = key.split()
        for word in words:
            groups[f"word {word}"].add(key)
        groups[f"start {key[:3]}"].add(key)
        groups[f"end {key[-3:]}"].add(key)
        groups["sorted " + " ".join(sorted(words))].add(key)
        groups["joined " + "".join(words)].add(key)
    return groups


def explain_doubt(one: str, other: str) -> str:
    """Return why two different keys may be one person, "" where there is no reason."""
    ours, theirs = sorted((one.split(), other.split()), key=len)
    if not ours or one == other:
        return ""
    return next((reason for holds, reason in DOUBTS if holds(ours, theirs)), "")


def _is_one_letter_apart(ours: list[str], theirs: list[str]) -> bool:
    """Return whether one word differs by one letter; a short family name one letter apart is mostly another family."""
    differing = [(a, b, index) for index, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b]
    if len(ours) != len(theirs) or len(differing) != 1:
        return False
    one, other, index = differing[0]
    shortest = SHORTEST_SIMILAR_FAMILY if index == len(ours) - 1 else SHORTEST_SIMILAR_GIVEN
    return min(len(one), len(other)) >= shortest and OSA.distance(one, other, score_cutoff=1) == 1


def _are_initials(ours: list[str], theirs: list[str]) -> bool:
    return all(a == b or (min(len(a), len(b)) == 1 and a[0] == b[0]) for a, b in zip(ours, theirs, strict=True))


DOUBTS: tuple[tuple[Callable[[list[str], list[str]], bool], str], ...] = (
    (lambda ours, theirs: sorted(ours) == sorted(theirs), "the same names in another order"),
    (lambda ours, theirs: "".join(ours) == "".join(theirs), "the same letters, spaced differently"),
    (lambda ours, theirs: len(ours) == 1 < len(theirs) and ours[0] == theirs[-1], "a family name alone"),
    (lambda ours, theirs: len(ours) > 1 and set(ours) < set(theirs), "one has a further name"),
    (lambda ours, theirs: len(ours) == len(theirs) > 1 and _are_initials(ours, theirs), "an initial instead of a name"),
    (_is_one_letter_apart, "one letter apart"),
)
"""Reasons why two names are doubtful, the plainest first; each is called with the shorter name first."""
