"""Read standard frame rates out of every container."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.media.tracks import STANDARD_RATES, snap_rate


@pytest.mark.parametrize(
    ("read", "meant"),
    [
        (Fraction(2997, 100), Fraction(30_000, 1001)),
        (Fraction(23_976, 1000), Fraction(24_000, 1001)),
        (Fraction(19_001, 634), Fraction(30_000, 1001)),
        (Fraction(5994, 100), Fraction(60_000, 1001)),
        (Fraction(25_001, 1000), Fraction(25)),
        (Fraction(1_000_000_000, 33_366_667), Fraction(30_000, 1001)),
        (Fraction(15), Fraction(15)),
        (Fraction(2950, 100), Fraction(2950, 100)),
    ],
)
def test_a_rounded_rate_is_the_rate_it_stands_for(read: Fraction, meant: Fraction) -> None:
    assert snap_rate(read) == meant


@given(rate=st.sampled_from(STANDARD_RATES))
def test_a_standard_rate_stays_as_it_is_even_rounded_to_three_digits(rate: Fraction) -> None:
    assert snap_rate(rate) == rate
    assert snap_rate(Fraction(round(rate * 1000), 1000)) == rate


@given(rate=st.fractions(min_value=1, max_value=1000))
def test_no_rate_moves_farther_than_a_container_rounds(rate: Fraction) -> None:
    assert abs(snap_rate(rate) - rate) <= rate / 9_000
