"""Turn events into requests for runs of workflows, and hand over those whose time has come.

What belongs together is one request: events that ask for the same workflow with the same input, until none came for a
moment. What a run of the same request does itself is not asked for again.
"""

import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, text

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.events import EventType
from pokervod_pipelines.events.cursors import Consumer, take_events
from pokervod_pipelines.events.log import LoggedEvent
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.subjects import SubjectKind
from pokervod_pipelines.workflows.held import PARTITIONS, list_held_targets
from pokervod_pipelines.workflows.routes import ROUTES, list_sources
from pokervod_pipelines.workflows.run_requests import (
    HandedRequest,
    RunRequest,
    StoredRequest,
    delete_requests,
    lock_requests,
    mark_handed,
    merge_all,
    read_requests,
    store_requests,
)
from pokervod_pipelines.workflows.workflow import Workflow

ROUTER = Consumer("event router", list_sources())

EVENTS_AT_ONCE = 5_000
"""A look reads no more, so that it takes seconds."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """Hold the requests whose time has come, those that wait, and in how many seconds the next of these is due."""

    due: list[HandedRequest]
    waiting: list[RunRequest]
    next_in: float | None


def route_events(engine: Engine, workflows: Mapping[str, Workflow]) -> bool:
    """Store what the next events ask for, in one transaction with the position in the log; return whether more wait."""
    with engine.begin() as connection:
        lock_requests(connection)
        events = take_events(connection, ROUTER, EVENTS_AT_ONCE)
        store_requests(connection, find_requests(connection, events, workflows))
    return len(events) == EVENTS_AT_ONCE


def hand_due(
    engine: Engine, workflows: Mapping[str, Workflow], settings: Settings, *, busy: Collection[str] | None = None
) -> Handover:
    """Hand over the requests whose time has come, those of higher priority first.

    What a person holds waits, with all that is asked for of it. With ``busy``, the names of workflows, none is handed
    for these, and one at most for each other.
    """
    with engine.begin() as connection:
        lock_requests(connection)
        now = connection.scalars(text("select clock_timestamp()")).one()
        found = _drop_invalid(connection, read_requests(connection), workflows, settings)
        due, waiting = split_due(_group(found), now)
        due = _leave_held(due, list_held_targets(connection))
        due = due if busy is None else _take_one_each(due, busy)
        for each in due:
            mark_handed(connection, each)
    next_in = min(((each.due_at - now).total_seconds() for each in waiting), default=None)
    return Handover(due=due, waiting=waiting, next_in=next_in)


def _group(requests: Iterable[StoredRequest]) -> list[HandedRequest]:
    """Return what one run answers: the waiting requests of a target, or those that were handed under a key."""
    groups: dict[tuple[str, str | None], list[StoredRequest]] = {}
    for each in requests:
        groups.setdefault((each.request.target, each.run_key), []).append(each)
    return [
        HandedRequest(run_key=key or merge_all(each.request for each in parts).key, parts=tuple(parts))
        for (_, key), parts in groups.items()
    ]


def split_due(groups: Iterable[HandedRequest], now: datetime) -> tuple[list[HandedRequest], list[RunRequest]]:
    """Return what has to be handed now, those of higher priority first, and the requests that wait for their time."""
    due: list[HandedRequest] = []
    waiting: list[RunRequest] = []
    for each in groups:
        if each.parts[0].run_key or each.request.due_at <= now:
            due.append(each)
        else:
            waiting.append(each.request)
    return sorted(due, key=lambda each: (-each.request.priority, each.request.event_id)), waiting


def _leave_held(due: Iterable[HandedRequest], held: Mapping[SubjectKind, Collection[str]]) -> list[HandedRequest]:
    """Return the requests whose workflow is not held, nor the library or sheet that it is told."""
    return [
        each
        for each in due
        if each.request.workflow not in held[SubjectKind.WORKFLOW]
        and not any(each.request.input.get(field) in held[kind] for field, kind in PARTITIONS.items())
    ]


def _take_one_each(due: Iterable[HandedRequest], busy: Collection[str]) -> list[HandedRequest]:
    first: dict[str, HandedRequest] = {}
    for each in due:
        first.setdefault(each.request.workflow, each)
    return [each for name, each in first.items() if name not in busy]


def _drop_invalid(
    connection: Connection, found: list[StoredRequest], workflows: Mapping[str, Workflow], settings: Settings
) -> list[StoredRequest]:
    """Return the requests whose input is valid; say why the others are not: a sheet that left the settings, say."""
    valid, invalid = [], []
    for each in found:
        problem = find_problem(each.request, workflows.get(each.request.workflow), settings)
        if problem is None:
            valid.append(each)
        else:
            invalid.append(each.id)
            ids = {"correlation_id": each.request.correlation_id}
            _log.warning("request %s is dropped: %s", each.request.correlation_id, problem, extra=ids)
    if invalid:
        delete_requests(connection, invalid)
    return valid


def find_problem(request: RunRequest, workflow: Workflow | None, settings: Settings) -> str | None:
    """Return why the request can have no run, None for nothing."""
    if workflow is None:
        return f"the workflow {request.workflow} is not declared any more"
    try:
        workflow.read_input(request.input, settings)
    except BadInput as error:
        return str(error)
    return None


def find_requests(
    connection: Connection, events: Iterable[LoggedEvent], workflows: Mapping[str, Workflow]
) -> list[RunRequest]:
    """Return what the events ask for, one request a target and correlation id."""
    found: dict[tuple[str, str], RunRequest] = {}
    for event in events:
        for request in _route_event(connection, event, workflows):
            place = event.correlation_id, request.target
            found[place] = found[place].merge(request) if place in found else request
    return list(found.values())


def _route_event(connection: Connection, event: LoggedEvent, workflows: Mapping[str, Workflow]) -> list[RunRequest]:
    if event.type == EventType.SYSTEM_WORKFLOW_FAILED:
        answer = answer_failure(event, workflows)
        return [answer] if answer else []
    return [
        RunRequest(
            workflow=route.workflow,
            input=given,
            correlation_id=event.correlation_id,
            event_id=event.id,
            first_at=event.at,
            asked_at=event.at,
            due_at=event.at + timedelta(seconds=route.debounce_seconds),
            made_by=route.made_by,
            priority=route.priority,
        )
        for route in ROUTES
        if route.on == event.type and route.accepts(event.payload)
        for given in route.find_inputs(connection, event)
    ]


def answer_failure(event: LoggedEvent, workflows: Mapping[str, Workflow]) -> RunRequest | None:
    """Return what a workflow's failure asks for: another attempt later, its fallback, or nothing."""
    failed, attempt = workflows.get(event.payload["workflow"]), int(event.payload["attempt"])
    if failed is None:
        return None
    request = RunRequest(
        workflow=failed.name,
        input=event.payload["input"],
        correlation_id=event.correlation_id,
        event_id=event.id,
        first_at=event.at,
        asked_at=event.at,
        due_at=event.at + timedelta(seconds=failed.on_error.retry_after_seconds),
        attempt=attempt + 1,
    )
    if attempt <= failed.on_error.retries:
        return request
    if failed.on_error.fallback is None:
        return None
    fallback = workflows[failed.on_error.fallback]
    given = {name: value for name, value in request.input.items() if name in fallback.input.model_fields}
    return replace(request, workflow=fallback.name, input=given, due_at=event.at, attempt=1)
