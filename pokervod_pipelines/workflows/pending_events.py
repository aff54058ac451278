"""Read the events of hands and exports since instructions were made last, with a durable cursor in the event log."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, text

from pokervod_pipelines.events import EventType
from pokervod_pipelines.events.cursors import PENDING, READ_UP_TO, Consumer, ReadUpTo

_EXPORTS = tuple(each for each in EventType if each.startswith("tournament.") and each != EventType.TOURNAMENT_IMPORTED)

INSTRUCTIONS = Consumer("render instructions", (EventType.HAND_CREATED, EventType.HAND_CHANGED, *_EXPORTS))


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingEvents:
    """Describe the pending events: the broadcast days of new and changed hands, and whether an export changed anything.

    ``read`` is from where to where the log was read.
    """

    days: tuple[date, ...]
    has_exports: bool
    read: ReadUpTo

    @property
    def is_empty(self) -> bool:
        """Return whether no instruction has to be made."""
        return not (self.days or self.has_exports)


def read_pending_events(connection: Connection) -> PendingEvents:
    """Return the events since the cursor."""
    row = connection.execute(
        text(f"""
            with {PENDING}, read as ({READ_UP_TO})
            select
                (select array_agg(distinct (payload ->> 'broadcast_day')::date) from pending where type like 'hand.%'),
                exists (select from pending where type like 'tournament.%'),
                read.*
            from read
        """),  # noqa: S608 - constants
        INSTRUCTIONS.parameters,
    ).one()
    days, has_exports, *read = row
    return PendingEvents(days=tuple(sorted(days or ())), has_exports=has_exports, read=ReadUpTo(*read))
