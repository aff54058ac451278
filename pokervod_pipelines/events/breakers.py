"""Make and reset the breakers of ``policies`` so that each change is in the event log."""

import logging

from sqlalchemy import Connection, Engine

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.events.log import append_events
from pokervod_pipelines.events.types import EventType, NewEvent
from pokervod_pipelines.policies import breaker_store
from pokervod_pipelines.policies.blocks import GuardedService
from pokervod_pipelines.policies.breaker_store import BreakerState
from pokervod_pipelines.policies.breakers import Breaker, BreakerChange, BreakerOptions

_log = logging.getLogger(__name__)

_TYPES = {
    BreakerChange.OPENED: EventType.SYSTEM_BREAKER_OPENED,
    BreakerChange.CLOSED: EventType.SYSTEM_BREAKER_CLOSED,
}


def make_breaker(engine: Engine, service: GuardedService, options: BreakerOptions) -> Breaker:
    """Return the breaker of the service, which appends an event when it opens and when it closes."""
    return Breaker(engine, service, options, append_change)


def append_change(connection: Connection, change: BreakerChange, state: BreakerState) -> None:
    """Append the event; what belongs to one opening has the same correlation id."""
    text = "the breaker of %s %s after %d failures: %s"
    _log.warning(text, state.name, change, state.failures, state.last_error, extra={"is_shown": True})
    event = NewEvent(_TYPES[change], {**_describe(state)})
    append_events(connection, "system", state.correlation_id, [event])


def reset_breaker(connection: Connection, name: str, actor: Actor) -> BreakerState | None:
    """Close the breaker for a person; return it as it was, None where it was closed without a failure."""
    before = breaker_store.close(connection, name)
    if before is not None:
        payload = {**_describe(before), "by": actor.who, "reason": actor.reason}
        event = NewEvent(EventType.SYSTEM_BREAKER_RESET, payload)
        append_events(connection, "system", actor.correlation_id, [event])
    return before


def _describe(state: BreakerState) -> dict[str, object]:
    opened_at = state.opened_at and state.opened_at.isoformat()
    return {"name": state.name, "failures": state.failures, "error": state.last_error, "opened_at": opened_at}
