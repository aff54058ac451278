"""Test that a history is the same in whatever order the exports came."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.tournaments.history import PlayerSpan, PlayerState, add_sighting

START = datetime(2025, 7, 15, tzinfo=UTC)


def state(chips: int) -> PlayerState:
    return PlayerState(
        player_name="Ana", chips=chips, rank=None, table_number=None, seat_number=None, is_eliminated=chips == 0
    )


def tell(*sightings: tuple[int, int]) -> list[PlayerSpan]:
    """Return the history after sightings of (minute, chips), in this order."""
    spans: list[PlayerSpan] = []
    for minute, chips in sightings:
        spans = add_sighting(spans, START + timedelta(minutes=minute), state(chips))
    return spans


def shape(spans: list[PlayerSpan]) -> list[tuple[int, int]]:
    return [(span.state.chips, len(span.seen_at)) for span in spans]


def test_exports_that_agree_are_one_stretch() -> None:
    assert shape(tell((1, 50), (2, 50), (3, 40), (4, 50))) == [(50, 2), (40, 1), (50, 1)]


def test_an_older_export_splits_a_stretch_at_its_time() -> None:
    assert shape(tell((1, 50), (3, 50), (5, 50), (2, 40))) == [(50, 1), (40, 1), (50, 2)]


def test_of_two_exports_of_one_time_the_later_import_counts() -> None:
    assert shape(tell((1, 50), (1, 40))) == [(40, 1)]


@given(
    st.dictionaries(st.integers(0, 40), st.integers(0, 2), min_size=1, max_size=15).flatmap(
        lambda seen: st.tuples(st.just(seen), st.permutations(sorted(seen.items())))
    )
)
def test_the_history_does_not_depend_on_the_order_of_the_exports(
    seen: tuple[dict[int, int], list[tuple[int, int]]],
) -> None:
    in_order, shuffled = tell(*sorted(seen[0].items())), tell(*seen[1])

    assert shuffled == in_order == tell(*seen[1], *seen[1])
    assert sum(len(span.seen_at) for span in in_order) == len(seen[0])
    assert all(one.state != other.state for one, other in pairwise(in_order))
