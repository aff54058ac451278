"""Week after week: attempts, waits, fixers, escalation, and what people do; nothing is counted or told twice."""

import random
import threading
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.errors import BadInput, Conflict
from pokervod_pipelines.rollout import interventions
from pokervod_pipelines.rollout.interventions import Person
from pokervod_pipelines.rollout.programme import aim, hold_alone, judge_week, run
from pokervod_pipelines.rollout.record import ProgrammeRecord, ProgrammeState, WeekState
from pokervod_pipelines_tests.rollout.stage import Killed, ScriptedCrew, Stage

EVA = Person(by="eva", reason="the table was filled by hand")


@pytest.fixture
def stage(engine: Engine) -> Stage:
    return Stage(engine=engine, crew=ScriptedCrew(engine))


def numbers(record: ProgrammeRecord, week: int) -> list[tuple[int, int, bool | None]]:
    return [(each.round, each.number, each.passed) for each in record.attempts_of(week)]


def run_to_the_end(stage: Stage, most: int = 100) -> ProgrammeRecord:
    """Run again and again as time passes, over every death of the process, until nobody but a person can go on."""
    for _ in range(most):
        try:
            record = stage.run()
        except Killed:
            continue
        if record.state in {ProgrammeState.COMPLETED, ProgrammeState.ESCALATED}:
            return record
        stage.pass_time()
    raise AssertionError("it never ends")


def test_a_programme_without_failures_passes_every_week_at_once(stage: Stage) -> None:
    record = stage.run()

    assert record.state is ProgrammeState.COMPLETED
    assert {week.state for week in record.weeks} == {WeekState.PASSED}
    assert stage.crew.evaluated == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert stage.told() == [*(f"progress {week}" for week in range(2, 10)), "progress None"]
    assert stage.events() == ["started", *["week.started", "week.passed"] * 9, "completed"]


def test_a_completed_programme_is_not_run_again(stage: Stage) -> None:
    stage.run()
    stage.run()

    assert len(stage.crew.evaluated) == 9


def test_it_stops_before_the_week_after_until(stage: Stage) -> None:
    record = stage.run(until=3)

    assert (record.current_week, stage.crew.evaluated) == (4, [1, 2, 3])


def test_a_failing_week_waits_longer_each_time_and_holds_nothing_meanwhile(stage: Stage) -> None:
    stage.crew.failures = {2: 2}
    first = stage.run()
    waits = [first.weeks[1].next_try_at - stage.crew.now]
    stage.run()
    assert numbers(stage.record(), 2) == [(1, 1, False)]

    stage.pass_time(5)
    second = stage.run()
    waits.append(second.weeks[1].next_try_at - stage.crew.now)
    stage.pass_time(10)
    last = stage.run()

    assert waits == [timedelta(minutes=5), timedelta(minutes=10)]
    assert (first.state, last.state) == (ProgrammeState.WAITING, ProgrammeState.COMPLETED)
    assert numbers(last, 2) == [(1, 1, False), (1, 2, False), (1, 3, True)]
    assert stage.crew.fixed == [(2, "apply_migrations")] * 2


def test_after_the_third_failure_it_is_escalated_and_the_programme_stands_still(stage: Stage) -> None:
    stage.crew.failures = {4: 3}
    record = run_to_the_end(stage)
    stage.pass_time(10_000)
    stage.run()

    assert record.state is ProgrammeState.ESCALATED
    assert (record.current_week, record.weeks[3].state) == (4, WeekState.FAILED)
    assert [(each.week, each.ended_at) for each in record.escalations] == [(4, None)]
    assert "tables: 3 columns are missing" in record.reason
    assert stage.told()[-1] == "escalation 4"
    assert len(stage.record().attempts_of(4)) == 3


def test_a_person_resumes_it_where_it_stands_with_all_attempts(stage: Stage) -> None:
    stage.crew.failures = {4: 4}
    run_to_the_end(stage)

    assert interventions.acknowledge(stage.programme, EVA) == 4
    assert interventions.resume(stage.programme, EVA) == 4
    record = run_to_the_end(stage)

    assert record.state is ProgrammeState.COMPLETED
    assert numbers(record, 4)[-2:] == [(2, 1, False), (2, 2, True)]
    assert [each.ended_at is not None for each in record.escalations] == [True]
    assert [each.kind for each in record.interventions] == ["acknowledge", "resume"]


def test_resuming_from_an_earlier_week_does_it_and_all_after_it_again(stage: Stage) -> None:
    stage.run(until=5)

    interventions.resume(stage.programme, EVA, week=3)
    record = stage.run()

    assert stage.crew.evaluated == [1, 2, 3, 4, 5, 3, 4, 5, 6, 7, 8, 9]
    assert record.state is ProgrammeState.COMPLETED
    assert len(record.attempts_of(3)) == 2


def test_a_week_cannot_begin_before_the_one_before_it_passed(stage: Stage) -> None:
    stage.run(until=2)

    with pytest.raises(Conflict, match="week 3 is pending; it has to pass before week 6 begins"):
        interventions.resume(stage.programme, EVA, week=6)
    with pytest.raises(BadInput, match="no week 10"):
        interventions.resume(stage.programme, EVA, week=10)


def test_an_overridden_criterion_counts_and_is_shown_as_overridden_for_ever(stage: Stage) -> None:
    stage.crew.failures = {1: 99}
    run_to_the_end(stage)

    interventions.override(stage.programme, 1, "tables", EVA, known={"tables", "health"})
    interventions.resume(stage.programme, EVA)
    record = stage.run(until=1)

    (last,) = [each for each in record.attempts_of(1) if each.passed]
    assert {each.criterion: (each.passed, each.is_overridden) for each in last.results} == {
        "tables": (False, True),
        "health": (True, False),
    }
    assert [(each.criterion, each.by) for each in record.overrides] == [("tables", "eva")]
    with pytest.raises(Conflict, match="overridden already"):
        interventions.override(stage.programme, 1, "tables", EVA, known={"tables"})
    with pytest.raises(BadInput, match="no criterion 'speed'"):
        interventions.override(stage.programme, 1, "speed", EVA, known={"tables"})


def test_a_pause_holds_until_it_is_resumed_even_when_it_came_in_the_middle_of_a_week(stage: Stage) -> None:
    stage.run(until=1)
    evaluate = stage.crew.evaluate

    def evaluate_and_pause(week: int):
        interventions.pause(stage.programme, EVA)
        return evaluate(week)

    stage.crew.evaluate = evaluate_and_pause
    record = stage.run()
    stage.crew.evaluate = evaluate

    assert (record.state, record.current_week) == (ProgrammeState.PAUSED, 3)
    assert stage.run().current_week == 3
    interventions.resume(stage.programme, EVA)
    assert stage.run().state is ProgrammeState.COMPLETED


def test_a_second_runner_is_refused(stage: Stage) -> None:
    with hold_alone(stage.programme), pytest.raises(Conflict, match="run by another runner"):
        stage.run()

    assert stage.run().state is ProgrammeState.COMPLETED


def test_two_runners_at_once_do_the_work_once(stage: Stage) -> None:
    refused: list[Conflict] = []

    def run() -> None:
        try:
            stage.run()
        except Conflict as error:
            refused.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(stage.crew.evaluated) == [1, 2, 3, 4, 5, 6, 7, 8, 9]


def test_validating_a_week_keeps_nothing(stage: Stage) -> None:
    stage.crew.failures = {7: 9}
    stage.run(until=2)
    before = (stage.record(), stage.events())

    assert not judge_week(stage.programme, 7).passed
    assert judge_week(stage.programme, 8).passed
    assert (stage.record(), stage.events()) == before


def test_wherever_the_process_dies_no_attempt_counts_twice_and_nothing_is_told_twice(engine: Engine) -> None:
    failures = {2: 1, 5: 2}
    undisturbed = Stage(engine=engine, crew=ScriptedCrew(engine, failures=failures), plan="undisturbed")
    wanted = run_to_the_end(undisturbed)
    told = undisturbed.told()
    for dies_at in range(1, undisturbed.crew.acts + 1):
        stage = Stage(
            engine=engine, crew=ScriptedCrew(engine, failures=failures, dies_at=dies_at), plan=f"dies {dies_at}"
        )
        clear(stage)
        record = run_to_the_end(stage)

        assert record.state is ProgrammeState.COMPLETED
        assert [(each.week, each.round, each.number, each.passed) for each in record.attempts] == [
            (each.week, each.round, each.number, each.passed) for each in wanted.attempts
        ], dies_at
        assert stage.told() == told, dies_at
        assert [len(each.fixes) for each in record.attempts] == [len(each.fixes) for each in wanted.attempts], dies_at


def clear(stage: Stage) -> None:
    with stage.engine.begin() as connection:
        connection.execute(text("truncate events, rollout_programmes cascade"))


def test_a_programme_of_chance_ends_as_its_failures_say(engine: Engine) -> None:
    chance = random.Random(9)
    for _ in range(5):
        failures = {week: chance.choice([0, 0, 0, 1, 2, 3]) for week in range(1, 10)}
        stage = Stage(engine=engine, crew=ScriptedCrew(engine, failures=failures))
        clear(stage)
        record = run_to_the_end(stage)

        first_lost = next((week for week, count in sorted(failures.items()) if count >= 3), None)
        assert record.current_week == first_lost
        assert record.state is (ProgrammeState.COMPLETED if first_lost is None else ProgrammeState.ESCALATED)
        for week, count in failures.items():
            if first_lost is None or week < first_lost:
                assert len(record.attempts_of(week)) == count + 1


@pytest.mark.parametrize("person", [{"by": "", "reason": "x"}, {"by": "eva", "reason": " "}])
def test_nobody_intervenes_without_a_name_and_a_reason(person: dict[str, str]) -> None:
    with pytest.raises(BadInput, match="who does it and why"):
        Person(**person)


@pytest.mark.parametrize(
    ("before", "then", "only_widens", "wanted"),
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
def test_how_far_it_goes_by_itself_is_what_was_said_last_unless_it_only_widens(
    stage: Stage, before: int | None, then: int | None, only_widens: bool, wanted: int | None
) -> None:
    aim(stage.programme, before)
    run(stage.programme, until=then, only_widens=only_widens)

    assert stage.record().until == wanted


@pytest.mark.parametrize("only_widens", [True, False])
def test_who_begins_it_says_how_far_it_goes(stage: Stage, only_widens: bool) -> None:
    run(stage.programme, until=2, only_widens=only_widens)

    record = stage.record()
    assert (record.until, record.current_week, record.state) == (2, 3, ProgrammeState.WAITING)


def test_aiming_begins_it_and_looks_at_nothing(stage: Stage) -> None:
    aim(stage.programme, 3)

    assert (stage.record().until, stage.events(), stage.crew.evaluated) == (3, ["started"], [])
    with hold_alone(stage.programme), pytest.raises(Conflict):
        aim(stage.programme, 5)
    assert stage.record().until == 3


def test_nothing_is_left_running_where_nobody_is_to_take_it_up(stage: Stage) -> None:
    assert stage.run(until=2).state is ProgrammeState.WAITING
    assert stage.run(until=4).reason == "week 5 was not asked for yet"
    aim(stage.programme, None)
    run(stage.programme, until=6, only_widens=True)

    assert stage.record().state is ProgrammeState.RUNNING, "the rest was asked for before"


def test_what_the_database_does_not_take_fails_the_attempt_and_counts(stage: Stage) -> None:
    stage.crew.figures = {"share": float("nan")}
    record = run_to_the_end(stage)

    assert (record.state, numbers(record, 1)) == (ProgrammeState.ESCALATED, [(1, n, False) for n in (1, 2, 3)])
    (result, _) = record.attempts[-1].results
    assert (result.criterion, result.error_class, dict(result.figures)) == ("health", "unknown", {})
    assert "does not take what the week's criteria found: invalid input syntax for type json" in result.summary


@pytest.mark.parametrize("failures", [{}, {4: 1}, {4: 99}], ids=["not begun", "waiting", "escalated"])
def test_a_week_that_was_taken_out_of_the_plan_keeps_it_from_nothing(stage: Stage, failures: dict[int, int]) -> None:
    stage.weeks, stage.crew.failures = 4, failures
    if failures.get(4) == 99:
        run_to_the_end(stage)
    else:
        stage.run(until=None if failures else 3)
    stage.weeks = 3

    record = stage.run()

    assert (record.state, record.current_week, len(record.weeks)) == (ProgrammeState.COMPLETED, None, 3)
    assert not [each for each in record.escalations if each.ended_at is None]
    assert (stage.events().count("completed"), stage.told()[-1]) == (1, "progress None")
    stage.run()
    assert stage.events().count("completed") == 1


def test_a_week_that_came_into_the_plan_is_done_after_all(stage: Stage) -> None:
    stage.weeks = 3
    stage.run()
    stage.weeks = 5

    record = stage.run()

    assert (record.state, stage.crew.evaluated) == (ProgrammeState.COMPLETED, [1, 2, 3, 4, 5])


def break_off(stage: Stage, week: int) -> None:
    """The runner died while it looked at the week."""
    evaluate = stage.crew.evaluate

    def die(number: int):
        if number == week:
            raise Killed
        return evaluate(number)

    stage.crew.evaluate = die
    with pytest.raises(Killed):
        stage.run()
    stage.crew.evaluate = evaluate


def test_a_person_takes_up_what_was_broken_off_as_the_same_attempt(stage: Stage) -> None:
    break_off(stage, 5)

    assert interventions.resume(stage.programme, EVA) == 5
    record = stage.run()

    assert (record.state, numbers(record, 5)) == (ProgrammeState.COMPLETED, [(1, 1, True)])


@pytest.mark.parametrize(("paused", "week"), [(True, None), (False, 5), (False, 3)])
def test_what_was_broken_off_never_failed_even_if_the_week_begins_anew(
    stage: Stage, paused: bool, week: int | None
) -> None:
    break_off(stage, 5)
    if paused:
        interventions.pause(stage.programme, EVA)

    interventions.resume(stage.programme, EVA, week=week)
    record = stage.run()

    assert (record.state, numbers(record, 5)) == (ProgrammeState.COMPLETED, [(2, 1, True)])
    assert all(each.passed for each in record.attempts)


def test_a_person_who_resumes_it_wants_no_wait(stage: Stage) -> None:
    stage.crew.failures = {2: 2}
    stage.run()

    interventions.resume(stage.programme, EVA)
    record = stage.run()

    assert (record.state, numbers(record, 2)) == (ProgrammeState.WAITING, [(1, 1, False), (1, 2, False)])
    assert stage.crew.fixed == [(2, "apply_migrations")] * 2, "as after any wait"


def test_an_escalation_is_over_in_the_moment_in_which_it_is_resumed(stage: Stage) -> None:
    stage.crew.failures = {4: 4}
    run_to_the_end(stage)
    stage.crew.dies_at = stage.crew.acts + 1
    with pytest.raises(Killed):
        interventions.resume(stage.programme, EVA)
    assert (stage.record().state, stage.record().interventions) == (ProgrammeState.ESCALATED, ())

    interventions.resume(stage.programme, EVA)
    assert stage.told()[-1] == "resumption by eva"


def test_an_escalation_can_be_acknowledged_while_it_is_paused(stage: Stage) -> None:
    stage.crew.failures = {4: 99}
    run_to_the_end(stage)
    interventions.pause(stage.programme, EVA)

    assert interventions.acknowledge(stage.programme, EVA) == 4
    interventions.resume(stage.programme, EVA)
    with pytest.raises(Conflict, match="nothing of the programme demo is escalated"):
        interventions.acknowledge(stage.programme, EVA)
