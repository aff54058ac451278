"""Test that vocabulary is found leftmost first, then longest, in whole words only."""

import pytest

from pokervod_pipelines.catalog.names.phrases import PhraseBook
from pokervod_pipelines.catalog.names.vocabulary.events import EVENTS
from pokervod_pipelines.catalog.names.vocabulary.games import GAMES

BOOK = PhraseBook({"omaha": "Omaha", "omaha hi lo": "Omaha Hi-Lo", "limit omaha": "Limit Omaha", "stud": "Stud"})


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("5k limit omaha final", "Limit Omaha"),
        ("10k omaha hi lo championship", "Omaha Hi-Lo"),
        ("omaha high", "Omaha"),
        ("stud then omaha", "Stud"),
        ("studio omahas", None),
        ("", None),
    ],
)
def test_the_leftmost_longest_whole_phrase_is_found(text: str, meaning: str | None) -> None:
    phrase = BOOK.find_first(text, frozenset(text.split(" ")))

    assert (phrase.meaning if phrase else None) == meaning
    assert phrase is None or text[phrase.start : phrase.end] in text


def test_a_phrase_outside_the_stretch_is_not_found() -> None:
    text = "stud omaha"

    assert BOOK.find_first(text, frozenset(text.split()), 5) == ("Omaha", 5, 10)
    assert BOOK.find_first(text, frozenset(text.split()), 0, 3) is None


@pytest.mark.parametrize("spelling", [*GAMES, *EVENTS])
def test_a_spelling_is_written_the_way_names_are_prepared(spelling: str) -> None:
    assert spelling == " ".join(spelling.lower().replace("-", " ").replace("_", " ").split())
