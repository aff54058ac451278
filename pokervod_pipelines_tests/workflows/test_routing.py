"""Check which runs events ask for: conditions, one request for what belongs together, times, and what fails."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.events import EventType
from pokervod_pipelines.events.log import LoggedEvent
from pokervod_pipelines.events.payloads import find_payload
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.declared import list_workflows, nas_sync
from pokervod_pipelines.workflows.routes import ROUTES
from pokervod_pipelines.workflows.routing import answer_failure, find_problem, find_requests, split_due
from pokervod_pipelines.workflows.run_requests import (
    MAX_DEBOUNCE,
    HandedRequest,
    RunRequest,
    StoredRequest,
    merge_all,
)
from pokervod_pipelines.workflows.workflow import OnError, SheetName, Step, Workflow, WorkflowInput

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
WORKFLOWS = list_workflows()


def event(type_: EventType, payload: Mapping[str, Any], *, number: int = 1, second: float = 0) -> LoggedEvent:
    return LoggedEvent(number, NOW + timedelta(seconds=second), type_, "nas", "request 1", dict(payload))


def targets(engine: Engine, *events: LoggedEvent) -> list[str]:
    with engine.connect() as connection:
        return [each.target for each in find_requests(connection, events, WORKFLOWS)]


@pytest.mark.parametrize(
    ("type_", "payload", "expected"),
    [
        (EventType.NAS_SCAN_REQUESTED, {"library": "wsop"}, ['nas_sync {"library": "wsop"}']),
        (EventType.CATALOG_UPDATE_REQUESTED, {}, ["catalog_update {}"]),
        (EventType.SHEETS_SYNC_REQUESTED, {"sheet": "hands"}, ['sheets_sync {"sheet": "hands"}']),
        (EventType.SHEETS_ROW_CHANGED, {"sheet": "hands"}, ['clips_update {"sheet": "hands"}']),
        (
            EventType.NAS_SCAN_COMPLETED,
            {"library": "wsop", "added": 1, "removed": 0},
            ['media_sync {"library": "wsop"}', "catalog_update {}"],
        ),
        (EventType.NAS_SCAN_COMPLETED, {"library": "wsop", "added": 0, "unchanged": 9}, []),
        (EventType.CATALOG_UPDATED, {"created": {"episodes": 2}, "changed": {}, "removed": {}}, []),
    ],
)
def test_an_event_asks_for_what_it_touches(
    engine: Engine, type_: EventType, payload: Mapping[str, Any], expected: list[str]
) -> None:
    assert targets(engine, event(type_, payload)) == expected


def test_events_of_one_request_for_one_target_are_one_request(engine: Engine) -> None:
    changed = [event(EventType.SHEETS_ROW_CHANGED, {"sheet": "a"}, number=number) for number in (3, 4, 5)]
    with engine.connect() as connection:
        (request,) = find_requests(connection, changed, WORKFLOWS)
    assert (request.event_id, request.target) == (5, 'clips_update {"sheet": "a"}')


def test_a_request_of_a_restored_log_has_another_key(engine: Engine) -> None:
    first, later = (
        event(EventType.SHEETS_ROW_CHANGED, {"sheet": "a"}, number=3, second=second) for second in (0, 3600)
    )
    with engine.connect() as connection:
        keys = {find_requests(connection, [each], WORKFLOWS)[0].key for each in (first, first, later)}
    assert len(keys) == 2


@pytest.mark.parametrize(
    ("workflow", "says"),
    [
        (Workflow(name="x", description=""), "it has no steps, and covers no assets"),
        (Workflow(name="x", description="", steps=(Step(asset="a", only_if="b"),)), "its input has no field b"),
        (Workflow(name="x", description="", covers=("a",), on_error=OnError(retries=1)), "only a workflow of assets"),
        (
            Workflow(name="x", description="", steps=(Step(asset="a"),), on_error=OnError(fallback="full_sync")),
            "its fallback full_sync is no declared workflow of assets",
        ),
        (
            Workflow(name="x", description="", steps=(Step(asset="a"),), on_error=OnError(fallback="x")),
            "its fallbacks lead back to x",
        ),
    ],
)
def test_a_declaration_that_cannot_work_is_refused(
    monkeypatch: pytest.MonkeyPatch, workflow: Workflow, says: str
) -> None:
    monkeypatch.setattr(nas_sync, "WORKFLOW", workflow)
    with pytest.raises(ValueError, match=re.escape(says)):
        list_workflows()


def test_every_route_leads_to_a_workflow_whose_input_it_gives() -> None:
    for route in ROUTES:
        fields = set(WORKFLOWS[route.workflow].input.model_fields)
        required = {name for name, field in WORKFLOWS[route.workflow].input.model_fields.items() if field.is_required()}
        given_fields = {"sheet"} if route.each_sheet else set(route.input)
        assert required <= given_fields <= fields, route


def test_a_request_says_all_that_its_workflow_may_be_told() -> None:
    for each in WORKFLOWS.values():
        if each.request:
            assert set(find_payload(each.request).model_fields) == {*each.input.model_fields, "by", "reason"}
            assert [route.workflow for route in ROUTES if route.on == each.request] == [each.name]


def test_events_ask_for_workflows_of_assets_only() -> None:
    led_to = {route.workflow for route in ROUTES} | {each.on_error.fallback for each in WORKFLOWS.values()} - {None}
    retried = {each.name for each in WORKFLOWS.values() if each.on_error.retries}
    assert all(WORKFLOWS[str(name)].steps for name in led_to | retried)


def test_what_keeps_changing_is_requested_in_the_end() -> None:
    requests = [make_request(number=number, second=number) for number in range(30)]
    for count in range(1, 30):
        merged = merge_all(requests[:count])
        due, _ = split_due([make_group(merged)], requests[count - 1].asked_at)
        if due:
            assert merged.asked_at - merged.first_at >= timedelta(seconds=2 * MAX_DEBOUNCE)
            return
    pytest.fail("it waited for ever")


def make_request(*, number: int = 1, second: float = 0, priority: int = 0, workflow: str = "w") -> RunRequest:
    at = NOW + timedelta(seconds=second)
    return RunRequest(
        workflow=workflow,
        input={"sheet": "ü"},
        correlation_id="request 1",
        event_id=number,
        first_at=at,
        asked_at=at,
        due_at=at + timedelta(seconds=2),
        priority=priority,
    )


def make_group(request: RunRequest, run_key: str | None = None) -> HandedRequest:
    stored = StoredRequest(id=request.event_id, request=request, run_key=run_key)
    return HandedRequest(run_key=run_key or request.key, parts=(stored,))


def test_what_is_urgent_is_launched_first() -> None:
    requests = [make_request(number=1, workflow="a"), make_request(number=2, workflow="b", priority=10)]
    due, waiting = split_due(map(make_group, requests), NOW + timedelta(seconds=3))
    assert ([each.request.workflow for each in due], waiting) == (["b", "a"], [])


@given(st.lists(st.tuples(st.integers(1, 50), st.floats(0, 100), st.sampled_from("abc")), max_size=12))
def test_merged_requests_wait_for_the_newest(asked: list[tuple[int, float, str]]) -> None:
    requests = [make_request(number=number, second=second, workflow=name) for number, second, name in asked]
    for target in {each.target for each in requests}:
        same = [each for each in requests if each.target == target]
        merged = merge_all(same)
        assert merged.event_id == max(each.event_id for each in same)
        assert merged.due_at >= merged.asked_at


class SheetInput(WorkflowInput):
    sheet: SheetName
    statuses: bool = True


@pytest.mark.parametrize(
    ("attempt", "expected"),
    [(1, ("main", {"sheet": "a", "statuses": False}, 2, 30)), (2, ("spare", {"sheet": "a"}, 1, 0))],
)
def test_a_failed_run_is_tried_again_and_then_replaced(attempt: int, expected: tuple[Any, ...]) -> None:
    class Spare(WorkflowInput):
        sheet: SheetName

    main = Workflow(
        name="main",
        description="",
        input=SheetInput,
        steps=(Step(asset="x"),),
        on_error=OnError(retries=1, retry_after_seconds=30, fallback="spare"),
    )
    spare = Workflow(name="spare", description="", input=Spare)
    payload = {"workflow": "main", "input": {"sheet": "a", "statuses": False}, "run_id": "r", "attempt": attempt}
    request = answer_failure(event(EventType.SYSTEM_WORKFLOW_FAILED, payload), {"main": main, "spare": spare})
    assert request is not None
    wait = (request.due_at - NOW).total_seconds()
    assert (request.workflow, request.input, request.attempt, wait) == expected


def test_a_failure_without_an_answer_asks_for_nothing() -> None:
    payload = {"workflow": "catalog_update", "input": {}, "run_id": "r", "attempt": 1}
    assert answer_failure(event(EventType.SYSTEM_WORKFLOW_FAILED, payload), WORKFLOWS) is None
    assert answer_failure(event(EventType.SYSTEM_WORKFLOW_FAILED, payload | {"workflow": "gone"}), WORKFLOWS) is None


@pytest.mark.parametrize(
    ("name", "given_input", "says"),
    [
        ("sheets_sync", {"sheet": "clib"}, "sheet: unknown sheet 'clib'; did you mean `clip`?"),
        ("sheets_sync", {}, "sheet is missing. Its input: sheet (text), statuses (true or false, optional)"),
        ("sheets_sync", {"sheet": "clip", "tab": 1}, "tab is unknown"),
        ("hands_to_renders", {"day": "2001-01-01"}, "2001-01-01 is no broadcast day; the first is "),
        (
            "hands_to_renders",
            {"day": "yesterday"},
            'day: expected a day as YYYY-MM-DD, got "yesterday". Its input: ',
        ),
        ("nas_sync", {"library": 5}, "nas_sync: library: expected text, got 5. Its input: library (text)"),
        ("nas_sync", {"library": None}, "nas_sync: library: expected text, got null. Its input: "),
        ("sheets_sync", {"sheet": "x", "statuses": ["y"]}, 'statuses: expected true or false, got ["y"]. '),
        ("catalog_update", {"library": "x"}, "library is unknown. Its input: nothing"),
    ],
)
def test_an_invalid_input_is_refused_with_what_is_valid(
    settings_factory: Any, name: str, given_input: dict[str, Any], says: str
) -> None:
    settings: Settings = settings_factory(sheets=[{"name": "clip", "path": "/tmp/clip.csv"}])
    with pytest.raises(BadInput) as refused:
        WORKFLOWS[name].read_input(given_input, settings)
    assert says in str(refused.value)


def test_a_request_for_what_left_the_settings_is_told(settings_factory: Any) -> None:
    request = RunRequest(
        workflow="sheets_sync", input={"sheet": "gone"}, correlation_id="c", event_id=1, first_at=NOW, asked_at=NOW,
        due_at=NOW,
    )  # fmt: skip
    assert "gone" in str(find_problem(request, WORKFLOWS["sheets_sync"], settings_factory()))
    assert "not declared any more" in str(find_problem(request, None, settings_factory()))


def test_a_step_with_a_condition_is_left_out() -> None:
    workflow = WORKFLOWS["sheets_sync"]
    given_input = workflow.input.model_validate({"sheet": "a", "statuses": False})
    assert workflow.select_steps(given_input) == ("sheet_rows", "hand_clips")
