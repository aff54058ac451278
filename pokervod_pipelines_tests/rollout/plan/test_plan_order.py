"""Check that weeks are numbered without a gap, require each other in no circle, and have dates in order."""

from datetime import date, timedelta
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.rollout.plan_order import find_date_problems, find_number_problem, find_order_problems

NEEDS = st.lists(st.lists(st.integers(1, 6), max_size=3, unique=True), min_size=1, max_size=6)


@pytest.mark.parametrize(
    ("numbers", "reported"),
    [
        ([1], []),
        ([1, 2, 3], []),
        ([2], [((0, "number"), "number: week 2 is out of order, week 1 is missing")]),
        ([1, 3], [((1, "number"), "number: week 3 is out of order, week 2 is missing")]),
        ([1, 1], [((1, "number"), "number: week 1 is a duplicate")]),
        ([2, 1], [((0, "number"), "number: week 2 is out of order, week 1 is missing")]),
        ([1, 3, 4, 5], [((1, "number"), "number: week 3 is out of order, week 2 is missing")]),
    ],
)
def test_the_first_wrong_number_is_reported(numbers: list[int], reported: list[object]) -> None:
    assert [*find_number_problem([(number, ()) for number in numbers])] == reported


@given(NEEDS)
def test_a_circle_is_reported_when_there_is_one_and_only_then(needs: list[list[int]]) -> None:
    weeks = [(at + 1, tuple(need)) for at, need in enumerate(needs)]
    known = {number for number, _ in weeks}
    graph = {number: [need for need in each if need in known and need != number] for number, each in weeks}

    reported = [text for _, text in find_order_problems(weeks) if "require each other" in text]

    try:
        TopologicalSorter(graph).prepare()
    except CycleError:
        assert len(reported) == 1
    else:
        assert reported == []


@given(NEEDS)
def test_each_requirement_of_itself_or_of_nothing_is_reported(needs: list[list[int]]) -> None:
    weeks = [(at + 1, tuple(need)) for at, need in enumerate(needs)]

    reported = [text for _, text in find_order_problems(weeks) if "require each other" not in text]

    of_itself = sum(number in each for number, each in weeks)
    of_nothing = sum(need > len(weeks) for _, each in weeks for need in each)
    assert len(reported) == of_itself + of_nothing


def test_the_gap_before_a_week_is_reported_once_as_a_missing_number() -> None:
    assert [*find_order_problems([(1, ()), (3, (2,))])] == []


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(-3, 9)), min_size=1, max_size=5))
def test_dates_are_reported_exactly_when_they_overlap_or_run_backwards(spans: list[tuple[int, int]]) -> None:
    first = date(2031, 5, 5)
    weeks = [
        (at + 1, (at,) if at else (), (first + timedelta(days=start), first + timedelta(days=start + length)))
        for at, (start, length) in enumerate(spans)
    ]

    reported = [*find_date_problems(weeks)]

    backwards = sum(length < 0 for _, length in spans)
    overlapping = sum(after[0] <= before[0] + before[1] for before, after in pairwise(spans))
    assert len(reported) == backwards + overlapping


def test_weeks_side_by_side_may_be_planned_on_the_same_days() -> None:
    days = (date(2031, 5, 5), date(2031, 5, 11))

    assert [*find_date_problems([(1, (), days), (2, (), days)])] == []
