"""Build hands: identity, best hand, grade, test hands, misread cards, and JSON and back."""

import json
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.hands.evaluation import CATEGORIES
from pokervod_pipelines.hands.findings import CODES, HandFinding
from pokervod_pipelines.hands.grade import PREMIUM, GradeRule, grade_hand
from pokervod_pipelines.hands.hand import BadContent, Hand
from pokervod_pipelines.hands.show import show_hand, show_hand_in_line
from pokervod_pipelines.hands.table_tests import is_placeholder_name
from pokervod_pipelines_tests.hands.hand_factory import build_one, list_codes
from pokervod_pipelines_tests.hands.sessions import (
    SESSION_ID,
    Json,
    make_events,
    make_hand,
    make_player,
    make_showdown,
    make_side_pot,
    make_split,
    make_walk,
)


def test_a_premium_hand_is_an_a() -> None:
    hand = build_one(make_showdown())

    assert (hand.session_id, hand.table, hand.source) == (SESSION_ID, "table-7", "rfid")
    assert hand.best_hand is not None
    assert (hand.best_rank, hand.best_hand.rank, hand.best_hand.seats) == ("four_of_a_kind", 11, (1,))
    assert (hand.grade, hand.is_premium, hand.is_showdown) == ("A", True, True)


@pytest.mark.parametrize(
    ("category", "seconds", "letter"),
    [
        ("full_house", 120, "A"),  # the bound itself counts
        ("full_house", 119.9, "B"),
        ("flush", 300, "B"),
        ("three_of_a_kind", 120, "B"),
        ("three_of_a_kind", 60, "C"),
        ("two_pair", 600, "C"),
        (None, 600, "C"),
    ],
)
def test_the_grade_counts_the_conditions(category: str | None, seconds: float, letter: str) -> None:
    assert grade_hand(GradeRule(), category, seconds).letter == letter


@given(st.sampled_from(CATEGORIES), st.floats(0, 10_000))
def test_a_better_hand_or_a_longer_one_never_grades_worse(category: str, seconds: float) -> None:
    better = CATEGORIES[max(0, CATEGORIES.index(category) - 1)]
    grade = grade_hand(GradeRule(), category, seconds)

    assert grade_hand(GradeRule(), better, seconds).letter <= grade.letter
    assert grade_hand(GradeRule(), category, seconds + 60).letter <= grade.letter
    assert grade.is_premium == (category in PREMIUM)


def test_the_rule_refuses_an_unknown_category() -> None:
    rule = GradeRule(premium_categories=("royal_flush",), min_seconds=1_000, min_category="flush")

    assert build_one(make_showdown(), rule).grade == "C"
    with pytest.raises(ValueError, match="'boat' is not a hand category"):
        GradeRule(premium_categories=("boat",))


def test_folded_and_sitting_out_players_never_make_a_hand_premium() -> None:
    hand = make_showdown()
    hand["Players"][0]["HoleCards"] = ["7h 6d"]
    hand["Players"][2]["HoleCards"] = ["9c 10h"]
    hand["Players"][1]["HoleCards"] = ["as ah"]
    hand["Players"].append(make_player(4, cards="ks 5d", SittingOut=True))

    assert build_one(hand).best_rank == "two_pair"
    assert build_one(hand).winners == (1,)


def test_a_hand_that_was_not_shown_down_counts_only_where_the_rule_lets_it() -> None:
    played = "1 call 200, 2 fold, 3 check, board ad, board ac, board kh, 3 fold"
    hand = make_hand([make_player(1, cards="as ah"), make_player(2), make_player(3)], played)

    assert build_one(hand).best_rank == "four_of_a_kind"
    assert build_one(hand, GradeRule(needs_showdown=True)).best_hand is None


@pytest.mark.parametrize(
    ("seat", "cards", "is_ranked"),
    [(0, "ad ah", False), (1, "as 2d", False), (1, "2d 2d", True)],
    ids=["board and winner", "winner and folder", "folder alone"],
)
def test_a_misread_card_that_decides_leaves_the_hand_unranked(seat: int, cards: str, *, is_ranked: bool) -> None:
    hand = make_showdown()
    hand["Players"][seat]["HoleCards"] = [cards]
    built = build_one(hand)

    assert "duplicated_card" in list_codes(built)
    assert (built.best_hand is not None) == is_ranked
    assert built.winners == (1,)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"Events": []}, "no_actions"),
        ({"GameVariant": "BADUGI"}, "game_not_evaluated"),
        ({"Duration": "?"}, "unread_field"),
        ({"Events": make_events("1 call 200, 2 fold, 3 check, board ad, board ac")}, "missing_card"),
        ({"Events": make_events("1 call 200, 2 fold, 3 check, board ad, board ac, board kh")}, "unfinished_hand"),
    ],
)
def test_what_is_missing_is_found(fields: Json, code: str) -> None:
    assert code in list_codes(build_one(make_showdown() | fields))


@pytest.mark.parametrize(
    ("names", "is_test"),
    [
        (("SEAT 1", "SEAT 2", "SEAT 3"), True),
        (("asd", "jhkg", "qweqwe"), True),
        (("ONE", "TWO", "Player 3"), True),
        (("test", "", "J"), True),
        (("SEAT 1", "Brun", "Cruz"), False),  # one unnamed player
        (("Abel", "Brun", "Cruz"), False),
    ],
)
def test_test_hands_are_recognised_kept_and_not_graded(names: tuple[str, ...], *, is_test: bool) -> None:
    hand = make_showdown()
    for player, name in zip(hand["Players"], names, strict=True):
        player["Name"], player["LongName"] = name, ""
    built = build_one(hand)

    assert (built.is_test, built.grade, built.is_premium) == (is_test, "" if is_test else "A", not is_test)
    assert build_one(make_showdown(), EventTitle="RFID test").is_test


@pytest.mark.parametrize("name", ["Li", "Wu", "Pop", "Fal", "Ask", "Peter"])
def test_short_real_names_with_a_first_name_are_real(name: str) -> None:
    assert not is_placeholder_name(name, f"Anna {name}")


def test_boards_run_twice_are_both_kept() -> None:
    hand = make_side_pot()
    hand["Events"] += make_events("board2 ks, board2 kc")
    hand["RunItNumTimes"] = 2

    built = build_one(hand)

    assert [board[-2:] for board in built.boards] == [("8s", "9c"), ("Ks", "Kc")]
    assert built.boards[0][:3] == built.boards[1][:3]


HANDS = [make_showdown(), make_walk(), make_split(), make_side_pot(), make_showdown(Events=[], Duration="?")]


@pytest.mark.parametrize("raw", HANDS)
def test_a_hand_survives_json(raw: Json) -> None:
    hand = build_one(raw)

    assert Hand.from_content(json.loads(json.dumps(hand.to_content()))) == hand


@pytest.mark.parametrize("content", [None, {}, {"session_id": "x"}, []])
def test_other_content_is_refused_with_its_field(content: object) -> None:
    with pytest.raises(BadContent, match="stored hand, "):
        Hand.from_content(content)


def test_a_time_without_a_zone_makes_no_hand() -> None:
    content = build_one(make_walk()).to_content()

    with pytest.raises(BadContent, match="a time without a zone"):
        Hand.from_content(content | {"started_at": datetime(2031, 1, 1).isoformat()})  # noqa: DTZ001


def test_a_finding_has_a_code_that_is_explained() -> None:
    assert all(CODES.values())
    with pytest.raises(ValueError, match="'oops' is not a finding code"):
        HandFinding("oops", "")


def test_a_hand_is_shown_as_poker_people_write_it() -> None:
    assert show_hand(build_one(make_showdown())).splitlines() == [
        "Hand #1 · table-7 · 2031-05-04 18:00:00 UTC · 2:05",
        "No-Limit Hold’em · 100/200 ante 200 · session 640000000123456789",
        "  seat  1  Abel       100,000  A♠ A♥  (button)",
        "  seat  2  Brun       100,000  7♣ 2♦",
        "  seat  3  Cruz       100,000  K♠ T♥",
        "Preflop: Brun SB 100, Cruz BB 200, Cruz ante 200, Abel raises to 600, Brun folds, Cruz calls 400",
        "Flop [A♦ A♣ K♥] (pot 1,500): Cruz checks, Abel checks",
        "Turn [A♦ A♣ K♥ K♦] (pot 1,500): Cruz checks, Abel bets 400, Cruz calls 400",
        "River [A♦ A♣ K♥ K♦ 5♠] (pot 2,300): Cruz checks, Abel checks",
        "Showdown: Abel A♠ A♥, Cruz K♠ T♥",
        "Best hand: Abel, four of a kind, rank 11 (A♣ A♦ A♥ A♠ K♥)",
        "Pot 2,300 · won by Abel +1,300",
        "grade A · premium · rfid",
    ]


@pytest.mark.parametrize("raw", HANDS)
def test_every_hand_can_be_shown(raw: Json) -> None:
    hand = build_one(raw)

    assert show_hand(hand).count("\n") >= 5
    assert f"pot {hand.pot:,}" in show_hand_in_line(hand)
