"""Every read has the shape that other programs expect, pages, an ETag, and its errors in words."""

from typing import Any

import pytest

from pokervod_pipelines_tests.api.serving import VIEWER, Served
from pokervod_pipelines_tests.render.render_database import RenderDatabase

PROJECTS = {
    "feature_table": {"status", "last_activity", "hands_today"},
    "sub": {"status", "instructions_created"},
    "ae": {"status", "worker_status", "outputs_completed"},
}


def test_the_dashboard_has_the_shape_of_the_contract(api: Served) -> None:
    found = api.read("/api/dashboard", VIEWER)

    assert {"projects", "metrics", "active_alerts", "data_flow_health"} <= found.keys()
    assert {name: {*each} for name, each in found["projects"].items()} == PROJECTS
    assert {"throughput_1h", "avg_latency_1h", "error_rate_1h", "queue_depth"} == found["metrics"].keys()
    assert {"orphan_hands", "delayed_instructions", "completion_rate"} <= found["data_flow_health"].keys()
    assert found["projects"]["feature_table"]["hands_today"] == 1
    assert found["metrics"]["queue_depth"] == {"pending": 1, "processing": 0, "held": 0}
    assert [each["state"] for each in found["active_alerts"]] == ["open"]
    assert found["stale"] is False


def test_the_flow_of_a_hand_names_each_step_with_its_state(api: Served) -> None:
    found = api.read("/api/data-flow?hand_id=1", VIEWER)

    assert found["status_chain"].startswith("Hand (grade A, premium) → RenderInstruction (")
    assert found["status_chain"].endswith(" → RenderOutput (completed)")
    assert {each["state"] for each in found["instructions"]} == {"completed", "failed", "pending"}
    assert len(found["outputs"]) == 1


@pytest.mark.parametrize(
    ("path", "key"), [("/api/instructions", "id"), ("/api/log", "id"), ("/api/events", "id"), ("/api/hands", "hand_id")]
)
def test_pages_have_every_entry_once(api: Served, path: str, key: str) -> None:
    whole = [each[key] for each in api.read(f"{path}?limit=500")["items"]]
    pages, after = [], ""
    while True:
        page = api.read(f"{path}?limit=1{after}")
        pages += [each[key] for each in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"

    assert whole
    assert pages == whole


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("state=failed", 1),
        ("state=failed&state=pending", 2),
        ("template=winning_hand", 1),
        ("hand_id=1", 3),
        ("hand_id=2", 0),
        ("since=1h", 3),
    ],
)
def test_instructions_are_filtered(api: Served, query: str, count: int) -> None:
    assert len(api.read(f"/api/instructions?{query}")["items"]) == count


@pytest.mark.parametrize(
    ("query", "count"), [("", 1), ("resolved=false", 1), ("resolved=true", 0), ("severity=critical", 0)]
)
def test_incidents_are_filtered_as_the_contract_says(api: Served, query: str, count: int) -> None:
    assert len(api.read(f"/api/events?{query}")["items"]) == count


def test_a_read_that_has_not_changed_is_answered_without_a_body(api: Served) -> None:
    first = api.get("/api/instructions")
    again = api.get("/api/instructions", headers={"If-None-Match": f'"other", W/{first.headers["etag"]}'})

    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert api.get("/api/instructions?limit=1", headers={"If-None-Match": first.headers["etag"]}).status_code == 200


def test_the_older_monitor_is_answered_at_its_paths(api: Served) -> None:
    assert api.read("/health", VIEWER)["status"] == "healthy"
    assert api.read("/stats", VIEWER) == {"pending": 1, "processing": 0, "completed": 1, "failed": 1, "total": 3}
    [pending] = api.read("/pending", VIEWER)
    assert (pending["template_name"], pending["status"]) == ("elimination", "pending")


def test_prometheus_reads_its_own_format(api: Served) -> None:
    response = api.get("/metrics", VIEWER)

    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'pokervod_render_queue_instructions{state="pending"} 1.0' in response.text
    assert 'pokervod_process_memory_bytes{process="API"}' in response.text


@pytest.mark.parametrize(
    ("method", "path", "status", "said"),
    [
        ("GET", "/api/nothing", 404, "no route has the path /api/nothing"),
        ("GET", "/api/events/99", 404, "no incident has the number 99"),
        ("GET", "/api/instructions/99", 404, "unknown render instruction 99"),
        ("GET", "/api/outputs/99", 404, "instruction 99 has no file"),
        ("GET", "/api/data-flow?hand_id=99", 404, "unknown hand 99"),
        ("DELETE", "/api/events/1", 405, "/api/events/1 does not take DELETE"),
        ("GET", "/api/instructions/99999999999999999999", 422, "instruction_id"),
        ("GET", "/api/instructions?state=lost", 422, "query.state"),
        ("GET", "/api/instructions?limit=0", 422, "query.limit: expected 1 or more, got '0'"),
        ("GET", "/api/instructions?limit=some", 422, "query.limit: expected a whole number, got 'some'"),
        ("GET", "/api/clips?playr=Ivey", 422, "query.playr: unknown; did you mean `player`?"),
        ("GET", "/api/clips/export?format=edll", 422, "expected 'edl', 'fcpxml', 'otio' or 'csv', got 'edll'"),
        ("GET", "/api/stream?typ=render", 422, "query.typ: unknown; did you mean `type`?"),
        ("GET", "/api/instructions?template=%00", 400, ""),
        ("GET", "/api/metrics/latency?window=ever", 400, "expected a length such as"),
        ("GET", "/api/log?type=render.compleed", 400, "did you mean `render.completed`"),
        ("GET", "/api/log?since=1h&until=2h", 400, "since '1h' must be before until '2h'"),
        ("GET", "/api/weeks/soon", 400, "expected a week such as 2026-W48"),
        ("GET", "/api/hands?since=soon", 400, "since: expected a time such as"),
    ],
)
def test_every_error_is_a_problem_in_words(api: Served, method: str, path: str, status: int, said: str) -> None:
    response = api.ask(method, path)
    problem: dict[str, Any] = response.json()

    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert said in problem["detail"]
    assert problem["correlation_id"] == response.headers["x-correlation-id"]
    assert "Traceback" not in response.text
    assert "select" not in response.text


def test_a_tournament_is_read(api: Served) -> None:
    RenderDatabase(engine=api.engine, settings=api.settings).execute("""
        insert into tournaments (tournament_number, name, status, progress, seen_at)
        values ('T1', 'Main', 'running', 3, now())
    """)

    assert api.read("/api/tournaments", VIEWER)[0] == api.read("/api/tournaments/T1", VIEWER)["tournament"]
    assert api.read("/api/tournaments?status=running", VIEWER)[0]["status"] == "running"
