"""Check the handler of a plan: its results can always be stored, and people are notified once."""

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


ODD_ANSWERS = {
    "select 'NaN'::float8": "nan",
    "select 'Infinity'::float8": "inf",
    "select '-Infinity'::float8": "-inf",
    "select 1e400": "inf",
    "select 'NaN'::numeric": "nan",
}


@pytest.mark.parametrize(("query", "kept"), ODD_ANSWERS.items())
def test_a_figure_that_is_not_a_number_is_stored_as_text(folder: PlanFolder, query: str, kept: str) -> None:
    odd = {"kind": "sql", "name": "odd", "query": query, "expect": {"value": 1}}
    folder.write(weeks=[describe_week(1) | {"criteria": [odd]}], attempts=1)

    run_rollout(folder.rollout())

    ((result,),) = (each.results for each in folder.record().attempts)
    assert (folder.record().state, result.figures["value"], result.error_class) == ("escalated", kept, "data")


@pytest.mark.parametrize("moment", ["infinity", "-infinity"])
def test_a_moment_that_never_comes_ends_the_attempt(folder: PlanFolder, moment: str) -> None:
    folder.execute("create table marks (at timestamptz)")
    folder.execute(f"insert into marks values ('{moment}')")
    fresh = {"kind": "freshness", "name": "fresh", "hours": 1.0, "table": "marks", "column": "at"}
    folder.write(weeks=[describe_week(1) | {"criteria": [fresh]}], attempts=1)

    run_rollout(folder.rollout())

    assert (folder.record().state, folder.attempts()) == ("escalated", [(1, False)])


def list_alerts(folder: PlanFolder) -> list[tuple[str, str | None]]:
    """Return the alerts, and who resolved them."""
    return [(key, by) for key, by in folder.execute("select key, resolved_by from alerts order by id")]


def test_a_resumption_that_is_refused_leaves_the_alert_open(folder: PlanFolder) -> None:
    folder.write(attempts=1)
    run_rollout(folder.rollout())

    with pytest.raises(Exception, match="it has to pass before week 3 starts"):
        interventions.resume_rollout(folder.rollout(), EVA, week=3)
    assert list_alerts(folder) == [("rollout demo week 1 escalated", None)]

    interventions.resume_rollout(folder.rollout(), EVA)
    assert list_alerts(folder) == [("rollout demo week 1 escalated", "eva")]


def test_the_alert_of_a_week_that_was_taken_out_of_the_plan_is_over_too(folder: PlanFolder) -> None:
    folder.prove(1, 2, 3)
    folder.write(attempts=1)
    run_rollout(folder.rollout())
    folder.write(attempts=1, weeks=3)

    run_rollout(folder.rollout())

    *_, escalated, completed = list_alerts(folder)
    assert escalated == ("rollout demo week 4 escalated", "the plan")
    assert completed[0].endswith("completed")
    assert folder.record().state == "completed"
