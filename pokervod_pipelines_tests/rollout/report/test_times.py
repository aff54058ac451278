"""Check where the time of a week went, and that divided time adds up."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.rollout.record import EscalationRecord, InterventionRecord, RolloutRecord, WeekState
from pokervod_pipelines.rollout.report.times import Span, TimeSpent, divide_time, measure_time
from pokervod_pipelines_tests.rollout.report.examples import HOUR, MINUTE, START, attempt, fresh, result, week

GOOD, BAD = (result("a"),), (result("a", "wrong"),)


def did(kind: str, after: int) -> InterventionRecord:
    return InterventionRecord(kind=kind, week=1, by="Ada", reason="because", at=START + after * HOUR)


def one_week(**changes: object) -> RolloutRecord:
    return replace(fresh(), **changes)  # type: ignore[arg-type]


def test_a_week_not_begun_took_no_time() -> None:
    assert measure_time(week(3), fresh(), START + HOUR) == TimeSpent()


def test_attempts_are_work_and_the_rest_is_waiting() -> None:
    record = one_week(attempts=(attempt(1, 1, START, BAD), attempt(2, 1, START + HOUR, GOOD)))
    passed = week(1, WeekState.PASSED, start=START, end=START + 2 * HOUR)
    spent = measure_time(passed, record, START + 99 * HOUR)
    assert spent == TimeSpent(working=2400, waiting=4800)


def test_a_running_attempt_works_until_now() -> None:
    running = replace(attempt(1, 1, START, ()), ended_at=None, passed=None)
    spent = measure_time(week(1, WeekState.RUNNING, start=START), one_week(attempts=(running,)), START + 5 * MINUTE)
    assert spent == TimeSpent(working=300)


@pytest.mark.parametrize(
    ("ended", "blocked", "waiting"), [(None, 9 * 3600.0, 2400.0), (START + 4 * HOUR, 3 * 3600.0, 2400.0 + 6 * 3600)]
)
def test_an_escalation_blocks_until_a_person_resumes(ended: object, blocked: float, waiting: float) -> None:
    stop = EscalationRecord(week=1, cycle=1, at=START + HOUR, summary="", ended_at=ended)  # type: ignore[arg-type]
    record = one_week(attempts=(attempt(1, 1, START, BAD),), escalations=(stop,))
    spent = measure_time(week(1, WeekState.FAILED, start=START), record, START + 10 * HOUR)
    assert spent == TimeSpent(working=1200, blocked=blocked, waiting=waiting)


def test_the_escalation_of_another_week_blocks_this_one_not() -> None:
    stop = EscalationRecord(week=2, cycle=1, at=START, summary="", ended_at=None)
    spent = measure_time(week(1, WeekState.WAITING, start=START), one_week(escalations=(stop,)), START + HOUR)
    assert spent == TimeSpent(waiting=3600)


@pytest.mark.parametrize(
    ("people", "paused"),
    [
        ((did("pause", 1),), 9),
        ((did("pause", 1), did("resume", 3)), 2),
        ((did("pause", 1), did("acknowledge", 2), did("resume", 3), did("pause", 8)), 4),
        ((did("pause", 1), did("pause", 2), did("resume", 3)), 2),
        ((did("resume", 1),), 0),
    ],
)
def test_a_pause_lasts_until_the_resumption(people: tuple[InterventionRecord, ...], paused: int) -> None:
    record = one_week(interventions=people)
    spent = measure_time(week(1, WeekState.WAITING, start=START), record, START + 10 * HOUR)
    assert spent == TimeSpent(paused=paused * 3600.0, waiting=(10 - paused) * 3600.0)


def test_the_time_between_passing_and_being_done_again_is_not_the_weeks() -> None:
    again = attempt(1, 1, START + 50 * HOUR, GOOD, cycle=2)
    record = one_week(attempts=(attempt(1, 1, START, GOOD), again))
    passed = week(1, WeekState.PASSED, start=START, end=START + 50 * HOUR + 20 * MINUTE)
    assert measure_time(passed, record, START + 99 * HOUR) == TimeSpent(working=2400)


def test_a_week_to_be_done_again_counts_up_to_its_last_attempt() -> None:
    record = one_week(attempts=(attempt(1, 1, START, GOOD),))
    assert measure_time(week(1, start=START), record, START + 99 * HOUR) == TimeSpent(working=1200)


ORIGIN = datetime(2026, 1, 1, tzinfo=UTC)
moments = st.integers(0, 500).map(lambda minutes: ORIGIN + timedelta(minutes=minutes))
spans = st.tuples(moments, moments).map(lambda pair: (min(pair), max(pair)))
groups = st.lists(st.lists(spans, max_size=6), max_size=4)


def minutes_of(several: list[Span]) -> set[int]:
    return {
        minute
        for start, end in several
        for minute in range(int((start - ORIGIN).total_seconds() // 60), int((end - ORIGIN).total_seconds() // 60))
    }


@given(spans, groups)
def test_the_parts_add_up_to_the_window(window: Span, parts: list[list[Span]]) -> None:
    assert sum(divide_time(window, parts), timedelta()) == window[1] - window[0]


@given(spans, groups)
def test_every_minute_belongs_to_the_first_group_that_covers_it(window: Span, parts: list[list[Span]]) -> None:
    left, expected = minutes_of([window]), []
    for part in parts:
        expected.append(len(left & minutes_of(part)))
        left -= minutes_of(part)
    assert divide_time(window, parts) == [timedelta(minutes=each) for each in [*expected, len(left)]]
