"""Turn events into requests for runs of workflows, and hold those whose time has not come.

What belongs together is one request: events that ask for the same workflow with the same input, until none came for a
moment. What a run of the same request does itself is not asked for again.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.events import EventType
from pokervod_pipelines.events.cursors import (
    Consumer,
    Round,
    advance_cursor,
    find_round,
    keep_round,
    read_round,
    start_cursor,
    stream_round,
)
from pokervod_pipelines.events.log import LoggedEvent
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.text.cursors import read_cursor
from pokervod_pipelines.workflows.routes import ROUTES, list_sources
from pokervod_pipelines.workflows.workflow import Workflow

ROUTER = Consumer("event router", list_sources())

EVENTS_AT_ONCE = 5_000
"""A look reads no more, so that it takes seconds."""

MAX_DEBOUNCE = 6
"""Events that never stop coming hold a request for this many times its debounce at most."""

MAX_OTHERS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """Ask for a run of a workflow with an input, not before ``due_at``.

    ``event_id`` is the newest event that asked, at ``asked_at``; ``first_at`` is the time of the first one.
    ``made_by`` is the asset whose step appends such events. ``attempt`` counts from 1. ``others`` are the first of the
    further correlation ids that one run answers.
    """

    workflow: str
    input: Mapping[str, Any]
    correlation_id: str
    event_id: int
    first_at: datetime
    asked_at: datetime
    due_at: datetime
    made_by: str | None = None
    priority: int = 0
    attempt: int = 1
    others: tuple[str, ...] = ()

    @property
    def target(self) -> str:
        """Return what is the same for requests that one run answers."""
        return f"{self.workflow} {json.dumps(dict(self.input), sort_keys=True, ensure_ascii=False)}"

    @property
    def key(self) -> str:
        """Return what is the same where the same events ask again, and not where a restored log has their numbers."""
        return f"{self.target} {self.event_id} {self.asked_at.isoformat(timespec='milliseconds')}"

    def merge(self, other: "RunRequest") -> "RunRequest":
        """Return one request for both; a later event moves its time, within limits."""
        first, last = sorted((self, other), key=lambda each: each.event_id)
        ids = dict.fromkeys((*first.others, last.correlation_id, *last.others))
        latest = first.first_at + MAX_DEBOUNCE * (last.due_at - last.asked_at)
        return replace(
            first,
            event_id=last.event_id,
            asked_at=last.asked_at,
            due_at=max(min(last.due_at, latest), last.asked_at),
            made_by=first.made_by if first.made_by == last.made_by else None,
            priority=max(first.priority, last.priority),
            others=tuple(each for each in ids if each != first.correlation_id)[:MAX_OTHERS],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RouterMemory:
    """Keep between two looks what waits for its time, and which events were read.

    ``done`` is a round that was read to its end, ``left`` what is left of one; runs' ends up to ``ends_seen`` are
    recorded.
    """

    waiting: tuple[RunRequest, ...] = ()
    done: Round | None = None
    left: Round | None = None
    ends_seen: datetime | None = None

    def dump(self) -> str:
        """Return the memory as a text."""
        return json.dumps(asdict(self), default=datetime.isoformat)

    @classmethod
    def load(cls, dumped: str | None) -> "RouterMemory":
        """Return what was dumped; an empty memory for nothing, or for what is no memory: its events are read again."""
        return read_cursor(_MEMORY, dumped, "event_router") or cls()


_MEMORY = TypeAdapter(RouterMemory)


def read_events(connection: Connection, memory: RouterMemory) -> tuple[RouterMemory, list[LoggedEvent]]:
    """Move the cursor past what the look before handed over; return the next events, and how far they go."""
    if memory.done:
        advance_cursor(connection, ROUTER, memory.done)
    elif memory.left:
        keep_round(connection, ROUTER, memory.left)
    start_cursor(connection, ROUTER)
    read = read_round(connection, ROUTER) or find_round(connection, ROUTER)
    events = [] if read.is_empty else list(stream_round(connection, ROUTER, read, limit=EVENTS_AT_ONCE))
    if len(events) == EVENTS_AT_ONCE:
        return RouterMemory(left=replace(read, first=events[-1].id + 1)), events
    return RouterMemory(done=None if read.is_empty else read), events


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


def merge_requests(waiting: Iterable[RunRequest], new: Iterable[RunRequest]) -> list[RunRequest]:
    """Return one request for each target."""
    merged: dict[str, RunRequest] = {}
    for request in (*waiting, *new):
        known = merged.get(request.target)
        merged[request.target] = known.merge(request) if known else request
    return list(merged.values())


def split_due(requests: Iterable[RunRequest], now: datetime) -> tuple[list[RunRequest], list[RunRequest]]:
    """Return the requests whose time has come, those of higher priority first, and the others."""
    due = [each for each in requests if each.due_at <= now]
    waiting = [each for each in requests if each.due_at > now]
    return sorted(due, key=lambda each: (-each.priority, each.event_id)), waiting


def check_inputs(
    requests: Iterable[RunRequest], workflows: Mapping[str, Workflow], settings: Settings
) -> tuple[list[RunRequest], list[str]]:
    """Return the requests whose input is valid, and why the others are not: a sheet that left the settings, say."""
    valid, problems = [], []
    for request in requests:
        problem = _find_problem(request, workflows.get(request.workflow), settings)
        if problem is None:
            valid.append(request)
        else:
            problems.append(f"request {request.correlation_id} is dropped: {problem}")
    return valid, problems


def _find_problem(request: RunRequest, workflow: Workflow | None, settings: Settings) -> str | None:
    if workflow is None:
        return f"the workflow {request.workflow} is not declared any more"
    try:
        workflow.read_input(request.input, settings)
    except BadInput as error:
        return str(error)
    return None


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
