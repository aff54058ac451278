"""List incidents and show one with its effects, timeline and messages."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.alerts.alert import AlertSeverity
from pokervod_pipelines.api import examples
from pokervod_pipelines.api.context import ContextOf, Reading
from pokervod_pipelines.api.errors import find_named
from pokervod_pipelines.api.routing import LARGEST, Items, PageOf, ReadRoute, make_items, needs
from pokervod_pipelines.api.visibility import VisibilityOf, show_details, show_incidents
from pokervod_pipelines.monitoring.incidents.details import IncidentDetails, read_details
from pokervod_pipelines.monitoring.incidents.listing import IncidentFilter, list_incidents
from pokervod_pipelines.monitoring.incidents.shape import Incident, IncidentState
from pokervod_pipelines.periods import FORMS, read_moment

router = APIRouter(prefix="/api/events", tags=["incidents"], route_class=ReadRoute)

UNRESOLVED = tuple(each for each in IncidentState if each is not IncidentState.RESOLVED)

IncidentId = Annotated[int, Path(ge=1, le=LARGEST, description="The number of the incident.")]


@router.get("", **needs(Role.VIEWER, example={"items": [examples.INCIDENT], "next": None}))
def list_all(
    connection: Reading,
    context: ContextOf,
    page: PageOf,
    visibility: VisibilityOf,
    severity: Annotated[list[AlertSeverity] | None, Query(description="Of these severities.")] = None,
    resolved: Annotated[bool | None, Query(description="Only those that are over, or only the others.")] = None,
    state: Annotated[list[IncidentState] | None, Query(description="In these states; wins over `resolved`.")] = None,
    detector: Annotated[list[str] | None, Query(description="Of these detectors, or `person`.", max_length=50)] = None,
    since: Annotated[str, Query(description=f"Changed from then on: {FORMS}.", max_length=40)] = "",
) -> Items[Incident]:
    """List incidents, the last opened first. The event log is at `/api/log`."""
    by_end: tuple[IncidentState, ...] = ()
    if resolved is not None:
        by_end = (IncidentState.RESOLVED,) if resolved else UNRESOLVED
    wanted = IncidentFilter(
        states=tuple(state or by_end),
        severities=tuple(severity or ()),
        detectors=tuple(detector or ()),
        changed_since=read_moment("since", since, context.settings.zone) if since else None,
    )
    found = show_incidents(list_incidents(connection, wanted, page=page), visibility)
    return make_items(found, page, lambda each: each.id)


@router.get("/{incident_id}", **needs(Role.VIEWER, example=examples.INCIDENT_DETAILS))
def read_one(connection: Reading, visibility: VisibilityOf, incident_id: IncidentId) -> IncidentDetails:
    """Return an incident with its effects, timeline, messages, and what was done without a person."""
    with find_named():
        return show_details(read_details(connection, incident_id), visibility)
