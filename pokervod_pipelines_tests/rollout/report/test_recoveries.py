"""Check what a rollout recovered by from its failures, and the rate that follows."""

from dataclasses import replace

import pytest

from pokervod_pipelines.rollout.record import AttemptRecord, EscalationRecord, FixRecord, RolloutRecord
from pokervod_pipelines.rollout.report.figures import count_recoveries, make_report
from pokervod_pipelines_tests.rollout.report.examples import (
    HOUR,
    START,
    attempt,
    completed,
    escalated,
    fix,
    fresh,
    plan_weeks,
    result,
)

GOOD, BAD = (result("a"), result("b")), (result("a", "wrong"), result("b"))
LET = (result("a", "wrong", overridden=True), result("b"))
LET_OTHER = (result("a"), result("b", "wrong", overridden=True))


def tried(*results: tuple[object, ...], fixes: tuple[FixRecord, ...] = (), cycle: int = 1) -> list[AttemptRecord]:
    return [
        attempt(number, 1, START + number * HOUR, each, *(fixes if number == 1 else ()), cycle=cycle)  # type: ignore[arg-type]
        for number, each in enumerate(results, 1)
    ]


STOP = (EscalationRecord(week=1, cycle=1, at=START, summary="", ended_at=None),)
CASES = {
    "nothing failed": (tried(GOOD), (), (0, 0, 0, 0), None),
    "passed by itself": (tried(BAD, GOOD), (), (0, 1, 0, 0), 1.0),
    "a fixer mended it": (tried(BAD, GOOD, fixes=(fix("x", "did"),)), (), (1, 0, 0, 0), 1.0),
    "a fixer could not": (tried(BAD, GOOD, fixes=(fix("x", "no", done=False),)), (), (0, 1, 0, 0), 1.0),
    "only what came before the passing counts": (
        tried(BAD, BAD, GOOD, fixes=(fix("x", "did"),)),
        (),
        (1, 1, 0, 0),
        1.0,
    ),
    "it goes on": (tried(BAD, BAD), (), (0, 0, 0, 2), None),
    "escalated": (tried(BAD, BAD, BAD), STOP, (0, 0, 3, 0), 0.0),
    "resumed by a person": ([*tried(BAD, BAD), *tried(GOOD, cycle=2)], (), (0, 0, 2, 0), 0.0),
    "overridden": (tried(BAD, LET), (), (0, 0, 1, 0), 0.0),
    "another criterion overridden": (tried(BAD, LET_OTHER), (), (0, 1, 0, 0), 1.0),
    "mixed": ([*tried(BAD, BAD), *tried(BAD, GOOD, cycle=2)], (), (0, 1, 2, 0), 1 / 3),
}


@pytest.mark.parametrize("case", CASES)
def test_each_failure_is_counted_under_what_got_over_it(case: str) -> None:
    attempts, escalations, (fixer, retry, person, still_open), rate = CASES[case]
    record = replace(fresh(), attempts=tuple(attempts), escalations=escalations)
    found = make_report(plan_weeks(), record, START + 9 * HOUR)
    assert found.recoveries == {"by_fixer": fixer, "by_retry": retry, "by_person": person, "open": still_open}
    assert found.automation_rate == rate


@pytest.mark.parametrize("record", [escalated(), completed()[0]])
def test_every_failed_attempt_is_counted_once(record: RolloutRecord) -> None:
    failed = sum(each.passed is False for each in record.attempts)
    assert sum(count_recoveries(record).values()) == failed == 6


def test_the_rate_of_a_story_counted_by_hand() -> None:
    """Week 2 by itself, week 3 by a fixer; week 4 by an override, week 5 three times by a resumption."""
    assert make_report(plan_weeks(), *completed()).automation_rate == pytest.approx(2 / 6)
