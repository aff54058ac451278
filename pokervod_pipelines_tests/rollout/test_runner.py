"""Check runs week after week: attempts, waits, fixers, escalation, actions of people; nothing counts twice."""

import random
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.errors import Conflict
from pokervod_pipelines.rollout import interventions
from pokervod_pipelines.rollout.record import FixRecord, ResultRecord, RolloutRecord, RolloutState, WeekState
from pokervod_pipelines.rollout.rollout import Rollout
from pokervod_pipelines.rollout.runner import lock_rollout, run_rollout, start_rollout
from pokervod_pipelines_tests.events.rewriting import rewrite_log
from pokervod_pipelines_tests.rollout.scripted import Killed, ScriptedHandler, ScriptedRollout
from pokervod_pipelines_tests.sizes import choose

EVA = Actor(who="eva", reason="the table was filled by hand")


@pytest.fixture
def scripted(engine: Engine) -> ScriptedRollout:
    return ScriptedRollout(engine=engine, handler=ScriptedHandler(engine))


def numbers(record: RolloutRecord, week: int) -> list[tuple[int, int, bool | None]]:
    return [(each.cycle, each.number, each.passed) for each in record.attempts_of(week)]


def run_to_the_end(scripted: ScriptedRollout, limit: int = 100) -> RolloutRecord:
    """Run again and again as time passes, over every death of the process, until it is completed or needs a person."""
    for _ in range(limit):
        try:
            record = scripted.run()
        except Killed:
            continue
        if record.state in {RolloutState.COMPLETED, RolloutState.ESCALATED}:
            return record
        scripted.pass_time()
    raise AssertionError("it never ends")


def test_a_rollout_without_failures_passes_every_week_at_once(scripted: ScriptedRollout) -> None:
    record = scripted.run()

    assert record.state is RolloutState.COMPLETED
    assert {week.state for week in record.weeks} == {WeekState.PASSED}
    assert scripted.handler.evaluated == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert scripted.reported() == [*(f"progress {week}" for week in range(2, 10)), "progress None"]
    assert scripted.events() == ["started", *["week.started", "week.passed"] * 9, "completed"]


def test_a_completed_rollout_is_not_run_again(scripted: ScriptedRollout) -> None:
    scripted.run()
    scripted.run()

    assert len(scripted.handler.evaluated) == 9


def test_a_failing_week_waits_longer_each_time(scripted: ScriptedRollout) -> None:
    scripted.handler.failures = {2: 2}
    first = scripted.run()
    waits = [first.weeks[1].next_try_at - scripted.handler.now]
    scripted.run()
    assert numbers(scripted.record(), 2) == [(1, 1, False)]

    scripted.pass_time(5)
    second = scripted.run()
    waits.append(second.weeks[1].next_try_at - scripted.handler.now)
    scripted.pass_time(10)
    last = scripted.run()

    assert waits == [timedelta(minutes=5), timedelta(minutes=10)]
    assert (first.state, last.state) == (RolloutState.WAITING, RolloutState.COMPLETED)
    assert numbers(last, 2) == [(1, 1, False), (1, 2, False), (1, 3, True)]
    assert scripted.handler.fixed == [(2, "apply_migrations")] * 2


def test_after_the_third_failure_the_rollout_is_escalated_and_blocked(scripted: ScriptedRollout) -> None:
    scripted.handler.failures = {4: 3}
    record = run_to_the_end(scripted)
    scripted.pass_time(10_000)
    scripted.run()

    assert record.state is RolloutState.ESCALATED
    assert (record.current_week, record.weeks[3].state) == (4, WeekState.FAILED)
    assert [(each.week, each.ended_at) for each in record.escalations] == [(4, None)]
    assert "tables: 3 columns are missing" in record.reason
    assert scripted.reported()[-1] == "escalation 4"
    assert len(scripted.record().attempts_of(4)) == 3


def test_a_person_resumes_the_current_week_with_all_attempts(scripted: ScriptedRollout) -> None:
    scripted.handler.failures = {4: 4}
    run_to_the_end(scripted)

    assert interventions.acknowledge_escalation(scripted.rollout, EVA) == 4
    assert interventions.resume_rollout(scripted.rollout, EVA) == 4
    record = run_to_the_end(scripted)

    assert record.state is RolloutState.COMPLETED
    assert numbers(record, 4)[-2:] == [(2, 1, False), (2, 2, True)]
    assert [each.ended_at is not None for each in record.escalations] == [True]
    assert [each.kind for each in record.interventions] == ["acknowledge", "resume"]


def test_a_pause_in_the_middle_of_a_week_lasts_until_it_is_resumed(scripted: ScriptedRollout) -> None:
    scripted.run(until=1)
    evaluate = scripted.handler.evaluate

    def evaluate_and_pause(week: int):
        interventions.pause_rollout(scripted.rollout, EVA)
        return evaluate(week)

    scripted.handler.evaluate = evaluate_and_pause
    record = scripted.run()
    scripted.handler.evaluate = evaluate

    assert (record.state, record.current_week) == (RolloutState.PAUSED, 3)
    assert scripted.run().current_week == 3
    interventions.resume_rollout(scripted.rollout, EVA)
    assert scripted.run().state is RolloutState.COMPLETED


def test_two_runners_at_once_do_the_work_once(scripted: ScriptedRollout) -> None:
    refused: list[Conflict] = []

    def run() -> None:
        try:
            scripted.run()
        except Conflict as error:
            refused.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(scripted.handler.evaluated) == [1, 2, 3, 4, 5, 6, 7, 8, 9]


def test_wherever_the_process_dies_no_attempt_counts_twice_and_nothing_is_reported_twice(engine: Engine) -> None:
    failures = {2: 1, 5: 2}
    undisturbed = ScriptedRollout(engine=engine, handler=ScriptedHandler(engine, failures=failures), plan="undisturbed")
    expected = run_to_the_end(undisturbed)
    reported = undisturbed.reported()
    for dies_at in range(1, undisturbed.handler.acts + 1, choose(4, long=1)):
        scripted = ScriptedRollout(
            engine=engine, handler=ScriptedHandler(engine, failures=failures, dies_at=dies_at), plan=f"dies_{dies_at}"
        )
        clear(scripted)
        record = run_to_the_end(scripted)

        assert record.state is RolloutState.COMPLETED
        assert [(each.week, each.cycle, each.number, each.passed) for each in record.attempts] == [
            (each.week, each.cycle, each.number, each.passed) for each in expected.attempts
        ], dies_at
        assert scripted.reported() == reported, dies_at
        assert [len(each.fixes) for each in record.attempts] == [len(each.fixes) for each in expected.attempts], dies_at


def clear(scripted: ScriptedRollout) -> None:
    with scripted.engine.begin() as connection:
        connection.execute(text("truncate rollouts cascade"))
        rewrite_log(connection, "delete from events")


def test_a_random_rollout_ends_as_its_failures_demand(engine: Engine) -> None:
    chance = random.Random(9)
    for _ in range(5):
        failures = {week: chance.choice([0, 0, 0, 1, 2, 3]) for week in range(1, 10)}
        scripted = ScriptedRollout(engine=engine, handler=ScriptedHandler(engine, failures=failures))
        clear(scripted)
        record = run_to_the_end(scripted)

        first_lost = next((week for week, count in sorted(failures.items()) if count >= 3), None)
        assert record.current_week == first_lost
        assert record.state is (RolloutState.COMPLETED if first_lost is None else RolloutState.ESCALATED)
        for week, count in failures.items():
            if first_lost is None or week < first_lost:
                assert len(record.attempts_of(week)) == count + 1


@pytest.mark.parametrize(
    ("before", "then", "only_extends", "expected"),
    [
        (2, 4, False, 4),
        (4, 2, False, 2),
        (2, None, False, None),
        (None, 2, False, 2),
        (2, 4, True, 4),
        (4, 2, True, 4),
        (None, 2, True, None),
    ],
)
def test_the_last_until_limits_automatic_runs_unless_it_only_extends(
    scripted: ScriptedRollout, before: int | None, then: int | None, only_extends: bool, expected: int | None
) -> None:
    start_rollout(scripted.rollout, before)
    run_rollout(scripted.rollout, until=then, only_extends=only_extends)

    assert scripted.record().until == expected


@pytest.mark.parametrize("only_extends", [True, False])
def test_the_first_run_sets_the_limit(scripted: ScriptedRollout, only_extends: bool) -> None:
    run_rollout(scripted.rollout, until=2, only_extends=only_extends)

    record = scripted.record()
    assert (record.until, record.current_week, record.state) == (2, 3, RolloutState.WAITING)


def test_starting_sets_the_limit_and_evaluates_nothing(scripted: ScriptedRollout) -> None:
    start_rollout(scripted.rollout, 3)

    assert (scripted.record().until, scripted.events(), scripted.handler.evaluated) == (3, ["started"], [])
    with lock_rollout(scripted.rollout), pytest.raises(Conflict):
        start_rollout(scripted.rollout, 5)
    assert scripted.record().until == 3


def test_a_rollout_that_no_run_may_continue_is_waiting(scripted: ScriptedRollout) -> None:
    assert scripted.run(until=2).state is RolloutState.WAITING
    assert scripted.run(until=4).reason == "week 5 has not been requested yet"
    start_rollout(scripted.rollout, None)
    run_rollout(scripted.rollout, until=6, only_extends=True)

    assert scripted.record().state is RolloutState.RUNNING, "the rest was requested before"


@pytest.mark.parametrize("failures", [{}, {4: 1}, {4: 99}], ids=["not begun", "waiting", "escalated"])
def test_a_week_that_was_deleted_from_the_plan_blocks_nothing(
    scripted: ScriptedRollout, failures: dict[int, int]
) -> None:
    scripted.weeks, scripted.handler.failures = 4, failures
    if failures.get(4) == 99:
        run_to_the_end(scripted)
    else:
        scripted.run(until=None if failures else 3)
    scripted.weeks = 3

    record = scripted.run()

    assert (record.state, record.current_week, len(record.weeks)) == (RolloutState.COMPLETED, None, 3)
    assert not [each for each in record.escalations if each.ended_at is None]
    assert (scripted.events().count("completed"), scripted.reported()[-1]) == (1, "progress None")
    scripted.run()
    assert scripted.events().count("completed") == 1


def interrupt(scripted: ScriptedRollout, week: int) -> None:
    """Kill the runner while it evaluates the week."""
    evaluate = scripted.handler.evaluate

    def die(number: int):
        if number == week:
            raise Killed
        return evaluate(number)

    scripted.handler.evaluate = die
    with pytest.raises(Killed):
        scripted.run()
    scripted.handler.evaluate = evaluate


def test_a_person_continues_an_interrupted_attempt_as_the_same_attempt(scripted: ScriptedRollout) -> None:
    interrupt(scripted, 5)

    assert interventions.resume_rollout(scripted.rollout, EVA) == 5
    record = scripted.run()

    assert (record.state, numbers(record, 5)) == (RolloutState.COMPLETED, [(1, 1, True)])


@pytest.mark.parametrize(("paused", "week"), [(True, None), (False, 5), (False, 3)])
def test_an_interrupted_attempt_has_not_failed_even_in_a_new_cycle(
    scripted: ScriptedRollout, paused: bool, week: int | None
) -> None:
    interrupt(scripted, 5)
    if paused:
        interventions.pause_rollout(scripted.rollout, EVA)

    interventions.resume_rollout(scripted.rollout, EVA, week=week)
    record = scripted.run()

    assert (record.state, numbers(record, 5)) == (RolloutState.COMPLETED, [(2, 1, True)])
    assert all(each.passed for each in record.attempts)


def test_resuming_ends_a_wait(scripted: ScriptedRollout) -> None:
    scripted.handler.failures = {2: 2}
    scripted.run()

    interventions.resume_rollout(scripted.rollout, EVA)
    record = scripted.run()

    assert (record.state, numbers(record, 2)) == (RolloutState.WAITING, [(1, 1, False), (1, 2, False)])
    assert scripted.handler.fixed == [(2, "apply_migrations")] * 2, "as after any wait"


def test_resuming_and_resolving_the_escalation_are_one_transaction(scripted: ScriptedRollout) -> None:
    scripted.handler.failures = {4: 4}
    run_to_the_end(scripted)
    scripted.handler.dies_at = scripted.handler.acts + 1
    with pytest.raises(Killed):
        interventions.resume_rollout(scripted.rollout, EVA)
    assert (scripted.record().state, scripted.record().interventions) == (RolloutState.ESCALATED, ())

    interventions.resume_rollout(scripted.rollout, EVA)
    assert scripted.reported()[-1] == "resolved by eva"


def test_an_escalation_can_be_acknowledged_while_it_is_paused(scripted: ScriptedRollout) -> None:
    scripted.handler.failures = {4: 99}
    run_to_the_end(scripted)
    interventions.pause_rollout(scripted.rollout, EVA)

    assert interventions.acknowledge_escalation(scripted.rollout, EVA) == 4
    interventions.resume_rollout(scripted.rollout, EVA)
    with pytest.raises(Conflict, match="the rollout demo has no open escalation"):
        interventions.acknowledge_escalation(scripted.rollout, EVA)


@pytest.mark.parametrize(
    ("act", "state"), [(interventions.abandon_rollout, "abandoned"), (interventions.pause_rollout, "paused")]
)
@pytest.mark.parametrize(("fails", "week", "kept"), [(0, 1, "passed"), (3, 1, "failed"), (0, 9, "passed")])
def test_a_person_may_act_while_a_week_is_evaluated(
    scripted: ScriptedRollout,
    monkeypatch: pytest.MonkeyPatch,
    act: Callable[[Rollout, Actor], object],
    state: str,
    fails: int,
    week: int,
    kept: str,
) -> None:
    """An abandoned rollout was completed or escalated, with its alert, by the attempt that was running."""
    evaluate = scripted.handler.evaluate
    scripted.handler.failures = {week: fails}

    def evaluate_late(number: int) -> tuple[ResultRecord, ...]:
        results = evaluate(number)
        if number == week and scripted.handler.count_failed(week) == max(0, fails - 1):
            act(scripted.rollout, EVA)
        return results

    monkeypatch.setattr(scripted.handler, "evaluate", evaluate_late)
    for _ in range(max(1, fails)):
        scripted.run()
        scripted.pass_time()
    is_abandoned = state == "abandoned"
    ended = {(3, 1): "escalated", (0, 9): "completed"}.get((fails, week), state)

    assert scripted.record().state == (state if is_abandoned else ended)
    assert scripted.record().weeks[week - 1].state == kept
    assert {"escalated", "completed"}.isdisjoint(scripted.events()) or not is_abandoned
    assert scripted.events()[-1] == "abandoned" or not is_abandoned


def test_a_rollout_abandoned_while_a_fixer_runs_starts_no_attempt(
    scripted: ScriptedRollout, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted.handler.failures = {1: 1}
    fix = scripted.handler.fix

    def fix_late(*given: Any) -> Iterator[FixRecord]:
        scripted.pass_time()
        interventions.abandon_rollout(scripted.rollout, EVA)
        yield from fix(*given)

    monkeypatch.setattr(scripted.handler, "fix", fix_late)
    scripted.run()

    assert numbers(scripted.record(), 1) == [(1, 1, False)]
    assert scripted.record().state is RolloutState.ABANDONED
