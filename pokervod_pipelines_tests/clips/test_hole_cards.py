"""Check that clear hands become hole cards, and others are kept with a reason."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.clips.hole_cards import RANKS, SUITS, HoleCards, parse_hands, parse_hole_cards
from pokervod_pipelines_tests.clips.corpus import load_cases

CASES: dict[str, Any] = load_cases("hands")
CARDS = st.tuples(st.sampled_from(RANKS), st.sampled_from(SUITS)).map("".join)


@pytest.mark.parametrize(("text", "shown"), CASES["clear"])
def test_a_clear_cell_becomes_hole_cards(text: str, shown: list[str]) -> None:
    hands = parse_hands(text)

    assert [str(hand) for hand in hands.hole_cards] == shown
    assert (hands.raw, hands.reason) == (text, "")


@pytest.mark.parametrize(("text", "reason"), CASES["remarks"])
def test_a_remark_stays_text_with_the_reason(text: str, reason: str) -> None:
    hands = parse_hands(text)

    assert (hands.raw, hands.hole_cards) == (text, ())
    assert reason in hands.reason


@given(st.lists(CARDS, min_size=2, max_size=2, unique=True))
def test_exact_cards_are_read_back(cards: list[str]) -> None:
    hand = parse_hole_cards("".join(cards))

    assert hand is not None
    assert hand.cards == tuple(cards)
    assert parse_hole_cards(str(hand)) == hand


@given(st.sampled_from(RANKS), st.sampled_from(RANKS), st.sampled_from([True, False, None]))
def test_a_shown_hand_is_read_back(first: str, second: str, suited: bool | None) -> None:
    hand = HoleCards(first + second, suited=None if first == second else suited)

    assert parse_hole_cards(str(hand)) == hand


@given(st.text())
def test_any_cell_is_read_whole_or_kept_with_a_reason(text: str) -> None:
    hands = parse_hands(text)

    assert hands.raw == text
    assert bool(hands.hole_cards) + bool(hands.reason) == bool(text.strip())
