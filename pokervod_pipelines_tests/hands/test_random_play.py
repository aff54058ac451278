"""Read hands that pokerkit played at random: the same stacks, no finding, and an export that pokerkit plays again."""

import random
import warnings
from typing import Any

import pytest
from pokerkit import (
    Automation,
    FixedLimitTexasHoldem,
    HandHistory,
    Mode,
    NoLimitTexasHoldem,
    PotLimitOmahaHoldem,
    State,
)

from pokervod_pipelines.hands.phh_export import export_phh
from pokervod_pipelines.hands.replay import replay_hand
from pokervod_pipelines_tests.hands.hand_factory import read_history
from pokervod_pipelines_tests.sizes import choose

HANDS = choose(20, long=40)
BIG_BLIND = 200
GAMES: tuple[Any, ...] = (NoLimitTexasHoldem, PotLimitOmahaHoldem, FixedLimitTexasHoldem)


def play(seed: int) -> tuple[HandHistory, State]:
    """Return a random hand of two to nine players, with straddles and antes of any kind."""
    chance = random.Random(seed)
    random.seed(seed)
    count, rules = chance.randint(2, 9), chance.choice(GAMES)
    blinds = [BIG_BLIND // 2, BIG_BLIND] + [0] * (count - 2)
    if count > 2 and chance.random() < 0.3:
        blinds[2] = 2 * BIG_BLIND
    antes = chance.choice(
        [[0] * count, [25] * count, [0, BIG_BLIND, *[0] * (count - 2)], [chance.choice([0, 50, 100]) for _ in blinds]]
    )
    stacks = [chance.choice([chance.randint(3, 8), chance.randint(20, 200)]) * BIG_BLIND for _ in blinds]
    sizes = {"small_bet": 200, "big_bet": 400} if rules is FixedLimitTexasHoldem else {"min_bet": 200}
    game = rules(
        automations=tuple(Automation), ante_trimming_status=False, raw_antes=antes, raw_blinds_or_straddles=blinds,
        mode=Mode.CASH_GAME, **sizes,
    )  # fmt: skip
    state = game(stacks, count)
    while state.status:
        act(state, chance)
    return HandHistory.from_game_state(game, state, year=2031, month=5, day=4), state


def act(state: State, chance: random.Random) -> None:
    roll = chance.random()
    if roll < 0.3 and state.can_complete_bet_or_raise_to():
        low = state.min_completion_betting_or_raising_to_amount or 0
        high = state.max_completion_betting_or_raising_to_amount or 0
        state.complete_bet_or_raise_to(chance.choice([low, high, chance.randint(low, high)]))
    elif roll < 0.55 and state.checking_or_calling_amount and state.can_fold():
        state.fold()
    else:
        state.check_or_call()


@pytest.mark.parametrize("seed", range(HANDS))
def test_a_random_hand_is_read_and_exported_as_it_was_played(seed: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        history, state = play(seed)
        hand = read_history(history.dumps())
        *_, again = HandHistory.loads(export_phh(hand))

    assert [seat.end_stack for seat in hand.seats] == list(state.stacks)
    assert hand.findings + replay_hand(hand) == ()
    assert sorted(again.stacks) == sorted(state.stacks)
    assert read_history(export_phh(hand)) == hand
