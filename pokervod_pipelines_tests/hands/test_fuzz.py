"""Read damaged files without a crash and with a reason; find one wrong field in a valid hand."""

import random

import pytest

from pokervod_pipelines.hands.build import build_hands
from pokervod_pipelines.hands.grade import GradeRule
from pokervod_pipelines.hands.hand import Hand
from pokervod_pipelines.hands.pgfx import read_session
from pokervod_pipelines.hands.phh_export import CannotExport, export_phh
from pokervod_pipelines.hands.records import Session
from pokervod_pipelines.hands.replay import replay_hand
from pokervod_pipelines.hands.session_json import NotASession, UnfinishedFile
from pokervod_pipelines.hands.show import show_hand
from pokervod_pipelines_tests.hands.damaged_files import CORRUPTIONS, Corruption, mutate
from pokervod_pipelines_tests.hands.hand_factory import build_one, read_history
from pokervod_pipelines_tests.hands.sessions import make_showdown
from pokervod_pipelines_tests.sizes import choose

MUTATIONS = choose(100, long=2_000)
BATCHES = 10


def read_or_reason(raw: bytes) -> Session | str:
    try:
        return read_session(raw, file="drop/s.json")
    except (NotASession, UnfinishedFile) as error:
        return str(error)


@pytest.mark.parametrize("batch", range(BATCHES))
def test_a_damaged_file_is_read_as_far_as_it_goes_or_says_why(batch: int) -> None:
    for seed in range(batch, MUTATIONS, BATCHES):
        read = read_or_reason(mutate(seed))
        if isinstance(read, str):
            assert read.startswith("drop/s.json: ")
            assert len(read) < 1_000
            continue
        assert all(len(str(problem)) < 1_000 for problem in read.problems)
        for hand in build_hands(read, GradeRule()):
            use_in_every_way(hand)


def use_in_every_way(hand: Hand) -> None:
    assert Hand.from_content(hand.to_content()) == hand
    assert show_hand(hand).encode()
    replay_hand(hand)
    try:
        text = export_phh(hand)
    except CannotExport:
        return
    assert read_history(text).seats == hand.seats


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("corrupt", CORRUPTIONS, ids=lambda corrupt: corrupt.__name__)
def test_one_wrong_field_is_caught(corrupt: Corruption, seed: int) -> None:
    raw = make_showdown()
    corrupt(raw, random.Random(seed))
    hand = build_one(raw)

    assert hand.findings + replay_hand(hand)
