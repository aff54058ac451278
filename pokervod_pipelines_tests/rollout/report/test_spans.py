"""Time shared out adds up, whatever overlaps."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.rollout.report.spans import Span, share_time

ORIGIN = datetime(2026, 1, 1, tzinfo=UTC)
moments = st.integers(0, 500).map(lambda minutes: ORIGIN + timedelta(minutes=minutes))
spans = st.tuples(moments, moments).map(lambda pair: (min(pair), max(pair)))
claims = st.lists(st.lists(spans, max_size=6), max_size=4)


def minutes_of(several: list[Span]) -> set[int]:
    return {
        minute
        for start, end in several
        for minute in range(int((start - ORIGIN).total_seconds() // 60), int((end - ORIGIN).total_seconds() // 60))
    }


@given(spans, claims)
def test_the_parts_add_up_to_the_window(window: Span, wanted: list[list[Span]]) -> None:
    assert sum(share_time(window, wanted), timedelta()) == window[1] - window[0]


@given(spans, claims)
def test_every_minute_goes_to_the_first_that_claims_it(window: Span, wanted: list[list[Span]]) -> None:
    left, expected = minutes_of([window]), []
    for claim in wanted:
        expected.append(len(left & minutes_of(claim)))
        left -= minutes_of(claim)
    assert share_time(window, wanted) == [timedelta(minutes=each) for each in [*expected, len(left)]]


def test_without_claims_all_is_left_over() -> None:
    assert share_time((ORIGIN, ORIGIN + timedelta(hours=2)), []) == [timedelta(hours=2)]


def test_an_empty_window_has_nothing_to_share() -> None:
    assert share_time((ORIGIN, ORIGIN), [[(ORIGIN, ORIGIN + timedelta(hours=1))]]) == [timedelta(), timedelta()]
