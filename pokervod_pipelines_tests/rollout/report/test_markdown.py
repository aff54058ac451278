"""Check that the Markdown reports say what happened, and escape foreign text."""

import re
from dataclasses import replace

import pytest

from pokervod_pipelines.rollout.report.markdown import COLUMNS, write_final, write_progress
from pokervod_pipelines_tests.rollout.report.examples import (
    NOW,
    OVERRIDE,
    START,
    completed,
    escalated,
    fresh,
    plan_weeks,
)

PLAN = plan_weeks()


@pytest.mark.parametrize(
    "said",
    [
        "████████░░░░░░░░░░░░ 44 %",
        "**Done:** 4 of 9 weeks (1, 2, 3, 4), 9 of 20 criteria",
        "**Current:** 5 Mock to real – escalated",
        "**Next:** 6 Back ends complete",
        "**Estimated completion:** 17 Nov 2026 (planned 6 Nov 2026, 11 days late; pace × 1.14)",
        "✓ Mocks ready (week 2): reached 23 Sep 2026, 5 days late",
        "○ In production (week 9): due 6 Nov 2026",
        "Page: https://pokervod.example",
    ],
)
def test_the_progress_report_says(said: str) -> None:
    assert said in write_progress(PLAN, escalated(), NOW, "https://pokervod.example")


def test_the_progress_report_is_short() -> None:
    assert len(write_progress(PLAN, escalated(), NOW)) < 1_200


def test_a_rollout_just_started_has_done_nothing() -> None:
    report = write_progress(PLAN, fresh(), START)
    assert "0 of 9 weeks, 0 of 20 criteria" in report
    assert "pace not known yet" in report
    assert "Page:" not in report


@pytest.mark.parametrize(
    "said",
    [
        "# PokerVOD goes into production: final report",
        "100 %",
        "- **Attempts:** 15, of which 5 retries",
        "- **Fixes:** 2 done, 1 failed",
        "- **Escalations:** 1; **overrides:** 1",
        "**Automation rate:** 33 %; failed attempts: 6, recovered by fixers 1, by retries 1, by a person 4, open 0",
        "| 5 Mock to real | passed | 5 d | 8 d | 1 h 11 min | 6 d 19 h | 1 d 3 h | 0 s | 4 | 2 | 1 of 2 | 1 | 0 |",
        "- Week 3, attempt 1: `restart_service` done: search restarted by its hook; healthy after 4 s",
        "- Week 5, attempt 1: `restart_service` failed: the hook answered 403",
        "– blocked 1 d 3 h",
        "- Week 4, `week_4_documents`: The hand sheets of Seoul arrive next month; the table is right. (Ada Lovelace, ",
    ],
)
def test_the_final_report_says(said: str) -> None:
    assert said in write_final(PLAN, *completed())


def test_every_row_of_the_table_has_every_column() -> None:
    record, finish = completed()
    named = replace(PLAN, weeks=(replace(PLAN.weeks[0], title="a | b"), *PLAN.weeks[1:]))
    rows = [line for line in write_final(named, record, finish).splitlines() if line.startswith("|")]
    assert len(rows) == 11
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {len(COLUMNS) + 1}


def test_a_rollout_without_failures_lists_nothing() -> None:
    report = write_final(PLAN, fresh(), START)
    assert "No fixer ran." in report
    assert "No week was escalated." in report
    assert "No criterion was overridden." in report
    assert "nothing to count yet" in report


def test_a_reason_cannot_bring_markup_in() -> None:
    evil = replace(OVERRIDE, by="<!channel>", reason="fine\n\n# Approved [click](http://evil)")
    report = write_final(PLAN, replace(escalated(), overrides=(evil,)), NOW)
    assert "\n# Approved" not in report
    assert r"\[click\]" in report
    assert r"\<!channel\>" in report


def test_a_late_milestone_is_marked() -> None:
    assert "! Mocks ready (week 2): due 18 Sep 2026, 24 days late" in write_progress(PLAN, fresh(), NOW)
