"""Test pace, estimate, delay and milestones against a plan."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.rollout.record import RolloutRecord, WeekState
from pokervod_pipelines.rollout.report.figures import RolloutReport, make_report
from pokervod_pipelines.rollout.report.forecast import find_slots
from pokervod_pipelines_tests.rollout.report.examples import (
    DAY,
    MINUTE,
    MONDAY,
    NOW,
    START,
    completed,
    escalated,
    fresh,
    passed_weeks,
    plan_weeks,
    week,
)
from pokervod_pipelines_tests.rollout.report.test_figures import latest_moment, rollouts

MIDNIGHT = datetime(2026, 9, 7, tzinfo=UTC)
PLANNED_END = datetime(2026, 11, 7, tzinfo=UTC)


def at_pace(days: float, passed: int, now: datetime) -> RolloutReport:
    """Return a report after that many passed weeks of that many days; the next one has just started."""
    done = [
        week(number, WeekState.PASSED, start=MIDNIGHT + (number - 1) * days * DAY, end=MIDNIGHT + number * days * DAY)
        for number in range(1, passed + 1)
    ]
    record = replace(fresh(), started_at=MIDNIGHT, weeks=(*done, *(week(number) for number in range(passed + 1, 10))))
    return make_report(plan_weeks(), record, now)


def test_the_slots_are_the_whole_plan() -> None:
    slots = find_slots(plan_weeks())
    assert sum(slots, timedelta()) == PLANNED_END - MIDNIGHT
    assert slots[0] == 7 * DAY
    assert slots[-1] == 5 * DAY


def test_weeks_planned_side_by_side_have_slots_of_a_day() -> None:
    planned = plan_weeks(2)
    both = tuple(each.model_copy(update={"starts": MONDAY, "ends": MONDAY}) for each in planned.weeks)
    assert set(find_slots(planned.model_copy(update={"weeks": both}))) == {DAY}


def test_as_planned_before_a_first_week_has_passed() -> None:
    report = make_report(plan_weeks(), replace(fresh(), started_at=MIDNIGHT), MIDNIGHT)
    assert report.forecast.pace is None
    assert report.forecast.estimated_end == PLANNED_END
    assert report.forecast.last_day == report.forecast.planned_day == date(2026, 11, 6)
    assert report.forecast.delay_days == 0


@pytest.mark.parametrize(
    ("days", "passed", "pace", "delay"),
    [(7, 3, 1.0, 0), (14, 2, 2.0, 61), (3.5, 4, 0.5, -30)],
)
def test_the_rest_is_expected_at_the_pace_of_what_has_passed(days: float, passed: int, pace: float, delay: int) -> None:
    report = at_pace(days, passed, MIDNIGHT + passed * days * DAY)
    assert report.forecast.pace == pytest.approx(pace)
    assert report.forecast.delay_days == delay


def test_the_estimate_is_never_before_now() -> None:
    record = replace(fresh(), weeks=(week(1, WeekState.RUNNING, start=START), *fresh().weeks[1:]))
    late = START + 4000 * DAY
    found = make_report(plan_weeks(1), replace(record, weeks=record.weeks[:1]), late).forecast
    assert found.estimated_end == late


def test_an_absurd_pace_ends_within_ten_years() -> None:
    report = at_pace(100_000, 1, MIDNIGHT + 100_000 * DAY)
    assert report.forecast.estimated_end == report.measured_at + 3650 * DAY


@given(rollouts(), st.integers(0, 10_000))
def test_milestones_agree_with_the_estimate_and_nothing_is_expected_before_today(
    record: RolloutRecord, after: int
) -> None:
    now = latest_moment(record) + after * MINUTE
    report = make_report(plan_weeks(), record, now)
    last = report.milestones[-1]
    expected = report.forecast.last_day if report.forecast.expected else None
    assert (last.expected, last.days_late) == (expected, report.forecast.delay_days)
    assert all(each.expected is None or each.expected >= now.date() for each in report.milestones)
    days = [each.expected for each in report.milestones if each.expected]
    assert days == sorted(days)


def test_at_midnight_an_estimate_of_now_is_today() -> None:
    record = replace(fresh(), started_at=MIDNIGHT, weeks=(week(1, WeekState.RUNNING, start=MIDNIGHT),))
    found = make_report(plan_weeks(1), record, MIDNIGHT + 30 * DAY).forecast
    assert found.last_day == (MIDNIGHT + 30 * DAY).date()


def test_time_blocked_counts_in_the_pace() -> None:
    record, finish = completed()
    without = replace(record, escalations=())
    paces = [make_report(plan_weeks(), each, finish).forecast.pace for each in (record, without)]
    assert paces[0] == paces[1] == pytest.approx(72 / 61)


def test_while_a_week_is_blocked_the_estimate_moves_on() -> None:
    first, later = (make_report(plan_weeks(), escalated(), now).forecast.estimated_end for now in (NOW, NOW + 3 * DAY))
    assert first is not None
    assert later == first + 3 * DAY


def test_a_completed_rollout_has_no_estimate_and_its_true_delay() -> None:
    record, finish = completed()
    found = make_report(plan_weeks(), record, finish + 30 * DAY).forecast
    assert found.estimated_end is None
    assert found.delay_days == 12


def milestones(record: RolloutRecord, now: datetime) -> dict[int, tuple[bool, bool]]:
    found = make_report(plan_weeks(), record, now).milestones
    return {each.week: (each.reached_at is not None, each.days_late > 0) for each in found}


def test_milestones_are_reached_late_or_to_come() -> None:
    assert milestones(escalated(), NOW) == {2: (True, True), 4: (True, True), 6: (False, True), 9: (False, True)}
    assert milestones(fresh(), MIDNIGHT) == {2: (False, False), 4: (False, False), 6: (False, False), 9: (False, False)}


def test_a_milestone_on_its_last_day_is_in_time() -> None:
    weeks = passed_weeks(2)[0]
    in_time = replace(weeks[1], finished_at=datetime(2026, 9, 18, 23, 59, tzinfo=UTC))
    record = replace(fresh(), weeks=(weeks[0], in_time, *fresh().weeks[2:]))
    assert milestones(record, NOW)[2] == (True, False)
    assert make_report(plan_weeks(), record, NOW).milestones[0].due.isoformat() == "2026-09-18"
