"""List the hands of the tables."""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.api.context import ContextOf, Reading
from pokervod_pipelines.api.errors import find_named
from pokervod_pipelines.api.examples import read_examples
from pokervod_pipelines.api.routing import LARGEST, Items, PageOf, ReadRoute, make_items, needs
from pokervod_pipelines.hands.listing import HandFilter, ListedHand, find_listed, page_hands
from pokervod_pipelines.periods import FORMS, read_period

router = APIRouter(prefix="/api/hands", tags=["hands"], route_class=ReadRoute)

EXAMPLES = read_examples("hands")


@router.get("", **needs(Role.VIEWER, example={"items": [EXAMPLES["hand"]], "next": 16}))
def list_all(
    connection: Reading,
    context: ContextOf,
    page: PageOf,
    day: Annotated[date | None, Query(description="Of this broadcast day.")] = None,
    session: Annotated[int | None, Query(ge=1, le=LARGEST, description="Of this session.")] = None,
    grade: Annotated[list[Literal["A", "B", "C"]] | None, Query(description="Of these grades.")] = None,
    premium: Annotated[bool | None, Query(description="Only premium hands, or only the others.")] = None,
    table: Annotated[str, Query(description="Of tables with this text in their name.", max_length=100)] = "",
    tests: Annotated[bool | None, Query(description="False: without hands played to test the table.")] = None,
    withdrawn: Annotated[bool | None, Query(description="True: only hands that were withdrawn.")] = None,
    since: Annotated[str, Query(description=f"Played from then on: {FORMS}.", max_length=40)] = "",
    until: Annotated[str, Query(description="Played until then.", max_length=40)] = "",
) -> Items[ListedHand]:
    """List hands, the last played first; hole cards are in none of them."""
    filters = HandFilter(
        day=day,
        session=session,
        grades=tuple(grade or ()),
        premium=premium,
        table=table,
        tests=tests is not False,
        withdrawn=withdrawn is True,
        period=read_period(since, until, context.settings.zone),
    )
    return make_items(page_hands(connection, filters, page), page, lambda each: each.hand_id)


@router.get("/{hand_id}", **needs(Role.VIEWER, example=EXAMPLES["hand"]))
def read_one(
    connection: Reading, hand_id: Annotated[int, Path(ge=1, le=LARGEST, description="The number of the hand.")]
) -> ListedHand:
    """Return a hand as lists have it: board, best rank, winners and pot, without hole cards."""
    with find_named():
        return find_listed(connection, hand_id)
