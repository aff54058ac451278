"""Check that progress is kept by what was judged when a plan changes in the middle of its rollout."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Engine

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.errors import Conflict
from pokervod_pipelines.rollout import interventions
from pokervod_pipelines.rollout.plans import find_plan
from pokervod_pipelines.rollout.report.figures import make_report
from pokervod_pipelines.rollout.rollout import Rollout
from pokervod_pipelines.rollout.runner import run_rollout
from pokervod_pipelines_tests.rollout.plan_folder import QUERY, TABLE, PlanFolder, describe_week

EVA = Actor(who="eva", reason="proven by hand")
Weeks = list[dict[str, Any]]


@pytest.fixture
def folder(engine: Engine, tmp_path: Any) -> PlanFolder:
    """Return a rollout of four weeks of which three have passed."""
    made = PlanFolder(engine=engine, folder=tmp_path)
    made.write(attempts=1)
    made.prove(1, 2, 3)
    run_rollout(made.rollout())
    return made


def list_weeks() -> Weeks:
    return [describe_week(number) for number in range(1, 5)]


def renumber(weeks: Weeks) -> Weeks:
    return [{**week, "number": number} for number, week in enumerate(weeks, 1)]


def insert(weeks: Weeks) -> Weeks:
    return renumber([*weeks[:1], {**describe_week(1), "title": "Rehearsal", "criteria": [QUERY]}, *weeks[1:]])


def remove(weeks: Weeks) -> Weeks:
    return renumber([weeks[0], *weeks[2:]])


def swap(weeks: Weeks) -> Weeks:
    return renumber([weeks[1], weeks[0], *weeks[2:]])


def add_criterion(weeks: Weeks) -> Weeks:
    weeks[0]["criteria"].append(TABLE)
    return weeks


def change_criterion(weeks: Weeks) -> Weeks:
    weeks[1]["criteria"][2] = {**QUERY, "query": "select 1 + 0"}
    return weeks


def remove_criterion(weeks: Weeks) -> Weeks:
    del weeks[1]["criteria"][1:]
    return weeks


def rename_week(weeks: Weeks) -> Weeks:
    weeks[1]["title"] = "Another title"
    return weeks


def describe_again(weeks: Weeks) -> Weeks:
    weeks[0]["criteria"][0] |= {"description": "In other words.", "seconds": 5.0}
    return weeks


def replace_week(weeks: Weeks) -> Weeks:
    weeks[2] = {**describe_week(3), "title": "Other", "criteria": [TABLE]}
    return weeks


def remove_last(weeks: Weeks) -> Weeks:
    return weeks[:3]


CHANGES: list[tuple[Callable[[Weeks], Weeks], list[str], list[int], str]] = [
    (
        insert,
        ["passed", "pending", "passed", "passed", "failed"],
        [2],
        "week 2 'Rehearsal' is new; week 3 'Part 2' was",
    ),
    (remove, ["passed", "passed", "failed"], [], "week 2 'Part 2' was removed; week 2 'Part 3' was week 3"),
    (swap, ["passed", "passed", "passed", "failed"], [], "week 1 'Part 2' was week 2; week 2 'Part 1' was week 1"),
    (add_criterion, ["pending", "passed", "passed", "failed"], [1], "because these never passed: hands_table"),
    (change_criterion, ["passed", "pending", "passed", "failed"], [2], "because these never passed: one_is_one"),
    (remove_criterion, ["passed", "passed", "passed", "failed"], [], ""),
    (rename_week, ["passed", "passed", "passed", "failed"], [], "week 2 'Another title' was 'Part 2'"),
    (describe_again, ["passed", "passed", "passed", "failed"], [], ""),
    (replace_week, ["passed", "passed", "pending", "failed"], [3], "these never passed: hands_table"),
    (remove_last, ["passed", "passed", "passed"], [], "week 4 'Part 4' was removed"),
]


@pytest.mark.parametrize(
    ("change", "states", "judged", "says"), CHANGES, ids=lambda value: getattr(value, "__name__", "")
)
def test_what_was_never_judged_is_judged_and_nothing_else(
    folder: PlanFolder, change: Callable[[Weeks], Weeks], states: list[str], judged: list[int], says: str
) -> None:
    before = len(folder.execute("select from rollout_attempts"))
    folder.write(weeks=change(list_weeks()), attempts=1)

    assert folder.states() == states
    lines: list[str] = []
    if states[-1] == "failed":
        interventions.resume_rollout(folder.rollout(), EVA)
    run_rollout(folder.rollout(), log=lines.append)

    later = folder.execute("select week from rollout_attempts order by id")[before:]
    last = [len(states)] if states[-1] == "failed" else []
    assert [week for (week,) in later] == [*judged, *last]
    assert folder.states() == ["passed"] * (len(states) - len(last)) + ["failed"] * len(last)
    said = [each.reason for each in folder.record().interventions if each.kind == "change"]
    assert (says in said[0]) if says else said == []
    check_report(folder)


def test_five_changes_in_the_middle_of_a_rollout_one_after_the_other(folder: PlanFolder) -> None:
    weeks = list_weeks()
    for change in (change_criterion, add_criterion, insert, swap, rename_week, remove):
        weeks = change(weeks)
        folder.write(weeks=weeks, attempts=1)
        interventions.resume_rollout(folder.rollout(), EVA)
        run_rollout(folder.rollout())

        check_report(folder)

    assert [week["title"] for week in weeks] == ["Rehearsal", "Part 2", "Part 3", "Part 4"]
    assert folder.states() == ["passed", "passed", "passed", "failed"]
    changed = [each for each in folder.record().interventions if each.kind == "change"]
    assert len(changed) == 6


def check_report(folder: PlanFolder) -> None:
    """Count the report again from the tables, by titles and digests."""
    plan = find_plan(folder.settings)
    report = make_report(plan, folder.record(), folder.rollout().clock())
    for week in report.weeks:
        digests = [each.digest for each in week.plan.criteria]
        (counted,) = folder.execute(_COUNT, title=week.plan.title, digests=digests)
        found = (week.counts["attempts"], week.counts["retries"], week.counts["escalations"], week.criteria_held)
        assert found == counted[:4], week.plan.title
        assert (week.plan.number in report.done) is (counted[4] == len(digests)), week.plan.title
    assert report.criteria_total == sum(len(week.criteria) for week in plan.weeks)
    assert report.percent == 100 * len(report.done) // len(plan.weeks)


_COUNT = """
    with tried as (select a.* from rollout_attempts a join rollout_weeks w on w.number = a.week where w.title = :title),
        judged as (select r.*, t.passed as was_passed, max(t.id) filter (where t.passed) over () as last from
            rollout_results r join tried t on t.id = r.attempt_id where digest = any(cast(:digests as text[]))),
        latest as (select distinct on (criterion) passed from judged order by criterion, attempt_id desc)
    select (select count(*) from tried), (select count(*) from tried where number > 1),
        (select count(*) from rollout_escalations e join rollout_weeks w on w.number = e.week where w.title = :title),
        (select count(*) from latest where passed),
        (select count(*) from judged where attempt_id = last and passed)
"""


def test_a_week_that_comes_back_is_known_again(folder: PlanFolder) -> None:
    folder.write(weeks=remove(list_weeks()), attempts=1)
    interventions.resume_rollout(folder.rollout(), EVA)
    run_rollout(folder.rollout())
    folder.write(weeks=list_weeks(), attempts=1)

    assert folder.states() == ["passed", "passed", "passed", "failed"]


def test_an_escalation_moves_with_its_week(folder: PlanFolder) -> None:
    folder.write(weeks=insert(list_weeks()), attempts=1)
    run_rollout(folder.rollout())

    open_ones = folder.execute("select detector, subject, severity from monitoring_events where resolved_at is null")
    assert open_ones == [("rollout", "demo week 5", "critical")]
    assert [each.week for each in folder.record().escalations] == [5]


def test_an_override_counts_for_the_criterion_that_it_was_for(folder: PlanFolder) -> None:
    interventions.override_criterion(folder.rollout(), 4, "proof", EVA)

    folder.write(weeks=insert(list_weeks()), attempts=1)
    assert [(each.week, each.criterion) for each in folder.record().overrides] == [(5, "proof")]
    changed = list_weeks()
    changed[3]["criteria"][0]["path"] = "elsewhere.txt"
    folder.write(weeks=changed, attempts=1)
    assert folder.record().overrides == ()


def test_an_override_that_is_taken_back_opens_its_week(folder: PlanFolder) -> None:
    interventions.override_criterion(folder.rollout(), 4, "proof", EVA)
    interventions.resume_rollout(folder.rollout(), EVA)
    run_rollout(folder.rollout())
    assert folder.record().state == "completed"

    interventions.undo_override(folder.rollout(), 4, "proof", EVA)

    assert (folder.record().state, folder.states()[-1]) == ("waiting", "pending")
    lines: list[str] = []
    run_rollout(folder.rollout(), log=lines.append)
    assert (folder.record().state, folder.states()[-1]) == ("escalated", "failed")
    assert lines[0] == "week 4 'Part 4' is judged anew, because the override was undone of proof"
    assert [(each.kind, each.by) for each in folder.record().interventions] == [
        ("resume", "eva"),
        ("undo override of proof", "eva"),
    ]
    with pytest.raises(Conflict, match="is not overridden"):
        interventions.undo_override(folder.rollout(), 4, "proof", EVA)
    interventions.override_criterion(folder.rollout(), 4, "proof", EVA)
    assert len(folder.record().overrides) == 1


@pytest.mark.parametrize("act", [interventions.reset_rollout, partial(interventions.resume_rollout, week=1)])
def test_a_week_that_is_judged_anew_begins_one_cycle(
    folder: PlanFolder, act: Callable[[Rollout, Actor], object]
) -> None:
    folder.write(weeks=add_criterion(list_weeks()), attempts=1)

    act(folder.rollout(), EVA)

    assert [week.cycle for week in folder.record().weeks] == [2] * 4
    assert folder.states() == ["pending"] * 4


def test_an_abandoned_rollout_runs_again_only_after_a_reset(folder: PlanFolder) -> None:
    interventions.override_criterion(folder.rollout(), 4, "proof", EVA)
    interventions.abandon_rollout(folder.rollout(), EVA)
    run_rollout(folder.rollout())
    assert (folder.record().state, len(folder.attempts())) == ("abandoned", 4)
    for act in (interventions.resume_rollout, interventions.pause_rollout, interventions.abandon_rollout):
        with pytest.raises(Conflict, match="abandoned"):
            act(folder.rollout(), EVA)

    interventions.reset_rollout(folder.rollout(), EVA)

    assert (folder.states(), folder.record().overrides) == (["pending"] * 4, ())
    assert (folder.record().state, folder.record().reason) == ("waiting", "reset: proven by hand")
    run_rollout(folder.rollout(), until=1)
    assert folder.attempts()[4:] == [(1, True)]
    kinds = [each.kind for each in folder.record().interventions]
    assert kinds == ["abandon", "reset"]


def test_a_report_after_a_reset_shows_nothing_from_before_it(folder: PlanFolder) -> None:
    interventions.reset_rollout(folder.rollout(), EVA)
    with pytest.raises(Conflict, match="was reset already"):
        interventions.reset_rollout(folder.rollout(), EVA)

    rollout = folder.rollout()
    report = make_report(rollout.plan, rollout.read(), rollout.clock())
    assert {(week.counts["attempts"], week.is_escalated, len(week.results)) for week in report.weeks} == {(0, False, 0)}
    assert len(folder.attempts()) == 4


def test_no_week_of_an_abandoned_rollout_waits_for_a_time(folder: PlanFolder) -> None:
    folder.write(attempts=2, wait_seconds=600)
    interventions.resume_rollout(folder.rollout(), EVA)
    run_rollout(folder.rollout())
    assert folder.states()[3] == "waiting"

    interventions.abandon_rollout(folder.rollout(), EVA)

    assert [(str(week.state), week.next_try_at) for week in folder.record().weeks][3] == ("failed", None)


def test_an_abandoned_rollout_without_open_weeks_is_not_completed(folder: PlanFolder) -> None:
    interventions.abandon_rollout(folder.rollout(), EVA)
    folder.write(weeks=remove_last(list_weeks()), attempts=1)
    before = folder.execute("select count(*) from alerts")

    run_rollout(folder.rollout())
    run_rollout(folder.rollout())

    assert (folder.record().state, folder.record().current_week) == ("abandoned", None)
    assert folder.execute("select count(*) from alerts") == before
    assert folder.execute("select count(*) from events where type = 'rollout.completed'") == [(0,)]


def test_results_without_a_digest_are_found_by_name(folder: PlanFolder) -> None:
    """Results of an older version have neither digest nor title."""
    folder.execute("update rollout_results set digest = null")
    folder.execute("update rollout_weeks set title = null")

    run_rollout(folder.rollout())

    assert folder.states() == ["passed", "passed", "passed", "failed"]
    assert folder.record().interventions == ()
