"""Where the weeks lie on the page's axis."""

from datetime import timedelta

import pytest
from hypothesis import given

from pokervod_pipelines.rollout.record import ProgrammeRecord
from pokervod_pipelines.rollout.report.figures import measure_programme
from pokervod_pipelines.rollout.report.timeline import MOST_TICKS, lay_out
from pokervod_pipelines_tests.rollout.report.stories import DAY, NOW, START, completed, escalated, fresh, plan_weeks
from pokervod_pipelines_tests.rollout.report.test_figures import latest_moment, programmes

PLAN = plan_weeks()


@given(programmes())
def test_everything_lies_on_the_axis(record: ProgrammeRecord) -> None:
    timeline = lay_out(measure_programme(PLAN, record, latest_moment(record)))
    bars = [bar for row in timeline.rows for bar in (row.planned, row.actual) if bar]
    assert all(bar.left >= 0 and bar.width >= 0 and bar.left + bar.width <= 100.01 for bar in bars)
    lines = [timeline.now, timeline.estimate, *(tick.left for tick in timeline.ticks)]
    assert all(line is None or 0 <= line <= 100 for line in lines)


@pytest.mark.parametrize("days", [1, 3, 8, 60, 400, 3000])
def test_the_axis_is_never_crowded_nor_bare(days: int) -> None:
    figures = measure_programme(plan_weeks(1), fresh(), START + days * DAY)
    assert 1 <= len(lay_out(figures).ticks) <= MOST_TICKS + 1


def test_only_begun_weeks_have_an_actual_bar() -> None:
    timeline = lay_out(measure_programme(PLAN, escalated(), NOW))
    assert [row.actual is not None for row in timeline.rows] == [True] * 5 + [False] * 4
    assert timeline.now is not None
    assert timeline.estimate == 100


def test_a_completed_programme_has_no_line_for_now() -> None:
    record, finish = completed()
    timeline = lay_out(measure_programme(PLAN, record, finish + timedelta(days=900)))
    assert (timeline.now, timeline.estimate) == (None, None)
    last = timeline.rows[-1].actual
    assert last is not None
    assert last.left + last.width == pytest.approx(100, abs=0.01)
