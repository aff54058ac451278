"""Test chips: who put in what, which pots it makes, who wins them by stacks and by cards."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.hands.actions import follow_betting
from pokervod_pipelines.hands.pots import Pot, find_uncalled, make_pots
from pokervod_pipelines_tests.hands.hand_factory import build_one, list_codes, read_one
from pokervod_pipelines_tests.hands.sessions import (
    Json,
    make_hand,
    make_player,
    make_showdown,
    make_side_pot,
    make_split,
    make_walk,
)

BETS = st.dictionaries(st.integers(1, 9), st.integers(0, 1_000), min_size=2)


def make_table(count: int = 4, stack: int = 10_000) -> list[Json]:
    return [make_player(number, stack) for number in range(1, count + 1)]


@pytest.mark.parametrize(
    ("ante_type", "paid"),
    [
        ("BB_ANTE_BB1ST", {3: 200}),
        ("BB_ANTE", {3: 200}),
        ("BUTTON_ANTE", {1: 200}),
        ("TB_ANTE_TB1ST", {4: 200}),
        ("STD_ANTE", {1: 200, 2: 200, 3: 200, 4: 200}),
        ("NEVER_HEARD_OF", {1: 200, 2: 200, 3: 200, 4: 200}),
    ],
)
def test_the_ante_type_names_who_pays(ante_type: str, paid: dict[int, int]) -> None:
    blinds = {"AnteType": ante_type, "ThirdBlindPlayerNum": 4, "ThirdBlindAmt": 400}
    betting = follow_betting(read_one(make_hand(make_table(), "", blinds=blinds)))

    assert {seat: chips for seat, chips in betting.dead.items() if chips} == paid
    assert betting.bets == {1: 0, 2: 100, 3: 200, 4: 400}


def test_a_live_ante_buys_a_call() -> None:
    betting = follow_betting(read_one(make_hand(make_table(), "", blinds={"AnteType": "LIVE_ANTE"})))

    assert betting.dead == dict.fromkeys(range(1, 5), 0)
    assert betting.bets[4] == 200


@pytest.mark.parametrize(("ante_type", "dead", "bet"), [("BB_ANTE_BB1ST", 50, 200), ("BB_ANTE", 200, 50)])
def test_a_short_big_blind_pays_in_the_order_of_the_ante_type(ante_type: str, dead: int, bet: int) -> None:
    players = [make_player(1), make_player(2), make_player(3, 250)]
    betting = follow_betting(read_one(make_hand(players, "", blinds={"AnteType": ante_type})))

    assert (betting.dead[3], betting.bets[3]) == (dead, bet)


def test_straddles_and_bomb_pots_are_posted() -> None:
    players = [*make_table(3), make_player(4, BlindBetStraddleAmt=400)]
    betting = follow_betting(read_one(make_hand(players, "", BombPotAmt=50)))

    assert betting.bets[4] == 400
    assert betting.dead == {1: 50, 2: 50, 3: 250, 4: 50}


def test_a_bet_amount_is_the_total_of_the_street() -> None:
    played = "1 bet 600, 2 fold, 3 bet 2000, 1 call 2000, board as, board ks, board qd, 3 bet 500, 1 call 500"
    betting = follow_betting(read_one(make_hand(make_table(3), played)))

    assert betting.bets == {1: 2_500, 2: 100, 3: 2_500}
    assert [action.added for action in betting.streets[0].actions if action.event is not None] == [600, 0, 1_800, 1_400]
    assert [action.kind for action in betting.streets[1].actions] == ["bet", "call"]
    assert (betting.streets[1].name, betting.streets[1].pot) == ("flop", 4_300)


@pytest.mark.parametrize(
    ("played", "code", "event"),
    [
        ("1 bet 600 777", "pot_before_action", 0),
        ("1 bet 20000", "amount_over_stack", 0),
        ("1 bet 600, 2 bet 900, 1 call 500", "amount_below_bet", 2),
        ("7 fold", "unknown_seat", 0),
        ("1 dance", "unknown_action", 0),
        ("board as, board ks, board qs, board js, board 10s, board 9s", "illegal_action", 5),
    ],
)
def test_what_cannot_be_followed_is_found_at_its_action(played: str, code: str, event: int) -> None:
    (finding,) = follow_betting(read_one(make_hand(make_table(3), played))).findings

    assert (finding.code, finding.action) == (code, event)


def test_a_small_blind_of_an_empty_seat_is_dead_and_no_finding() -> None:
    players = [make_player(1, 10_000), make_player(3, 10_000)]

    assert follow_betting(read_one(make_hand(players, "1 fold"))).findings == ()


def test_side_pots_go_to_those_who_paid_for_them() -> None:
    hand = build_one(make_side_pot())

    assert hand.pots == (Pot(3_200, (1, 2, 3)), Pot(4_000, (2, 3)))
    assert (hand.pot, hand.winners) == (7_200, (1, 2))
    assert hand.all_in_seats == (1, 2, 3)
    assert hand.eliminations == (3,)


@given(BETS, BETS, st.sets(st.integers(1, 9)))
def test_no_chip_is_lost_between_bets_and_pots(bets: dict[int, int], dead: dict[int, int], folded: set[int]) -> None:
    pots = make_pots(bets, dead, folded)

    assert pots.total + sum(pots.returned.values()) == sum(bets.values()) + sum(dead.values())


@given(BETS)
def test_a_seat_plays_for_no_more_than_it_paid_from_each(bets: dict[int, int]) -> None:
    pots = make_pots(bets, {}, set())

    for seat, bet in bets.items():
        reach = sum(pot.amount for pot in pots.pots if seat in pot.seats)
        assert reach <= sum(min(bet, other) for other in bets.values())
    assert all(bets[seat] > 0 for seat in find_uncalled(bets))


WINNERS: list[tuple[str, Json, tuple[int, ...], tuple[int, ...] | None]] = [
    ("best cards", make_showdown(), (1,), (1,)),
    ("last one standing", make_walk(), (3,), (3,)),
    ("a split, one part below the ante", make_split(), (1, 3), (1, 3)),
]


@pytest.mark.parametrize(("hand", "winners", "by_cards"), [row[1:] for row in WINNERS], ids=[row[0] for row in WINNERS])
def test_stacks_and_cards_agree_on_a_valid_hand(
    hand: Json, winners: tuple[int, ...], by_cards: tuple[int, ...]
) -> None:
    built = build_one(hand)

    assert (built.winners, built.winners_by_cards) == (winners, by_cards)
    assert list_codes(built) == []


def test_the_chips_decide_and_the_cards_object() -> None:
    hand = make_showdown()
    hand["Players"][0]["HoleCards"] = ["7h 2c"]
    built = build_one(hand)

    assert (built.winners, built.winners_by_cards) == ((1,), (3,))
    assert "the chips went to seat 1, the best cards are seat 3's" in str(built.findings[0])


def test_unknown_cards_leave_the_winner_to_the_stacks() -> None:
    hand = make_showdown()
    hand["Players"][2]["HoleCards"] = [""]
    built = build_one(hand)

    assert (built.winners, built.winners_by_cards) == ((1,), None)
    assert list_codes(built) == ["missing_card"]


def test_chips_that_went_to_a_folded_player_are_found() -> None:
    hand = make_showdown()
    players: list[dict[str, Any]] = hand["Players"]
    players[0]["EndStackAmt"], players[1]["EndStackAmt"] = 99_000, 102_200

    assert "winner_folded" in list_codes(build_one(hand))


def test_chips_that_appear_are_counted() -> None:
    hand = make_showdown()
    hand["Players"][0]["EndStackAmt"] += 50
    (finding, *_) = [one for one in build_one(hand).findings if one.code == "chips_not_conserved"]

    assert "+50" in finding.message
