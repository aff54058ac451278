"""Check that real clip rows are parsed, apart from remarks that no person would read as a hand."""

import csv
from pathlib import Path

import pytest

from pokervod_pipelines.clips.hole_cards import parse_hands
from pokervod_pipelines.clips.players import find_doubtful_pairs, split_players
from pokervod_pipelines.clips.timecode import parse_range

ROWS = Path(__file__).parents[3] / "shared" / "data" / "sheets" / "clip_tracker_2025_rows.tsv"
pytestmark = pytest.mark.skipif(not ROWS.exists(), reason="the real rows are not on this machine")


def read_rows() -> list[dict[str, str]]:
    with ROWS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def test_every_real_time_range_is_a_clip() -> None:
    for row in read_rows():
        apart = parse_range(row["timecode_in"], row["timecode_out"])

        assert parse_range(f"{row['timecode_in']} - {row['timecode_out']}") == apart


def test_every_real_hand_is_structured_or_a_remark_in_words() -> None:
    for row in read_rows():
        hands = parse_hands(row["hands"])

        assert bool(hands.hole_cards) != bool(hands.reason) or not row["hands"]
        assert not hands.reason or not row["hands"].isascii()


def test_a_hand_has_as_many_sides_as_players_wherever_both_are_clear() -> None:
    rows = [row for row in read_rows() if " vs " in row["players"].casefold() and parse_hands(row["hands"]).hole_cards]

    assert rows
    assert all(len(split_players(row["players"])) == len(parse_hands(row["hands"]).hole_cards) for row in rows)


def test_the_real_players_are_split_to_single_names() -> None:
    names = {name for row in read_rows() for name in split_players(row["players"])}

    assert all(name.isupper() and " " not in name for name in names)
    assert all(pair.reason for pair in find_doubtful_pairs(names))
