"""A run that is asked for is followed from its first moment to its end, and cancelled by whoever may."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from pokervod_pipelines.workflows.setup import find_dagster_home, prepare_folder
from pokervod_pipelines_tests.api.parity import ParityServer, serve_parity
from pokervod_pipelines_tests.api.serving import OPERATOR, VIEWER, Served
from pokervod_pipelines_tests.defs.test_launch import beat
from pokervod_pipelines_tests.worker_database import WorkerDatabase

RUNS = "/api/orchestrator/runs"
UNKNOWN = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def parity(worker_database: WorkerDatabase, tmp_path: Path) -> Iterator[ParityServer]:
    with serve_parity(worker_database, tmp_path) as served:
        yield served


def sync(api: Served, sync_type: str) -> Any:
    return api.post(f"/api/orchestrator/sync?sync_type={sync_type}", {"reason": "x"}, OPERATOR)


def test_a_full_sync_is_followed_refused_twice_and_cancelled(parity: ParityServer) -> None:
    api = parity.served
    assert api.read(RUNS, VIEWER)["items"] == []
    assert (sync(api, "full").status_code, "no Dagster daemon" in sync(api, "full").json()["detail"]) == (409, True)
    with dg.DagsterInstance.from_config(str(find_dagster_home(prepare_folder()))) as instance:
        beat(instance)

        started = sync(api, "full").json()
        again = sync(api, "full")
        run_id = started["run_id"]
        path = f"{RUNS}/{run_id}"
        first = api.read(path, VIEWER)
        run = instance.get_run_by_id(run_id)
        assert run is not None
        cancelled = [api.post(f"{path}/cancel", {"reason": "x"}, OPERATOR).json()["changed"] for _ in range(2)]

        assert (started["status"], started["task_id"], run.job_name) == ("started", run_id, "full_sync")
        assert (again.status_code, run_id in again.json()["detail"]) == (409, True)
        assert (first["run"]["state"], first["done"], first["total"]) == ("queued", 0, 10)
        assert first["run"]["correlation_id"] == started["correlation_id"]
        assert first["started_by"] == api.read(RUNS, VIEWER)["items"][0]["started_by"] == "anna"
        assert cancelled == [True, False]
        assert api.read(path, VIEWER)["run"]["state"] == "stopped"
        assert api.read(f"{RUNS}?workflow=full_sync", VIEWER)["items"][0]["run"]["run_id"] == run_id
        following = sync(api, "full").json()
        assert following["status"] == "started"
        assert api.read(path, VIEWER)["started_again_as"] is None
        instance.add_run_tags(following["run_id"], {"dagster/parent_run_id": run_id})
        assert api.read(path, VIEWER)["started_again_as"] == following["run_id"]


WRONG = [
    ("/api/orchestrator/execute", {"workflow": "nas_snyc"}, 400, "did you mean `nas_sync`?"),
    ("/api/orchestrator/execute", {"workflow": "nas_sync", "input": {"library": "none"}}, 400, "library 'none'"),
    ("/api/orchestrator/execute", {}, 400, "name a workflow"),
    ("/api/orchestrator/sync?sync_type=half", {}, 422, "query.sync_type"),
    (f"{RUNS}/{UNKNOWN}/cancel", {}, 404, "no run is"),
    (f"{RUNS}/x/cancel", {}, 422, "path.run_id"),
]


def test_wrong_requests_say_why(api: Served) -> None:
    answers = [api.post(path, {"reason": "x", **body}, OPERATOR) for path, body, _, _ in WRONG]

    assert [each.status_code for each in answers] == [status for _, _, status, _ in WRONG]
    assert [
        each.json()["detail"]
        for each, (*_, said) in zip(answers, WRONG, strict=True)
        if said not in each.json()["detail"]
    ] == []
