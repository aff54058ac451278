"""Check that the message of an escalation has everything that a person needs to act."""

from dataclasses import replace

import pytest

from pokervod_pipelines.rollout.record import AttemptRecord, RolloutRecord
from pokervod_pipelines.rollout.report.escalation import MAX_ERRORS, describe_escalation
from pokervod_pipelines_tests.rollout.report.examples import NOW, attempt, completed, escalated, plan_weeks, result

PLAN = plan_weeks()


def body(record: RolloutRecord | None = None, link: str | None = None) -> str:
    return describe_escalation(PLAN, record or escalated(), 5, NOW, link).body_markdown


def test_the_title_names_the_week_in_one_line() -> None:
    title = describe_escalation(PLAN, escalated(), 5, NOW).title
    assert title == "Rollout escalated: week 5 Mock to real failed 3 times"


@pytest.mark.parametrize(
    "said",
    [
        "is blocked at week 5, Mock to real.",
        "- Reason: 3 of 4 criteria failed at the third attempt: clipping_contract, no_mock_left, ui_health",
        "- Blocked since 11 Oct 2026, 09:00 UTC (1 d 2 h)",
        "- Estimated completion if resumed now: 17 Nov 2026, 11 days late",
        "- Attempt 1, 11 Oct 2026, 08:20 UTC: 2 of 4 criteria failed",
        "  - `no_mock_left` (DATA): `clipping answers with the header x-pokervod-mock: true`",
        "- Attempt 2, 11 Oct 2026, 08:30 UTC: the same errors",
        "- After attempt 1: `restart_service` failed: the hook answered 403 Forbidden",
        "- After attempt 2: `rebuild_mocks` done: 3 mocks built anew",
        "`pokervod rollout validate 5 --plan default`",
        "`pokervod rollout resume --from 5 --plan default`",
        "`pokervod rollout override 5 clipping_contract --reason … --plan default`",
        "Page: https://pokervod.example/rollout",
    ],
)
def test_the_body_says(said: str) -> None:
    assert said in body(link="https://pokervod.example/rollout")


def of_week_5(*attempts: AttemptRecord) -> RolloutRecord:
    return replace(escalated(), attempts=attempts)


def test_errors_are_trimmed_and_contain_no_markup() -> None:
    evil = attempt(1, 5, NOW, (result("clipping_contract", "`*<!channel>*\n# boo " + "x" * 5_000),))
    text = body(of_week_5(evil))
    assert "ˋ*<!channel>* # boo xxx" in text
    assert max(map(len, text.splitlines())) < 320
    assert "…`" in text


def test_many_errors_are_counted() -> None:
    many = attempt(1, 5, NOW, tuple(result(f"criterion_{number}", "wrong") for number in range(MAX_ERRORS + 12)))
    text = body(of_week_5(many))
    assert text.count("wrong") == MAX_ERRORS
    assert "  - and 12 more" in text


def test_without_fixes_it_says_why() -> None:
    first, second = (attempt(number, 5, NOW, (result("a", "wrong"),)) for number in (1, 2))

    assert "None: no fixer for these errors is in the plan and switched on." in body(of_week_5(first, second))
    assert "None: fixers run between two attempts, and there was only one." in body(of_week_5(first))


def test_without_results_the_command_keeps_its_placeholder() -> None:
    assert "override 5 CRITERION --reason" in body(of_week_5())


def test_only_the_escalated_cycle_is_reported() -> None:
    record, _ = completed()
    text = body(record)
    assert "08:20" in text
    assert text.count("- Attempt") == 3


def test_the_message_fits_into_chat() -> None:
    assert len(body()) < 3_000
