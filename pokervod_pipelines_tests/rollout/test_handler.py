"""Check a rollout with its plan: its results can always be stored, and people see each step once."""

import re
from pathlib import Path

import pytest
from sqlalchemy import Engine

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.rollout import interventions
from pokervod_pipelines.rollout.runner import run_rollout
from pokervod_pipelines_tests.rollout.plan_folder import PlanFolder, describe_week

EVA = Actor(who="eva", reason="it was proven by hand")


@pytest.fixture
def folder(engine: Engine, tmp_path: Path) -> PlanFolder:
    made = PlanFolder(engine=engine, folder=tmp_path)
    made.write()
    return made


ODD_NUMBERS = ("'NaN'::float8", "'Infinity'::float8", "'-Infinity'::float8", "1e400", "'NaN'::numeric")


@pytest.mark.parametrize("number", ODD_NUMBERS)
def test_a_figure_that_json_does_not_know_is_stored_as_text(folder: PlanFolder, number: str) -> None:
    query = f"select {number}"
    odd = {"kind": "sql", "name": "odd", "query": query, "expect": {"value": 1}}
    folder.write(weeks=[describe_week(1) | {"criteria": [odd]}], attempts=1)

    run_rollout(folder.rollout())

    ((result,),) = (each.results for each in folder.record().attempts)
    assert (folder.record().state, type(result.figures["value"]), result.error_class) == ("escalated", str, "data")


@pytest.mark.parametrize("moment", ["infinity", "-infinity"])
def test_a_moment_that_never_comes_ends_the_attempt(folder: PlanFolder, moment: str) -> None:
    folder.execute("create table marks (at timestamptz)")
    folder.execute(f"insert into marks values ('{moment}')")
    fresh = {"kind": "freshness", "name": "fresh", "hours": 1.0, "table": "marks", "column": "at"}
    folder.write(weeks=[describe_week(1) | {"criteria": [fresh]}], attempts=1)

    run_rollout(folder.rollout())

    assert (folder.record().state, folder.attempts()) == ("escalated", [(1, False)])


def test_the_page_is_written_after_each_step_and_action(folder: PlanFolder) -> None:
    folder.prove(1, 2)
    folder.write(attempts=1)
    page, shown = folder.folder / "home" / "rollout" / "demo.html", []

    def look(line: str) -> None:
        text = page.read_text(encoding="utf-8")
        shown.append((line.partition(": ")[0], re.findall(r"(\d+) %</code> (\w+), as of", text)[0]))

    run_rollout(folder.rollout(), log=look)
    interventions.acknowledge_escalation(folder.rollout(), EVA)

    assert shown == [
        ("week 1, attempt 1", ("0", "Running")),
        ("week 1", ("25", "Running")),
        ("week 2, attempt 1", ("25", "Running")),
        ("week 2", ("50", "Running")),
        ("week 3, attempt 1", ("50", "Running")),
        ("week 3", ("50", "Escalated")),
    ]
    assert "Acknowledged by eva" in page.read_text(encoding="utf-8")


def list_alerts(folder: PlanFolder) -> list[tuple[str, str | None]]:
    """Return what the incidents are about, and who resolved them, then the messages that are of none."""
    incidents = folder.execute("select subject, resolved_by from monitoring_events order by id")
    messages = folder.execute("select key, null from alerts where incident_id is null order by id")
    return [(key, by) for key, by in [*incidents, *messages]]


def test_a_resumption_that_is_refused_leaves_the_alert_open(folder: PlanFolder) -> None:
    folder.write(attempts=1)
    run_rollout(folder.rollout())

    with pytest.raises(Exception, match="it has to pass before week 3 starts"):
        interventions.resume_rollout(folder.rollout(), EVA, week=3)
    assert list_alerts(folder) == [("demo week 1", None)]

    interventions.resume_rollout(folder.rollout(), EVA)
    assert list_alerts(folder) == [("demo week 1", "eva")]


def test_the_alert_of_a_week_that_was_taken_out_of_the_plan_is_over_too(folder: PlanFolder) -> None:
    folder.prove(1, 2, 3)
    folder.write(attempts=1)
    run_rollout(folder.rollout())
    folder.write(attempts=1, weeks=3)

    run_rollout(folder.rollout())

    escalated, *_, completed = list_alerts(folder)
    assert escalated == ("demo week 4", "the plan")
    assert completed[0].endswith("completed")
    assert folder.record().state == "completed"
