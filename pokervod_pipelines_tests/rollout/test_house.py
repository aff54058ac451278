"""Those who work for a plan here: what they find can always be kept, and people hear of it once."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from pokervod_pipelines.rollout import interventions
from pokervod_pipelines.rollout.interventions import Person
from pokervod_pipelines.rollout.programme import run
from pokervod_pipelines_tests.rollout.small_plans import PlanDesk, describe_week

EVA = Person(by="eva", reason="it was proven by hand")


@pytest.fixture
def desk(engine: Engine, tmp_path: Path) -> PlanDesk:
    made = PlanDesk(engine=engine, folder=tmp_path)
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
def test_a_figure_that_is_no_number_is_kept_as_text(desk: PlanDesk, query: str, kept: str) -> None:
    odd = {"kind": "sql", "name": "odd", "query": query, "expect": {"value": 1}}
    desk.write(weeks=[describe_week(1) | {"criteria": [odd]}], attempts=1)

    run(desk.programme())

    ((result,),) = (each.results for each in desk.record().attempts)
    assert (desk.record().state, result.figures["value"], result.error_class) == ("escalated", kept, "data")


@pytest.mark.parametrize("moment", ["infinity", "-infinity"])
def test_a_moment_that_never_comes_ends_the_attempt(desk: PlanDesk, moment: str) -> None:
    desk.execute("create table marks (at timestamptz)")
    desk.execute(f"insert into marks values ('{moment}')")
    fresh = {"kind": "freshness", "name": "fresh", "hours": 1.0, "table": "marks", "column": "at"}
    desk.write(weeks=[describe_week(1) | {"criteria": [fresh]}], attempts=1)

    run(desk.programme())

    assert (desk.record().state, desk.attempts()) == ("escalated", [(1, False)])


def list_alerts(desk: PlanDesk) -> list[tuple[str, str | None]]:
    """What people were told, and who closed it."""
    return [(key, by) for key, by in desk.execute("select key, resolved_by from alerts order by id")]


def test_a_resumption_that_is_refused_leaves_the_alert_open(desk: PlanDesk) -> None:
    desk.write(attempts=1)
    run(desk.programme())

    with pytest.raises(Exception, match="it has to pass before week 3 begins"):
        interventions.resume(desk.programme(), EVA, week=3)
    assert list_alerts(desk) == [("rollout demo week 1 escalated", None)]

    interventions.resume(desk.programme(), EVA)
    assert list_alerts(desk) == [("rollout demo week 1 escalated", "eva")]


def test_the_alert_of_a_week_that_was_taken_out_of_the_plan_is_over_too(desk: PlanDesk) -> None:
    desk.prove(1, 2, 3)
    desk.write(attempts=1)
    run(desk.programme())
    desk.write(attempts=1, weeks=3)

    run(desk.programme())

    *_, escalated, completed = list_alerts(desk)
    assert escalated == ("rollout demo week 4 escalated", "the programme")
    assert completed[0].endswith("completed")
    assert desk.record().state == "completed"
