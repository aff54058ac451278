"""Every action of the API does what its command does, once for a key, and nothing for whoever may not do it."""

from collections.abc import Iterator, Mapping

import pytest

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines_tests.api import (
    parity_access,
    parity_archive,
    parity_decisions,
    parity_incidents,
    parity_renders,
    parity_runs,
)
from pokervod_pipelines_tests.api.parity import REASON, WHO, ParityCase, ParityServer, serve_parity
from pokervod_pipelines_tests.api.test_document import list_operations
from pokervod_pipelines_tests.worker_database import WorkerDatabase

GROUPS = (parity_access, parity_archive, parity_decisions, parity_incidents, parity_renders, parity_runs)

CASES = [case for group in GROUPS for case in group.CASES]

WITHOUT_COMMAND: Mapping[str, str] = {
    "POST /api/rollout/{plan}/resume": "the command runs the rollout as well; test_decisions.py has it",
    "POST /api/orchestrator/runs/{run_id}/cancel": "Ctrl-C ends a command; test_runs.py has it",
    "POST /api/me/password": "a person's own; test_me.py has them",
    "POST /api/me/sessions/end-others": "a person's own; test_me.py has them",
    "POST /api/me/sessions/{session_id}/end": "a person's own; test_me.py has them",
    "POST /api/me/language": "a person's own; test_me.py has them",
    "POST /api/instructions/preview": "draws a picture and changes nothing",
}
"""Changes that no command makes, as ``POST /api/path``, each with the reason."""

CHANGES = [
    (method, path, Role(operation["x-role"]))
    for method, path, operation in list_operations()
    if method not in {"GET", "HEAD"}
]

FILED_APART = ("/api/events/", "/api/rollout/")
"""Events of an incident and of a rollout have the correlation id of that; the answer names it."""

BELOW = {Role.OPERATOR: Role.VIEWER, Role.ADMIN: Role.OPERATOR}


@pytest.fixture(scope="module")
def parity(worker_database: WorkerDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ParityServer]:
    with serve_parity(worker_database, tmp_path_factory.mktemp("parity")) as served:
        yield served


@pytest.mark.parametrize("case", CASES, ids=lambda each: each.id)
def test_an_action_has_the_effect_of_its_command(parity: ParityServer, case: ParityCase) -> None:
    """Same rows, events and audit; sent twice with one key it changes once; a lesser role changes nothing."""
    role = next(role for method, path, role in CHANGES if (method, path) == (case.method, case.path))
    parity.restore()
    names = case.prepare(parity.world)
    before, last = parity.read(case), parity.find_last_event()

    if role in BELOW:
        assert parity.ask(case, names, BELOW[role]).status_code == 403
        assert parity.read(case) == before
    first = parity.ask(case, names, role)
    by_api = parity.read(case)
    again = parity.ask(case, names, role)

    assert first.status_code == 200, first.text
    is_filed_apart = case.path.startswith(FILED_APART)
    assert first.json()["correlation_id"] == first.headers["x-correlation-id"] or is_filed_apart
    assert (WHO, REASON) in _list_signed(parity, first.json()["correlation_id"]) or not case.is_audited
    assert by_api != before, "it changes nothing, so that nothing is compared"
    assert (WHO, REASON) in parity.list_audited(last) or not case.is_audited
    assert case.is_secret or again.json() == first.json()
    assert parity.read(case) == by_api

    parity.restore()
    parity.run(case, case.prepare(parity.world))
    assert parity.read(case) == by_api


def _list_signed(parity: ParityServer, correlation_id: str) -> list[tuple[str, str]]:
    """Return who signed what the log has under the correlation id of an answer."""
    items = parity.served.read(f"/api/log?correlation_id={correlation_id}&limit=100", Role.ADMIN)["items"]
    return [(item["payload"].get("by"), item["payload"].get("reason")) for item in items]


def test_every_change_of_the_document_has_a_case() -> None:
    compared = {f"{case.method} {case.path}" for case in CASES}
    changes = {f"{method} {path}" for method, path, _ in CHANGES}

    assert changes - compared - {*WITHOUT_COMMAND} == set(), "add a case to parity_GROUP.py, or a reason above"
    assert {*WITHOUT_COMMAND} <= changes - compared
