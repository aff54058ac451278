"""Filter what a stream tells."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query

from pokervod_pipelines.alerts.alert import AlertSeverity
from pokervod_pipelines.api.routing import Asking
from pokervod_pipelines.api.streams.messages import list_messages
from pokervod_pipelines.api.visibility import list_hidden_types
from pokervod_pipelines.events.log import EventFilter, LoggedEvent

INCIDENTS = "monitoring.incident."


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamFilter:
    """Filter events as the log is filtered, and those of incidents by severity."""

    events: EventFilter
    severities: frozenset[str]

    def fits(self, event: LoggedEvent) -> bool:
        """Return whether the event is told."""
        if self.severities and event.type.startswith(INCIDENTS):
            return event.payload.get("severity") in self.severities and self.events.fits(event)
        return self.events.fits(event)


async def read_filter(
    principal: Asking,
    type_: Annotated[
        list[str] | None, Query(alias="type", description="`render_completed`, or `render` for all of a room.")
    ] = None,
    block: Annotated[list[str] | None, Query(description="Of these blocks (A to G) or rooms.")] = None,
    correlation_id: Annotated[str | None, Query(max_length=64, description="What this sync or request caused.")] = None,
    severity: Annotated[
        list[AlertSeverity] | None, Query(description="Incidents of these severities only; other events are told.")
    ] = None,
) -> StreamFilter:
    """Return what is asked for; who logs in is for administrators."""
    known = list_messages()
    events = EventFilter(
        types=tuple(sorted({known.get(each, each) for each in type_ or ()})),
        without=list_hidden_types(principal.role),
        blocks=tuple(sorted({*(block or ())})),
        correlation_id=correlation_id,
    )
    return StreamFilter(events=events, severities=frozenset(map(str, severity or ())))


Filtered = Annotated[StreamFilter, Depends(read_filter)]
