"""Call every operation with what its document allows, and what it does not, as each role: no answer surprises."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from typing import Any
from urllib.parse import parse_qsl

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
from pokervod_pipelines_tests.api.known import QUERIES, fill_body, find_case, name_path, prepare_reads
from pokervod_pipelines_tests.api.parity import ParityServer, serve_parity
from pokervod_pipelines_tests.api.test_document import DELAYED, is_personal, list_operations, read_document
from pokervod_pipelines_tests.api.test_hole_cards import shows_cards
from pokervod_pipelines_tests.sizes import choose
from pokervod_pipelines_tests.worker_database import WorkerDatabase

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]

EXAMPLES = choose(2, long=12)
LAUNCHES = 3
"""Examples of an operation that launches a run."""

LAUNCHING = ("/api/orchestrator/sync", "/api/orchestrator/execute")

STREAMS = ("/api/stream",)
"""Answers without an end; they have tests of their own."""

REPLAYED = 2
"""Changes of each action that are made again before the reads, so that they meet what people may write."""

Operation = APIOperation[Any, Any, Any, Any]
Cases = st.SearchStrategy[Case[Any]]


@dataclass(kw_only=True)
class Caller:
    """Call operations as a role, and keep what they answered."""

    parity: ParityServer
    role: Role | None
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    surprises: dict[str, str] = field(default_factory=dict)
    changes: dict[str, list[Case[Any]]] = field(default_factory=dict)

    def call_all(self, operation: Operation, known: Case[Any], strategies: Iterable[Cases]) -> None:
        """Call it as is known to be right, then with what is generated; keep the first surprise."""
        most = LAUNCHES if operation.path in LAUNCHING else EXAMPLES

        @settings(
            max_examples=most,
            deadline=None,
            database=None,
            derandomize=False,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=[*HealthCheck],
        )
        @given(st.one_of([*strategies]))
        def call(case: Case[Any]) -> None:
            self.call(case)

        try:
            self.call(known)
            call()
        except (FailureGroup, AssertionError) as error:
            self.surprises[operation.label] = _describe(error)

    def call(self, case: Case[Any]) -> None:
        """Call an operation once; raises what does not fit its document."""
        response = case.call(base_url=self.parity.served.url, headers=self.headers, timeout=20)
        self.statuses[case.operation.label, response.status_code] += 1
        case.validate_response(response, checks=CHECKS)
        assert (response.status_code == 401) == (self.role is None), "the key is no longer known, or none was needed"
        if self.role in {None, Role.VIEWER}:
            assert not shows_cards(response.content.decode("utf-8", "replace")), "shows hole cards inside the delay"
        changes = self.changes.setdefault(case.operation.label, [])
        if case.method == "POST" and response.status_code == 200 and len(changes) < REPLAYED:
            changes.append(case)

    @property
    def headers(self) -> dict[str, str]:
        return {} if self.role is None else {"X-API-Key": self.parity.served.keys[self.role]}


@pytest.fixture
def parity(worker_database: WorkerDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ParityServer]:
    with serve_parity(worker_database, tmp_path_factory.mktemp("called")) as served:
        yield served


@pytest.mark.long
@pytest.mark.parametrize("role", [None, *Role])
def test_every_operation_answers_as_its_document_says(parity: ParityServer, role: Role | None) -> None:
    schema = schemathesis.openapi.from_dict(read_document())
    operations = [each.ok() for each in schema.get_all_operations() if isinstance(each, Ok)]
    assert len(operations) == len([*list_operations()])
    caller = Caller(parity=parity, role=role)

    for each in operations:
        if each.method.upper() == "POST":
            _call_action(caller, each)
    parity.restore()
    names = prepare_reads(parity.world)
    for change in chain.from_iterable([*caller.changes.values()]):
        with suppress(FailureGroup, AssertionError):  # it was right before, and may be refused now
            caller.call(change)
    for each in operations:
        if each.method.upper() != "POST" and each.path not in STREAMS:
            path = name_path(each.path, names)
            known = each.Case(path_parameters=path, query={**QUERIES.get(each.path, {})})
            caller.call_all(each, known, _list_strategies(each, path))

    assert "\n".join(f"{each}: {said}" for each, said in caller.surprises.items()) == ""
    assert {status for _, status in caller.statuses} >= ({401} if role is None else {200, 404, 422})
    assert role is None or [*_list_unanswered(caller, operations, role)] == []


def _list_unanswered(caller: Caller, operations: list[Operation], role: Role) -> Iterator[str]:
    """Yield the operations that the role may do, and never did: then only their errors were looked at."""
    for each in operations:
        method, needed = each.method.upper(), Role(each.definition.raw["x-role"])
        is_allowed = role.includes(needed) and not is_personal(method, each.path) and each.path not in STREAMS
        is_delayed = role is Role.VIEWER and each.path in DELAYED
        if is_allowed and not is_delayed and (each.label, 200) not in caller.statuses:
            yield each.label


def _call_action(caller: Caller, operation: Operation) -> None:
    """Prepare what the action is about, and call it: also with the values that are known in a body that is made up."""
    case = find_case(operation.path)
    caller.parity.restore()
    names = case.prepare(caller.parity.world)
    path, body = name_path(operation.path, names), fill_body(case, names)

    def mix(made_up: Case[Any]) -> Case[Any]:
        if isinstance(made_up.body, dict):
            made_up.body = {**made_up.body, **body}
        return made_up

    if case.content:
        query = dict(parse_qsl(case.query.removeprefix("?")))
        known = operation.Case(query=query, body=case.content.encode(), media_type=case.media_type)
    else:
        known = operation.Case(path_parameters=path, body=body, media_type="application/json")
    mixed = operation.as_strategy(path_parameters=path).map(mix)
    caller.call_all(operation, known, [*_list_strategies(operation, path), mixed])


def _list_strategies(operation: Operation, path: Mapping[str, Any]) -> Iterator[Cases]:
    yield operation.as_strategy()
    yield operation.as_strategy(GenerationMode.NEGATIVE)
    if path:
        yield operation.as_strategy(path_parameters=dict(path))


def _describe(error: BaseException) -> str:
    """Return what a group of failures says, one under the other."""
    found = getattr(error, "exceptions", None)
    return "\n".join(_describe(each) for each in found) if found else f"{type(error).__name__}: {error}"[:1500]
