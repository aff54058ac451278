"""List what of hands a person should look at: where they differ from their sheet, and files that are no sessions."""

from typing import Annotated

from fastapi import APIRouter, Query

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.api.context import Reading
from pokervod_pipelines.api.examples import read_examples
from pokervod_pipelines.api.hand_visibility import show_disagreement, show_quarantined
from pokervod_pipelines.api.routing import LARGEST, Items, PageOf, ReadRoute, make_items, needs
from pokervod_pipelines.api.visibility import VisibilityOf
from pokervod_pipelines.hands.clip_link_store import Disagreement, list_disagreements
from pokervod_pipelines.hands.quarantined import QuarantinedFile, list_quarantined

router = APIRouter(prefix="/api", tags=["hands"], route_class=ReadRoute)

EXAMPLES = read_examples("disagreements")


@router.get("/disagreements", **needs(Role.VIEWER, example={"items": [EXAMPLES["disagreement"]], "next": None}))
def list_all(
    connection: Reading,
    visibility: VisibilityOf,
    page: PageOf,
    settled: Annotated[bool | None, Query(description="True: those settled, with who, when and why.")] = None,
    hand_id: Annotated[int | None, Query(ge=1, le=LARGEST, description="Only of this hand.")] = None,
) -> Items[Disagreement]:
    """List where a hand and its sheet row say different things, the oldest first, for a person to decide."""
    found = list_disagreements(connection, settled=settled is True, hand_id=hand_id, page=page)
    return make_items([show_disagreement(each, visibility) for each in found], page, lambda each: each.id)


@router.get("/quarantine", **needs(Role.VIEWER, example={"items": [EXAMPLES["file"]], "next": None}))
def list_files(connection: Reading, visibility: VisibilityOf, page: PageOf) -> Items[QuarantinedFile]:
    """List the session files that could not be read, the last one first, each with its reason."""
    found = [show_quarantined(each, visibility) for each in list_quarantined(connection, page)]
    return make_items(found, page, lambda each: each.id)
