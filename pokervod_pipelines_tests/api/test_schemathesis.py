"""Call every operation with what its document allows, and what it does not, as each role: no answer surprises."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines_tests.api.serving import Served
from pokervod_pipelines_tests.api.test_document import list_operations, make_parameters, read_document
from pokervod_pipelines_tests.api.test_hole_cards import shows_cards
from pokervod_pipelines_tests.sizes import choose

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]

EXAMPLES = choose(2, long=50)
LAUNCHES = 3
"""Examples of an operation that launches a run."""

LAUNCHING = ("/api/orchestrator/sync", "/api/orchestrator/execute")

STREAMS = ("/api/stream",)
"""Answers without an end; they have tests of their own."""


@pytest.mark.long
@pytest.mark.parametrize("role", [None, *Role])
def test_every_operation_answers_as_its_document_says(api: Served, role: Role | None) -> None:
    headers = {} if role is None else {"X-API-Key": api.keys[role]}
    schema = schemathesis.openapi.from_dict(read_document())
    operations = [each.ok() for each in schema.get_all_operations() if isinstance(each, Ok)]
    assert len(operations) == len([*list_operations()])
    surprises: dict[str, str] = {}
    statuses: Counter[int] = Counter()
    for operation in operations:
        if operation.path in STREAMS:
            continue
        try:
            _call(operation, api.url, headers, role, statuses)
        except (FailureGroup, AssertionError) as error:  # the rest of the operations is called as well
            surprises[operation.label] = _describe(error)

    assert surprises == {}
    assert {*statuses} >= ({401} if role is None else {200, 404, 422})


def _call(
    operation: APIOperation[Any, Any, Any, Any],
    url: str,
    headers: dict[str, str],
    role: Role | None,
    seen: Counter[int],
) -> None:
    """Call an operation with generated parameters, and with ids of what is there; raises what does not fit."""

    @settings(
        max_examples=LAUNCHES if operation.path in LAUNCHING else EXAMPLES,
        deadline=None,
        database=None,
        derandomize=False,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=[*HealthCheck],
    )
    @given(st.one_of([*_list_strategies(operation)]))
    def call(case: Case[Any]) -> None:
        response = case.call(base_url=url, headers=headers, timeout=20)
        seen[response.status_code] += 1
        case.validate_response(response, checks=CHECKS)
        if role in {None, Role.VIEWER}:
            assert not shows_cards(response.content.decode("utf-8", "replace")), "shows hole cards inside the delay"

    call()


def _list_strategies(operation: APIOperation[Any, Any, Any, Any]) -> Iterator[st.SearchStrategy[Case[Any]]]:
    yield operation.as_strategy()
    yield operation.as_strategy(GenerationMode.NEGATIVE)
    if names := make_parameters(operation.path):
        yield operation.as_strategy(path_parameters=names)


def _describe(error: BaseException) -> str:
    """Return what a group of failures says, one under the other."""
    found = getattr(error, "exceptions", None)
    return "\n".join(_describe(each) for each in found) if found else f"{type(error).__name__}: {error}"[:1500]
