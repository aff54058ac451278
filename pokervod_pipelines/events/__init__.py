"""The event log: append in the transaction of the change, read from a durable cursor.

An event exists if and only if its change does. What an event means is its room's business; a type is listed in
``types`` so that a misspelt one cannot be appended.
"""

from pokervod_pipelines.events.log import append_events, read_events
from pokervod_pipelines.events.types import EventType, NewEvent

__all__ = ["EventType", "NewEvent", "append_events", "read_events"]
