"""Which clip shows which hand, and where they do not say the same."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from pokervod_pipelines.hands.moments import (
    Link,
    PlayedMoment,
    PlayedSeat,
    ShownMoment,
    Side,
    compare_moments,
    link_moments,
)

DAY = date(2031, 5, 4)
START = datetime(2031, 5, 4, 18, tzinfo=UTC)
HAND = PlayedMoment(
    hand_id=1,
    day=DAY,
    event="",
    table="table-7",
    hand_number=9,
    started_at=START,
    ended_at=START + timedelta(minutes=2),
    seats=(
        PlayedSeat(keys=frozenset({"abel", "otto abel"}), name="Abel", cards=("As", "Ah"), is_winner=True),
        PlayedSeat(keys=frozenset({"brun", "otto brun"}), name="Brun", cards=("7c", "2d"), is_winner=False),
        PlayedSeat(keys=frozenset({"cruz", "otto cruz"}), name="Cruz", cards=("Ks", "Th"), is_winner=False),
    ),
    pot=2_300,
)
OTHER = replace(
    HAND, hand_id=2, hand_number=10, started_at=START + timedelta(minutes=5), ended_at=START + timedelta(minutes=8)
)
PLAYERS, SIDES = ("abel", "cruz"), (Side("AA"), Side("KT", suited=False))
CLIP = ShownMoment(clip_id=5, day=DAY, players=PLAYERS, sides=SIDES)


def describe(clip: ShownMoment, hand: PlayedMoment = HAND) -> list[str]:
    return [one.field for one in compare_moments(clip, hand)]


def test_players_and_cards_of_one_day_tell() -> None:
    assert link_moments([CLIP], [HAND]) == [Link(1, 5, "sheet")]


def test_the_number_of_a_hand_on_its_day_tells() -> None:
    clip = ShownMoment(clip_id=5, day=DAY, hand_number=10)

    assert link_moments([clip], [HAND, OTHER]) == [Link(2, 5, "table")]


def test_where_a_number_repeats_the_description_decides() -> None:
    again = replace(OTHER, hand_number=9, seats=OTHER.seats[1:])

    assert link_moments([replace(CLIP, hand_number=9)], [HAND, again]) == [Link(1, 5, "table")]
    assert link_moments([ShownMoment(clip_id=5, day=DAY, hand_number=9)], [HAND, again]) == []


def test_the_clock_tells() -> None:
    clip = ShownMoment(clip_id=5, day=DAY, starts_at=START + timedelta(minutes=4), ends_at=START + timedelta(minutes=7))

    assert link_moments([clip], [HAND, OTHER]) == [Link(2, 5, "time")]


@pytest.mark.parametrize(
    "clip",
    [
        replace(CLIP, day=None),
        replace(CLIP, day=date(2031, 5, 5)),
        replace(CLIP, players=("abel", "dahl")),
        replace(CLIP, players=()),
        replace(CLIP, players=("abel",), sides=(Side("AA"),)),
        replace(CLIP, sides=(Side("AA"), Side("KT", suited=True))),
        replace(CLIP, sides=(Side("KT"), Side("77"))),
        replace(CLIP, table="table-8"),
        ShownMoment(clip_id=5, day=DAY, hand_number=9, players=("dahl",)),
        ShownMoment(clip_id=5),
    ],
)
def test_what_does_not_fit_or_tells_too_little_is_tied_to_nothing(clip: ShownMoment) -> None:
    assert link_moments([clip], [HAND]) == []


def test_what_fits_two_hands_fits_none() -> None:
    assert link_moments([CLIP], [HAND, OTHER]) == []


def test_an_event_stands_for_the_day_where_no_day_is_told() -> None:
    clip, hand = replace(CLIP, day=None, event="Event #46: High-Roller"), replace(HAND, event="EVENT 46 high roller")

    assert link_moments([clip], [hand]) == [Link(1, 5, "sheet")]
    assert link_moments([clip], [replace(hand, event="Event 47 High Roller")]) == []


@pytest.mark.parametrize(
    ("says", "expected"),
    [
        ({}, []),
        ({"winner": Side("AA"), "pot": "2,300"}, []),
        ({"pot": "2.3K"}, []),
        ({"pot": "about 2300"}, []),
        ({"winner_name": "otto abel"}, []),
        ({"winner": Side("KT")}, ["winner"]),
        ({"winner_name": "cruz"}, ["winner"]),
        ({"pot": "2,400"}, ["pot"]),
        ({"pot": "2.2k"}, ["pot"]),
        ({"players": ("abel", "dahl"), "sides": ()}, ["players"]),
        ({"sides": (Side("AA"), Side("KT", suited=True))}, ["cards"]),
        ({"sides": (Side("AhAs", cards=("Ah", "As")), Side("KT"))}, []),
        ({"sides": (Side("AhAd", cards=("Ah", "Ad")), Side("KT"))}, ["cards"]),
    ],
)
def test_what_both_tell_is_compared(says: dict[str, object], expected: list[str]) -> None:
    assert describe(replace(CLIP, **says)) == expected


def test_cards_that_were_not_read_disagree_with_nobody() -> None:
    unread = replace(HAND, seats=tuple(replace(seat, cards=()) for seat in HAND.seats))

    assert describe(replace(CLIP, winner=Side("QQ")), unread) == []
