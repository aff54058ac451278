"""Append to and read the event log: an event is part of the transaction of its change.

An event exists if and only if its change does. Its meaning is defined by its room; its type is listed in ``types``, so
that a misspelt one cannot be appended.
"""

from pokervod_pipelines.events.log import append_events, read_events, read_snapshot
from pokervod_pipelines.events.subscriptions import subscribe, subscribe_async
from pokervod_pipelines.events.types import EventType, NewEvent

__all__ = ["EventType", "NewEvent", "append_events", "read_events", "read_snapshot", "subscribe", "subscribe_async"]
