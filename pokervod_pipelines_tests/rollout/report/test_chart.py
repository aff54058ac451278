"""Check where the page places the weeks on its time axis."""

from datetime import timedelta

import pytest
from hypothesis import given

from pokervod_pipelines.rollout.record import RolloutRecord
from pokervod_pipelines.rollout.report.figures import make_report
from pokervod_pipelines.rollout.report.html import MAX_TICKS, lay_out_chart
from pokervod_pipelines_tests.rollout.report.examples import DAY, NOW, START, completed, escalated, fresh, plan_weeks
from pokervod_pipelines_tests.rollout.report.test_figures import latest_moment, rollouts

PLAN = plan_weeks()


@given(rollouts())
def test_everything_lies_on_the_axis(record: RolloutRecord) -> None:
    chart = lay_out_chart(make_report(PLAN, record, latest_moment(record)))
    bars = [bar for row in chart.rows for bar in (row.planned, row.actual) if bar]
    assert all(bar.left >= 0 and bar.width >= 0 and bar.left + bar.width <= 100.01 for bar in bars)
    lines = [chart.now, chart.estimate, *(tick.left for tick in chart.ticks)]
    assert all(line is None or 0 <= line <= 100 for line in lines)


@pytest.mark.parametrize("days", [1, 3, 8, 60, 400, 3000])
def test_the_axis_is_never_crowded_nor_bare(days: int) -> None:
    report = make_report(plan_weeks(1), fresh(), START + days * DAY)
    assert 1 <= len(lay_out_chart(report).ticks) <= MAX_TICKS + 1


def test_only_started_weeks_have_an_actual_bar() -> None:
    chart = lay_out_chart(make_report(PLAN, escalated(), NOW))
    assert [row.actual is not None for row in chart.rows] == [True] * 5 + [False] * 4
    assert chart.now is not None
    assert chart.estimate == 100


def test_a_completed_rollout_has_no_line_for_now() -> None:
    record, finish = completed()
    chart = lay_out_chart(make_report(PLAN, record, finish + timedelta(days=900)))
    assert (chart.now, chart.estimate) == (None, None)
    last = chart.rows[-1].actual
    assert last is not None
    assert last.left + last.width == pytest.approx(100, abs=0.01)
