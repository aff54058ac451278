"""List what is not tried any more, and let a person try it again: breakers of services, and parked events."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import Field
from sqlalchemy import Connection

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.actors import Actor
from pokervod_pipelines.api.actions import ActionRequest, Reason, Requested
from pokervod_pipelines.api.context import ContextOf, Reading
from pokervod_pipelines.api.errors import find_named
from pokervod_pipelines.api.examples import read_examples
from pokervod_pipelines.api.routing import LARGEST, ReadRoute, needs
from pokervod_pipelines.api.visibility import WITHHELD, Visibility, VisibilityOf
from pokervod_pipelines.events.breakers import reset_breaker
from pokervod_pipelines.events.retries import FailedEvent, drop_parked, list_failed, retry_parked
from pokervod_pipelines.policies.blocks import GuardedService
from pokervod_pipelines.policies.breaker_store import BreakerState
from pokervod_pipelines.policies.health import find_breaker, list_breakers
from pokervod_pipelines.workflows.pending_events import find_consumer

router = APIRouter(prefix="/api", tags=["failures"], route_class=ReadRoute)

EXAMPLES = read_examples("failures")

EventId = Annotated[int, Field(ge=1, le=LARGEST)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedBreaker:
    """Tell whether a service outside is called: closed, open, or half-open while a call tries it."""

    service: GuardedService
    state: str
    breaker: BreakerState


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetBreaker:
    """Tell how the breaker was; null where it was closed and without a failure."""

    service: GuardedService
    before: BreakerState | None
    correlation_id: str


@router.get("/breakers", **needs(Role.VIEWER, example=[EXAMPLES["breaker"]]))
def list_all(connection: Reading, context: ContextOf, visibility: VisibilityOf) -> list[ListedBreaker]:
    """List the breakers: whether each service is called, how often in a row it failed, when the next call may try."""
    return [
        ListedBreaker(service=service, state=state.state, breaker=_show(state, visibility))
        for service, state in list_breakers(connection, context.settings)
    ]


def _show(state: BreakerState, visibility: Visibility) -> BreakerState:
    """Return the breaker without its error inside the delay: nexrender may quote a layer."""
    if state.last_failed_at is None or not visibility.hides(state.last_failed_at):
        return state
    return replace(state, last_error=WITHHELD)


@router.post("/breakers/{name}/reset", **needs(Role.OPERATOR, example=EXAMPLES["reset"], action=True))
def reset(
    request: Requested,
    name: Annotated[str, Path(max_length=200, description="The breaker, as `/api/breakers` lists it.")],
    body: Reason,
) -> ResetBreaker:
    """Close a breaker, so that the service is called again at once."""

    def act(connection: Connection, actor: Actor) -> ResetBreaker:
        with find_named():
            service = find_breaker(connection, request.context.settings, name)
        before = reset_breaker(connection, name, actor)
        return ResetBreaker(service=service, before=before, correlation_id=actor.correlation_id)

    return request.run(ResetBreaker, body.reason, act)


class ParkedEvents(Reason):
    """Name parked events of a consumer."""

    consumer: str = Field(min_length=1, max_length=200, examples=["render instructions"])
    event_ids: list[EventId] = Field(min_length=1, max_length=10_000, examples=[[17]])


class RetriedEvents(ParkedEvents):
    """Name parked events of a consumer; without numbers all of them."""

    event_ids: list[EventId] = Field(default_factory=list, max_length=10_000, examples=[[17]])


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsDecided:
    """List the events that are handled again, or were given up."""

    consumer: str
    event_ids: Sequence[int]
    correlation_id: str


DECISION: dict[str, Any] = needs(Role.OPERATOR, example=EXAMPLES["decided"], action=True)


@router.get("/parked-events", **needs(Role.OPERATOR, example=[EXAMPLES["parked"]]))
def list_parked(
    connection: Reading,
    consumer: Annotated[str | None, Query(max_length=200, description="Only of this consumer.")] = None,
) -> list[FailedEvent]:
    """List the events that a consumer could not handle: those parked, and those that it tries again."""
    return list_failed(connection, consumer)


@router.post("/parked-events/retry", **DECISION)
def retry(request: Requested, body: RetriedEvents) -> EventsDecided:
    """Let a consumer handle parked events again; without numbers all of them."""
    return _decide(request, body, retry_parked)


@router.post("/parked-events/drop", **DECISION)
def drop(request: Requested, body: ParkedEvents) -> EventsDecided:
    """Give parked events up for good; the log keeps them."""
    return _decide(request, body, drop_parked)


def _decide(
    request: ActionRequest,
    body: ParkedEvents,
    act_on: Callable[[Connection, str, Sequence[int], Actor], list[int]],
) -> EventsDecided:
    def act(connection: Connection, actor: Actor) -> EventsDecided:
        consumer = find_consumer(connection, body.consumer).name
        done = act_on(connection, consumer, body.event_ids, actor)
        return EventsDecided(consumer=body.consumer, event_ids=done, correlation_id=actor.correlation_id)

    return request.run(EventsDecided, body.reason, act)
