"""Test that hands are exported as PHH and imported equal, and that hands of other houses are imported."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pokerkit import HandHistory

from pokervod_pipelines.hands.phh_export import CannotExport, export_phh
from pokervod_pipelines.hands.phh_text import BadPhh
from pokervod_pipelines_tests.hands.hand_factory import DAYS, build_one, read_history
from pokervod_pipelines_tests.hands.sessions import make_events, make_player, make_showdown
from pokervod_pipelines_tests.hands.test_replay import VALID_HANDS

FOREIGN = """
variant = "NT"
antes = [0, 0, 0]
blinds_or_straddles = [50, 100, 0]
min_bet = 100
starting_stacks = [5000, 6000, 7000]
actions = ["d dh p1 AsAd", "d dh p2 ????", "d dh p3 7c2d", "p3 f", "p1 cbr 300", "p2 cc", "d db 2c3d4h",
  "p1 cbr 400", "p2 f"]
players = ["Ann", "Bo", "Cy"]
event = "Home game"
"""
DAY = "year = 2029\nmonth = 2\nday = 3\ntime = 20:15:00\n"


@pytest.mark.parametrize("make", VALID_HANDS)
def test_a_hand_comes_back_equal(make: Any) -> None:
    hand = build_one(make())

    assert read_history(export_phh(hand)) == replace(hand, source="manual")


@given(st.text(max_size=20), st.text(max_size=20))
def test_any_name_comes_back(name: str, title: str) -> None:
    raw = make_showdown()
    raw["Players"][0]["Name"] = name
    hand = build_one(raw, EventTitle=title)

    assert read_history(export_phh(hand)) == replace(hand, source="manual")


@pytest.mark.parametrize(
    "fields",
    [
        {"Events": make_events("1 bet 600 777, 2 call 150, 3 dance, 3 fold")},
        {"Events": make_events("1 bet 600, board ad, board ac, board kh")},
        {"Duration": "?", "RunItNumTimes": 2},
        {"Players": [make_player(1), make_player(2), make_player(3), make_player(7, SittingOut=True)]},
    ],
)
def test_a_hand_with_findings_keeps_them(fields: Any) -> None:
    hand = build_one(make_showdown() | fields)
    back = read_history(export_phh(hand))

    assert {one.code for one in hand.findings} <= {one.code for one in back.findings}
    assert (back.seats, back.pot, back.winners) == (hand.seats, hand.pot, hand.winners)


@pytest.mark.parametrize("make", VALID_HANDS)
def test_pokerkit_reads_and_plays_what_was_exported(make: Any) -> None:
    history = HandHistory.loads(export_phh(build_one(make())))

    assert HandHistory.loads(history.dumps()) == history
    assert len(list(history)) > 2


def test_a_hand_of_another_house_is_read() -> None:
    hand = read_history(FOREIGN + DAY)

    assert (hand.source, hand.event_title, hand.winners, hand.pot) == ("manual", "Home game", (1,), 600)
    assert [seat.end_stack for seat in hand.seats] == [5_300, 5_700, 7_000]
    assert hand.started_at == datetime(2029, 2, 3, 20, 15, tzinfo=UTC)
    assert hand.findings == ()


def test_a_hand_without_a_day_needs_one() -> None:
    with pytest.raises(BadPhh, match="the day is missing"):
        read_history(FOREIGN)

    assert DAYS.find_day(read_history(FOREIGN, day=date(2029, 2, 3)).started_at) == date(2029, 2, 3)


@pytest.mark.parametrize(
    "text",
    ["", "not toml", 'variant = "NT"', FOREIGN.replace("NT", "XX"), FOREIGN.replace("AsAd", "AxAd") + DAY, "x = 1"],
)
def test_a_text_that_is_not_a_hand_history_is_refused(text: str) -> None:
    with pytest.raises(BadPhh, match="not a valid PHH hand"):
        read_history(text)


def test_a_game_that_phh_has_not_is_not_exported() -> None:
    with pytest.raises(CannotExport, match="PHH cannot carry BADUGI"):
        export_phh(build_one(make_showdown(GameVariant="BADUGI")))


@pytest.mark.parametrize("number", [0, -1, 2**31])
def test_a_seat_that_phh_cannot_number_is_not_exported(number: int) -> None:
    hand = build_one(make_showdown())
    first, *others = hand.seats

    with pytest.raises(CannotExport, match=f"got seat {number}"):
        export_phh(replace(hand, seats=(replace(first, number=number), *others)))
