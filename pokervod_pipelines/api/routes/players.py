"""List the players on clips, names that may be one person, and the aliases that people gave."""

from typing import Annotated

from fastapi import APIRouter, Query

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.api.context import Reading
from pokervod_pipelines.api.examples import read_examples
from pokervod_pipelines.api.routing import Items, PageOf, ReadRoute, make_items, needs
from pokervod_pipelines.clips.aliases import Alias, read_aliases
from pokervod_pipelines.clips.roster import DoubtfulPlayers, ListedPlayer, page_players, read_doubtful_players

router = APIRouter(prefix="/api/players", tags=["players"], route_class=ReadRoute)

EXAMPLES = read_examples("players")


@router.get("", **needs(Role.VIEWER, example={"items": [EXAMPLES["player"]], "next": None}))
def list_all(
    connection: Reading,
    page: PageOf,
    name: Annotated[str, Query(max_length=100, description="Only with this text in their name.")] = "",
) -> Items[ListedPlayer]:
    """List the players on clips by name, with the number of clips and the aliases of each."""
    return make_items(page_players(connection, page, name=name), page, lambda each: each.id)


@router.get("/doubtful", **needs(Role.VIEWER, example=[EXAMPLES["doubtful"]]))
def list_doubtful(connection: Reading) -> list[DoubtfulPlayers]:
    """List the names that may be one person, and why; an alias decides a pair."""
    return read_doubtful_players(connection)


@router.get("/aliases", **needs(Role.VIEWER, example=[EXAMPLES["alias"]]))
def list_aliases(connection: Reading) -> list[Alias]:
    """List the aliases by player: who gave each, and when."""
    return read_aliases(connection)
