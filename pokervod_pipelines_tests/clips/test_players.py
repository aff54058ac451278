"""Check that cells are split into players with keys, and that names that may be one person are only listed."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.clips.players import find_doubtful_pairs, make_player_key, split_players
from pokervod_pipelines_tests.clips.corpus import load_cases

CASES: dict[str, Any] = load_cases("players")


@pytest.mark.parametrize(("text", "names"), CASES["split"])
def test_a_cell_is_split_into_its_players(text: str, names: list[str]) -> None:
    assert list(split_players(text)) == names


@pytest.mark.parametrize("spellings", CASES["same_key"])
def test_spellings_of_one_name_have_one_key(spellings: list[str]) -> None:
    assert len({make_player_key(name) for name in spellings}) == 1
    assert find_doubtful_pairs(spellings) == ()


@pytest.mark.parametrize("names", CASES["doubtful"])
def test_names_that_may_be_one_person_are_reported_and_not_merged(names: list[str]) -> None:
    (pair,) = find_doubtful_pairs(names)

    assert [pair.one, pair.other] == sorted(names)
    assert pair.reason
    assert make_player_key(names[0]) != make_player_key(names[1])


@pytest.mark.parametrize("names", CASES["apart"])
def test_names_of_two_people_are_no_doubtful_pair(names: list[str]) -> None:
    assert find_doubtful_pairs(names) == ()


@given(st.lists(st.text(alphabet="abcde .", max_size=8), max_size=8))
def test_doubtful_pairs_do_not_depend_on_the_order_of_the_names(names: list[str]) -> None:
    found = find_doubtful_pairs(names)

    assert found == find_doubtful_pairs(list(reversed(names)))
    assert all(make_player_key(pair.one) != make_player_key(pair.other) for pair in found)


@given(st.text())
def test_a_key_is_its_own_key(name: str) -> None:
    key = make_player_key(name)

    assert make_player_key(key) == key


def test_a_slip_is_found_among_many_names() -> None:
    names = [f"{a * 3}{b}x {b * 4}{a}mann" for a in "abcdefghij" for b in "klmnopqrst"]

    pairs = find_doubtful_pairs([*names, "aaakx kkkkaman"])

    assert [(pair.one, pair.other) for pair in pairs] == [("aaakx kkkkaman", "aaakx kkkkamann")]


def test_the_pairs_of_the_same_names_are_computed_once() -> None:
    names = ["P. Hellmuth", "Phil Hellmuth", "Ana Marquez"]

    assert find_doubtful_pairs(names) is find_doubtful_pairs(reversed(names))
    assert find_doubtful_pairs([*names, "Anna Marquez"]) != find_doubtful_pairs(names)
