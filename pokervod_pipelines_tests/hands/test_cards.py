"""Test that cards are read however tables and people write them, and refused with the text at fault."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.hands.cards import (
    RANKS,
    SUITS,
    BadCard,
    find_repeated,
    parse_card,
    parse_cards,
    parse_hole_cards,
    pretty,
)

CARDS = st.tuples(st.sampled_from(RANKS), st.sampled_from(SUITS)).map("".join)


@pytest.mark.parametrize(
    ("texts", "cards"),
    [
        (["10d 9d"], ("Td", "9d")),  # PokerGFX: one text holds both
        (["10d", "9d"], ("Td", "9d")),
        ([""], ()),  # unknown
        ([], ()),
        (["AsKh"], ("As", "Kh")),  # PHH
        (["as, kd  qc 2h"], ("As", "Kd", "Qc", "2h")),  # Omaha
        (["A♠ 10♦"], ("As", "Td")),
    ],
)
def test_hole_cards_are_read_in_every_shape(texts: list[str], cards: tuple[str, ...]) -> None:
    assert parse_hole_cards(texts) == cards


@pytest.mark.parametrize("text", ["1d", "11c", "Ax", "A", "10", "AsK", "joker", "as kk"])
def test_what_is_not_a_card_is_named(text: str) -> None:
    with pytest.raises(BadCard, match="is not a card; write rank and suit"):
        parse_cards(text)


@given(st.lists(CARDS))
def test_cards_survive_every_spelling(cards: list[str]) -> None:
    spelt = tuple(cards)

    assert parse_cards(" ".join(cards)) == spelt
    assert parse_cards("".join(cards).lower()) == spelt
    assert parse_cards(" ".join(cards).replace("T", "10")) == spelt
    assert parse_cards(pretty(cards)) == spelt


@given(st.text(max_size=8))
def test_any_text_is_a_card_or_refused(text: str) -> None:
    try:
        card = parse_card(text)
    except BadCard:
        return

    assert card[0] in RANKS
    assert card[1] in SUITS


def test_repeated_cards_are_named_once() -> None:
    assert find_repeated(["As", "Td", "As", "As", "Td", "2c"]) == ("As", "Td")
    assert find_repeated(["As", "Td"]) == ()


def test_an_unread_card_is_shown_as_such() -> None:
    assert pretty(["As", "??"]) == "A♠ ??"
