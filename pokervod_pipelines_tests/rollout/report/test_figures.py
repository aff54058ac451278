"""The figures of a programme: two told by hand, and laws that hold for any."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.rollout.record import (
    EscalationRecord,
    OverrideRecord,
    ProgrammeRecord,
    ProgrammeState,
    WeekState,
)
from pokervod_pipelines.rollout.report.figures import measure_programme
from pokervod_pipelines_tests.rollout.report.stories import (
    HOUR,
    MINUTE,
    NOW,
    START,
    attempt,
    completed,
    escalated,
    fix,
    fresh,
    plan_weeks,
    result,
    week,
)

PLAN = plan_weeks()


@st.composite
def programmes(draw: Any) -> ProgrammeRecord:
    """Any programme that the runner could leave behind, in its own order of time."""
    clock, weeks, attempts, overrides, escalations = START, [], [], [], []
    stands_at = draw(st.integers(1, 10))
    for planned in PLAN.weeks:
        if planned.number > stands_at:
            weeks.append(week(planned.number))
            continue
        begin, rounds = clock, draw(st.integers(1, 3))
        passes = planned.number < stands_at
        for round_ in range(1, rounds + 1):
            tries = draw(st.integers(1, 3))
            for number in range(1, tries + 1):
                good = passes and round_ == rounds and number == tries
                results = tuple(result(each.name, None if good else "wrong") for each in planned.criteria)
                fixes = (
                    () if good else tuple(fix("x", "", done=done) for done in draw(st.lists(st.booleans(), max_size=2)))
                )
                took = draw(st.integers(0, 90)) * MINUTE
                attempts.append(attempt(number, planned.number, clock, results, *fixes, round_=round_, took=took))
                clock += took + draw(st.integers(0, 600)) * MINUTE
            if not (passes and round_ == rounds):
                is_last = round_ == rounds
                end = None if is_last else clock + draw(st.integers(0, 5000)) * MINUTE
                stop = EscalationRecord(week=planned.number, round=round_, at=clock, summary="", ended_at=end)
                escalations.append(stop)
                clock = end or clock
        if draw(st.booleans()):
            name = planned.criteria[0].name
            overrides.append(OverrideRecord(week=planned.number, criterion=name, by="Ada", reason="", at=clock))
        state = WeekState.PASSED if passes else WeekState.FAILED
        weeks.append(week(planned.number, state, start=begin, end=clock if passes else None))
    is_done = stands_at == 10
    return replace(
        fresh(),
        state=ProgrammeState.COMPLETED if is_done else ProgrammeState.ESCALATED,
        finished_at=clock if is_done else None,
        weeks=tuple(weeks),
        attempts=tuple(attempts),
        overrides=tuple(overrides),
        escalations=tuple(escalations),
    )


def latest_moment(record: ProgrammeRecord) -> Any:
    ends = [each.ended_at for each in record.attempts] + [each.at for each in record.escalations]
    return max(each for each in [*ends, record.finished_at, START] if each is not None)


@given(programmes(), st.integers(0, 10_000))
def test_the_times_of_a_week_are_its_whole_time(record: ProgrammeRecord, after: int) -> None:
    now = latest_moment(record) + after * MINUTE
    for each in measure_programme(PLAN, record, now).weeks:
        whole = ((each.finished_at or now) - each.started_at) if each.started_at else timedelta()
        assert each.time.total == pytest.approx(whole.total_seconds())
        assert min(each.time.working, each.time.waiting, each.time.blocked, each.time.paused) >= 0


@given(programmes())
def test_counts_agree_with_the_record(record: ProgrammeRecord) -> None:
    figures = measure_programme(PLAN, record, latest_moment(record))
    fixes = sum(len(each.fixes) for each in record.attempts)
    rounds = {(each.week, each.round) for each in record.attempts}
    assert figures.totals["attempts"] == len(record.attempts) == figures.totals["retries"] + len(rounds)
    assert figures.totals["fixes_done"] + figures.totals["fixes_failed"] == fixes
    assert figures.totals["escalations"] == len(record.escalations)
    assert figures.totals["overrides"] == len(record.overrides)
    assert figures.recoveries.failed_attempts == sum(each.passed is False for each in record.attempts)
    rate = figures.recoveries.automation_rate
    assert rate is None or 0 <= rate <= 1


@given(programmes(), st.integers(0, 10_000))
def test_the_estimate_is_after_now_or_none_when_all_is_done(record: ProgrammeRecord, after: int) -> None:
    now = latest_moment(record) + after * MINUTE
    figures = measure_programme(PLAN, record, now)
    estimate = figures.forecast.estimated_end
    assert (estimate is None) == (figures.current is None) == (figures.percent == 100)
    assert estimate is None or estimate >= now


@given(programmes())
def test_the_percentage_never_falls_when_a_week_passes(record: ProgrammeRecord) -> None:
    now, percents, held = latest_moment(record), [], []
    for passed in range(10):
        weeks = tuple(
            replace(each, state=WeekState.PASSED, started_at=START, finished_at=now) if each.number <= passed else each
            for each in fresh().weeks
        )
        figures = measure_programme(PLAN, replace(record, weeks=weeks), now)
        percents.append(figures.percent)
        held.append(figures.criteria_held)
    assert percents == [0, 11, 22, 33, 44, 55, 66, 77, 88, 100]
    assert held == sorted(held)
    assert held[-1] == figures.criteria_total


def test_a_programme_half_way() -> None:
    figures = measure_programme(PLAN, escalated(), NOW)
    assert (figures.percent, figures.done, figures.current, figures.next) == (44, (1, 2, 3, 4), 5, 6)
    assert (figures.criteria_held, figures.criteria_total) == (9, 20)
    assert figures.totals == {
        **{"attempts": 10, "retries": 5, "fixes_done": 2, "fixes_failed": 1, "escalations": 1, "overrides": 1}
    }
    fifth = figures.week(5)
    assert (fifth.is_escalated, fifth.attempts, fifth.retries, fifth.criteria_held) == (True, 3, 2, 1)
    assert fifth.time.blocked == 26 * 3600
    assert fifth.time.working == 11 * 60
    assert fifth.planned_days == 5


def test_a_programme_that_is_done() -> None:
    record, finish = completed()
    figures = measure_programme(PLAN, record, finish)
    assert (figures.percent, figures.current, figures.next) == (100, None, None)
    assert figures.criteria_held == figures.criteria_total == 20
    assert not any(each.is_escalated for each in figures.weeks)
    assert figures.week(5).time.blocked == 27 * 3600


def test_a_programme_just_begun() -> None:
    figures = measure_programme(PLAN, fresh(), START + HOUR)
    assert (figures.percent, figures.done, figures.current, figures.next) == (0, (), 1, 2)
    assert figures.recoveries.automation_rate is None


def test_a_week_that_only_the_plan_has_is_pending() -> None:
    record = replace(fresh(), weeks=fresh().weeks[:4])
    figures = measure_programme(PLAN, record, NOW)
    assert figures.week(9).state is WeekState.PENDING
    assert len(figures.weeks) == 9


def test_an_overridden_criterion_of_the_current_week_holds() -> None:
    let = OverrideRecord(week=5, criterion="no_mock_left", by="Ada", reason="known", at=NOW)
    record = replace(escalated(), overrides=(let,))
    assert measure_programme(PLAN, record, NOW).week(5).criteria_held == 2


def test_results_of_an_attempt_that_goes_on_count_already() -> None:
    running = replace(attempt(1, 1, START, (result("week_1_health"),)), ended_at=None, passed=None)
    record = replace(fresh(), attempts=(running,))
    assert measure_programme(PLAN, record, NOW).week(1).criteria_held == 1


def test_a_week_that_the_plan_has_not_is_refused() -> None:
    with pytest.raises(KeyError):
        measure_programme(PLAN, fresh(), NOW).week(10)
