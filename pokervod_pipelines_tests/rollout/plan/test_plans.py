"""Check that a broken plan affects no other, and that no other takes its place."""

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import Engine

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.rollout.plans import find_plan, load_plans
from pokervod_pipelines_tests.rollout.plan_folder import PlanFolder


@pytest.fixture
def folder(engine: Engine, tmp_path: Path) -> PlanFolder:
    made = PlanFolder(engine=engine, folder=tmp_path)
    for name in ("first", "second", "third"):
        made.write(name, weeks=2)
    return made


def refuse(folder: PlanFolder, name: str | None = None) -> str:
    with pytest.raises(BadInput) as refusal:
        find_plan(folder.settings, name)
    return str(refusal.value)


def test_without_a_name_the_first_of_the_settings_is_meant(folder: PlanFolder) -> None:
    assert find_plan(folder.settings).name == "first"
    assert [plan.is_first for plan in load_plans(folder.settings).valid.values()] == [True, False, False]


def test_a_broken_plan_is_refused_with_its_problems_and_the_others_are_not(folder: PlanFolder) -> None:
    path = folder.write("second", attempts=0)

    assert re.match(rf"{path}:\d+: attempts", refuse(folder, "second"))
    assert [*load_plans(folder.settings).valid] == ["first", "third"]
    assert (find_plan(folder.settings).name, find_plan(folder.settings, "third").name) == ("first", "third")


def test_no_other_plan_is_meant_while_the_first_is_broken(folder: PlanFolder) -> None:
    path = folder.write("first", attempts=0)
    folder.write("third", attempts=0)

    assert re.match(rf"{path}:\d+: attempts.*$", refuse(folder))
    assert not find_plan(folder.settings, "second").is_first


def test_a_plan_without_a_readable_name_may_be_the_requested_one(folder: PlanFolder) -> None:
    folder.plans[1].write_text("[", encoding="utf-8")

    assert f"{folder.plans[1]}:1: not valid YAML" in refuse(folder, "second")


def test_an_unknown_plan_is_refused_with_the_known_ones(folder: PlanFolder) -> None:
    assert "unknown plan 'fourth'; known are first, second, third" in refuse(folder, "fourth")


@pytest.mark.parametrize("head", [{}, {"attempts": 0}], ids=["valid", "broken"])
def test_of_two_plans_of_one_name_the_later_is_refused(folder: PlanFolder, head: dict[str, Any]) -> None:
    folder.write("first", **head)
    folder.plans[1].write_text(folder.plans[1].read_text().replace("name: second", "name: first"), encoding="utf-8")

    plans = load_plans(folder.settings)

    assert any("another plan has the name 'first'" in str(problem) for problem in plans.broken)
    assert [*plans.valid] == (["third"] if head else ["first", "third"])


def test_an_unusable_service_of_the_settings_is_refused(folder: PlanFolder) -> None:
    folder.given = {"services": {"search": {"document": "../search.yaml"}}}

    with pytest.raises(ValidationError, match="expected a path that stays below the plan's folder"):
        _ = folder.settings
