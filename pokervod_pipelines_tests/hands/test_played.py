"""Build hands as they were played: pots without empty seats, boards of made hands, bomb pots, finished hands."""

from dataclasses import replace
from typing import Any

import pytest

from pokervod_pipelines.hands.replay import replay_hand
from pokervod_pipelines_tests.hands.hand_factory import build_one
from pokervod_pipelines_tests.hands.sessions import make_hand, make_player, make_showdown, make_side_pot, make_walk

RUNOUT = "board 2c, board 3d, board 7h, board 8s, board 9c"


def make_all_in(*others: Any) -> Any:
    """Return a hand of two all-ins, with further players."""
    players = [
        make_player(1, 5_000, 10_300, "as ad"),
        make_player(2, end=99_900),
        make_player(3, end=94_800, cards="ks kd"),
    ]
    return make_hand([*players, *others], f"1 allin 5000, 2 fold, 3 call 5000, {RUNOUT}")


@pytest.mark.parametrize(
    "others",
    [
        (),
        (make_player(5, 0, 0),),
        (make_player(5, 0, 0), make_player(6, 0, 0)),
        (make_player(5, 0, 0, SittingOut=True),),
        (make_player(8, 0, 0, "qs qd"),),
    ],
)
def test_a_seat_without_chips_has_no_pot(others: Any) -> None:
    hand = build_one(make_all_in(*others))

    assert [(pot.amount, pot.seats) for pot in hand.pots] == [(10_300, (1, 3))]
    assert hand.findings == ()


@pytest.mark.parametrize(
    ("events", "pots"),
    [
        (f"1 bet 600, 2 allin 900, 3 fold, 1 call 900, {RUNOUT}", [0, 2_200, 2_200, 2_200]),
        (f"1 allin 5000, 2 fold, 3 fold, {RUNOUT}", [0, 700, 700, 700]),
        (f"1 bet 600, 2 fold, 3 call 600, {RUNOUT}", [0, 1_500, 1_500, 1_500]),
    ],
)
def test_the_pot_of_a_street_is_without_the_uncalled_bet(events: str, pots: list[int]) -> None:
    hand = build_one(make_hand([make_player(1, 5_000), make_player(2, 900), make_player(3)], events))

    assert [street.pot for street in hand.streets] == pots


MADE = ("9h", "9s", "qd", "kc", "2s")
OTHERS = (("ac", "2h", "3d", "4c", "6d"), ("7d", "8h", "jh", "4s", "5c"))


@pytest.mark.parametrize(("runs", "at"), [(1, 0), (2, 0), (2, 1), (3, 0), (3, 1), (3, 2)])
def test_the_made_hand_names_its_board(runs: int, at: int) -> None:
    boards = [*OTHERS[: runs - 1]]
    boards.insert(at, MADE)
    dealt = [f"board{number} {card}" for number, board in enumerate(boards, 1) for card in board]
    players = [make_player(1, 5_000, cards="9c qh"), make_player(2), make_player(3, cards="td kd")]

    hand = build_one(make_hand(players, f"1 allin 5000, 2 fold, 3 call 5000, {', '.join(dealt)}", RunItNumTimes=runs))

    assert hand.best_hand is not None
    assert (hand.best_hand.board, hand.best_hand.name) == (at, "Nines full of Queens")
    assert set(hand.best_hand.cards) <= {*hand.boards[at], "9c", "Qh"}


BOMB = {"BombPotAmt": 500, "AnteAmt": 0, "GameVariant": "OMAHA", "BetStructure": "POTLIMIT"}
FLOP = "board qd, board 7d, board 4d"


@pytest.mark.parametrize("blinds", [{"SmallBlindAmt": 0, "BigBlindAmt": 0}, {}])
@pytest.mark.parametrize(
    "events",
    [
        f"{FLOP}, 2 check, 3 check, 1 bet 1500, 2 fold, 3 fold",
        f"{FLOP}, 2 bet 500, 3 fold, 1 call 500, board 7c, 2 check, 1 check, board jd, 2 bet 500, 1 fold",
    ],
)
def test_a_bomb_pot_raises_no_finding(events: str, blinds: dict[str, int]) -> None:
    cards = ("3d kc as 6s", "qc qh 2h 9h", "7h 5d kd 9s")
    won = {"1 bet": (1, 1_500), "1 fold": (2, 2_000)}["1 bet" if "1 bet" in events else "1 fold"]
    put_in = {1: 500, 2: 500, 3: 500} if won[0] == 1 else {1: 1_000, 2: 1_000, 3: 500}
    pot = sum(put_in.values())
    players = [
        make_player(number, end=100_000 - put_in[number] + (pot if number == won[0] else 0), cards=cards[number - 1])
        for number in (1, 2, 3)
    ]

    hand = build_one(make_hand(players, events, blinds=blinds, **BOMB))

    assert hand.pot == pot
    assert hand.findings + replay_hand(hand) == ()


OVER = [
    (make_showdown(), True),
    (make_walk(), True),
    (make_side_pot(), True),
    (make_hand([make_player(1), make_player(2), make_player(3)], "1 bet 600, 2 fold"), False),
    (make_hand([make_player(1), make_player(2), make_player(3)], "1 bet 600, 2 fold, 3 call 600, board as"), False),
    (make_hand([make_player(1), make_player(2), make_player(3)], f"1 bet 600, 2 fold, 3 call 600, {RUNOUT}"), False),
    (make_hand([make_player(1), make_player(2), make_player(3)],
               f"1 bet 600, 2 fold, 3 call 600, {RUNOUT}, 3 bet 500"), False),
    (make_hand([make_player(1), make_player(2), make_player(3)],
               f"1 bet 600, 2 fold, 3 call 600, {RUNOUT}, 3 bet 500, 1 call 500"), True),
    (make_hand([make_player(1), make_player(2), make_player(3)],
               f"1 bet 600, 2 fold, 3 call 600, {RUNOUT}, 3 check, 1 check"), True),
    (make_hand([make_player(1, 600), make_player(2), make_player(3)],
               f"1 allin 600, 2 fold, 3 call 600, {RUNOUT}"), True),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "is_over"), OVER)
def test_a_hand_is_over_when_one_is_left_or_the_last_bet_is_called(raw: Any, is_over: bool) -> None:
    hand = build_one(raw)

    assert hand.is_over is is_over
    assert replace(hand, is_over=is_over) == hand
