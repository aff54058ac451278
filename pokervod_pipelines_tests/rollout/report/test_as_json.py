"""The report for machines is plain JSON and equal to the figures."""

import json
from dataclasses import replace

import pytest

from pokervod_pipelines.rollout.record import ProgrammeRecord
from pokervod_pipelines.rollout.report.as_json import make_report_json
from pokervod_pipelines.rollout.report.figures import measure_programme
from pokervod_pipelines_tests.rollout.report.stories import NOW, completed, escalated, fresh, plan_weeks


@pytest.mark.parametrize("record", [fresh(), escalated(), completed()[0]], ids=["fresh", "escalated", "completed"])
def test_it_survives_the_way_through_json(record: ProgrammeRecord) -> None:
    report = make_report_json(measure_programme(plan_weeks(), record, NOW), record)
    assert json.loads(json.dumps(report, allow_nan=False)) == report


def test_it_says_what_happened() -> None:
    record, finish = completed()
    report = make_report_json(measure_programme(plan_weeks(), record, finish), record)
    assert report["state"] == "completed"
    assert report["percent"] == 100
    assert report["automation_rate"] == pytest.approx(1 / 3)
    assert report["finished_at"] == "2026-11-18T09:00:00+00:00"
    assert report["forecast"]["estimated_end"] is None
    assert [each["number"] for each in report["weeks"]] == list(range(1, 10))
    assert report["weeks"][4]["seconds"]["blocked"] == 27 * 3600
    assert report["weeks"][0]["planned_start"] == "2026-09-07"
    assert report["overrides"][0]["by"] == "Ada Lovelace"
    assert len(report["attempts"]) == 15
    assert report["milestones"][0]["is_late"] is True


def test_figures_of_any_type_become_text() -> None:
    first = escalated().attempts[0]
    odd = replace(first.results[0], figures={"when": NOW, "odd": {1}})
    record = replace(fresh(), attempts=(replace(first, results=(odd,)),))
    found = make_report_json(measure_programme(plan_weeks(), record, NOW), record)
    assert found["attempts"][0]["results"][0]["figures"] == {"when": NOW.isoformat(), "odd": "{1}"}
