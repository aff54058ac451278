"""Rank five-card hands by category, and find the best five of a game's cards."""

from collections import Counter
from itertools import combinations, starmap

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pokerkit import StandardHighHand

from pokervod_pipelines.hands.cards import parse_cards
from pokervod_pipelines.hands.evaluation import (
    CATEGORIES,
    EVALUATORS,
    LAST_RANKS,
    NUMBERS,
    make_hand,
    name_rank,
    rank_cards,
    rank_hole_cards,
)
from pokervod_pipelines.hands.games import GAMES, Game, find_game

HOLDEM, OMAHA = Game(2, None), Game(4, 2)
COUNTS = {
    "royal_flush": 4,
    "straight_flush": 36,
    "four_of_a_kind": 624,
    "full_house": 3_744,
    "flush": 5_108,
    "straight": 10_200,
    "three_of_a_kind": 54_912,
    "two_pair": 123_552,
    "one_pair": 1_098_240,
    "high_card": 1_302_540,
}


def test_all_five_card_hands_fall_into_the_known_counts() -> None:
    ranks = Counter(starmap(EVALUATORS[5], combinations(range(52), 5)))

    assert ranks.total() == 2_598_960
    assert sorted(ranks) == list(range(1, 7_463))
    assert Counter(dict.fromkeys(CATEGORIES, 0)) + _count_categories(ranks) == Counter(COUNTS)


def _count_categories(ranks: Counter[int]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for rank, number in ranks.items():
        counts[name_rank(rank)] += number
    return counts


@pytest.mark.parametrize(("category", "last"), list(zip(CATEGORIES, LAST_RANKS, strict=True)))
def test_a_category_ends_where_the_next_begins(category: str, last: int) -> None:
    assert name_rank(last) == category
    assert last == LAST_RANKS[-1] or name_rank(last + 1) != category


@pytest.mark.parametrize(
    ("game", "hole", "board", "category", "five"),
    [
        (HOLDEM, "As Ks", "Qs Js Ts 2c 2d", "royal_flush", "As Ks Qs Js Ts"),
        (HOLDEM, "5d Ah", "2s 3c 4h Kd Kh", "straight", "5d 4h 3c 2s Ah"),  # the wheel: the ace is low
        (HOLDEM, "2c 3d", "As Ks Qd Jd Tc", "straight", "As Ks Qd Jd Tc"),  # the board plays
        (HOLDEM, "Ks Kh", "Kd Ac Ad", "full_house", "Kd Kh Ks Ac Ad"),  # from the flop on
        (OMAHA, "As Ah 2c 3c", "Ad Ac Kd Kh 7s", "four_of_a_kind", "Ac Ad Ah As Kd"),
        (OMAHA, "Ks 2h 3d 4d", "As Qs Js Ts 9s", "high_card", "As Ks Qs Js 4d"),  # one spade does not make a flush
        (OMAHA, "2h 3d 4d 5c", "As Ks Qs Js Ts", "high_card", "As Ks Qs 5c 4d"),  # the board never plays alone
    ],
)
def test_the_best_five_follow_the_game(game: Game, hole: str, board: str, category: str, five: str) -> None:
    made = make_hand(game, parse_cards(hole), parse_cards(board))

    assert made.category == category
    assert made.cards == parse_cards(five)


@given(st.permutations(sorted(NUMBERS)), st.sampled_from([5, 6, 7]))
def test_ranks_compare_as_pokerkit_compares_hands(deck: list[str], size: int) -> None:
    first, second = deck[:size], deck[size : 2 * size]
    strengths = [max(StandardHighHand("".join(five)) for five in combinations(cards, 5)) for cards in (first, second)]

    assert (rank_cards(first) < rank_cards(second)) == (strengths[0] > strengths[1])
    assert (rank_cards(first) == rank_cards(second)) == (strengths[0] == strengths[1])


@given(st.permutations(sorted(NUMBERS)))
def test_order_of_cards_and_more_cards_never_hurt(deck: list[str]) -> None:
    hole, board = deck[:2], deck[2:7]

    assert rank_hole_cards(HOLDEM, hole, board) == rank_cards(board[::-1] + hole)
    assert rank_hole_cards(HOLDEM, hole, board) <= rank_hole_cards(HOLDEM, hole, board[:3])


def test_a_game_is_found_by_the_names_of_the_tables() -> None:
    assert find_game("HOLDEM", "NOLIMIT") is find_game("holdem", "No Limit") is GAMES["HOLDEM", "NOLIMIT"]
    assert find_game("BADUGI", "LIMIT") is None
