"""Find the words of a vocabulary table in a name: leftmost first, the longest spelling at that place.

Most names have no word of most tables. Intersecting the name's words with the table's first words shows that at once,
at a twentieth of the cost of one pattern over all spellings.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Phrase(NamedTuple):
    """Locate a spelling in a name, with its meaning in the table."""

    meaning: str
    start: int
    end: int


class PhraseBook:
    """Search a vocabulary table; whole words only."""

    def __init__(self, table: Mapping[str, str]) -> None:
        self._by_first_word: dict[str, list[tuple[str, str]]] = {}
        for spelling in sorted(table, key=len, reverse=True):
            self._by_first_word.setdefault(spelling.partition(" ")[0], []).append((spelling, table[spelling]))
        self._first_words = frozenset(self._by_first_word)

    def find_first(self, text: str, words: frozenset[str], start: int = 0, end: int | None = None) -> Phrase | None:
        """Return the leftmost phrase of ``text[start:end]``; None if no word of it is in the table.

        ``words`` are those of the whole text, split at its spaces.

        >>> text = "wsop 2025 main event day 1"
        >>> PhraseBook({"main event": "Main Event", "event": "?"}).find_first(text, frozenset(text.split()))
        Phrase(meaning='Main Event', start=10, end=20)
        """
        if self._first_words.isdisjoint(words):
            return None
        place = start
        for word in text[start:end].split(" "):
            if (
                word in self._by_first_word
                and (phrase := self.match_at(text, place))
                and (not end or phrase.end <= end)
            ):
                return phrase
            place += len(word) + 1
        return None

    def match_at(self, text: str, place: int) -> Phrase | None:
        """Return the longest phrase that starts at this place of the text; None if none does."""
        stop = text.find(" ", place)
        for spelling, meaning in self._by_first_word.get(text[place : stop if stop >= 0 else None], ()):
            if text.startswith(spelling, place):
                end = place + len(spelling)
                if not text[end : end + 1].isalnum():
                    return Phrase(meaning, place, end)
        return None
