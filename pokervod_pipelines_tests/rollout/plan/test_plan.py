"""Check that a valid plan has the dates and the criteria of each week."""

from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.rollout.criteria.kinds import list_kinds
from pokervod_pipelines.rollout.plan import RolloutPlan
from pokervod_pipelines.rollout.plan_file import load_plan
from pokervod_pipelines.settings.rollout import RolloutService

SERVICES = ("data_ingestion", "video_metadata", "timecode_validation", "search", "clipping", "ui")
NOTE = {"kind": "file", "name": "notes", "path": "notes.txt"}


def write_weeks(folder: Path, *weeks: dict[str, object], **head: object) -> RolloutPlan:
    entries = [
        {"number": at + 1, "title": f"Week {at + 1}", "summary": "Work", "criteria": [NOTE], **week}
        for at, week in enumerate(weeks)
    ]
    whole = {"name": "demo", "title": "Demo", "starts": date(2027, 1, 4), **head, "weeks": entries}
    path = folder / "plan.yaml"
    path.write_text(yaml.safe_dump(whole, sort_keys=False), encoding="utf-8")
    return load_plan(path)


@pytest.fixture(scope="module")
def shipped() -> RolloutPlan:
    return load_plan()


def test_the_shipped_plan_has_nine_weeks_in_a_chain(shipped: RolloutPlan) -> None:
    assert [week.number for week in shipped.weeks] == list(range(1, 10))
    assert tuple(shipped.services) == SERVICES


def test_the_shipped_plan_allows_what_settings_without_anything_allow(shipped: RolloutPlan) -> None:
    kinds = {criterion.kind for week in shipped.weeks for criterion in week.criteria}

    assert kinds == {*list_kinds()} - {"command", "file"}


@pytest.mark.parametrize("week", [1, 2, 3, 5, 6, 9])
def test_the_shipped_plan_asks_every_service_in_the_weeks_of_services(shipped: RolloutPlan, week: int) -> None:
    asked = {getattr(criterion, "service", None) for criterion in shipped.week(week).criteria}

    assert asked >= {*SERVICES}


def test_every_shipped_criterion_has_a_description(shipped: RolloutPlan) -> None:
    descriptions = [criterion.description for week in shipped.weeks for criterion in week.criteria]

    assert all(descriptions)
    assert not any("{service}" in each for each in descriptions)


def test_weeks_follow_one_another_without_a_gap(shipped: RolloutPlan) -> None:
    assert shipped.weeks[0].starts == date(2027, 1, 4)
    for before, after in zip(shipped.weeks, shipped.weeks[1:], strict=False):
        assert after.starts - before.ends == timedelta(days=1)


def test_a_week_takes_its_defaults_from_the_plan(tmp_path: Path) -> None:
    plan = write_weeks(tmp_path, {}, {"attempts": 1, "wait_seconds": 0}, attempts=5, wait_seconds=9)

    assert [(week.attempts, week.wait_seconds) for week in plan.weeks] == [(5, 9), (1, 0)]


def test_one_criterion_for_all_services_is_one_for_each(tmp_path: Path) -> None:
    each = {"kind": "junit_report", "name": "tests", "service": "all", "paths": "{service}/*.xml"}
    services = {"search": {"owner": "Ada"}, "ui": None}

    plan = write_weeks(tmp_path, {"criteria": [each]}, services=services)

    assert [getattr(criterion, "paths", None) for criterion in plan.week(1).criteria] == ["search/*.xml", "ui/*.xml"]
    assert [criterion.name for criterion in plan.week(1).criteria] == ["tests_search", "tests_ui"]


def test_the_settings_override_the_services_of_a_plan() -> None:
    given = {
        "search": RolloutService(address="http://127.0.0.1:8/", owner="Ada"),
        "elsewhere": RolloutService(owner="Bob"),
    }

    plan = load_plan(services=given)

    assert plan.services["search"].address == "http://127.0.0.1:8"
    assert plan.services["search"].document == "services/search/openapi.yaml"
    assert not any(criterion.name.endswith("elsewhere") for criterion in plan.week(1).criteria)


def test_an_unknown_week_is_refused_with_the_known_ones(shipped: RolloutPlan) -> None:
    with pytest.raises(BadInput, match="unknown week 10; plan 'production' has weeks 1 to 9"):
        shipped.week(10)


def test_the_files_of_a_plan_are_below_its_own_folder_or_the_one_given(tmp_path: Path) -> None:
    assert write_weeks(tmp_path, {}).folder == tmp_path
    assert load_plan(folder=tmp_path).folder == tmp_path
