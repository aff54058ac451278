"""Replay valid hands clean, and name violations with street and action."""

from typing import Any

import pytest

from pokervod_pipelines.hands.replay import replay_hand
from pokervod_pipelines_tests.hands.hand_factory import build_one
from pokervod_pipelines_tests.hands.sessions import (
    Json,
    make_events,
    make_hand,
    make_player,
    make_showdown,
    make_side_pot,
    make_split,
    make_walk,
)


def make_heads_up() -> Json:
    players = [make_player(2, 5_000, 4_800, "as ad"), make_player(5, 5_000, 5_200, "ks 8d")]
    blinds = {"ButtonPlayerNum": 2, "SmallBlindPlayerNum": 2, "BigBlindPlayerNum": 5}
    return make_hand(players, "2 call 200, 5 check, board 8c, board 8h, board 3c, 5 bet 200, 2 fold", blinds=blinds)


def make_dead_blind() -> Json:
    """Return a hand whose small blind went out the hand before, with a player who sits out and one without chips."""
    players = [
        make_player(1, 5_000, 5_400),
        make_player(3, 5_000, 4_600),
        make_player(4, 0, 0),
        make_player(5, SittingOut=True),
    ]
    return make_hand(players, "1 bet 600, 3 fold")


VALID_HANDS = [make_showdown, make_walk, make_split, make_side_pot, make_heads_up, make_dead_blind]


@pytest.mark.parametrize("make", VALID_HANDS)
def test_a_valid_hand_replays_without_a_finding(make: Any) -> None:
    hand = build_one(make())

    assert hand.findings == ()
    assert replay_hand(hand) == ()


def damage(played: str) -> Json:
    return make_showdown(Events=make_events(played))


@pytest.mark.parametrize(
    ("raw", "code", "street", "event"),
    [
        (damage("1 bet 300, 2 fold"), "illegal_action", "preflop", 0),  # less than the least raise
        (damage("1 call 150, 2 fold"), "illegal_action", "preflop", 0),  # less than the call
        (damage("2 call 200"), "illegal_action", "preflop", 0),  # not the turn of seat 2
        (damage("1 check"), "illegal_action", "preflop", 0),  # a check that faces a bet
        (damage("1 call 200, 2 call 200, board ad, board ac, board kh"), "illegal_action", "flop", None),
        (damage("1 call 200, 2 fold, 3 check, 1 check"), "illegal_action", "preflop", 3),  # the street was over
        (damage("2 fold, 1 fold"), "out_of_turn", "preflop", 0),
    ],
)
def test_an_illegal_action_is_named_at_its_place(raw: Json, code: str, street: str, event: int | None) -> None:
    first = replay_hand(build_one(raw))[0]

    assert (first.code, first.street, first.action) == (code, street, event)


def test_an_early_fold_is_made_when_its_turn_comes() -> None:
    hand = make_walk()
    hand["Events"].reverse()

    assert [finding.code for finding in replay_hand(build_one(hand))] == ["out_of_turn"]


def test_a_wrong_stack_names_the_seat() -> None:
    hand = make_showdown()
    hand["Players"][0]["EndStackAmt"] -= 700
    (finding,) = replay_hand(build_one(hand))

    assert (finding.code, finding.message) == (
        "wrong_stack",
        "seat 1 ends with 101,300 by the rules, 100,600 by the record",
    )


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"GameVariant": "RAZZ"}, "not_replayed"),
        ({"RunItNumTimes": 2}, "not_replayed"),
        ({"Events": []}, "not_replayed"),
        ({"Players": [make_player(1)]}, "not_replayed"),
        ({"Players": [make_player(1, cards=""), make_player(2), make_player(3)]}, "missing_card"),
    ],
)
def test_what_cannot_be_replayed_says_so(fields: Json, code: str) -> None:
    assert replay_hand(build_one(make_showdown() | fields))[-1].code == code
