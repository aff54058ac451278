"""Read PHH as published: every amount, clock, ante, straddle and game that the format has."""

from datetime import date
from typing import Any

import pytest

from pokervod_pipelines.hands.grade import GradeRule
from pokervod_pipelines.hands.hand import Hand
from pokervod_pipelines.hands.parsed_sessions import HandRules, parse_file
from pokervod_pipelines.hands.phh_text import BadPhh
from pokervod_pipelines_tests.hands.hand_factory import DAYS, list_codes, read_history

BASE: dict[str, Any] = {
    "variant": "NT",
    "antes": [0, 0, 0],
    "blinds_or_straddles": [100, 200, 0],
    "min_bet": 200,
    "starting_stacks": [20_000, 20_000, 20_000],
    "actions": ["d dh p1 AsKs", "d dh p2 7h2c", "d dh p3 QhQd", "p3 cbr 600", "p1 cc", "p2 f", "d db Qs5s2d",
                "p1 cc", "p3 cbr 1000", "p1 f"],
    "event": "Open",
    "year": 2026, "month": 5, "day": 4,
    "players": ["Ann Lee", "Bob Kim", "Cid Roe"],
}  # fmt: skip
FOLDS = ["d dh p1 AsKs", "d dh p2 7h2c", "d dh p3 QhQd", "p3 f", "p1 f"]


def write(**fields: Any) -> str:
    values = {**BASE, **fields}
    return "".join(f"{name} = {_dump(value)}\n" for name, value in values.items() if value is not None)


def _dump(value: Any) -> str:
    if isinstance(value, Raw):
        return value.text
    if isinstance(value, list):
        return f"[{', '.join(map(_dump, value))}]"
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else repr(value)


class Raw:
    """Hold TOML as it is to be written, such as ``21:30:00`` or ``inf``."""

    def __init__(self, text: str) -> None:
        self.text = text


def read(**fields: Any) -> Hand:
    return read_history(write(**fields))


POTS: list[tuple[dict[str, Any], int]] = [
    ({}, 1_400),
    ({"antes": [25, 25, 25]}, 1_475),
    ({"antes": [0, 200, 0]}, 1_600),  # a big blind ante
    ({"antes": [10, 200, 30]}, 1_640),  # uneven antes
    ({"antes": [0, 0, 50]}, 1_450),  # only the button
    ({"blinds_or_straddles": [100, 200, 400], "actions": [*FOLDS[:3], "p1 cbr 1000", "p2 f", "p3 f"]}, 1_000),
    ({"blinds_or_straddles": [100, 200, 400], "actions": [*FOLDS[:3], "p1 f", "p2 f"]}, 500),
    ({"blinds_or_straddles": [0, 200, 0], "actions": FOLDS}, 0),  # a walk without a small blind
    ({"blinds_or_straddles": [200, 200, 0], "actions": FOLDS}, 400),  # two equal blinds
    ({"starting_stacks": [Raw("inf"), Raw("inf"), Raw("inf")]}, 1_400),
    ({"starting_stacks": [Raw("inf"), 20_000, 20_000]}, 1_400),
    ({"seats": [9, 2, 5]}, 1_400),
    ({"starting_stacks": [500, 20_000, 20_000], "actions": [*FOLDS[:3], "p3 cbr 600", "p1 cc", "p2 f",
      "p1 sm AsKs", "p3 sm QhQd", "d db Qs5s2d", "d db 9c", "d db 9h"]}, 1_200),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "pot"), POTS)
def test_the_pot_is_what_was_put_in(fields: dict[str, Any], pot: int) -> None:
    hand = read(**fields)

    assert hand.pot == pot
    assert sum(seat.net for seat in hand.seats) == 0
    assert "wrong_stack" not in list_codes(hand)


MONEY: list[tuple[dict[str, Any], int, int]] = [
    ({"finishing_stacks": [19399.5, 19800, 20800.5]}, 2, 140_000),
    ({"blinds_or_straddles": [0.5, 1, 0], "min_bet": 1, "starting_stacks": [100, 100.25, 100],
      "actions": [*FOLDS[:3], "p3 cbr 3.5", "p1 f", "p2 f"]}, 2, 250),
    ({"blinds_or_straddles": [0.25, 0.5, 0], "min_bet": 0.5, "starting_stacks": [50, 50, 50],
      "actions": [*FOLDS[:3], "p3 cbr 1.75", "p1 cc", "p2 f", "d db Qs5s2d", "p1 cbr 0.875", "p3 f"]}, 3, 4_000),
    ({"starting_stacks": [20_000.0, 20_000.0, 20_000.0]}, 0, 1_400),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "decimals", "pot"), MONEY)
def test_fractions_become_whole_numbers_of_the_smallest_unit(fields: Any, decimals: int, pot: int) -> None:
    hand = read(**fields)

    assert (hand.decimals, hand.pot) == (decimals, pot)
    assert all(isinstance(seat.end_stack, int) for seat in hand.seats)


def test_an_unknown_stack_goes_nobody_out_and_says_so() -> None:
    hand = read(starting_stacks=[Raw("inf")] * 3)

    assert [seat.is_stack_known for seat in hand.seats] == [False] * 3
    assert (hand.eliminations, hand.all_in_seats, [seat.net for seat in hand.seats]) == ((), (), [-600, -200, 800])


CLOCKS = [
    ({"time": Raw("21:30:00"), "time_zone": "America/Los_Angeles"}, "2026-05-05T04:30:00+00:00"),
    ({"time": Raw("21:30:00"), "time_zone": "Asia/Seoul"}, "2026-05-04T12:30:00+00:00"),
    ({"time": Raw("21:30:00")}, "2026-05-04T21:30:00+00:00"),
    ({"time": Raw("21:30:00"), "time_zone": "Mars/Base"}, "2026-05-04T21:30:00+00:00"),
    ({"hand": 7}, "2026-05-04T06:00:00.000007+00:00"),
]


@pytest.mark.parametrize(("fields", "start"), CLOCKS)
def test_the_clock_is_that_of_the_time_zone(fields: dict[str, Any], start: str) -> None:
    assert read(**fields).started_at.isoformat() == start


def test_an_unknown_time_zone_is_a_finding() -> None:
    assert "unread_field" in list_codes(read(time=Raw("21:30:00"), time_zone="Mars/Base"))


GAMES = [
    ("FT", {"small_bet": 200, "big_bet": 400},
     ["d dh p1 AsKs", "d dh p2 7h2c", "d dh p3 QhQd", "p3 cbr 400", "p1 f", "p2 f"], 500),
    ("NS", {}, ["d dh p1 AsKs", "d dh p2 7h9c", "d dh p3 QhQd", "p3 cbr 600", "p1 f", "p2 f"], 500),
    ("PO", {}, ["d dh p1 AsKsQsJs", "d dh p2 7h2c3c4c", "d dh p3 QhQdJhJd", "p3 cbr 600", "p1 f", "p2 f"], 500),
    ("FO/8", {"small_bet": 200, "big_bet": 400},
     ["d dh p1 AsKsQsJs", "d dh p2 7h2c3c4c", "d dh p3 QhQdJhJd", "p3 cbr 400", "p1 f", "p2 f"], 500),
    ("N2L1D", {}, ["d dh p1 AsKsQsJs2s", "d dh p2 7h2c3c4c5c", "d dh p3 QhQdJhJd9d", "p3 cbr 600", "p1 f", "p2 cc",
                   "p2 sd 7h", "p3 sd", "d dh p2 8h", "p2 cc", "p3 cbr 1000", "p2 f"], 1_300),
    ("F2L3D", {"small_bet": 200, "big_bet": 400},
     ["d dh p1 AsKsQsJs2s", "d dh p2 7h2c3c4c5c", "d dh p3 QhQdJhJd9d", "p3 f", "p1 f"], 200),
    ("FB", {"small_bet": 200, "big_bet": 400},
     ["d dh p1 AsKhQdJc", "d dh p2 7h2c3s4d", "d dh p3 QhTdJs9c", "p3 f", "p1 f"], 200),
]  # fmt: skip


@pytest.mark.parametrize(("variant", "fields", "actions", "pot"), GAMES)
def test_each_game_with_blinds_is_read(variant: str, fields: dict[str, Any], actions: list[str], pot: int) -> None:
    hand = read(variant=variant, actions=actions, min_bet=None if "small_bet" in fields else 200, **fields)

    assert hand.pot in {pot, 400 if pot == 200 else pot}
    assert sum(seat.net for seat in hand.seats) == 0


@pytest.mark.parametrize("variant", ["F7S", "F7S/8", "FR"])
def test_each_stud_game_is_read_street_by_street(variant: str) -> None:
    deals = ["d dh p1 AsKs2d", "d dh p2 7h2cKd", "d dh p3 QhQd9c"]
    brings = "p1" if variant.startswith("F7S") else "p2"
    others = [player for player in ("p1", "p2", "p3") if player != brings]
    first, second = (others[0], others[1]) if brings == "p2" else ("p2", "p3")
    order = {"p1": ("p2", "p3"), "p2": ("p3", "p1")}[brings]
    hand = read(
        variant=variant, antes=[10, 10, 10], blinds_or_straddles=None, min_bet=None, bring_in=20, small_bet=100,
        big_bet=200, actions=[*deals, f"{brings} pb", f"{order[0]} cbr 100", f"{order[1]} f", f"{brings} f"],
    )  # fmt: skip

    assert (hand.pot, first in others, second in ("p1", "p2", "p3")) == (70, True, True)
    assert "unfinished_hand" not in list_codes(hand)


REFUSED = [
    ({"antes": [0, 0]}, "antes must list 3 players"),
    ({"starting_stacks": [Raw("nan"), 1, 1]}, "starting_stacks: expected an amount"),
    ({"min_bet": Raw("inf")}, "min_bet: expected an amount"),
    ({"actions": "p1 f"}, "actions: expected a list"),
    ({"actions": [*FOLDS[:3], "p3 cbr lots"]}, "actions: expected an amount"),
    ({"actions": [*FOLDS, "p2 cbr 500"]}, "action 6, 'p2 cbr 500', is not possible there"),
    ({"actions": [*FOLDS[:3], "p1 cbr 0.5"]}, "action 4, 'p1 cbr', is not possible there"),
    ({"actions": [*FOLDS[:2], FOLDS[1]]}, "action 3, 'd dh p2 7h2c', is not possible there"),
    ({"year": None}, "the day is missing"),
    ({"variant": "XX"}, "unknown variant 'XX'"),
    ({"antes": None}, "the field antes is missing"),
    ({"starting_stacks": [-5, 1, 1]}, "is negative or too large"),
    ({"starting_stacks": [10**30, 1, 1]}, "is negative or too large"),
    ({"starting_stacks": [1.1234567891, 1, 1]}, "decimals"),
    ({"seats": [1, 1, 2]}, "seats: expected different"),
    ({"seats": ["a", "b", "c"]}, "seats: expected different"),
    ({"seats": [0, 1, 2]}, "seats: expected different"),
    ({"players": [1, 2, 3]}, "players: expected a list of strings"),
    ({"year": "soon"}, "year: expected a number"),
    ({"day": 44}, "day is out of range"),
    ({"_pokervod": "[]"}, "_pokervod: expected a JSON object"),
]


@pytest.mark.parametrize(("fields", "reason"), REFUSED)
def test_a_field_that_cannot_be_read_is_named(fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadPhh, match=reason):
        read(**fields)


def parse(text: str, name: str, day: date | None = None) -> list[tuple[int, int]]:
    sessions = parse_file(text.encode(), name, HandRules(GradeRule(), DAYS, day))
    return [(row.hand_number, row.pot) for session in sessions for row in session.rows]


def test_a_file_of_many_hands_is_read_with_any_name() -> None:
    many = f"[1]\n{write()}[2]\n{write()}[7]\n{write(time=Raw('10:10:10'), event='Other')}"

    assert parse(many, "many.phhs") == parse(many, "many.phh") == [(1, 1_400), (2, 1_400), (7, 1_400)]


def test_a_broken_hand_of_many_does_not_affect_the_others() -> None:
    many = f"[1]\n{write()}[2]\n{write(antes=None)}"

    (session,) = parse_file(many.encode(), "many.phhs", HandRules(GradeRule(), DAYS))

    assert (len(session.rows), len(session.problems)) == (1, 1)
    assert session.problem_text
    assert session.problem_text.startswith("1 hand cannot be used: hand 2: ")


def test_hands_without_a_time_keep_their_number() -> None:
    many = "".join(f"[{number}]\n{write(hand=number)}" for number in range(1, 9))

    assert [number for number, _ in parse(many, "day.phhs")] == list(range(1, 9))
    same_time = "".join(f"[{number}]\n{write(hand=number, time=Raw('10:00:00'))}" for number in range(1, 4))
    assert len(parse(same_time, "day.phhs")) == 3


def test_hands_without_number_and_time_are_known_by_their_deal() -> None:
    first, second = read(), read(starting_stacks=[20_000, 20_000, 20_001])

    assert first.started_at != second.started_at
    assert read().started_at == first.started_at


def test_a_hand_without_a_day_takes_that_of_the_command_or_of_the_file_name() -> None:
    text = write(year=None)

    assert parse(text, "2026-05-04 final.phh") == parse(text, "x.phh", date(2026, 5, 4)) == [(0, 1_400)]


CSV = """hand,date,time,time_zone,event,variant,antes,blinds_or_straddles,min_bet,starting_stacks,players,actions
1,2026-05-04,21:30,Asia/Seoul,Open,NT,0;0;0,100;200;0,200,20000;20000;20000,Ann;Bob;Cid,{deal}; p3 cbr 600; p1 f; p2 f
2,2026-05-04,,,Open,NT,0;0;0,100;200;0,200,20000;20000;20000,Ann;Bob;Cid,{deal}; p3 f; p1 f
3,2026-05-04,,,Open,NT,0;0,100;200;0,200,20000;20000;20000,Ann;Bob;Cid,{deal}; p3 f; p1 f
""".replace("{deal}", "d dh p1 AsKs; d dh p2 7h2c; d dh p3 QhQd")


def test_hands_come_from_csv_with_the_fields_of_phh() -> None:
    (session,) = parse_file(CSV.encode(), "day.csv", HandRules(GradeRule(), DAYS))

    assert [(row.hand_number, row.pot, row.source) for row in session.rows] == [(1, 500, "csv"), (2, 200, "csv")]
    assert session.problems == ("hand row 4: not a valid PHH hand: antes must list 3 players, "
                                "as starting_stacks does",)  # fmt: skip


@pytest.mark.parametrize("fields", [row[0] for row in POTS if "actions" not in row[0]] + [row[0] for row in MONEY[1:3]])
def test_a_foreign_hand_comes_back_equal_from_our_export(fields: dict[str, Any]) -> None:
    from pokervod_pipelines.hands.phh_export import export_phh

    hand = read(**fields)

    assert read_history(export_phh(hand)) == hand
