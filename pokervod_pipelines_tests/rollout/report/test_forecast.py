"""Test pace, estimate, delay and milestones against a plan."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from pokervod_pipelines.rollout.record import RolloutRecord, WeekState
from pokervod_pipelines.rollout.report.figures import RolloutReport, make_report
from pokervod_pipelines.rollout.report.forecast import find_slots
from pokervod_pipelines_tests.rollout.report.examples import (
    DAY,
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
    assert sum(slots.values(), timedelta()) == PLANNED_END - MIDNIGHT
    assert slots[1] == 7 * DAY
    assert slots[9] == 5 * DAY


def test_weeks_planned_side_by_side_have_slots_of_a_day() -> None:
    planned = plan_weeks(2)
    both = tuple(replace(each, starts=MONDAY, ends=MONDAY) for each in planned.weeks)
    assert set(find_slots(replace(planned, weeks=both)).values()) == {DAY}


def test_as_planned_before_a_first_week_has_passed() -> None:
    report = make_report(plan_weeks(), replace(fresh(), started_at=MIDNIGHT), MIDNIGHT)
    assert report.forecast.pace is None
    assert report.forecast.estimated_end == PLANNED_END
    assert report.forecast.estimated_day == report.forecast.planned_day == date(2026, 11, 6)
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
    return {each.week: (each.reached_at is not None, each.is_late) for each in found}


def test_milestones_are_reached_late_or_to_come() -> None:
    assert milestones(escalated(), NOW) == {2: (True, True), 4: (True, True), 6: (False, False), 9: (False, False)}
    assert milestones(escalated(), datetime(2026, 10, 17, 1, tzinfo=UTC))[6] == (False, True)


def test_a_milestone_on_its_last_day_is_in_time() -> None:
    weeks = passed_weeks(2)[0]
    in_time = replace(weeks[1], finished_at=datetime(2026, 9, 18, 23, 59, tzinfo=UTC))
    record = replace(fresh(), weeks=(weeks[0], in_time, *fresh().weeks[2:]))
    assert milestones(record, NOW)[2] == (True, False)
    assert make_report(plan_weeks(), record, NOW).milestones[0].due.isoformat() == "2026-09-18"
