"""Read the real sessions: each hand once, evaluated as two independent readers did, replays with known findings."""

import csv
import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from pokerkit import HandHistory

from pokervod_pipelines.hands.hand import Hand
from pokervod_pipelines.hands.pgfx import read_session
from pokervod_pipelines.hands.phh_export import export_phh
from pokervod_pipelines.hands.replay import replay_hand
from pokervod_pipelines_tests.hands.hand_factory import (
    DATA,
    list_codes,
    load_real_hands,
    load_real_sessions,
    needs_real_sessions,
    read_history,
)
from pokervod_pipelines_tests.sizes import choose

pytestmark = needs_real_sessions
EVERY = choose(10, long=1)
ROW = dict[str, str]


def test_each_hand_is_read_without_problems() -> None:
    files = sorted((DATA / "pgfx").rglob("*.json"))
    sessions = [read_session(file.read_bytes(), file=str(file)) for file in files]
    starts = {(raw["ID"], hand["StartDateTimeUTC"]) for raw in map(load_json, files) for hand in raw["Hands"]}

    assert sum(len(session.hands) for session in load_real_sessions()) == len(starts) == 701
    assert not any(session.problems for session in sessions)


def load_json(file: Any) -> Any:
    return json.loads(file.read_bytes())


def read_truth() -> list[ROW]:
    with (DATA / "pgfx_showdown_truth.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return [row for row in rows if row["all_hole_cards_known"] == "1" and row["duplicate_card_in_hand"] == "0"]


def test_rank_and_winners_of_every_showdown_are_right() -> None:
    hands = {(hand.session_id, hand.started_at.isoformat()[:26]): hand for hand in load_real_hands()}

    for row in read_truth():
        hand = hands[int(row["session_id"]), row["start_utc"][:26]]
        best = [int(number) for number in row["best_hand_nums_by_eval"].split(",")]
        by_stack = {int(number) for number in row["winner_nums_by_stack_gain"].split(",")}

        assert hand.is_showdown
        assert (hand.best_rank, list(hand.winners)) == (row["best_rank"], best)
        assert by_stack <= set(hand.winners)


def test_chips_are_conserved_but_for_named_test_hands() -> None:
    odd = [hand for hand in load_real_hands() if "chips_not_conserved" in list_codes(hand)]

    assert len(odd) <= 2
    assert all(hand.is_test for hand in odd)


def test_no_finding_is_without_an_explanation() -> None:
    played = [hand for hand in load_real_hands() if not hand.is_test]
    codes = Counter(code for hand in played for code in list_codes(hand))

    assert codes == Counter({"duplicated_card": 1, "no_actions": 1, "winner_disagrees": 1})


def test_valid_hands_replay_clean() -> None:
    played = [hand for hand in load_real_hands()[::EVERY] if not hand.is_test]
    doubtful = [hand for hand in played if replay_hand(hand)]

    assert len(doubtful) <= 0.04 * len(played)
    assert {replay_hand(hand)[0].code for hand in doubtful} <= {
        "out_of_turn",
        "illegal_action",
        "not_replayed",
        "wrong_stack",
    }


@pytest.mark.parametrize("part", range(2))
def test_hands_come_back_from_phh_and_json(part: int) -> None:
    for hand in load_real_hands()[part :: 2 * EVERY]:
        assert read_history(export_phh(hand)) == replace(hand, source="manual")
        assert Hand.from_content(hand.to_content()) == hand


def test_pokerkit_ends_with_the_stacks_of_the_table_in_each_valid_showdown() -> None:
    hands = [hand for hand in load_real_hands() if hand.is_showdown and not hand.findings and not replay_hand(hand)]

    exact = 0
    for hand in hands:
        *_, last = HandHistory.loads(export_phh(hand))
        ends = {seat.number: seat.end_stack for seat in hand.seats if seat.start_stack and not seat.is_sitting_out}
        odd = hand.stakes.big_blind if hand.is_split else 0
        pairs = list(zip(sorted(last.stacks), sorted(ends.values()), strict=True))
        assert all(abs(one - other) <= odd for one, other in pairs)
        exact += all(one == other for one, other in pairs)
    assert (len(hands), exact) == (160, 158)
