import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.catalog.names.vocabulary.games import GAMES
from pokervod_pipelines.catalog.search.tokens import read_query, split_text


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", []),
        (" – · ", []),
        ("Ivey IVEY ivey", ["ivey"]),
        ("event 21", ["event21"]),
        ("Event #21", ["event21"]),
        ("ev21", ["event21"]),
        ("#21", ["event21"]),
        ("event", ["event"]),
        ("day 2ab", ["day2ab"]),
        ("s12 ep01", ["season12", "episode1"]),
        ("2024 ft", ["2024", "ft"]),
        ("final table 2024", ["ft", "2024"]),
        ("ivey 2-7", ["ivey", "2-7"]),
        ("27td", ["2-7", "triple", "draw"]),
        ("$25k", ["25000"]),
        ("$25,000", ["25000"]),
        ("€2.5k", ["2500"]),
        ("1m", ["1000000"]),
        ("$5M", ["5000000"]),
        ("nlh", ["nlhe"]),
        ("plo8", ["plo", "hi", "lo"]),
        ("hold'em", ["holdem"]),
        ("Café", ["cafe"]),
        ("ＷＳＯＰ", ["wsop"]),
        ("007", ["7"]),
        ("1080p", ["1080p"]),
        ("27", ["27"]),
    ],
)
def test_a_query_asks_for_these_words(query: str, words: list[str]) -> None:
    assert read_query(query) == words


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("WSOP 2024 · Event #21 $25,000 NLHE High Roller · Final Table", "21 event 25k high ft table"),
        ("10-wsop-2024-be-ev-21-25k-nlh-hr-ft-ann-wins", "$25k ann ev 21"),
        ("Event #29 2-7 Triple Draw", "2-7 event 29"),
        ("pad-s12-ep01-002", "pad season 12 ep 1"),
        ("E11_GOG_final_edit_20231203_찐최종", "최종 종 gog episode 11"),
        ("WSOP_2004_16.mxf", "wsop 2004 16"),
        ("1213_Hand_09_A xx vs B yy_Clean", "hand 9 clean"),
        ("Main Event – Day 2ABD", "day 2abd main"),
    ],
)
def test_a_text_is_found_by_what_a_person_remembers_of_it(text: str, query: str) -> None:
    assert set(read_query(query)) <= split_text(text)


def test_half_a_syllable_begins_the_word() -> None:
    (begun,) = read_query("클리")

    assert any(word.startswith(begun) and word != begun for word in split_text("E01_클린본"))


def test_a_syllable_made_of_other_letters_does_not() -> None:
    (other,) = read_query("콜린")

    assert not any(word.startswith(other) for word in split_text("E01_클린본"))


@given(st.text())
def test_any_text_has_words_and_any_query_is_read(text: str) -> None:
    assert all(split_text(text))
    assert all(read_query(text))


PLAIN_WORDS = st.text(string.ascii_lowercase + "가나다최종", min_size=2).filter(lambda word: word not in GAMES)
"""Words of a query that stand for themselves: ``nlh`` asks for NLHE instead."""


@given(st.lists(PLAIN_WORDS, min_size=1))
def test_the_words_of_a_text_find_it_in_any_order_and_case(words: list[str]) -> None:
    text = " ".join(words)

    assert set(read_query(" ".join(reversed(words)).upper())) <= split_text(text)
