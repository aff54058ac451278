"""The plans of a house stand side by side: a broken one takes no other with it, and no other takes its place."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from pokervod_pipelines.errors import BadInput, BadSettings
from pokervod_pipelines.rollout.house import find_plan, load_plans
from pokervod_pipelines_tests.rollout.small_plans import PlanDesk, describe_week


@pytest.fixture
def desk(engine: Engine, tmp_path: Path) -> PlanDesk:
    made = PlanDesk(engine=engine, folder=tmp_path)
    for name in ("first", "second", "third"):
        made.write(name, weeks=2)
    return made


def refuse(desk: PlanDesk, name: str | None = None) -> str:
    with pytest.raises(BadInput) as refusal:
        find_plan(desk.settings, name)
    return str(refusal.value)


def test_without_a_name_the_first_of_the_settings_is_meant(desk: PlanDesk) -> None:
    assert find_plan(desk.settings).name == "first"
    assert [plan.is_first for plan in load_plans(desk.settings).sound.values()] == [True, False, False]


def test_a_broken_plan_is_refused_with_its_faults_and_the_others_are_not(desk: PlanDesk) -> None:
    path = desk.write("second", attempts=0)

    assert re.match(rf"{path}:\d+: attempts", refuse(desk, "second"))
    assert [*load_plans(desk.settings).sound] == ["first", "third"]
    assert (find_plan(desk.settings).name, find_plan(desk.settings, "third").name) == ("first", "third")


def test_no_other_plan_is_meant_while_the_first_is_broken(desk: PlanDesk) -> None:
    path = desk.write("first", attempts=0)
    desk.write("third", attempts=0)

    assert re.match(rf"{path}:\d+: attempts.*$", refuse(desk))
    assert not find_plan(desk.settings, "second").is_first


def test_a_plan_that_does_not_say_its_name_may_be_the_one_that_is_asked_for(desk: PlanDesk) -> None:
    desk.plans[1].write_text("[", encoding="utf-8")

    assert f"{desk.plans[1]}:1: not valid YAML" in refuse(desk, "second")


def test_an_unknown_plan_is_refused_with_those_there_are(desk: PlanDesk) -> None:
    assert "there is no plan 'fourth'; there are first, second, third" in refuse(desk, "fourth")


@pytest.mark.parametrize("head", [{}, {"attempts": 0}], ids=["sound", "broken"])
def test_of_two_plans_of_one_name_the_later_is_refused(desk: PlanDesk, head: dict[str, Any]) -> None:
    desk.write("first", **head)
    desk.plans[1].write_text(desk.plans[1].read_text().replace("name: second", "name: first"), encoding="utf-8")

    plans = load_plans(desk.settings)

    assert any("another plan has the name 'first'" in str(fault) for fault in plans.faults)
    assert [*plans.sound] == (["third"] if head else ["first", "third"])


def test_weeks_that_cannot_be_done_in_their_order_break_a_plan(desk: PlanDesk) -> None:
    late = {**describe_week(1), "requires": [2], "starts": date(2031, 3, 1)}
    desk.write("second", weeks=[late, {**describe_week(2), "requires": []}])

    assert "number the weeks in the order in which they can be done: (2, 1)" in refuse(desk, "second")


def test_a_service_of_the_settings_that_no_plan_could_use_is_named(desk: PlanDesk) -> None:
    desk.given = {"services": {"search": {"document": "../search.yaml"}}}

    with pytest.raises(BadSettings, match=r"rollout\.services\.search\.document: .* must stay below"):
        load_plans(desk.settings)
