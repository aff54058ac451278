"""Check the figures of a rollout: two counted by hand, and laws that hold for any."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.rollout.plan import PlannedWeek
from pokervod_pipelines.rollout.record import EscalationRecord, OverrideRecord, RolloutRecord, RolloutState, WeekState
from pokervod_pipelines.rollout.report.figures import make_report
from pokervod_pipelines_tests.rollout.report.examples import (
    MINUTE,
    NOW,
    START,
    attempt,
    escalated,
    fix,
    fresh,
    passed_weeks,
    plan_weeks,
    result,
    week,
)

PLAN = plan_weeks()


@st.composite
def rollouts(draw: Any) -> RolloutRecord:
    """Draw a rollout that the runner could leave behind, in order of time."""
    clock, weeks, attempts, overrides, escalations = START, [], [], [], []
    stands_at = draw(st.integers(1, 10))
    for planned in PLAN.weeks:
        if planned.number > stands_at:
            weeks.append(week(planned.number))
            continue
        begin, rounds = clock, draw(st.integers(1, 3))
        passes = planned.number < stands_at
        for cycle in range(1, rounds + 1):
            tries = draw(st.integers(1, 3))
            for number in range(1, tries + 1):
                good = passes and cycle == rounds and number == tries
                results = tuple(result(each.name, None if good else "wrong") for each in planned.criteria)
                fixes = (
                    () if good else tuple(fix("x", "", done=done) for done in draw(st.lists(st.booleans(), max_size=2)))
                )
                took = draw(st.integers(0, 90)) * MINUTE
                attempts.append(attempt(number, planned.number, clock, results, *fixes, cycle=cycle, took=took))
                clock += took + draw(st.integers(0, 600)) * MINUTE
            if not (passes and cycle == rounds):
                is_last = cycle == rounds
                end = None if is_last else clock + draw(st.integers(0, 5000)) * MINUTE
                stop = EscalationRecord(week=planned.number, cycle=cycle, at=clock, summary="", ended_at=end)
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
        state=RolloutState.COMPLETED if is_done else RolloutState.ESCALATED,
        finished_at=clock if is_done else None,
        weeks=tuple(weeks),
        attempts=tuple(attempts),
        overrides=tuple(overrides),
        escalations=tuple(escalations),
    )


def numbers(weeks: tuple[PlannedWeek, ...]) -> tuple[int, ...]:
    return tuple(each.number for each in weeks)


def latest_moment(record: RolloutRecord) -> Any:
    ends = [each.ended_at for each in record.attempts] + [each.at for each in record.escalations]
    return max(each for each in [*ends, record.finished_at, START] if each is not None)


@given(rollouts(), st.integers(0, 10_000))
def test_the_times_of_a_week_are_its_whole_time(record: RolloutRecord, after: int) -> None:
    now = latest_moment(record) + after * MINUTE
    for each in make_report(PLAN, record, now).weeks:
        whole = ((each.record.finished_at or now) - each.record.started_at) if each.record.started_at else timedelta()
        assert each.time.total == pytest.approx(whole.total_seconds())
        assert min(each.time.working, each.time.waiting, each.time.blocked, each.time.paused) >= 0


@given(rollouts())
def test_counts_agree_with_the_record(record: RolloutRecord) -> None:
    report = make_report(PLAN, record, latest_moment(record))
    fixes = sum(len(each.fixes) for each in record.attempts)
    rounds = {(each.week, each.cycle) for each in record.attempts}
    assert report.totals["attempts"] == len(record.attempts) == report.totals["retries"] + len(rounds)
    assert report.totals["fixes_done"] + report.totals["fixes_failed"] == fixes
    assert report.totals["escalations"] == len(record.escalations)
    assert report.totals["overrides"] == len(record.overrides)
    assert sum(report.recoveries.values()) == sum(each.passed is False for each in record.attempts)
    rate = report.automation_rate
    assert rate is None or 0 <= rate <= 1


@given(rollouts(), st.integers(0, 10_000))
def test_the_estimate_is_after_now_or_none_when_all_is_done(record: RolloutRecord, after: int) -> None:
    now = latest_moment(record) + after * MINUTE
    report = make_report(PLAN, record, now)
    estimate = report.forecast.estimated_end
    assert (estimate is None) == (not report.open) == (report.percent == 100)
    assert estimate is None or estimate >= now


@given(rollouts())
def test_the_percentage_never_falls_when_a_week_passes(record: RolloutRecord) -> None:
    now, percents = latest_moment(record), []
    for passed in range(10):
        weeks = tuple(
            replace(each, state=WeekState.PASSED, started_at=START, finished_at=now) if each.number <= passed else each
            for each in fresh().weeks
        )
        report = make_report(PLAN, replace(record, weeks=weeks), now)
        percents.append(report.percent)
    assert percents == [0, 11, 22, 33, 44, 55, 66, 77, 88, 100]


def test_a_rollout_half_way() -> None:
    report = make_report(PLAN, escalated(), NOW)
    assert (report.percent, report.done, numbers(report.open[:2])) == (44, (1, 2, 3, 4), (5, 6))
    assert (report.criteria_held, report.criteria_total) == (9, 20)
    assert report.totals == {
        **{"attempts": 10, "retries": 5, "fixes_done": 2, "fixes_failed": 1, "escalations": 1, "overrides": 1}
    }
    fifth = report.weeks[4]
    assert (fifth.is_escalated, fifth.counts["attempts"], fifth.counts["retries"], fifth.criteria_held) == (
        True,
        3,
        2,
        1,
    )
    assert fifth.time.blocked == 26 * 3600
    assert fifth.time.working == 11 * 60


def test_an_overridden_criterion_of_the_current_week_holds() -> None:
    let = OverrideRecord(week=5, criterion="no_mock_left", by="Ada", reason="known", at=NOW)
    record = replace(escalated(), overrides=(let,))
    assert make_report(PLAN, record, NOW).weeks[4].criteria_held == 2


def test_results_of_a_running_attempt_count() -> None:
    running = replace(attempt(1, 1, START, (result("week_1_health"),)), ended_at=None, passed=None)
    record = replace(fresh(), attempts=(running,))
    assert make_report(PLAN, record, NOW).weeks[0].criteria_held == 1


def test_only_results_of_the_criteria_as_they_are_now_count() -> None:
    weeks, attempts = passed_weeks(1)
    record = replace(fresh(), weeks=(*weeks, *fresh().weeks[1:]), attempts=tuple(attempts))
    criterion = PLAN.weeks[0].criteria[0].model_copy(update={"service": "ui"})
    changed = PLAN.weeks[0].model_copy(update={"criteria": (criterion,)})
    other = PLAN.model_copy(update={"weeks": (changed, *PLAN.weeks[1:])})
    judged = tuple(replace(each, digest=PLAN.weeks[0].criteria[0].digest) for each in attempts[0].results)

    for plan, results, held in ((PLAN, judged, 1), (other, judged, 0)):
        report = make_report(plan, replace(record, attempts=(replace(attempts[0], results=results),)), NOW)
        assert report.criteria_held == held
