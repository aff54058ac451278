import random
from collections import defaultdict
from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.catalog.regroup import reconcile

Groups = dict[str, set[int]]


def keep(old: Mapping[str, int], members: Groups, new: Groups) -> dict[str, int]:
    """Reconcile whole groups."""
    homes: dict[int, list[str]] = defaultdict(list)
    for key in sorted(new):
        for member in new[key]:
            homes[member].append(key)
    return reconcile(old, new, members, homes)


def test_a_key_that_stays_keeps_its_id_whatever_its_files() -> None:
    assert keep({"a": 7}, {"a": {1, 2}}, {"a": {3}}) == {"a": 7}


def test_a_vanished_key_passes_its_id_to_the_new_key_with_most_of_its_files() -> None:
    assert keep({"a": 7}, {"a": {1, 2, 3}}, {"b": {1, 2}, "c": {3}}) == {"b": 7}


def test_an_episode_merged_into_an_existing_one_retires_its_id() -> None:
    assert keep({"a": 7, "b": 8}, {"a": {1, 2}, "b": {3}}, {"b": {1, 2, 3}}) == {"b": 8}


def test_the_few_files_left_over_from_a_merge_do_not_inherit() -> None:
    """Nine of ten files went to a standing episode: the tenth is the new one, not the heir."""
    ten = set(range(10))

    assert keep({"a": 7, "b": 8}, {"a": ten, "b": {99}}, {"b": ten - {0} | {99}, "c": {0}}) == {"b": 8}


def test_of_two_vanished_keys_the_one_that_brings_more_files_is_carried_on() -> None:
    assert keep({"a": 7, "b": 8}, {"a": {1}, "b": {2, 3}}, {"c": {1, 2, 3}}) == {"c": 8}


def test_an_equal_split_goes_to_the_smaller_key() -> None:
    assert keep({"a": 7}, {"a": {1, 2}}, {"c": {1}, "b": {2}}) == {"b": 7}


def test_a_key_without_files_retires_its_id() -> None:
    assert keep({"a": 7}, {"a": set()}, {"b": {1}}) == {}


groups = st.dictionaries(st.sampled_from("abcdefgh"), st.sets(st.integers(0, 20), min_size=1), max_size=8)


@given(groups)
def test_rebuilding_the_same_state_changes_nothing(state: Groups) -> None:
    ids = {key: place for place, key in enumerate(state)}

    assert keep(ids, state, state) == ids


@given(groups, groups, st.randoms(use_true_random=False))
def test_the_order_of_input_changes_nothing(old: Groups, new: Groups, chance: random.Random) -> None:
    ids = {key: ord(key) for key in old}
    shuffled = list(new)
    chance.shuffle(shuffled)

    assert keep(ids, old, new) == keep(ids, dict(reversed(old.items())), {key: new[key] for key in shuffled})


@given(groups, groups)
def test_no_id_is_given_twice_and_no_existing_key_loses_its_own(old: Groups, new: Groups) -> None:
    ids = {key: ord(key) for key in old}

    kept = keep(ids, old, new)

    assert len(set(kept.values())) == len(kept)
    assert all(kept[key] == ids[key] for key in old.keys() & new.keys())
    assert set(kept.values()) <= set(ids.values())
