"""Split texts and queries into words. Pure.

Both are folded in the same way: case, accents and width; ``$25k`` is 25000; ``Event #21``, ``ev 21`` and ``event21``
are one word, as are ``Final Table`` and ``ft``. Hangul is decomposed into letters, so that a half-typed syllable is the
beginning of a word, and is found from every syllable on.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain

from pokervod_pipelines.catalog.names.vocabulary.games import GAMES

NUMBERED = {
    "event": "event", "ev": "event", "day": "day", "part": "part", "session": "session", "episode": "episode",
    "ep": "episode", "e": "episode", "show": "show", "season": "season", "s": "season", "hand": "hand", "clip": "clip",
}  # fmt: skip
"""Words that make one word with the number after them."""

SPELLED_GAMES = {"NLHE": "no limit holdem", "PLO": "pot limit omaha", "PLO Hi-Lo": "pot limit omaha hi lo"}
"""Full names of the games that titles abbreviate."""

_ABBREVIATIONS = {
    spelling: game
    for spelling, game in GAMES.items()
    if spelling.isalnum() and (game == "NLHE" or any(letter.isdecimal() for letter in spelling))
}
"""``nlh``, ``plo8``, ``7cs``: in a query they stand for the words of the game's name."""

_UNITS = {"k": 1_000, "m": 1_000_000}
_NUMBERED_WORD = re.compile(rf"({'|'.join(NUMBERED)})[\s_.#-]*(\d{{1,4}})([a-h]{{0,5}})$")
_PIECE = re.compile(
    rf"""
    (?<![^\W_])(?:{"|".join(NUMBERED)})(?:[\s_.-]*\#?[\s_-]*)\d{{1,4}}[a-h]{{0,5}}(?![^\W_])   # event #21, s12, Day 2AB
    | (?<![^\W_])\#\d{{1,3}}(?![^\W_])                                                  # #21
    | (?<![^\W_])2[\s-]?(?:to)?[\s-]?7(?:[ts]d)?(?![^\W_])                               # 2-7, 27td
    | [$€]?(?<![^\W_])\d+(?:,\d{{3}})*(?:\.\d+)?[km]?(?![^\W_])                          # $25k, 1,500, 2.5k, 2024
    | [^\W_]+
    """,
    re.VERBOSE,
)
_MONEY = re.compile(r"([$€]?)([\d,.]+?)\.?([km]?)$")
_FINAL_TABLE = re.compile(r"final[\s_-]+table(?![^\W_])")


def split_text(text: str) -> set[str]:
    """Return the words that find a text: its own, numbers with what they count, and Hangul from every syllable on.

    >>> sorted(split_text("Event #21 $25K – Final Table"))
    ['21', '25000', 'event', 'event21', 'final', 'ft', 'table']
    """
    folded = _lower(text)
    found = {"ft"} if _FINAL_TABLE.search(folded) else set()
    found.update(chain.from_iterable(map(_list_words, _PIECE.findall(folded))))
    return found


@lru_cache(maxsize=65_536)
def _list_words(piece: str) -> tuple[str, ...]:
    found = [*_read_piece(piece)]
    if numbered := _NUMBERED_WORD.match(piece):
        found += (numbered[1], f"{int(numbered[2])}{numbered[3]}")
    if any("가" <= letter <= "힣" for letter in piece):
        found += (_decompose(piece[start:]) for start in range(1, len(piece)) if "가" <= piece[start] <= "힣")
    return tuple(found)


@lru_cache(maxsize=8_192)
def split_text_cached(text: str) -> frozenset[str]:
    """Return ``split_text`` of a folder or title, cached: many files share them."""
    return frozenset(split_text(text))


def read_query(query: str) -> list[str]:
    """Return the words that a hit must have, each once, in the order written.

    >>> read_query("Event 21  2024 ft"), read_query("ivey 2-7 $25k")
    (['event21', '2024', 'ft'], ['ivey', '2-7', '25000'])
    """
    folded = _FINAL_TABLE.sub(" ft ", _lower(query))
    return list(dict.fromkeys(word for piece in _PIECE.findall(folded) for word in _read_query_piece(piece)))


def _read_query_piece(piece: str) -> Iterator[str]:
    if piece.startswith("#"):
        yield f"event{int(piece[1:])}"
    elif piece in _ABBREVIATIONS:
        yield from (word for part in _PIECE.findall(_lower(_ABBREVIATIONS[piece])) for word in _read_piece(part))
    else:
        yield from _read_piece(piece)


def _read_piece(piece: str) -> Iterator[str]:
    if numbered := _NUMBERED_WORD.match(piece):
        yield f"{NUMBERED[numbered[1]]}{int(numbered[2])}{numbered[3]}"
    elif piece[0] == "2" and piece.rstrip("tsd")[-1] == "7" and len(piece) > 1 and _is_deuce(piece):
        yield "2-7"
        yield from {"t": ("triple", "draw"), "s": ("single", "draw")}.get(piece[-2], ())
    elif amount := _MONEY.match(piece):
        yield _read_amount(amount[2], amount[3])
    else:
        yield _decompose(piece.lstrip("#$€"))


def _is_deuce(piece: str) -> bool:
    return piece != "27" and re.fullmatch(r"2[\s-]?(?:to)?[\s-]?7(?:[ts]d)?", piece) is not None


def _read_amount(number: str, unit: str) -> str:
    digits = number.replace(",", "")
    if unit and digits.count(".") <= 1:
        return str(round(float(digits) * _UNITS[unit]))
    return str(int(digits)) if digits.isdecimal() else digits


def _lower(text: str) -> str:
    if text.isascii():
        return text.lower().replace("'", "")
    return unicodedata.normalize("NFKC", text).casefold().replace("'", "").replace("’", "")


def _decompose(word: str) -> str:
    if word.isascii():
        return word
    return "".join(letter for letter in unicodedata.normalize("NFKD", word) if unicodedata.category(letter) != "Mn")
