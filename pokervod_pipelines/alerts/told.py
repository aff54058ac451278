"""What the room appends to the event log."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from pokervod_pipelines.events import EventType, NewEvent, append_events


def tell(connection: Connection, event: EventType, correlation_id: str, payload: Mapping[str, Any]) -> None:
    """The event is in the log if and only if the caller's transaction commits."""
    append_events(connection, "alerts", correlation_id, [NewEvent(event, dict(payload))])
