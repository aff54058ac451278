"""Check that names become comparable without losing what distinguishes two videos."""

import doctest
from importlib import import_module

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.sheets.features import find_conflicts, find_unresolved, is_confirmed, read_name_features
from pokervod_pipelines.sheets.names import (
    count_shared_tail,
    make_key,
    split_link,
    strip_download_suffix,
    strip_extension,
)
from pokervod_pipelines.sheets.similarity import is_same_title

MODULES = (
    "cell_text",
    "features",
    "file_index",
    "headers",
    "managed_columns",
    "matchers",
    "names",
    "rows",
    "similarity",
    "tab",
)


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_in_the_docstrings_are_true(module: str) -> None:
    assert doctest.testmod(import_module(f"pokervod_pipelines.sheets.{module}")).failed == 0


@pytest.mark.parametrize(
    ("title", "on_disk"),
    [
        ('Who "Wins"? | Part 1', "Who Wins   Part 1"),
        ("A/B: Test*", "A_B_ Test"),
        ("Can\u2019t \u2013 Won't", "Cant - Won\u2019t"),
        ("$1,500 Pot", "$1500 pot"),
        ("Café", "Cafe\u0301"),
        ("Live\u200b now", "Live now"),
        ("\uff37\uff33\uff2f\uff30", "wsop"),
        ("Re-Buy", "ReBuy"),
    ],
)
def test_a_title_and_its_name_on_disk_have_one_key(title: str, on_disk: str) -> None:
    assert make_key(title) == make_key(on_disk)


@pytest.mark.parametrize(
    ("one", "other"),
    [("31-1", "311"), ("$1.5K", "$15K"), ("Show 1 02", "Show 10 2"), ("Day 1A", "Day 1B"), ("He", "She")],
)
def test_different_names_have_different_keys(one: str, other: str) -> None:
    assert make_key(one) != make_key(other)


@given(st.text())
def test_a_key_and_a_stripped_name_do_not_change_when_made_again(text: str) -> None:
    stem = strip_extension(text)

    assert strip_extension(stem) == stem
    assert make_key(make_key(text)) == make_key(text)
    assert strip_download_suffix(text) or not text.strip()


@pytest.mark.parametrize(
    ("row", "file", "conflicts"),
    [
        ("Event #1 Day 2", "Event #1 Day 2", ()),
        ("Event #1", "Event #10", ("event",)),
        ("Event#27 $1K", "ev-27 $1,000", ()),
        ("Day 2A_B_C", "Day 2ABC", ()),
        ("Day 1A", "Day 1B", ("day",)),
        ("Part 1", "pt2", ("part",)),
        ("Hand_09", "Hand_10", ("hand",)),
        ("Final Table", "ft", ()),
        ("Final", "Final Table", ()),
        ("Grand Final Day 1", "Final Table Day 1", ()),
        ("Final Table", "Final Day", ("stage",)),
        ("Final Four", "Final", ("stage",)),
        ("$120,000 flip", "$60,000 flip", ("amount",)),
        ("2024 Show", "2025 Show", ("year",)),
        ("Session 1", "Session 2", ("session",)),
    ],
)
def test_features_that_disagree_are_named(row: str, file: str, conflicts: tuple[str, ...]) -> None:
    assert find_conflicts(read_name_features(row).stated, read_name_features(file).stated) == conflicts


@pytest.mark.parametrize(
    ("row", "file", "unresolved"),
    [
        ("Event #1", "Event #1", ()),
        ("Event #1", "Event #1 Day 2", ("day",)),
        ("Event #1 Day 2", "Event #1", ("day",)),
        ("Event #1", "Event #1 (Part 1)", ("part",)),
        ("Event #1 (1080p)", "Event #1 (720p)", ("resolution",)),
        ("Event #1 (Youtube)", "(PokerGO) Event #1", ("source",)),
        ("Event #1", "(PokerGO) Event #1", ()),
    ],
)
def test_a_segment_that_one_name_leaves_open_is_unresolved(row: str, file: str, unresolved: tuple[str, ...]) -> None:
    assert find_unresolved(read_name_features(row).stated, read_name_features(file).stated) == unresolved


def test_a_remark_confirms_the_file_with_the_same_feature() -> None:
    row = read_name_features("Main Event Day 1B\n(#79 100K PLO")

    assert is_confirmed(row, read_name_features("Main Event Day 1B & $100K PLO").stated)
    assert not is_confirmed(row, read_name_features("Main Event Day 1B & $50K PLO").stated)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Can He Call", "Can She Call"),
        ("Ivy vs Moss Again", "Moss vs Ivy Again"),
        ("Flush Over Boat", "Flush Over Boats"),
        ("In $120,000 Pot", "In $60,000 Pot"),
        ("$2.77 Million", "$2.78 Million"),
        ("The Biggest Bluff", "The Biggest Bluff Ever"),
        ("Show ABCDEF1", "Show ABCDEF2"),
        ("Brandon Ghosted Garrett Stevens", "Brendon Ghostod Garret Stevens"),
    ],
)
def test_similar_titles_are_not_the_same(one: str, other: str) -> None:
    assert not is_same_title(one, other)
    assert not is_same_title(other, one)


@pytest.mark.parametrize(
    ("link", "components"),
    [
        (r"\\nas\archive\WSOP\a b", ("archive", "WSOP", "a b")),
        (r"Z:\ARCHIVE\WSOP", ("ARCHIVE", "WSOP")),
        ("z:/ARCHIVE//WSOP/", ("ARCHIVE", "WSOP")),
        ("//nas/archive", ("archive",)),
        ("smb://nas/archive/100%25%20sure", ("archive", "100% sure")),
        ("/mnt/nas/100%25", ("mnt", "nas", "100%25")),
        ('"Z:\\two  spaces "', ("two  spaces ",)),
        ("", ()),
        ("Z:", ()),
        ("\\\\", ()),
    ],
)
def test_a_link_is_split_below_its_server_or_drive(link: str, components: tuple[str, ...]) -> None:
    assert split_link(link) == components


@given(st.lists(st.sampled_from("abc"), max_size=5).map(tuple), st.lists(st.sampled_from("abc"), max_size=5).map(tuple))
def test_a_shared_tail_is_the_same_from_both_sides(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    shared = count_shared_tail(one, other)

    assert shared == count_shared_tail(other, one)
    assert shared == 0 or one[-shared:] == other[-shared:]
