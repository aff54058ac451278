"""Check that a fixer is chosen by error class, service, week and criterion, once an attempt."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from pokervod_pipelines.rollout.criteria.result import ErrorClass
from pokervod_pipelines.rollout.fixers.registry import choose_fixers
from pokervod_pipelines.rollout.plan import RolloutPlan
from pokervod_pipelines.rollout.plan_file import load_plan
from pokervod_pipelines.rollout.record import ResultRecord

CRITERIA = [
    {"kind": "database_table", "name": "tables", "table": "hands"},
    {"kind": "http_health", "name": "search_health", "service": "search"},
    {"kind": "http_contract", "name": "search_contract", "service": "search"},
    {"kind": "http_health", "name": "clipping_health", "service": "clipping"},
]
FAILED = {
    "tables": "schema",
    "search_health": "service_down",
    "search_contract": "contract",
    "clipping_health": "service_down",
}
TESTS = {"command": "tests", "report": "a.xml"}
EVERY_CLASS = [each.value for each in ErrorClass]


def make_plan(folder: Path, *fixers: dict[str, Any]) -> RolloutPlan:
    week = {"title": "One", "summary": "It works."}
    values = {
        "name": "demo",
        "title": "Demo",
        "services": {"search": {"document": "a.yaml"}, "clipping": {"document": "b.yaml"}, "ui": {}},
        "weeks": [
            {"number": 1, "criteria": CRITERIA, **week},
            {"number": 2, "criteria": CRITERIA, **week, "title": "Two"},
        ],
        "fixers": [{"kind": "apply_migrations", **each} for each in fixers],
    }
    path = folder / "plan.yaml"
    path.write_text(f"starts: 2020-01-06\n{yaml.safe_dump(values)}", encoding="utf-8")
    return load_plan(path)


def fail(*names: str) -> list[ResultRecord]:
    return [
        ResultRecord(
            criterion=name,
            passed=False,
            is_overridden=False,
            summary="it failed",
            details=(),
            figures={},
            error_class=FAILED[name],
            seconds=0.1,
        )
        for name in names
    ]


@pytest.mark.parametrize(
    ("fixer", "error_class"),
    [
        ({"on": ["schema"]}, "schema"),
        ({"on": ["service_down"]}, "service_down"),
        ({"on": ["service_down", "schema"]}, "schema"),
        ({"on": ["service_down"], "weeks": [1, 2]}, "service_down"),
        ({"on": ["service_down"], "weeks": [1]}, None),
        ({"on": ["schema", "service_down"], "criteria": ["clipping_health"]}, "service_down"),
        ({"on": ["service_down"], "criteria": ["tables"]}, None),
        ({"on": ["tests"]}, None),
        ({"on": EVERY_CLASS, "kind": "rerun_tests", "parameters": {**TESTS, "service": "search"}}, "service_down"),
        (
            {"on": ["schema", "contract"], "kind": "rerun_tests", "parameters": {**TESTS, "service": "search"}},
            "contract",
        ),
        ({"on": ["contract"], "kind": "rerun_tests", "parameters": {**TESTS, "service": "clipping"}}, None),
        ({"on": EVERY_CLASS, "kind": "rerun_tests", "parameters": {**TESTS, "service": "ui"}}, None),
    ],
)
def test_a_fixer_is_for_what_its_entry_names(fixer: dict[str, Any], error_class: str | None, tmp_path: Path) -> None:
    chosen = choose_fixers(make_plan(tmp_path, fixer), 2, fail(*FAILED))

    assert [found for _, found in chosen.values()] == ([] if error_class is None else [error_class])


def test_each_comes_once_and_in_the_plans_order_and_has_a_name_of_its_own(tmp_path: Path) -> None:
    given = [
        {"on": ["service_down"]},
        {"on": ["tests"]},
        {"on": ["schema"]},
        {"on": ["schema"], "kind": "rerun_tests", "parameters": TESTS},
    ]

    chosen = choose_fixers(make_plan(tmp_path, *given), 1, fail(*FAILED))

    assert [(name, entry.on) for name, (entry, _) in chosen.items()] == [
        ("apply_migrations", (ErrorClass.SERVICE_DOWN,)),
        ("apply_migrations 2", (ErrorClass.SCHEMA,)),
        ("rerun_tests", (ErrorClass.SCHEMA,)),
    ]


def test_nothing_failed_nothing_is_chosen(tmp_path: Path) -> None:
    assert choose_fixers(make_plan(tmp_path, {"on": EVERY_CLASS}), 1, []) == {}
