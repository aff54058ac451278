"""Find the hand that a clip shows, and compare them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from pokervod_pipelines.hands.clip_links import (
    ClipFacts,
    HandClipLink,
    HandFacts,
    SeatFacts,
    WrittenCards,
    compare_facts,
    find_links,
)

DAY = date(2031, 5, 4)
START = datetime(2031, 5, 4, 18, tzinfo=UTC)
HAND = HandFacts(
    hand_id=1,
    day=DAY,
    event="",
    table="table-7",
    hand_number=9,
    started_at=START,
    ended_at=START + timedelta(minutes=2),
    seats=(
        SeatFacts(keys=frozenset({"abel", "otto abel"}), name="Abel", cards=("As", "Ah"), is_winner=True),
        SeatFacts(keys=frozenset({"brun", "otto brun"}), name="Brun", cards=("7c", "2d"), is_winner=False),
        SeatFacts(keys=frozenset({"cruz", "otto cruz"}), name="Cruz", cards=("Ks", "Th"), is_winner=False),
    ),
    pot=2_300,
)
OTHER = replace(
    HAND, hand_id=2, hand_number=10, started_at=START + timedelta(minutes=5), ended_at=START + timedelta(minutes=8)
)
PLAYERS, HOLE_CARDS = ("abel", "cruz"), (WrittenCards("AA"), WrittenCards("KT", suited=False))
CLIP = ClipFacts(clip_id=5, day=DAY, players=PLAYERS, hole_cards=HOLE_CARDS)


def describe(clip: ClipFacts, hand: HandFacts = HAND) -> list[str]:
    return [one.field for one in compare_facts(clip, hand)]


def test_players_and_cards_of_one_day_match() -> None:
    assert find_links([CLIP], [HAND]) == [HandClipLink(1, 5, "sheet")]


def test_the_hand_number_on_its_day_matches() -> None:
    clip = ClipFacts(clip_id=5, day=DAY, hand_number=10)

    assert find_links([clip], [HAND, OTHER]) == [HandClipLink(2, 5, "table")]


def test_where_a_number_repeats_the_description_decides() -> None:
    again = replace(OTHER, hand_number=9, seats=OTHER.seats[1:])

    assert find_links([replace(CLIP, hand_number=9)], [HAND, again]) == [HandClipLink(1, 5, "table")]
    assert find_links([ClipFacts(clip_id=5, day=DAY, hand_number=9)], [HAND, again]) == []


def test_the_time_of_day_matches() -> None:
    clip = ClipFacts(clip_id=5, day=DAY, starts_at=START + timedelta(minutes=4), ends_at=START + timedelta(minutes=7))

    assert find_links([clip], [HAND, OTHER]) == [HandClipLink(2, 5, "time")]


@pytest.mark.parametrize(
    "clip",
    [
        replace(CLIP, day=None),
        replace(CLIP, day=date(2031, 5, 5)),
        replace(CLIP, players=("abel", "dahl")),
        replace(CLIP, players=()),
        replace(CLIP, players=("abel",), hole_cards=(WrittenCards("AA"),)),
        replace(CLIP, hole_cards=(WrittenCards("AA"), WrittenCards("KT", suited=True))),
        replace(CLIP, hole_cards=(WrittenCards("KT"), WrittenCards("77"))),
        replace(CLIP, table="table-8"),
        ClipFacts(clip_id=5, day=DAY, hand_number=9, players=("dahl",)),
        ClipFacts(clip_id=5),
    ],
)
def test_a_clip_that_does_not_match_or_says_too_little_is_not_linked(clip: ClipFacts) -> None:
    assert find_links([clip], [HAND]) == []


def test_a_clip_that_matches_two_hands_is_not_linked() -> None:
    assert find_links([CLIP], [HAND, OTHER]) == []


def test_an_event_replaces_a_missing_day() -> None:
    clip, hand = replace(CLIP, day=None, event="Event #46: High-Roller"), replace(HAND, event="EVENT 46 high roller")

    assert find_links([clip], [hand]) == [HandClipLink(1, 5, "sheet")]
    assert find_links([clip], [replace(hand, event="Event 47 High Roller")]) == []


@pytest.mark.parametrize(
    ("says", "expected"),
    [
        ({}, []),
        ({"winner": WrittenCards("AA"), "pot": "2,300"}, []),
        ({"pot": "2.3K"}, []),
        ({"pot": "about 2300"}, []),
        ({"winner_name": "otto abel"}, []),
        ({"winner": WrittenCards("KT")}, ["winner"]),
        ({"winner_name": "cruz"}, ["winner"]),
        ({"pot": "2,400"}, ["pot"]),
        ({"pot": "2.2k"}, ["pot"]),
        ({"players": ("abel", "dahl"), "hole_cards": ()}, ["players"]),
        ({"hole_cards": (WrittenCards("AA"), WrittenCards("KT", suited=True))}, ["cards"]),
        ({"hole_cards": (WrittenCards("AhAs", cards=("Ah", "As")), WrittenCards("KT"))}, []),
        ({"hole_cards": (WrittenCards("AhAd", cards=("Ah", "Ad")), WrittenCards("KT"))}, ["cards"]),
    ],
)
def test_differences_are_found(says: dict[str, object], expected: list[str]) -> None:
    assert describe(replace(CLIP, **says)) == expected


def test_cards_that_were_not_read_disagree_with_nobody() -> None:
    unread = replace(HAND, seats=tuple(replace(seat, cards=()) for seat in HAND.seats))

    assert describe(replace(CLIP, winner=WrittenCards("QQ")), unread) == []
