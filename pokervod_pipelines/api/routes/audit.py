"""Show the audit: who did what, when and why."""

from typing import Annotated

from fastapi import APIRouter, Query

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.api.context import ContextOf, Reading
from pokervod_pipelines.api.examples import read_examples
from pokervod_pipelines.api.routing import Asking, Items, PageOf, ReadRoute, make_items, needs
from pokervod_pipelines.api.visibility import VisibilityOf, list_hidden_types, show_event
from pokervod_pipelines.events.log import LoggedEvent
from pokervod_pipelines.monitoring.audit import AuditFilter, page_audit
from pokervod_pipelines.periods import FORMS, PARAMETERS, read_period

router = APIRouter(prefix="/api", tags=["log"], route_class=ReadRoute)

EXAMPLES = read_examples("audit")


@router.get("/audit", **needs(Role.VIEWER, example={"items": [EXAMPLES["event"]], "next": None}))
def list_all(
    principal: Asking,
    connection: Reading,
    context: ContextOf,
    page: PageOf,
    visibility: VisibilityOf,
    by: Annotated[str | None, Query(max_length=100, description="Only what this person did.")] = None,
    since: Annotated[str, Query(description=f"From then on: {FORMS}.", max_length=40)] = "",
    until: Annotated[str, Query(description="Until then; a day includes all of it.", max_length=40)] = "",
) -> Items[LoggedEvent]:
    """List what people did, the last first, each with `by` and `reason`; logins only for administrators.

    Inside the broadcast delay viewers see ids and numbers only.
    """
    wanted = AuditFilter(
        by=by,
        without=list_hidden_types(principal.role),
        period=read_period(since, until, context.settings.zone, names=PARAMETERS),
    )
    found = [show_event(each, visibility) for each in page_audit(connection, wanted, page)]
    return make_items(found, page, lambda each: each.id)
