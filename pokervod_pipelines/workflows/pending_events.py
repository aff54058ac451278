"""Read the events of hands and exports since instructions were made last, with a durable cursor in the event log."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.events import EventType
from pokervod_pipelines.events.cursors import Consumer, Round, list_consumers, read_pending, stream_round
from pokervod_pipelines.suggestions import suggest_name

_EXPORTS = tuple(each for each in EventType if each.startswith("tournament.") and each != EventType.TOURNAMENT_IMPORTED)

_FEW = 1_000
"""More are streamed, not held in memory."""

INSTRUCTIONS = Consumer("render instructions", (EventType.HAND_CREATED, EventType.HAND_CHANGED, *_EXPORTS))


CONSUMERS = (INSTRUCTIONS,)
"""Consumers that are there, also where they have never read."""


def list_all_consumers(connection: Connection) -> list[Consumer]:
    """Return the consumers that have read, and those that are there to read."""
    found = list_consumers(connection)
    return [*found, *(each for each in CONSUMERS if each.name not in {one.name for one in found})]


def find_consumer(connection: Connection, name: str) -> Consumer:
    """Return the consumer of that name. Raises ``BadInput`` for an unknown one."""
    found = {each.name: each for each in list_all_consumers(connection)}
    if name not in found:
        raise BadInput(f"unknown consumer {name!r}; {suggest_name(name, found)}")
    return found[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingEvents:
    """Describe the pending events: the broadcast days of new and changed hands, and whether an export changed anything.

    ``read`` is the round that was read.
    """

    days: tuple[date, ...]
    has_exports: bool
    read: Round

    @property
    def is_empty(self) -> bool:
        """Return whether no instruction has to be made."""
        return not (self.days or self.has_exports)


def read_pending_events(connection: Connection) -> PendingEvents:
    """Return the events since the cursor."""
    read, few = read_pending(connection, INSTRUCTIONS, limit=_FEW)
    days: set[date] = set()
    has_exports = False
    for event in few if read.is_empty or few else stream_round(connection, INSTRUCTIONS, read):
        if event.type in _EXPORTS:
            has_exports = True
        elif day := event.payload.get("broadcast_day"):
            days.add(date.fromisoformat(day))
    return PendingEvents(days=tuple(sorted(days)), has_exports=has_exports, read=read)
