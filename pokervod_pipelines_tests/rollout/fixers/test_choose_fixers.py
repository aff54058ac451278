"""Check that a fixer is chosen by error class, week and criterion, once an attempt."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from pokervod_pipelines.rollout.criteria.result import ErrorClass
from pokervod_pipelines.rollout.fixers.base import FailedCriterion
from pokervod_pipelines.rollout.fixers.registry import choose_fixers


@dataclass(frozen=True)
class Entry:
    on: tuple[ErrorClass, ...]
    weeks: tuple[int, ...] | None = None
    criteria: tuple[str, ...] | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict, hash=False)


def fail(name: str, error_class: ErrorClass, week: int = 4) -> FailedCriterion:
    return FailedCriterion(week=week, name=name, error_class=error_class, summary="it failed")


SCHEMA, DOWN = fail("tables", ErrorClass.SCHEMA), fail("search_health", ErrorClass.SERVICE_DOWN)
ALSO_DOWN = fail("clipping_health", ErrorClass.SERVICE_DOWN)
FAILED = (SCHEMA, DOWN, ALSO_DOWN)


@pytest.mark.parametrize(
    ("entry", "meant"),
    [
        (Entry((ErrorClass.SCHEMA,)), (SCHEMA,)),
        (Entry((ErrorClass.SERVICE_DOWN,)), (DOWN, ALSO_DOWN)),
        (Entry((ErrorClass.SCHEMA, ErrorClass.SERVICE_DOWN)), FAILED),
        (Entry((ErrorClass.SERVICE_DOWN,), weeks=(4, 5)), (DOWN, ALSO_DOWN)),
        (Entry((ErrorClass.SERVICE_DOWN,), weeks=(5,)), None),
        (Entry((ErrorClass.SERVICE_DOWN,), weeks=()), None),
        (Entry((ErrorClass.SERVICE_DOWN,), criteria=("clipping_health", "tables")), (ALSO_DOWN,)),
        (Entry((ErrorClass.SERVICE_DOWN,), criteria=("tables",)), None),
        (Entry((ErrorClass.TESTS,)), None),
        (Entry(()), None),
    ],
)
def test_an_entry_is_for_what_it_names(entry: Entry, meant: tuple[FailedCriterion, ...] | None) -> None:
    assert choose_fixers([entry], 4, FAILED) == ([] if meant is None else [(entry, meant)])


def test_each_entry_comes_once_and_in_the_plans_order() -> None:
    entries = [Entry((ErrorClass.SERVICE_DOWN,)), Entry((ErrorClass.TESTS,)), Entry((ErrorClass.SCHEMA,))]

    assert [entry for entry, _ in choose_fixers(entries, 4, FAILED)] == [entries[0], entries[2]]


def test_what_failed_in_another_week_is_not_meant() -> None:
    failed = (fail("tables", ErrorClass.SCHEMA, week=3), SCHEMA)

    assert choose_fixers([Entry((ErrorClass.SCHEMA,))], 4, failed) == [(Entry((ErrorClass.SCHEMA,)), (SCHEMA,))]


def test_nothing_failed_nothing_is_chosen() -> None:
    assert choose_fixers([Entry(tuple(ErrorClass))], 4, ()) == []


@pytest.mark.parametrize(
    ("service", "meant"),
    [("search", ["search_health", "search_contract"]), ("clipping", ["clipping_health"]), ("ui", []), (None, None)],
)
def test_a_fixer_of_a_service_is_for_failures_of_that_service_only(
    service: str | None, meant: list[str] | None
) -> None:
    failed = [
        replace(DOWN, service="search"),
        replace(ALSO_DOWN, service="clipping"),
        replace(fail("search_contract", ErrorClass.CONTRACT), service="search"),
        fail("hands", ErrorClass.DATA),
        SCHEMA,
    ]
    entry = Entry(tuple(ErrorClass), parameters={"service": service} if service else {})

    chosen = choose_fixers([entry], 4, failed)

    names = [each.name for _, criteria in chosen for each in criteria]
    assert names == ([each.name for each in failed] if meant is None else meant)
