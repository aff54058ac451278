"""Check that the report for programs is plain JSON with the same figures."""

import json
from dataclasses import replace

import pytest

from pokervod_pipelines.rollout.record import RolloutRecord
from pokervod_pipelines.rollout.report.as_json import make_report_json
from pokervod_pipelines.rollout.report.figures import make_report
from pokervod_pipelines_tests.rollout.report.examples import NOW, completed, escalated, fresh, plan_weeks


@pytest.mark.parametrize("record", [fresh(), escalated(), completed()[0]], ids=["fresh", "escalated", "completed"])
def test_it_survives_the_way_through_json(record: RolloutRecord) -> None:
    report = make_report_json(make_report(plan_weeks(), record, NOW))
    assert json.loads(json.dumps(report, allow_nan=False)) == report


def test_it_says_what_happened() -> None:
    record, finish = completed()
    report = make_report_json(make_report(plan_weeks(), record, finish))
    assert report["state"] == "completed"
    assert report["percent"] == 100
    assert report["automation_rate"] == pytest.approx(1 / 3)
    assert report["finished_at"] == "2026-11-18T09:00:00Z"
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
    found = make_report_json(make_report(plan_weeks(), record, NOW))
    assert found["attempts"][0]["results"][0]["figures"] == {"when": "2026-10-12T11:00:00Z", "odd": [1]}


def test_the_keys_that_programs_know_stay() -> None:
    record, finish = completed()
    report = make_report_json(make_report(plan_weeks(), record, finish))
    assert [each["round"] for each in report["attempts"] if each["week"] == 5] == [1, 1, 1, 2]
    assert report["escalations"][0]["round"] == 1
    assert [fix["said"][:6] for each in report["attempts"] for fix in each["fixes"]] == ["search", "the ho", "3 mock"]
