"""List alerts, the messages, with their deliveries."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.alerts.listing import ListedAlert, ListedDelivery, list_alerts
from pokervod_pipelines.api.context import Reading
from pokervod_pipelines.api.examples import read_examples
from pokervod_pipelines.api.routing import LARGEST, Items, PageOf, ReadRoute, make_items, needs
from pokervod_pipelines.api.visibility import WITHHELD, Visibility, VisibilityOf

router = APIRouter(prefix="/api", tags=["incidents"], route_class=ReadRoute)

EXAMPLES = read_examples("alerts")


@router.get("/alerts", **needs(Role.VIEWER, example={"items": [EXAMPLES["alert"]], "next": None}))
def list_all(
    connection: Reading,
    page: PageOf,
    visibility: VisibilityOf,
    open_: Annotated[
        bool | None, Query(alias="open", description="Only of incidents that last, or only the others.")
    ] = None,
    incident_id: Annotated[int | None, Query(ge=1, le=LARGEST, description="Only of this incident.")] = None,
) -> Items[ListedAlert]:
    """List alerts, the newest first: what was sent to which channel, what failed, what is tried again."""
    found = list_alerts(connection, is_open=open_, incident_id=incident_id, page=page)
    return make_items([show_alert(each, visibility) for each in found], page, lambda each: each.id)


def show_alert(found: ListedAlert, visibility: Visibility) -> ListedAlert:
    """Return the alert; inside the delay without its text, which may quote a graphic."""
    if not visibility.hides(found.raised_at):
        return found
    return replace(
        found,
        key=found.key if found.incident_id else WITHHELD,
        title=WITHHELD,
        body=WITHHELD,
        link=None,
        deliveries=tuple(map(_cover_delivery, found.deliveries)),
    )


def _cover_delivery(delivery: ListedDelivery) -> ListedDelivery:
    return replace(delivery, error=delivery.error and WITHHELD)
