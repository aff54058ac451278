"""List the event log; incidents are at ``/api/events``."""

from typing import Annotated

from fastapi import APIRouter, Query

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.api.context import ContextOf, Reading
from pokervod_pipelines.api.examples import read_examples
from pokervod_pipelines.api.routing import Asking, Items, PageOf, ReadRoute, make_items, needs
from pokervod_pipelines.api.visibility import VisibilityOf, list_hidden_types, show_event
from pokervod_pipelines.events.log import EventFilter, LoggedEvent, page_events
from pokervod_pipelines.periods import FORMS, PARAMETERS, read_period

router = APIRouter(prefix="/api", tags=["log"], route_class=ReadRoute)

EXAMPLES = read_examples("log")


@router.get("/log", **needs(Role.VIEWER, example={"items": [EXAMPLES["event"]], "next": 812}))
def list_all(
    principal: Asking,
    connection: Reading,
    context: ContextOf,
    page: PageOf,
    visibility: VisibilityOf,
    type_: Annotated[
        list[str] | None, Query(alias="type", description="`nas.file.removed`, or `nas.file` for all.")
    ] = None,
    block: Annotated[list[str] | None, Query(description="Of these blocks (A to G) or rooms.")] = None,
    correlation_id: Annotated[str | None, Query(max_length=64, description="What this sync or request caused.")] = None,
    since: Annotated[str, Query(description=f"From then on: {FORMS}.", max_length=40)] = "",
    until: Annotated[str, Query(description="Until then; a day includes all of it.", max_length=40)] = "",
) -> Items[LoggedEvent]:
    """List events, the last appended first. Inside the broadcast delay viewers see ids and numbers only.

    Who logged in, and from where, only administrators see.
    """
    filters = EventFilter(
        types=tuple(type_ or ()),
        without=list_hidden_types(principal.role),
        blocks=tuple(block or ()),
        correlation_id=correlation_id,
        period=read_period(since, until, context.settings.zone, names=PARAMETERS),
    )
    found = [show_event(each, visibility) for each in page_events(connection, filters, page)]
    return make_items(found, page, lambda each: each.id)
